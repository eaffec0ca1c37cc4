-- Tags: events by what they carry. Queries of several items are one statement,
-- and with it one snapshot: whoever saw position p in one item's matches has seen
-- everything below it in the others'.

-- name: TagInsert :exec
INSERT INTO backstory.event_tags (tag, position, type)
SELECT unnest(@tags::text[]), unnest(@positions::bigint[]), unnest(@types::text[]);

-- name: TagTail :many
-- What was stored after conditions were looked at. Asked for under the order lock.
SELECT position, type, tags FROM backstory.events WHERE position > @after ORDER BY position LIMIT @most;

-- name: TagPositions :many
-- Each item is led by the tag that the fewest events carry, as far as a bounded
-- look at each can tell; an item without tags is read along the log. The other tags
-- are looked up one by one: for NOT EXISTS the planner would read all tags there are.
SELECT DISTINCT m.position::bigint AS position
FROM (SELECT unnest(@types::text[]) AS types, unnest(@tags::text[]) AS tags) AS i
CROSS JOIN LATERAL (
    (SELECT t.position
     FROM (SELECT u.tag FROM unnest(i.tags::text[]) AS u (tag)
           ORDER BY CASE WHEN cardinality(i.tags::text[]) = 1 THEN 0 ELSE (
               SELECT count(*) FROM (SELECT 1 FROM backstory.event_tags c WHERE c.tag = u.tag AND c.position > @after LIMIT 500) few) END
           LIMIT 1) AS lead
     JOIN backstory.event_tags t ON t.tag = lead.tag
     WHERE t.position > @after
       AND (i.types::text[] = '{}' OR t.type = ANY(i.types::text[]))
       AND NOT EXISTS (
           SELECT 1 FROM unnest(i.tags::text[]) AS o (tag)
           WHERE o.tag <> lead.tag
             AND (SELECT h.position FROM backstory.event_tags h WHERE h.tag = o.tag AND h.position = t.position) IS NULL)
     ORDER BY t.position LIMIT @most)
    UNION ALL
    (SELECT e.position FROM backstory.events e
     WHERE i.tags = '{}' AND e.position > @after AND e.type = ANY(i.types::text[])
     ORDER BY e.position LIMIT @most)) AS m
ORDER BY position LIMIT @most;
