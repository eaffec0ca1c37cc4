-- Held keys: their messages wait behind one that fails.

-- name: HeldKeys :many
SELECT key FROM backstory.held WHERE consumer = @consumer AND slot = ANY(@slots::int[]);

-- name: HeldDue :many
-- The time of the statement: an index is not searched for one that changes meanwhile.
SELECT DISTINCT consumer, slot FROM backstory.held WHERE parked_at IS NULL AND next_at <= statement_timestamp();

-- name: HeldTake :many
SELECT key, slot, from_position, from_version, attempts, error, reacted FROM backstory.held
WHERE consumer = @consumer AND slot = ANY(@slots::int[]) AND parked_at IS NULL AND next_at <= statement_timestamp()
ORDER BY next_at LIMIT @most;

-- name: HeldTry :exec
UPDATE backstory.held h SET attempts = h.attempts + 1, next_at = clock_timestamp() + n.pause * interval '1 millisecond'
FROM (SELECT unnest(@keys::text[]) AS key, unnest(@pauses::bigint[]) AS pause) n
WHERE h.consumer = @consumer AND h.key = n.key AND h.parked_at IS NULL;

-- name: HeldPut :exec
-- The reactions to a key's messages before one that it was held by ran: however far
-- its state is folded anew, they do not run again.
INSERT INTO backstory.held (consumer, key, slot, from_position, from_version, attempts, next_at, parked_at, error, reacted)
SELECT @consumer::text, n.key, n.slot, n.from_position, n.from_version, n.attempts,
       clock_timestamp() + n.pause * interval '1 millisecond', CASE WHEN n.parked THEN clock_timestamp() END, n.error, n.reacted
FROM (SELECT unnest(@keys::text[]) AS key, unnest(@slots::int[]) AS slot, unnest(@from_positions::bigint[]) AS from_position,
             unnest(@from_versions::bigint[]) AS from_version, unnest(@attempts::int[]) AS attempts,
             unnest(@pauses::bigint[]) AS pause, unnest(@parked::boolean[]) AS parked, unnest(@errors::text[]) AS error,
             unnest(@reacted::bigint[]) AS reacted) n
ON CONFLICT (consumer, key) DO UPDATE SET
    first_at = CASE WHEN backstory.held.from_position = excluded.from_position THEN backstory.held.first_at ELSE clock_timestamp() END,
    from_position = excluded.from_position, from_version = excluded.from_version, attempts = excluded.attempts,
    next_at = excluded.next_at, parked_at = excluded.parked_at, error = excluded.error,
    reacted = greatest(backstory.held.reacted, least(excluded.reacted, backstory.held.from_position - 1));

-- name: HeldDelete :exec
DELETE FROM backstory.held WHERE consumer = @consumer AND key = ANY(@keys::text[]);

-- name: HeldClear :exec
DELETE FROM backstory.held WHERE consumer = @consumer;

-- name: HeldAll :many
SELECT key, slot, from_position, (parked_at IS NOT NULL)::boolean AS parked FROM backstory.held WHERE consumer = @consumer;

-- name: HeldRehash :exec
UPDATE backstory.held h SET slot = n.slot
FROM (SELECT unnest(@keys::text[]) AS key, unnest(@slots::int[]) AS slot) n
WHERE h.consumer = @consumer AND h.key = n.key;

-- name: HeldFind :one
SELECT key, slot, from_position, from_version, attempts, error, reacted FROM backstory.held
WHERE consumer = @consumer AND key = @key AND parked_at IS NOT NULL;

-- name: HeldStream :many
SELECT position, stream, version, id, type, schema_version, at, by, correlation, causation, data
FROM backstory.events WHERE stream = @stream AND version >= @from_version AND position <= @upto ORDER BY version LIMIT @most;

-- name: HeldScan :many
SELECT position, stream, version, id, type, schema_version, at, by, correlation, causation, data
FROM backstory.events WHERE position >= @from_position AND position <= @upto AND type = ANY(@types::text[])
ORDER BY position LIMIT @most;

-- name: ParkedList :many
SELECT consumer, key, from_position, attempts, first_at, parked_at::timestamptz AS parked_at, error FROM backstory.held
WHERE parked_at IS NOT NULL AND (@consumer::text = '' OR consumer = @consumer) AND (@key::text = '' OR key = @key)
  AND (consumer, key) > (@after_consumer::text, @after_key::text)
ORDER BY consumer, key LIMIT @most;

-- name: ParkedRetry :execrows
UPDATE backstory.held h SET parked_at = NULL, attempts = 0, next_at = clock_timestamp()
WHERE (h.consumer, h.key) IN (
    SELECT p.consumer, p.key FROM backstory.held p
    WHERE p.parked_at IS NOT NULL AND (@consumer::text = '' OR p.consumer = @consumer) AND (@key::text = '' OR p.key = @key)
      AND p.parked_at <= @before::timestamptz
    ORDER BY p.consumer, p.key LIMIT @most FOR UPDATE SKIP LOCKED);

-- name: ParkedDiscard :execrows
WITH chosen AS (
    SELECT p.consumer, p.key, p.from_position FROM backstory.held p
    WHERE p.parked_at IS NOT NULL AND (@consumer::text = '' OR p.consumer = @consumer) AND (@key::text = '' OR p.key = @key)
      AND p.parked_at <= @before::timestamptz
    ORDER BY p.consumer, p.key LIMIT @most FOR UPDATE SKIP LOCKED),
noted AS (
    INSERT INTO backstory.discarded (consumer, position) SELECT c.consumer, c.from_position FROM chosen c ON CONFLICT DO NOTHING)
UPDATE backstory.held h SET parked_at = NULL, attempts = 0, next_at = clock_timestamp(), error = '',
       from_position = h.from_position + 1, from_version = CASE WHEN h.from_version > 0 THEN h.from_version + 1 ELSE 0 END
FROM chosen c WHERE h.consumer = c.consumer AND h.key = c.key;
