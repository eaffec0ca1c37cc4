-- Consumers: who follows the log.

-- name: ConsumerFind :one
SELECT name, type, hash, slots, status, coalesce(resize, 0)::integer AS resize, coalesce(barrier, -1)::bigint AS barrier
FROM backstory.consumers WHERE name = @name;

-- name: ConsumerPut :exec
INSERT INTO backstory.consumers (name, type, hash, slots) VALUES (@name, @type, @hash, @slots)
ON CONFLICT (name) DO UPDATE SET type = excluded.type, hash = excluded.hash;

-- name: ConsumerStatus :execrows
UPDATE backstory.consumers SET status = @status WHERE name = @name AND type <> 'commands';

-- name: ConsumerResize :exec
UPDATE backstory.consumers SET resize = @slots::integer, barrier = @barrier::bigint WHERE name = @name;

-- name: ConsumerResized :exec
UPDATE backstory.consumers SET slots = resize, resize = NULL, barrier = NULL WHERE name = @name;

-- name: ConsumerLock :one
SELECT slots, coalesce(resize, 0)::integer AS resize, coalesce(barrier, -1)::bigint AS barrier
FROM backstory.consumers WHERE name = @name FOR UPDATE;

-- name: ConsumerShares :many
-- alive: how many living processes can run it.
SELECT c.name, c.type, c.hash, c.slots, c.status, coalesce(c.resize, 0)::integer AS resize, coalesce(c.barrier, -1)::bigint AS barrier,
       (SELECT count(*) FROM backstory.workers w
        WHERE w.seen_at > clock_timestamp() - interval '2 seconds' AND (c.name || ' ' || c.hash) = ANY(w.consumers))::bigint AS alive
FROM backstory.consumers c ORDER BY c.name;
