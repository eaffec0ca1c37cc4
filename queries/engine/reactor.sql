-- States of reactors, by their keys.

-- name: ReactorStates :many
SELECT key, position, state FROM backstory.reactor_states
WHERE reactor = @reactor AND key = ANY(@keys::text[]) AND hash = @hash;

-- name: ReactorPut :exec
INSERT INTO backstory.reactor_states (reactor, key, position, hash, state)
SELECT @reactor::text, unnest(@keys::text[]), unnest(@positions::bigint[]), @hash::text, unnest(@states::bytea[])
ON CONFLICT (reactor, key) DO UPDATE SET position = excluded.position, hash = excluded.hash, state = excluded.state;

-- name: ReactorForget :exec
DELETE FROM backstory.reactor_states WHERE reactor = @reactor;
