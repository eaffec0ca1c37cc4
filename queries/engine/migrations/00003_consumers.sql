-- +goose Up

-- What sent a command: the reaction ('' = it came from outside) and the position
-- of the event that was reacted to. A command that is due later waits outside the
-- order of its stream until then.
ALTER TABLE backstory.inbox
    ADD COLUMN reaction text        NOT NULL DEFAULT '',
    ADD COLUMN cause    bigint      NOT NULL DEFAULT 0,
    ADD COLUMN due      timestamptz; -- NULL: now
ALTER TABLE backstory.outcomes
    ADD COLUMN reaction text   NOT NULL DEFAULT '',
    ADD COLUMN cause    bigint NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE backstory.outcomes DROP COLUMN reaction, DROP COLUMN cause;
ALTER TABLE backstory.inbox DROP COLUMN reaction, DROP COLUMN cause, DROP COLUMN due;
