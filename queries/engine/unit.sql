-- Units: commands, reactions and the caller's own SQL in one transaction.

-- name: UnitBegin :one
SELECT clock_timestamp()::timestamptz AS at;

-- name: UnitSettings :exec
-- The engine's statements are planned as on its own connections, once the caller's
-- are done.
SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
       set_config('jit', 'off', true), set_config('plan_cache_mode', 'force_generic_plan', true);

-- name: HandledInsert :exec
INSERT INTO backstory.handled (position, consumer) SELECT unnest(@positions::bigint[]), unnest(@consumers::text[]);

-- name: HandledBetween :many
SELECT position, consumer FROM backstory.handled WHERE position > @after AND position <= @upto;

-- name: HandledForget :exec
DELETE FROM backstory.handled h
WHERE NOT EXISTS (SELECT 1 FROM backstory.slots s WHERE s.consumer = h.consumer AND s.position < h.position)
  AND NOT EXISTS (SELECT 1 FROM backstory.held k WHERE k.consumer = h.consumer AND k.from_position <= h.position);
