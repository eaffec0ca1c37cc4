-- Refolds: starts of folding anew that stored nothing yet.

-- name: RefoldFind :one
-- How often others began, and where that was.
SELECT coalesce((SELECT r.starts FROM backstory.refolds r
                 WHERE r.consumer = @consumer AND r.slot = @slot AND r.program = @program AND r.process <> @process), 0)::integer AS starts,
       coalesce((SELECT b.position FROM backstory.builds b WHERE b.projection = @consumer),
                (SELECT s.rebuilt FROM backstory.slots s WHERE s.consumer = @consumer AND s.slot = @slot), 0)::bigint AS position;

-- name: RefoldBegin :exec
INSERT INTO backstory.refolds AS r (consumer, slot, program, process, starts) VALUES (@consumer, @slot, @program, @process, 1)
ON CONFLICT (consumer, slot) DO UPDATE SET program = excluded.program, process = excluded.process,
       starts = CASE WHEN r.program <> excluded.program THEN 1 WHEN r.process = excluded.process THEN r.starts ELSE r.starts + 1 END;

-- name: RefoldEnd :exec
DELETE FROM backstory.refolds WHERE consumer = @consumer AND slot = @slot;

-- name: RefoldForget :exec
DELETE FROM backstory.refolds WHERE consumer = @consumer;

-- name: RefoldList :many
-- Reactors whose states are folded anew. starts: how often somebody began with one
-- of their slots who is gone, without a page stored.
SELECT s.consumer, min(s.rebuilt)::bigint AS position, (SELECT coalesce(max(f.position), 0) FROM backstory.floors f)::bigint AS floor, (count(w.id) = count(*))::boolean AS running,
       coalesce(max(r.starts) FILTER (WHERE NOT EXISTS (
           SELECT 1 FROM backstory.workers p WHERE p.id = r.process AND p.seen_at > clock_timestamp() - interval '2 seconds')), 0)::integer AS starts
FROM backstory.slots s
LEFT JOIN backstory.workers w ON w.id = s.owner AND w.seen_at > clock_timestamp() - interval '2 seconds'
LEFT JOIN backstory.refolds r ON r.consumer = s.consumer AND r.slot = s.slot
WHERE s.rebuilt IS NOT NULL GROUP BY s.consumer ORDER BY s.consumer;

-- name: RefoldLeft :one
-- How far the states of a reactor are, while some slots are not done.
SELECT count(*)::bigint AS slots, coalesce(min(s.rebuilt), 0)::bigint AS position, coalesce(max(s.position), 0)::bigint AS upto,
       count(*) FILTER (WHERE r.starts >= @most::integer AND NOT EXISTS (
           SELECT 1 FROM backstory.workers p WHERE p.id = r.process AND p.seen_at > clock_timestamp() - interval '2 seconds'))::bigint AS given_up
FROM backstory.slots s
LEFT JOIN backstory.refolds r ON r.consumer = s.consumer AND r.slot = s.slot
WHERE s.consumer = @consumer AND s.rebuilt IS NOT NULL;
