-- The log read backward, for people who look at it.

-- name: RecentEvents :many
SELECT position, stream, version, id, type, schema_version, at, by, correlation, causation, data
FROM backstory.events
WHERE position < @before AND position >= @down_to
  AND (@type::text = '' OR type = @type) AND (@stream::text = '' OR stream = @stream) AND (@by::text = '' OR by = @by)
ORDER BY position DESC LIMIT @most;
