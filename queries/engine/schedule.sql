-- Commands that are due later.

-- name: SchedulePromote :execrows
-- Those that are due by the database's clock join the inbox, each behind what waits
-- for its stream by then.
WITH due AS (
    DELETE FROM backstory.inbox x WHERE x.seq IN (
        SELECT i.seq FROM backstory.inbox i WHERE i.due <= now() ORDER BY i.due, i.id LIMIT @most FOR UPDATE SKIP LOCKED)
    RETURNING x.id, x.slot, x.type, x.stream, x.data, x.by, x.correlation, x.causation, x.if_version, x.reaction, x.cause, x.due)
INSERT INTO backstory.inbox (id, slot, type, stream, data, by, at, correlation, causation, if_version, reaction, cause)
SELECT d.id, d.slot, d.type, d.stream, d.data, d.by, d.due, d.correlation, d.causation, d.if_version, d.reaction, d.cause FROM due d ORDER BY d.due, d.id;

-- name: ScheduleNext :one
-- Seconds until the next one is due; -1: there is none.
SELECT coalesce((SELECT greatest(extract(epoch FROM i.due - clock_timestamp()), 0)
                 FROM backstory.inbox i WHERE i.due IS NOT NULL ORDER BY i.due LIMIT 1), -1)::float8 AS seconds;

-- name: ScheduleList :many
SELECT id, type, stream, data, by, due::timestamptz AS due, correlation, causation, reaction
FROM backstory.inbox
WHERE due IS NOT NULL AND (due, id) > (@after_due::timestamptz, @after_id::uuid)
ORDER BY due, id LIMIT @most;

-- name: ScheduleCancel :execrows
WITH gone AS (DELETE FROM backstory.inbox i WHERE i.id = @id AND i.due IS NOT NULL
              RETURNING i.id, i.type, i.stream, i.data, i.by, i.due, i.correlation, i.causation, i.reaction, i.cause)
INSERT INTO backstory.outcomes (id, type, stream, data, by, at, correlation, causation, status, reaction, cause, decided_at)
SELECT g.id, g.type, g.stream, g.data, g.by, g.due, g.correlation, g.causation, 'cancelled', g.reaction, g.cause, clock_timestamp() FROM gone g
ON CONFLICT (id) DO NOTHING;
