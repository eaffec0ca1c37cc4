-- +goose Up

-- What is folded anew and has not stored a page yet since somebody began with it: a
-- projection (slot 0) or the states of a reactor's slot. It may be what ended them.
CREATE TABLE backstory.refolds (
    consumer text    NOT NULL,
    slot     integer NOT NULL,
    program  text    NOT NULL, -- whose handler folds: another one begins anew
    process  uuid    NOT NULL, -- that began last
    starts   integer NOT NULL, -- in a row
    CONSTRAINT refolds_slot PRIMARY KEY (consumer, slot)
);

-- +goose Down
DROP TABLE backstory.refolds;
