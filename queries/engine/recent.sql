-- Messages, newest first, for people who look at them. Words come as patterns that
-- find at least what has them; none, or an empty list: anything.

-- name: RecentLog :many
-- Events, and whether an event is the first one of an accepted command that is to be
-- told, too. Such a command has its event's stream and person; it is looked up by its
-- id, as in TrafficCount.
SELECT e.position, e.stream, e.version, e.id, e.type, e.schema_version, e.at, e.by, e.correlation, e.causation, e.data,
       coalesce(o.told, false)::boolean AS command
FROM backstory.events e LEFT JOIN LATERAL (
    SELECT true AS told FROM backstory.outcomes c
    WHERE @commands::boolean AND c.id = e.causation AND c.first_position = e.position AND c.status = 'accepted'
      AND (@type::text = '' OR lower(c.type) LIKE @type OR c.type = ANY(@types::text[]))
      AND (cardinality(@texts::text[]) = 0 OR lower(c.data::text) LIKE ANY(@texts::text[]))
    LIMIT 1
) o ON true
WHERE e.position < @before AND e.position >= @down_to
  AND (@stream::text = '' OR lower(e.stream) LIKE @stream OR e.stream = ANY(@streams::text[]))
  AND (@by::text = '' OR lower(e.by) LIKE @by)
  AND (coalesce(o.told, false) OR @events::boolean
       AND (@type::text = '' OR lower(e.type) LIKE @type OR e.type = ANY(@types::text[]))
       AND (cardinality(@texts::text[]) = 0 OR lower(e.data::text) LIKE ANY(@texts::text[])))
ORDER BY e.position DESC LIMIT @most;

-- name: RecentApart :many
-- Commands that the log alone does not tell of, all of a span, and which are chosen.
SELECT o.id, o.decided_at,
       ((cardinality(@statuses::text[]) = 0 OR o.status = ANY(@statuses::text[]))
        AND (@type::text = '' OR lower(o.type) LIKE @type OR o.type = ANY(@types::text[]))
        AND (@stream::text = '' OR lower(o.stream) LIKE @stream OR o.stream = ANY(@streams::text[]))
        AND (@by::text = '' OR lower(o.by) LIKE @by)
        AND (cardinality(@texts::text[]) = 0
             OR lower(concat(o.data, ' ', o.refusal, ' ', o.error)) LIKE ANY(@texts::text[])))::boolean AS chosen
FROM backstory.outcomes o
WHERE (o.status <> 'accepted' OR o.events = 0) AND (o.decided_at, o.id) < (@before::timestamptz, @before_id::uuid)
ORDER BY o.decided_at DESC, o.id DESC LIMIT @most;

-- name: RecentWaiting :many
-- What is to be decided by now: no more than may wait.
SELECT i.id, i.at FROM backstory.inbox i
WHERE i.due IS NULL AND (i.at, i.id) < (@before::timestamptz, @before_id::uuid)
  AND (@type::text = '' OR lower(i.type) LIKE @type OR i.type = ANY(@types::text[]))
  AND (@stream::text = '' OR lower(i.stream) LIKE @stream OR i.stream = ANY(@streams::text[]))
  AND (@by::text = '' OR lower(i.by) LIKE @by)
  AND (cardinality(@texts::text[]) = 0 OR lower(i.data::text) LIKE ANY(@texts::text[]))
ORDER BY i.at DESC, i.id DESC LIMIT @most;
