-- Events: stored facts. Only ever inserted.

-- name: EventInsert :exec
INSERT INTO backstory.events (position, stream, version, id, type, schema_version, tags, at, by, correlation, causation, data)
SELECT unnest(@positions::bigint[]), unnest(@streams::text[]), unnest(@versions::bigint[]), unnest(@ids::uuid[]),
       unnest(@types::text[]), unnest(@schema_versions::int[]), unnest(@tags::text[])::text[], @at::timestamptz,
       unnest(@bys::text[]), unnest(@correlations::uuid[]), unnest(@causations::uuid[]), unnest(@data::json[]);

-- name: EventAppendAlone :one
-- position 0: version is what there is now, and not the expected one; -1: nothing was
-- tried. See backstory.append_alone.
SELECT (a).stored_position::bigint AS position, (a).stored_version::bigint AS version, (a).stored_at::timestamptz AS at
FROM backstory.append_alone(@stream::text, @expected::bigint, @id::uuid, @type::text, @schema_version::int, @by::text,
     @correlation::uuid, @causation::uuid, @data::json) AS a;

-- name: EventRead :many
SELECT position, stream, version, id, type, schema_version, at, by, correlation, causation, data
FROM backstory.events WHERE position > @after ORDER BY position LIMIT @most;

-- name: EventStored :many
SELECT id, stream, position, version, at FROM backstory.events WHERE id = ANY(@ids::uuid[]);

-- name: EventAt :many
SELECT position, stream, version, id, type, schema_version, at, by, correlation, causation, data
FROM backstory.events WHERE position = ANY(@positions::bigint[]) ORDER BY position;

-- name: EventFind :many
SELECT position, stream, version, id, type, schema_version, at, by, correlation, causation, data
FROM backstory.events WHERE id = ANY(@ids::uuid[]) ORDER BY position;
