-- Outcomes: what became of commands.

-- name: OutcomeInsert :exec
INSERT INTO backstory.outcomes (id, type, stream, data, by, at, correlation, causation, status, refusal, error, first_position, events, reaction, cause, decided_at)
SELECT unnest(@ids::uuid[]), unnest(@types::text[]), unnest(@streams::text[]), unnest(@data::json[]), unnest(@bys::text[]),
       unnest(@ats::timestamptz[]), unnest(@correlations::uuid[]), unnest(@causations::uuid[]), unnest(@statuses::text[]),
       nullif(unnest(@refusals::text[]), '')::json, nullif(unnest(@errors::text[]), ''), unnest(@firsts::bigint[]), unnest(@counts::int[]),
       unnest(@reactions::text[]), unnest(@causes::bigint[]), @decided_at::timestamptz;

-- name: OutcomeDecided :many
SELECT id FROM backstory.outcomes WHERE id = ANY(@ids::uuid[]);

-- name: OutcomeSettling :many
SELECT id, type, stream, data, correlation, reaction, cause FROM backstory.outcomes
WHERE status = 'settling' AND stream = ANY(@streams::text[]) AND correlation = ANY(@correlations::uuid[])
ORDER BY at, id;

-- name: OutcomeSettle :exec
UPDATE backstory.outcomes o SET status = s.status, refusal = nullif(s.refusal, '')::json, error = nullif(s.error, '')
FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@statuses::text[]) AS status, unnest(@refusals::text[]) AS refusal,
             unnest(@errors::text[]) AS error) s
WHERE o.id = s.id AND o.status = 'settling';

-- name: OutcomeFind :many
SELECT id, type, stream, data, by, at, correlation, causation, status, refusal, coalesce(error, '')::text AS error, first_position, events
FROM backstory.outcomes WHERE id = ANY(@ids::uuid[])
UNION ALL
SELECT id, type, stream, data, by, coalesce(due, at), correlation, causation, CASE WHEN due IS NULL THEN 'pending' ELSE 'scheduled' END::text, NULL::json, ''::text, 0::bigint, 0::integer
FROM backstory.inbox i WHERE i.id = ANY(@ids::uuid[])
AND NOT EXISTS (SELECT 1 FROM backstory.outcomes o WHERE o.id = i.id);

-- name: OutcomeByStream :many
SELECT id, type, stream, data, by, at, correlation, causation, status, refusal, coalesce(error, '')::text AS error, first_position, events
FROM backstory.outcomes WHERE stream = @stream AND at < @before::timestamptz ORDER BY at DESC LIMIT @most;

-- name: OutcomeEvents :many
-- By position, one by one: of a range for each outcome the planner does not know how
-- short it is, takes it for a share of the log, and compiles what looks so dear.
SELECT causation, id, type, position, version, at, data
FROM backstory.events WHERE position = ANY(@positions::bigint[]) ORDER BY position;
