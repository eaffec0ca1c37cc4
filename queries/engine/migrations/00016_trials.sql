-- +goose Up

-- How many owners of a slot in a row ended without giving it back, before what
-- waited in it then was worked off.
ALTER TABLE backstory.slots ADD COLUMN deaths integer NOT NULL DEFAULT 0;

-- Commands that may be what ended the owners of their slot: each try is counted
-- before it begins. A row goes when its command is decided.
CREATE TABLE backstory.trials (
    id    uuid    NOT NULL,
    slot  integer NOT NULL,
    tries integer NOT NULL,
    CONSTRAINT trials_id PRIMARY KEY (id)
);

-- +goose Down
DROP TABLE backstory.trials;
ALTER TABLE backstory.slots DROP COLUMN deaths;
