-- What operators ask of the whole database. Each reads in one snapshot.

-- name: StatusProcesses :many
SELECT id, started_at, seen_at, info FROM backstory.workers
WHERE seen_at > clock_timestamp() - interval '2 seconds' ORDER BY started_at, id;

-- name: StatusConsumers :many
-- The position of a consumer is where its slowest slot stands, or a key that is
-- tried again; parked keys are counted instead.
SELECT c.name, c.type, c.hash, c.status, p.slots::integer AS slots, p.running::integer AS running,
       p.position::bigint AS position, h.parked::bigint AS parked, h.retrying::bigint AS retrying,
       coalesce(extract(epoch FROM clock_timestamp() - (
           SELECT e.at FROM backstory.events e WHERE e.position > p.position ORDER BY e.position LIMIT 1)), 0)::float8 AS lag_seconds
FROM backstory.consumers c
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE x.parked_at IS NOT NULL) AS parked, count(*) FILTER (WHERE x.parked_at IS NULL) AS retrying,
           min(x.from_position) FILTER (WHERE x.parked_at IS NULL) - 1 AS position
    FROM backstory.held x WHERE x.consumer = c.name) h
CROSS JOIN LATERAL (
    SELECT count(*) AS slots, count(w.id) AS running, least(coalesce(min(s.position), 0), h.position) AS position
    FROM backstory.slots s
    LEFT JOIN backstory.workers w ON w.id = s.owner AND w.seen_at > clock_timestamp() - interval '2 seconds'
    WHERE s.consumer = c.name) p
WHERE c.type <> 'commands' ORDER BY c.name;

-- name: StatusCommands :one
SELECT (SELECT count(*) FROM backstory.inbox WHERE due IS NULL)::bigint AS pending,
       (SELECT count(*) FROM backstory.inbox WHERE due IS NOT NULL)::bigint AS scheduled,
       (SELECT count(*) FROM backstory.outcomes WHERE status = 'settling')::bigint AS settling,
       (SELECT count(*) FROM backstory.outcomes WHERE status = 'failed' AND discarded_at IS NULL)::bigint AS failed;

-- name: VerifyVersions :many
SELECT v.position, v.stream, v.version, v.expected::bigint AS expected, v.before::bigint AS before
FROM (SELECT e.position, e.stream, e.version,
             coalesce((SELECT f.version FROM backstory.floor_streams f WHERE f.stream = e.stream), 0)
             + row_number() OVER (PARTITION BY e.stream ORDER BY e.version) AS expected,
             lag(e.position, 1, 0::bigint) OVER (PARTITION BY e.stream ORDER BY e.version) AS before
      FROM backstory.events e) v
WHERE v.version <> v.expected OR v.position <= v.before
ORDER BY v.position LIMIT @most;

-- name: VerifyOutcomeEvents :many
SELECT o.id, o.type, o.first_position, o.events, f.found::bigint AS found
FROM backstory.outcomes o
CROSS JOIN LATERAL (
    SELECT count(*) AS found FROM backstory.events e
    WHERE e.position >= o.first_position AND e.position < o.first_position + o.events
      AND e.causation = o.id AND e.stream = o.stream) f
WHERE f.found <> greatest(least(o.events, o.first_position + o.events - 1 - (SELECT coalesce(max(l.position), 0) FROM backstory.floors l)), 0)
ORDER BY o.first_position LIMIT @most;

-- name: VerifyStrayEvents :many
SELECT e.position, e.type, e.causation
FROM backstory.events e
JOIN backstory.outcomes o ON o.id = e.causation
WHERE e.position < o.first_position OR e.position >= o.first_position + o.events
ORDER BY e.position LIMIT @most;

-- name: VerifyStatuses :many
SELECT o.id, o.type, o.status FROM backstory.outcomes o
WHERE o.status NOT IN ('accepted', 'refused', 'failed', 'cancelled', 'settling')
   OR (o.status = 'refused') <> (o.refusal IS NOT NULL)
   OR (o.status IN ('failed', 'cancelled') AND o.events > 0)
ORDER BY o.at LIMIT @most;

-- name: VerifyInbox :many
SELECT i.id, i.type FROM backstory.inbox i JOIN backstory.outcomes o USING (id) ORDER BY i.seq LIMIT @most;

-- name: VerifyOutcomeCount :one
SELECT count(*)::bigint AS outcomes FROM backstory.outcomes;

-- name: VerifyCheckpoints :many
SELECT s.consumer, s.slot, s.position FROM backstory.slots s
WHERE s.position > (SELECT coalesce(max(e.position), 0) FROM backstory.events e)
ORDER BY s.consumer, s.slot LIMIT @most;

-- name: VerifyHeld :many
-- A key is held by the message that failed, which the log has. What is before that
-- message is discarded or done, so a key without a failure may begin anywhere up
-- to the position after the last.
SELECT h.consumer, h.key, h.from_position FROM backstory.held h
LEFT JOIN backstory.events e ON e.position = h.from_position
WHERE CASE WHEN h.attempts > 0 OR h.error <> ''
    THEN e.position IS NULL OR h.from_version > 0 AND (e.stream, e.version) <> (h.key, h.from_version)
    ELSE h.from_position > (SELECT coalesce(max(l.position), 0) FROM backstory.events l) + 1 END
ORDER BY h.consumer, h.key LIMIT @most;
