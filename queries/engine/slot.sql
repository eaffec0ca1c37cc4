-- Slots of work and the processes that own them.

-- name: SlotInsert :exec
INSERT INTO backstory.slots (consumer, slot, position, rebuilt, fence)
SELECT @consumer::text, unnest(@slots::int[]), @position::bigint, nullif(@rebuilt::bigint, -1), @fence::bigint ON CONFLICT DO NOTHING;

-- name: SlotDelete :one
-- The highest fence there was.
WITH gone AS (DELETE FROM backstory.slots WHERE consumer = @consumer RETURNING fence)
SELECT coalesce(max(fence), 0)::bigint AS fence FROM gone;

-- name: SlotRefold :exec
UPDATE backstory.slots SET rebuilt = @floor::bigint, fence = fence + 1, owner = NULL WHERE consumer = @consumer;

-- name: SlotFence :exec
UPDATE backstory.slots SET fence = fence + 1, owner = NULL WHERE consumer = @consumer;

-- name: SlotLock :many
SELECT slot, position, (rebuilt IS NOT NULL)::boolean AS rebuilding FROM backstory.slots WHERE consumer = @consumer ORDER BY slot FOR UPDATE;

-- name: SlotOwned :many
SELECT consumer, slot, fence, position FROM backstory.slots WHERE owner = @owner::uuid ORDER BY slot, consumer;

-- name: SlotLoad :many
SELECT s.slot, s.fence, s.position, coalesce(s.rebuilt, -1)::bigint AS rebuilt, c.slots, c.status, coalesce(c.barrier, -1)::bigint AS barrier
FROM backstory.slots s JOIN backstory.consumers c ON c.name = s.consumer
WHERE s.consumer = @consumer AND s.owner = @owner::uuid AND s.slot = ANY(@slots::int[]);

-- name: SlotSteal :many
-- died: the owner before did not give it back. That counts for the inbox's slots,
-- unless everybody was held up alike.
UPDATE backstory.slots s SET owner = @owner::uuid, fence = s.fence + 1, deaths = s.deaths + (f.died AND @counts::boolean AND s.consumer = 'commands')::int
FROM (SELECT x.consumer, x.slot, (x.owner IS NOT NULL)::boolean AS died
      FROM backstory.slots x JOIN backstory.consumers c ON c.name = x.consumer
      WHERE (c.name || ' ' || c.hash) = ANY(@consumers::text[])
        AND (x.owner IS NULL OR NOT EXISTS (
            SELECT 1 FROM backstory.workers w WHERE w.id = x.owner AND w.seen_at > clock_timestamp() - interval '2 seconds'))
      ORDER BY x.slot, x.consumer LIMIT @most FOR UPDATE OF x SKIP LOCKED FOR SHARE OF c SKIP LOCKED) f
WHERE s.consumer = f.consumer AND s.slot = f.slot
RETURNING s.consumer, s.slot, s.fence, s.position, f.died, s.deaths;

-- name: SlotRenew :exec
-- Fails what a lost connection may still have under way: it has the fence before.
UPDATE backstory.slots SET fence = fence + 1 WHERE consumer = @consumer AND owner = @owner::uuid AND slot = ANY(@slots::int[]);

-- name: SlotRelease :exec
UPDATE backstory.slots SET owner = NULL WHERE owner = @owner::uuid AND consumer = @consumer AND slot = ANY(@slots::int[]);

-- name: SlotReleaseAll :exec
UPDATE backstory.slots SET owner = NULL WHERE owner = @owner::uuid;

-- name: SlotAdvance :exec
-- The last statement of a consumer's transaction, with COMMIT in the same round trip:
-- fewer rows than slots mean that another process owns one by now, and fail it. The
-- event at the new position proves that what was handled is of this log: after a
-- restore, memory may hold events that never happened here.
WITH moved AS (
    UPDATE backstory.slots s SET position = n.position
    FROM (SELECT unnest(@slots::int[]) AS slot, unnest(@fences::bigint[]) AS fence, unnest(@was::bigint[]) AS was,
                 unnest(@positions::bigint[]) AS position, unnest(@lasts::uuid[]) AS last) n
    WHERE s.consumer = @consumer AND s.slot = n.slot AND s.fence = n.fence AND s.position = n.was
      AND (n.position = n.was OR EXISTS (SELECT 1 FROM backstory.events e WHERE e.position = n.position AND e.id = n.last))
    RETURNING 1)
SELECT backstory.require_fence((SELECT count(*) FROM moved), cardinality(@slots::int[]));

-- name: SlotRebuilt :exec
WITH moved AS (
    UPDATE backstory.slots s SET rebuilt = nullif(n.rebuilt, -1)
    FROM (SELECT unnest(@slots::int[]) AS slot, unnest(@fences::bigint[]) AS fence, unnest(@rebuilt::bigint[]) AS rebuilt) n
    WHERE s.consumer = @consumer AND s.slot = n.slot AND s.fence = n.fence
    RETURNING 1)
SELECT backstory.require_fence((SELECT count(*) FROM moved), cardinality(@slots::int[]));

-- name: SlotIdle :many
-- Checkpoints that only passed over events of no concern.
UPDATE backstory.slots s SET position = n.position
FROM (SELECT unnest(@consumers::text[]) AS consumer, unnest(@slots::int[]) AS slot, unnest(@fences::bigint[]) AS fence,
             unnest(@was::bigint[]) AS was, unnest(@positions::bigint[]) AS position, unnest(@lasts::uuid[]) AS last) n
WHERE s.consumer = n.consumer AND s.slot = n.slot AND s.fence = n.fence AND s.position = n.was
  AND EXISTS (SELECT 1 FROM backstory.events e WHERE e.position = n.position AND e.id = n.last)
RETURNING s.consumer, s.slot;

-- name: SlotPosition :one
-- What every key has behind it, but for those that are held; the key '' is all there is.
SELECT least(coalesce(min(s.position), 0), (SELECT h.from_position - 1 FROM backstory.held h WHERE h.consumer = @consumer AND h.key = ''))::bigint AS position
FROM backstory.slots s WHERE s.consumer = @consumer;

-- name: SlotPositions :many
SELECT slot, position FROM backstory.slots WHERE consumer = @consumer ORDER BY slot;

-- name: SlotSettings :exec
-- What a consumer writes and its checkpoint are lost or kept together, and only
-- after the events they come from: their commits need not wait for the disk.
SELECT set_config('synchronous_commit', 'off', true),
       set_config('statement_timeout', '30s', true),
       set_config('idle_in_transaction_session_timeout', '2s', true);
