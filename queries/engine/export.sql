-- Export and import: everything that no other table leads to.

-- name: ExportEvents :many
SELECT position, stream, version, id, type, schema_version, tags, at, by, correlation, causation, data
FROM backstory.events WHERE position > @after AND position <= @upto ORDER BY position LIMIT @most;

-- name: ExportLog :one
SELECT id FROM backstory.log;

-- name: ImportLog :exec
UPDATE backstory.log SET id = @id, home_cluster = NULL, home_database = NULL;

-- name: ImportLock :exec
LOCK TABLE backstory.inbox, backstory.outcomes, backstory.consumers, backstory.slots, backstory.held, backstory.reactor_states IN EXCLUSIVE MODE;

-- name: ImportEmpty :one
SELECT (NOT EXISTS (SELECT 1 FROM backstory.events) AND NOT EXISTS (SELECT 1 FROM backstory.inbox)
   AND NOT EXISTS (SELECT 1 FROM backstory.outcomes))::boolean AS empty;

-- name: ImportSlotsClear :exec
-- What is exported says where consumers stand; projections start anew.
WITH held AS (DELETE FROM backstory.held), states AS (DELETE FROM backstory.reactor_states),
     consumers AS (DELETE FROM backstory.consumers WHERE name <> ALL(@projections::text[]))
DELETE FROM backstory.slots WHERE consumer <> ALL(@projections::text[]);

-- name: ImportProjections :exec
-- No definition is this one: they are built anew, from where the log begins.
UPDATE backstory.consumers SET hash = '' WHERE name = ANY(@projections::text[]);

-- name: ImportSlotsFree :exec
UPDATE backstory.slots SET owner = NULL WHERE owner IS NOT NULL;

-- name: ImportInboxSequence :exec
SELECT setval(pg_get_serial_sequence('backstory.inbox', 'seq'), (SELECT coalesce(max(seq), 0) + 1 FROM backstory.inbox), false);
