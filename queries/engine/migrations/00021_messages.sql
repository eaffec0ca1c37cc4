-- +goose Up

-- Commands that the log alone does not tell of, in the order in which they were
-- decided: those that led to no event, and those whose events say something else than
-- their status. All others are found by their first event; decisions that store
-- events write nothing into it.
CREATE INDEX outcomes_apart ON backstory.outcomes (decided_at, id) WHERE status <> 'accepted' OR events = 0;

SELECT backstory.supports(19);

-- +goose Down
DROP INDEX backstory.outcomes_apart;
