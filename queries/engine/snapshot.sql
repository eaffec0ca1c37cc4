-- Snapshots: states of streams at some versions. StreamTail finds them.

-- name: SnapshotPut :exec
INSERT INTO backstory.snapshots (stream, version, last_id, hash, state)
SELECT unnest(@streams::text[]), unnest(@versions::bigint[]), unnest(@last_ids::uuid[]), unnest(@hashes::text[]), unnest(@states::bytea[])
ON CONFLICT (stream, version) DO UPDATE SET last_id = excluded.last_id, hash = excluded.hash, state = excluded.state;

-- name: SnapshotSettings :exec
-- A snapshot that a crash loses is made again.
SELECT set_config('synchronous_commit', 'off', true), set_config('statement_timeout', '30s', true);
