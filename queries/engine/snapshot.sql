-- Snapshots: states of streams at some versions. Only those are found that the log
-- and the state's schema still agree with.

-- name: SnapshotFind :many
SELECT q.ord::int AS ord, l.version, l.last_id, l.at, l.state
FROM (SELECT unnest(@ords::int[]) AS ord, unnest(@streams::text[]) AS stream, unnest(@hashes::text[]) AS hash,
             unnest(@uptos::bigint[]) AS upto) q
CROSS JOIN LATERAL (
    SELECT s.version, s.last_id, e.at, s.state FROM backstory.snapshots s
    JOIN backstory.events e ON e.stream = s.stream AND e.version = s.version AND e.id = s.last_id
    WHERE s.stream = q.stream AND s.hash = q.hash AND s.version <= q.upto
    ORDER BY s.version DESC LIMIT 1) l;

-- name: SnapshotPut :exec
INSERT INTO backstory.snapshots (stream, version, last_id, hash, state)
SELECT unnest(@streams::text[]), unnest(@versions::bigint[]), unnest(@last_ids::uuid[]), unnest(@hashes::text[]), unnest(@states::bytea[])
ON CONFLICT (stream, version) DO UPDATE SET last_id = excluded.last_id, hash = excluded.hash, state = excluded.state;

-- name: SnapshotSettings :exec
-- A snapshot that a crash loses is made again.
SELECT set_config('synchronous_commit', 'off', true), set_config('statement_timeout', '30s', true);
