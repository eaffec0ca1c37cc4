-- +goose Up

-- Conversations are read by their first message's id. Events need no index of
-- their own: an outcome knows where its events stand.
CREATE INDEX outcomes_correlation ON backstory.outcomes (correlation, at);

-- +goose Down
DROP INDEX backstory.outcomes_correlation;
