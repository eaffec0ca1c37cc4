-- What is watched of the whole database. Read at every scrape: each part goes by
-- index or is bounded, whatever the length of the log.

-- name: WatchNumbers :one
-- A command's seq grows with its age, but for those submitted at the same moment.
-- No worker at all: alive_ago is -1.
SELECT (SELECT coalesce(max(position), 0) FROM backstory.events)::bigint AS head,
       (SELECT count(*) FROM (SELECT 1 FROM backstory.inbox WHERE due IS NULL LIMIT @most) i)::bigint AS pending,
       (SELECT count(*) FROM (SELECT 1 FROM backstory.inbox WHERE due IS NOT NULL LIMIT @most) i)::bigint AS scheduled,
       (SELECT count(*) FROM (SELECT 1 FROM backstory.outcomes WHERE status = 'failed' AND discarded_at IS NULL LIMIT @most) f)::bigint AS parked,
       coalesce((SELECT extract(epoch FROM clock_timestamp() - i.at) FROM backstory.inbox i WHERE i.due IS NULL ORDER BY i.seq LIMIT 1), 0)::float8 AS oldest_command,
       coalesce((SELECT extract(epoch FROM clock_timestamp() - max(w.seen_at)) FROM backstory.workers w), -1)::float8 AS alive_ago,
       (SELECT count(*) FROM backstory.workers w WHERE w.seen_at > clock_timestamp() - interval '2 seconds')::bigint AS workers,
       coalesce((SELECT extract(epoch FROM clock_timestamp() - min(a.xact_start)) FROM pg_catalog.pg_stat_activity a
                 WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
                   AND (a.backend_xmin IS NOT NULL OR a.backend_xid IS NOT NULL)), 0)::float8 AS oldest_snapshot,
       (SELECT count(*) FROM pg_catalog.pg_prepared_xacts p WHERE p.database = current_database())::bigint AS prepared;

-- name: WatchRole :one
-- Who owns the log can switch its triggers off; who may only insert and select cannot.
SELECT current_user::text AS role, pg_is_in_recovery() AS standby,
       pg_has_role(c.relowner, 'MEMBER') AS owner
FROM pg_catalog.pg_class c WHERE c.oid = 'backstory.events'::regclass;

-- name: WatchBusy :many
-- The sessions of these that do something, as far as this role may know.
SELECT coalesce(a.pid, 0)::integer AS pid FROM pg_catalog.pg_stat_activity a
WHERE a.pid = ANY(@sessions::int[]) AND coalesce(a.state, 'active') NOT IN ('idle', 'idle in transaction', 'idle in transaction (aborted)');
