-- Slots of work and the processes that own them.

-- name: SlotEnsure :exec
INSERT INTO backstory.slots (consumer, slot) SELECT @consumer::text, unnest(@slots::int[]) ON CONFLICT DO NOTHING;

-- name: SlotHash :one
SELECT hash FROM backstory.slots WHERE consumer = @consumer AND slot = 0;

-- name: SlotReset :exec
INSERT INTO backstory.slots (consumer, slot, hash) VALUES (@consumer, 0, @hash)
ON CONFLICT (consumer, slot) DO UPDATE SET hash = excluded.hash, position = 0, fence = backstory.slots.fence + 1, owner = NULL;

-- name: SlotOwned :many
SELECT consumer, slot, fence, position FROM backstory.slots WHERE owner = @owner::uuid ORDER BY consumer, slot;

-- name: SlotSteal :many
UPDATE backstory.slots s SET owner = @owner::uuid, fence = s.fence + 1
WHERE (s.consumer, s.slot) IN (
    SELECT x.consumer, x.slot FROM backstory.slots x
    WHERE (x.consumer || ' ' || x.hash) = ANY(@consumers::text[])
      AND (x.owner IS NULL OR NOT EXISTS (
          SELECT 1 FROM backstory.workers w WHERE w.id = x.owner AND w.seen_at > clock_timestamp() - interval '2 seconds'))
    ORDER BY x.slot LIMIT @most FOR UPDATE SKIP LOCKED)
RETURNING s.consumer, s.slot, s.fence, s.position;

-- name: SlotRelease :exec
UPDATE backstory.slots SET owner = NULL WHERE owner = @owner::uuid AND consumer = @consumer AND slot = ANY(@slots::int[]);

-- name: SlotReleaseAll :exec
UPDATE backstory.slots SET owner = NULL WHERE owner = @owner::uuid;

-- name: SlotAdvance :execrows
-- The event at the new position proves that what was handled is of this log: after
-- a restore, memory may hold events that never happened here.
UPDATE backstory.slots s SET position = @position
WHERE s.consumer = @consumer AND s.slot = 0 AND s.fence = @fence AND s.position = @was
  AND EXISTS (SELECT 1 FROM backstory.events e WHERE e.position = @position AND e.id = @last::uuid);

-- name: SlotPosition :one
SELECT position FROM backstory.slots WHERE consumer = @consumer AND slot = 0;

-- name: SlotSettings :exec
-- Derived tables and their checkpoint are lost or kept together, and only after
-- the events they come from: their commits need not wait for the disk.
SELECT set_config('synchronous_commit', 'off', true),
       set_config('statement_timeout', '30s', true),
       set_config('idle_in_transaction_session_timeout', '2s', true);
