-- What went through the log, counted, for people who look at it.

-- name: TrafficCount :many
-- Events by the type of the command that they came from, and of these the commands
-- that led to events: each is counted with its first one. A command is looked up by
-- its id: left to itself, the planner reads all outcomes for the events of a page.
SELECT e.type, coalesce(o.type, '')::text AS command, count(*)::bigint AS events,
       count(*) FILTER (WHERE o.first_position = e.position)::bigint AS commands
FROM backstory.events e LEFT JOIN LATERAL (
    SELECT c.type, c.first_position FROM backstory.outcomes c WHERE c.id = e.causation LIMIT 1
) o ON true
WHERE e.position > @after AND e.position <= @upto
GROUP BY 1, 2 ORDER BY 1, 2;

-- name: BuildList :many
-- Builds, and whether somebody holds the lock of each: the others wait for somebody
-- to go on with them.
SELECT b.projection, b.floor, b.position, extract(epoch FROM clock_timestamp() - b.started_at)::float8 AS seconds,
       EXISTS (SELECT 1 FROM pg_catalog.pg_locks l
               WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
                 AND ((l.classid::bigint << 32) | l.objid::bigint) = hashtextextended('backstory.build ' || b.projection, 0))::boolean AS running,
       coalesce(r.starts, 0)::integer AS starts
FROM backstory.builds b
LEFT JOIN backstory.refolds r ON r.consumer = b.projection AND r.slot = 0 AND r.program = b.program
ORDER BY b.projection;
