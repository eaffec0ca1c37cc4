-- Conversations: what followed from one first message, over all streams.

-- name: ConversationOf :many
SELECT o.correlation FROM backstory.outcomes o WHERE o.id = @id
UNION ALL
SELECT e.correlation FROM backstory.events e WHERE e.id = @id
UNION ALL
SELECT i.correlation FROM backstory.inbox i WHERE i.id = @id
LIMIT 1;

-- name: ConversationCommands :many
SELECT o.id FROM backstory.outcomes o WHERE o.correlation = @correlation ORDER BY o.at LIMIT @most;

-- name: ConversationWaiting :many
SELECT i.id FROM backstory.inbox i WHERE i.correlation = @correlation ORDER BY i.at LIMIT @most;
