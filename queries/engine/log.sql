-- The order of the log. A writer's transaction is READ COMMITTED; LogLock is alone
-- in its statement, so that every later statement's snapshot is younger than the lock.

-- name: LogSettings :exec
SELECT set_config('synchronous_commit', 'on', true),
       set_config('statement_timeout', '30s', true),
       set_config('idle_in_transaction_session_timeout', '2s', true);

-- name: LogLock :exec
SELECT pg_advisory_xact_lock('backstory.events'::regclass::oid::int, 0);

-- name: LogHead :one
SELECT h.position::bigint AS position,
       greatest(clock_timestamp(), (SELECT e.at FROM backstory.events e WHERE e.position = h.position))::timestamptz AS at,
       set_config('lock_timeout', '100ms', true)::text AS lock_timeout
FROM (SELECT coalesce(max(position), 0)::bigint AS position FROM backstory.events) h;

-- name: LogPosition :one
SELECT coalesce(max(position), 0)::bigint AS position FROM backstory.events;

-- name: LogMark :exec
-- Gives the transaction something to commit that its replicas must have: whoever
-- finds an earlier commit then knows that they have that, too.
SELECT pg_logical_emit_message(true, 'backstory', '')
FROM (SELECT set_config('synchronous_commit', 'on', true)) durable;
