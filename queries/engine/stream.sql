-- Streams: the events of one actor, by version.

-- name: StreamHeads :many
SELECT s.ord::bigint AS ord, coalesce(l.version, 0)::bigint AS version,
       coalesce(l.id, '00000000-0000-0000-0000-000000000000')::uuid AS last_id
FROM unnest(@streams::text[]) WITH ORDINALITY AS s(stream, ord)
LEFT JOIN LATERAL (
    (SELECT e.version, e.id FROM backstory.events e WHERE e.stream = s.stream ORDER BY e.version DESC LIMIT 1)
    UNION ALL -- reached only when the log has no event of the stream any more
    (SELECT f.version, f.last_id FROM backstory.floor_streams f WHERE f.stream = s.stream)
    LIMIT 1
) l ON true
ORDER BY s.ord;

-- name: StreamRead :many
SELECT position, stream, version, id, type, schema_version, at, by, correlation, causation, data
FROM backstory.events WHERE stream = @stream AND version > @after ORDER BY version LIMIT @most;

-- name: StreamVersion :one
SELECT coalesce((SELECT max(e.version) FROM backstory.events e WHERE e.stream = @stream),
                (SELECT f.version FROM backstory.floor_streams f WHERE f.stream = @stream), 0)::bigint AS version;

-- name: StreamTail :many
-- The newest snapshot that the log and the state's schema still agree with, in the
-- row of its own event, and the events after it.
WITH s AS MATERIALIZED (
    SELECT s.version, s.state FROM backstory.snapshots s
    JOIN backstory.events v ON v.stream = s.stream AND v.version = s.version AND v.id = s.last_id
    WHERE s.stream = @stream AND s.hash = @hash AND s.version <= @upto
    ORDER BY s.version DESC LIMIT 1)
SELECT e.position, e.stream, e.version, e.id, e.type, e.schema_version, e.at, e.by, e.correlation, e.causation, e.data,
       CASE WHEN e.version = (SELECT s.version FROM s) THEN (SELECT s.state FROM s) END::bytea AS state
FROM backstory.events e
WHERE e.stream = @stream AND e.version <= @upto AND e.version >= coalesce((SELECT s.version FROM s), 0)
ORDER BY e.version LIMIT @most;

-- name: StreamVersionAt :one
-- The last version stored at a time or before it: times never run back along
-- versions, so the halves of what is left are tried. Versions that were moved out
-- of the log are older than any that is there.
WITH RECURSIVE search (low, high) AS (
    SELECT 0::bigint, (SELECT coalesce(max(e.version), 0) FROM backstory.events e WHERE e.stream = @stream)
    UNION ALL
    SELECT CASE WHEN before.before THEN before.version ELSE s.low END, CASE WHEN before.before THEN s.high ELSE before.version - 1 END
    FROM search s
    CROSS JOIN LATERAL (SELECT (s.low + s.high + 1) / 2 AS version) middle
    CROSS JOIN LATERAL (SELECT middle.version, coalesce((
        SELECT e.at <= @at::timestamptz FROM backstory.events e WHERE e.stream = @stream AND e.version = middle.version), true) AS before) before
    WHERE s.low < s.high)
SELECT low::bigint AS version FROM search WHERE low = high;
