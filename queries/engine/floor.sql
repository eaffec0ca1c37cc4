-- The floor: where the log begins since old ranges were moved out of it.

-- name: FloorGet :one
SELECT coalesce(max(position), 0)::bigint AS position FROM backstory.floors;

-- name: FloorStream :many
SELECT version, at FROM backstory.floor_streams WHERE stream = @stream;

-- name: FloorFind :many
-- Where streams begin whose first events were moved out.
SELECT q.ord::int AS ord, f.version, f.last_id, f.at, f.state
FROM (SELECT unnest(@ords::int[]) AS ord, unnest(@streams::text[]) AS stream, unnest(@uptos::bigint[]) AS upto) q
CROSS JOIN LATERAL (
    SELECT x.version, x.last_id, x.at, x.state FROM backstory.floor_streams x
    WHERE x.stream = q.stream AND x.version <= q.upto LIMIT 1) f;

-- name: FloorBehind :many
-- Who has not seen all that is to leave.
SELECT s.consumer FROM backstory.slots s
WHERE s.consumer <> 'commands' AND (s.position < @floor OR s.rebuilt IS NOT NULL)
UNION
SELECT h.consumer FROM backstory.held h WHERE h.from_position <= @floor
ORDER BY consumer;

-- name: FloorUnanswered :many
-- Reactions to what is to leave, of whose commands it is not known what becomes.
SELECT i.reaction FROM backstory.inbox i WHERE i.reaction <> '' AND i.cause <= @floor
UNION
SELECT o.reaction FROM backstory.outcomes o WHERE o.status = 'settling' AND o.reaction <> '' AND o.cause <= @floor
UNION
SELECT o.reaction FROM backstory.outcomes o WHERE o.status = 'failed' AND o.discarded_at IS NULL AND o.reaction <> '' AND o.cause <= @floor
ORDER BY reaction;

-- name: FloorTagged :one
SELECT EXISTS (SELECT 1 FROM backstory.event_tags t JOIN backstory.events e USING (position) WHERE e.position <= @floor)::boolean AS tagged;

-- name: FloorStreams :many
SELECT e.stream, max(e.version)::bigint AS version FROM backstory.events e
WHERE e.stream > @after AND e.position <= @floor GROUP BY e.stream ORDER BY e.stream LIMIT @most;

-- name: FloorDiscarded :many
SELECT d.position FROM backstory.discarded d WHERE d.consumer = @consumer AND d.position <= @floor ORDER BY d.position;

-- name: FloorDiscardedDelete :exec
DELETE FROM backstory.discarded WHERE position <= @floor;

-- name: FloorInsert :exec
INSERT INTO backstory.floors (position, at, file, sha256)
SELECT e.position, e.at, @file, @sha256 FROM backstory.events e WHERE e.position = @position;

-- name: FloorStreamPut :exec
INSERT INTO backstory.floor_streams (stream, version, last_id, at, hash, state)
SELECT unnest(@streams::text[]), unnest(@versions::bigint[]), unnest(@last_ids::uuid[]), unnest(@ats::timestamptz[]),
       unnest(@hashes::text[]), unnest(@states::bytea[])
ON CONFLICT (stream) DO UPDATE SET version = excluded.version, last_id = excluded.last_id, at = excluded.at,
       hash = excluded.hash, state = excluded.state;

-- name: FloorStates :many
SELECT key, position, state FROM backstory.floor_reactor_states WHERE reactor = @reactor AND key = ANY(@keys::text[]);

-- name: FloorStatesPut :exec
INSERT INTO backstory.floor_reactor_states (reactor, key, position, hash, state)
SELECT @reactor::text, unnest(@keys::text[]), unnest(@positions::bigint[]), @hash::text, unnest(@states::bytea[])
ON CONFLICT (reactor, key) DO UPDATE SET position = excluded.position, hash = excluded.hash, state = excluded.state;

-- name: FloorStatesBegin :exec
-- A reactor whose states are folded anew begins with those at the floor.
INSERT INTO backstory.reactor_states (reactor, key, position, hash, state)
SELECT f.reactor, f.key, f.position, @hash::text, f.state FROM backstory.floor_reactor_states f WHERE f.reactor = @reactor;

-- name: FloorRowsDelete :exec
DELETE FROM backstory.floor_rows WHERE projection = @projection;

-- name: FloorReached :exec
-- A read model that begins with its rows at the floor has seen all below it.
UPDATE backstory.slots s SET position = greatest(s.position, @floor) WHERE s.consumer = @consumer;

-- name: FloorDelete :execrows
DELETE FROM backstory.events WHERE position <= @position;

-- name: FloorSnapshotsDelete :exec
DELETE FROM backstory.snapshots s USING backstory.floor_streams f WHERE s.stream = f.stream AND s.version <= f.version;
