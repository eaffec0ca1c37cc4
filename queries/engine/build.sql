-- Builds: projections folded anew beside the live table.

-- name: BuildLock :one
SELECT pg_try_advisory_lock(hashtextextended('backstory.build ' || @projection::text, 0))::boolean AS locked;

-- name: BuildFind :one
SELECT b.hash, b.program, b.floor, b.position, (to_regclass(@build_table::text) IS NOT NULL)::boolean AS there
FROM backstory.builds b WHERE b.projection = @projection;

-- name: BuildStart :exec
INSERT INTO backstory.builds (projection, hash, program, floor, position) VALUES (@projection, @hash, @program, @floor, @floor)
ON CONFLICT (projection) DO UPDATE SET hash = excluded.hash, program = excluded.program, floor = excluded.floor,
       position = excluded.position, started_at = clock_timestamp();

-- name: BuildRead :many
SELECT position, stream, version, id, type, schema_version, at, by, correlation, causation, data
FROM backstory.events WHERE position > @after AND position <= @upto AND type = ANY(@types::text[])
ORDER BY position LIMIT @most;

-- name: BuildAdvance :exec
UPDATE backstory.builds SET position = @position WHERE projection = @projection;

-- name: BuildHold :exec
INSERT INTO backstory.build_held (projection, key, from_position, from_version, error)
SELECT @projection::text, unnest(@keys::text[]), unnest(@from_positions::bigint[]), unnest(@from_versions::bigint[]), unnest(@errors::text[]);

-- name: BuildHeld :many
SELECT key, from_position, from_version, error FROM backstory.build_held WHERE projection = @projection;

-- name: BuildForget :exec
DELETE FROM backstory.build_held WHERE projection = @projection;

-- name: BuildEnd :exec
DELETE FROM backstory.builds WHERE projection = @projection;

-- name: BuildSwap :exec
-- The slots go on after the build, whose writers cannot commit what they have in
-- hand. They stay with their owners when the definition is the one these have.
UPDATE backstory.slots SET position = @position, rebuilt = NULL, fence = fence + 1, owner = CASE WHEN @stays::boolean THEN owner END
WHERE consumer = @consumer;

-- name: BuildFence :exec
-- What the slot's owner has in hand cannot be committed.
UPDATE backstory.slots SET fence = fence + 1 WHERE consumer = @consumer AND slot = @slot;

-- name: DefinitionLive :exec
INSERT INTO backstory.definitions (projection, hash, live_at) VALUES (@projection, @hash, clock_timestamp())
ON CONFLICT (projection, hash) DO UPDATE SET live_at = excluded.live_at;

-- name: DefinitionKnown :one
SELECT EXISTS (SELECT 1 FROM backstory.definitions WHERE projection = @projection AND hash = @hash)::boolean AS known;

-- name: PositionTime :one
SELECT at FROM backstory.events WHERE position = @position;
