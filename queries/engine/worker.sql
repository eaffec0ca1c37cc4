-- Processes that work, by their heartbeats on the database's clock.

-- name: WorkerBeat :exec
INSERT INTO backstory.workers (id, seen_at, started_at, info, consumers)
VALUES (@id, clock_timestamp(), clock_timestamp(), @info::json, @consumers::text[])
ON CONFLICT (id) DO UPDATE SET seen_at = clock_timestamp();

-- name: WorkerCount :one
SELECT count(*)::bigint AS alive FROM backstory.workers WHERE seen_at > clock_timestamp() - interval '2 seconds';

-- name: WorkerLeave :exec
DELETE FROM backstory.workers WHERE id = @id;

-- name: WorkerSweep :exec
DELETE FROM backstory.workers WHERE seen_at < clock_timestamp() - interval '5 minutes';
