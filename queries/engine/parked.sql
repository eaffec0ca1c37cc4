-- Commands that failed, by their streams.

-- name: CommandsParked :many
SELECT DISTINCT ON (stream) stream, id, at, decided_at, coalesce(error, '')::text AS error
FROM backstory.outcomes
WHERE status = 'failed' AND discarded_at IS NULL AND stream > @after AND (@key = '' OR stream = @key)
ORDER BY stream, at, id LIMIT @most;

-- name: CommandsParkedOf :many
SELECT id, type, stream, at, data FROM backstory.outcomes
WHERE status = 'failed' AND discarded_at IS NULL AND stream = @key
ORDER BY at, id LIMIT @most;

-- name: CommandsUnpark :many
-- Their outcomes go; the caller puts them back into the inbox in the same transaction.
DELETE FROM backstory.outcomes o
WHERE o.status = 'failed' AND o.discarded_at IS NULL AND o.stream IN (
    SELECT DISTINCT x.stream FROM backstory.outcomes x
    WHERE x.status = 'failed' AND x.discarded_at IS NULL AND (@key = '' OR x.stream = @key) ORDER BY x.stream LIMIT @most)
RETURNING o.id, o.type, o.stream, o.data, o.by, o.at, o.correlation, o.causation, o.reaction, o.cause;

-- name: CommandsDiscard :execrows
UPDATE backstory.outcomes o SET discarded_at = clock_timestamp()
WHERE o.discarded_at IS NULL AND o.id IN (
    SELECT DISTINCT ON (x.stream) x.id FROM backstory.outcomes x
    WHERE x.status = 'failed' AND x.discarded_at IS NULL AND (@key = '' OR x.stream = @key) ORDER BY x.stream, x.at, x.id LIMIT @most);

-- name: ForgetSettings :exec
-- Without knowing the time, or how few are that old, the planner would read all
-- outcomes from the first on.
SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('enable_seqscan', 'off', true),
       set_config('enable_bitmapscan', 'on', true);

-- name: OutcomesForget :execrows
DELETE FROM backstory.outcomes o WHERE o.id IN (
    SELECT x.id FROM backstory.outcomes x
    WHERE x.decided_at < now() - make_interval(secs => @seconds::float8)
      AND (x.status IN ('accepted', 'refused', 'cancelled') OR x.discarded_at IS NOT NULL) LIMIT @most);

-- name: ParkedFirst :many
-- The messages that failed: events by their positions, commands by their ids.
SELECT e.position, e.id, e.type, e.stream, e.at, e.data FROM backstory.events e WHERE e.position = ANY(@positions::bigint[])
UNION ALL
SELECT 0::bigint, o.id, o.type, o.stream, o.at, o.data FROM backstory.outcomes o WHERE o.id = ANY(@ids::uuid[]);
