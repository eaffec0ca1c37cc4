-- Streams: the events of one actor, by version.

-- name: StreamHeads :many
SELECT s.ord::bigint AS ord, coalesce(l.version, 0)::bigint AS version,
       coalesce(l.id, '00000000-0000-0000-0000-000000000000')::uuid AS last_id
FROM unnest(@streams::text[]) WITH ORDINALITY AS s(stream, ord)
LEFT JOIN LATERAL (
    SELECT e.version, e.id FROM backstory.events e WHERE e.stream = s.stream ORDER BY e.version DESC LIMIT 1
) l ON true
ORDER BY s.ord;

-- name: StreamRead :many
SELECT position, stream, version, id, type, schema_version, at, by, correlation, causation, data
FROM backstory.events WHERE stream = @stream AND version > @after ORDER BY version LIMIT @most;

-- name: StreamVersion :one
SELECT coalesce(max(version), 0)::bigint AS version FROM backstory.events WHERE stream = @stream;
