-- The order of the log. A writer's transaction is READ COMMITTED; LogLock is alone
-- in its statement, so that every later statement's snapshot is younger than the lock.

-- name: LogSettings :exec
SELECT set_config('synchronous_commit', 'on', true),
       set_config('statement_timeout', '30s', true),
       set_config('idle_in_transaction_session_timeout', '2s', true);

-- name: LogLock :exec
SELECT pg_advisory_xact_lock('backstory.events'::regclass::oid::int, 0);

-- name: LogHead :one
SELECT coalesce(h.position, 0)::bigint AS position, greatest(clock_timestamp(), h.at)::timestamptz AS at,
       coalesce(h.id, '00000000-0000-0000-0000-000000000000')::uuid AS id,
       set_config('lock_timeout', '100ms', true)::text AS lock_timeout
FROM (SELECT 1) always
LEFT JOIN (SELECT e.position, e.at, e.id FROM backstory.events e ORDER BY e.position DESC LIMIT 1) h ON true;

-- name: LogPosition :one
SELECT coalesce(max(position), 0)::bigint AS position FROM backstory.events;

-- name: LogMark :exec
-- Gives the transaction something to commit that its replicas must have: whoever
-- finds an earlier commit then knows that they have that, too.
SELECT pg_logical_emit_message(true, 'backstory', '')
FROM (SELECT set_config('synchronous_commit', 'on', true)) durable;
