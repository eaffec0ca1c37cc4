-- +goose Up

-- What waits in the order of a stream, for decisions that never were in the inbox,
-- and what is due next.
CREATE INDEX inbox_stream ON backstory.inbox (stream) WHERE due IS NULL;
CREATE INDEX inbox_due ON backstory.inbox (due, id) WHERE due IS NOT NULL;

-- Commands that failed wait for an operator, who may give them up for good.
ALTER TABLE backstory.outcomes ADD COLUMN discarded_at timestamptz;
CREATE INDEX outcomes_parked ON backstory.outcomes (stream, at, id) WHERE status = 'failed' AND discarded_at IS NULL;

-- Commands whose outcome comes with a later event of their stream.
CREATE INDEX outcomes_settling ON backstory.outcomes (stream, correlation) WHERE status = 'settling';

-- What is older than outcomes are kept. Rows lie in the order of decided_at.
CREATE INDEX outcomes_decided_at ON backstory.outcomes USING brin (decided_at);

-- +goose Down
DROP INDEX backstory.outcomes_decided_at, backstory.outcomes_settling, backstory.outcomes_parked;
ALTER TABLE backstory.outcomes DROP COLUMN discarded_at;
DROP INDEX backstory.inbox_due, backstory.inbox_stream;
