-- +goose Up

-- Up to here the reactions to a held key's messages ran before it was held, when its
-- state could not be folded anew: these messages are only folded.
ALTER TABLE backstory.held ADD COLUMN reacted bigint NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE backstory.held DROP COLUMN reacted;
