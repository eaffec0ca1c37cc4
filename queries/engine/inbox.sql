-- The inbox: commands that wait to be decided.

-- name: InboxInsert :many
-- It is its own transaction, and must not be lost whatever a role defaults to:
-- durable makes its commit wait for the disk.
INSERT INTO backstory.inbox (id, slot, type, stream, data, by, correlation, causation, if_version)
SELECT n.id, n.slot, n.type, n.stream, n.data, n.by, n.correlation, n.causation, nullif(n.if_version, -1)
FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@slots::int[]) AS slot, unnest(@types::text[]) AS type,
             unnest(@streams::text[]) AS stream, unnest(@data::json[]) AS data, unnest(@bys::text[]) AS by,
             unnest(@correlations::uuid[]) AS correlation, unnest(@causations::uuid[]) AS causation,
             unnest(@if_versions::bigint[]) AS if_version) n
CROSS JOIN (SELECT set_config('synchronous_commit', 'on', true)) durable
WHERE NOT EXISTS (SELECT 1 FROM backstory.outcomes o WHERE o.id = n.id)
ON CONFLICT (id) DO NOTHING
RETURNING id;

-- name: InboxSend :exec
-- What reactions send. An id that is known already, waiting or decided, was sent
-- by an earlier run of the same reaction.
INSERT INTO backstory.inbox (id, slot, type, stream, data, by, correlation, causation, reaction, cause, due)
SELECT n.id, n.slot, n.type, n.stream, n.data, n.by, n.correlation, n.causation, n.reaction, n.cause, n.due
FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@slots::int[]) AS slot, unnest(@types::text[]) AS type,
             unnest(@streams::text[]) AS stream, unnest(@data::json[]) AS data, unnest(@bys::text[]) AS by,
             unnest(@correlations::uuid[]) AS correlation, unnest(@causations::uuid[]) AS causation,
             unnest(@reactions::text[]) AS reaction, unnest(@causes::bigint[]) AS cause,
             unnest(@dues::timestamptz[]) AS due, generate_series(1, cardinality(@ids::uuid[])) AS ord) n
WHERE NOT EXISTS (SELECT 1 FROM backstory.outcomes o WHERE o.id = n.id)
ORDER BY n.ord
ON CONFLICT (id) DO NOTHING;

-- name: InboxTake :many
-- Numbers are no names of commands: a crash of the server takes back those of what was
-- lost, and they are given out again.
SELECT seq, id, slot, type, stream, data, by, at, correlation, causation, coalesce(if_version, -1)::bigint AS if_version,
       reaction, cause
FROM backstory.inbox
WHERE seq >= @low AND slot = ANY(@slots::int[]) AND id <> ALL(@known::uuid[]) AND due IS NULL
ORDER BY seq LIMIT @most;

-- name: InboxWriters :many
-- Transactions that wrote to the inbox, or may yet, and have not ended.
SELECT l.virtualtransaction::text AS writer FROM pg_catalog.pg_locks l
WHERE l.locktype = 'relation' AND l.relation = 'backstory.inbox'::regclass AND l.mode = 'RowExclusiveLock'
  AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database());

-- name: InboxClaim :many
SELECT id FROM backstory.inbox WHERE id = ANY(@ids::uuid[]) FOR UPDATE SKIP LOCKED;

-- name: InboxRivals :many
-- What has one of the ids, and what waits for one of the streams.
SELECT id, stream FROM backstory.inbox WHERE id = ANY(@ids::uuid[])
UNION ALL
SELECT id, stream FROM backstory.inbox WHERE stream = ANY(@streams::text[]) AND due IS NULL;

-- name: InboxClear :exec
-- Fails the transaction when InboxRivals would find something.
SELECT backstory.require_none(
    (SELECT count(*) FROM backstory.inbox i WHERE i.id = ANY(@ids::uuid[]))
    + (SELECT count(*) FROM backstory.inbox i WHERE i.stream = ANY(@streams::text[]) AND i.due IS NULL));

-- name: InboxDelete :exec
DELETE FROM backstory.inbox WHERE id = ANY(@ids::uuid[]);

-- name: InboxCount :one
SELECT count(*)::bigint AS pending FROM (SELECT 1 FROM backstory.inbox WHERE due IS NULL LIMIT @most) i;
