-- States of reactors, by their keys.

-- name: ReactorStates :many
SELECT key, position, state FROM backstory.reactor_states
WHERE reactor = @reactor AND key = ANY(@keys::text[]) AND hash = @hash;

-- name: ReactorBase :one
-- What a reactor has of a key: its state with the position of the last event in it,
-- and up to where the log was looked through for it.
SELECT least(s.position, (SELECT h.from_position - 1 FROM backstory.held h WHERE h.consumer = @reactor AND h.key = @key))::bigint AS base,
       (s.rebuilt IS NOT NULL)::boolean AS rebuilding, coalesce(r.position, 0)::bigint AS position, r.state,
       (SELECT coalesce(max(e.position), 0) FROM backstory.events e)::bigint AS head
FROM backstory.consumers c
JOIN backstory.slots s ON s.consumer = c.name AND s.slot = @slot
LEFT JOIN backstory.reactor_states r ON r.reactor = c.name AND r.key = @key AND r.hash = c.hash
WHERE c.name = @reactor AND c.hash = @hash;

-- name: ReactorPut :exec
INSERT INTO backstory.reactor_states (reactor, key, position, hash, state)
SELECT @reactor::text, unnest(@keys::text[]), unnest(@positions::bigint[]), @hash::text, unnest(@states::bytea[])
ON CONFLICT (reactor, key) DO UPDATE SET position = excluded.position, hash = excluded.hash, state = excluded.state;

-- name: ReactorForget :exec
DELETE FROM backstory.reactor_states WHERE reactor = @reactor;
