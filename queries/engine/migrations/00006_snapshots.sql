-- +goose Up

-- States of streams at some of their versions, so that a long stream need not be
-- folded from its start. Derived, and may be deleted at any time. A row holds for
-- as long as the stream's event at that version has that id, and the state's
-- schema that hash; whoever reads it looks.
CREATE TABLE backstory.snapshots (
    stream  text   NOT NULL,
    version bigint NOT NULL,
    last_id uuid   NOT NULL, -- of the event at version
    hash    text   NOT NULL, -- of the state's schema
    state   bytea  NOT NULL,
    CONSTRAINT snapshots_key PRIMARY KEY (stream, version)
);

-- +goose Down
DROP TABLE backstory.snapshots;
