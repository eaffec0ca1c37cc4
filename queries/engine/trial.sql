-- Commands that may end the process that decides them.

-- name: TrialUpto :one
-- The newest of the commands that wait.
SELECT coalesce(max(seq), 0)::bigint AS upto FROM backstory.inbox;

-- name: TrialList :many
SELECT id FROM backstory.trials WHERE slot = ANY(@slots::int[]);

-- name: TrialBegin :many
-- Counts tries before they begin. The process may die, the database stays: the
-- commit need not wait for the disk.
INSERT INTO backstory.trials AS t (id, slot, tries)
SELECT n.id, n.slot, 1 FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@slots::int[]) AS slot) n
CROSS JOIN (SELECT set_config('synchronous_commit', 'off', true)) quick
ON CONFLICT (id) DO UPDATE SET tries = t.tries + 1
RETURNING t.id, t.tries;

-- name: TrialEnd :exec
-- What waited when the slots were taken over is decided.
WITH slots AS (
    UPDATE backstory.slots SET deaths = 0
    WHERE consumer = @consumer AND slot = ANY(@slots::int[]) AND owner = @owner::uuid AND deaths > 0
    RETURNING slot)
DELETE FROM backstory.trials t USING slots s
WHERE t.slot = s.slot AND NOT EXISTS (SELECT 1 FROM backstory.inbox i WHERE i.id = t.id);
