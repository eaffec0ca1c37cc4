-- name: BuildAdvance :exec
UPDATE backstory.builds SET position = $1 WHERE projection = $2
;
-- name: BuildEnd :exec
DELETE FROM backstory.builds WHERE projection = $1
;
-- name: BuildFence :exec
UPDATE backstory.slots SET fence = fence + 1 WHERE consumer = $1 AND slot = $2
;
-- name: BuildFind :one
SELECT b.hash, b.program, b.floor, b.position, (to_regclass($1::text) IS NOT NULL)::boolean AS there
FROM backstory.builds b WHERE b.projection = $2
;
-- name: BuildForget :exec
DELETE FROM backstory.build_held WHERE projection = $1
;
-- name: BuildHeld :many
SELECT key, from_position, from_version, error FROM backstory.build_held WHERE projection = $1
;
-- name: BuildHold :exec
INSERT INTO backstory.build_held (projection, key, from_position, from_version, error)
SELECT $1::text, unnest($2::text[]), unnest($3::bigint[]), unnest($4::bigint[]), unnest($5::text[])
;
-- name: BuildList :many
SELECT b.projection, b.floor, b.position, extract(epoch FROM clock_timestamp() - b.started_at)::float8 AS seconds,
       EXISTS (SELECT 1 FROM pg_catalog.pg_locks l
               WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
                 AND ((l.classid::bigint << 32) | l.objid::bigint) = hashtextextended('backstory.build ' || b.projection, 0))::boolean AS running,
       coalesce(r.starts, 0)::integer AS starts
FROM backstory.builds b
LEFT JOIN backstory.refolds r ON r.consumer = b.projection AND r.slot = 0 AND r.program = b.program
ORDER BY b.projection
;
-- name: BuildLock :one

SELECT pg_try_advisory_lock(hashtextextended('backstory.build ' || $1::text, 0))::boolean AS locked
;
-- name: BuildRead :many
SELECT position, stream, version, id, type, schema_version, at, by, correlation, causation, data
FROM backstory.events WHERE position > $1 AND position <= $2 AND type = ANY($3::text[])
ORDER BY position LIMIT $4
;
-- name: BuildStart :exec
INSERT INTO backstory.builds (projection, hash, program, floor, position) VALUES ($1, $2, $3, $4, $4)
ON CONFLICT (projection) DO UPDATE SET hash = excluded.hash, program = excluded.program, floor = excluded.floor,
       position = excluded.position, started_at = clock_timestamp()
;
-- name: BuildSwap :exec
UPDATE backstory.slots SET position = $1, rebuilt = NULL, fence = fence + 1, owner = CASE WHEN $2::boolean THEN owner END
WHERE consumer = $3
;
-- name: CommandsDiscard :execrows
UPDATE backstory.outcomes o SET discarded_at = clock_timestamp()
WHERE o.discarded_at IS NULL AND o.id IN (
    SELECT DISTINCT ON (x.stream) x.id FROM backstory.outcomes x
    WHERE x.status = 'failed' AND x.discarded_at IS NULL AND ($1 = '' OR x.stream = $1) ORDER BY x.stream, x.at, x.id LIMIT $2)
;
-- name: CommandsParked :many

SELECT DISTINCT ON (stream) stream, id, at, decided_at, coalesce(error, '')::text AS error
FROM backstory.outcomes
WHERE status = 'failed' AND discarded_at IS NULL AND stream > $1 AND ($2 = '' OR stream = $2)
ORDER BY stream, at, id LIMIT $3
;
-- name: CommandsParkedOf :many
SELECT id, type, stream, at, data FROM backstory.outcomes
WHERE status = 'failed' AND discarded_at IS NULL AND stream = $1
ORDER BY at, id LIMIT $2
;
-- name: CommandsUnpark :many
DELETE FROM backstory.outcomes o
WHERE o.status = 'failed' AND o.discarded_at IS NULL AND o.stream IN (
    SELECT DISTINCT x.stream FROM backstory.outcomes x
    WHERE x.status = 'failed' AND x.discarded_at IS NULL AND ($1 = '' OR x.stream = $1) ORDER BY x.stream LIMIT $2)
RETURNING o.id, o.type, o.stream, o.data, o.by, o.at, o.correlation, o.causation, o.reaction, o.cause
;
-- name: ConsumerFind :one

SELECT name, type, hash, slots, status, coalesce(resize, 0)::integer AS resize, coalesce(barrier, -1)::bigint AS barrier
FROM backstory.consumers WHERE name = $1
;
-- name: ConsumerLock :one
SELECT slots, coalesce(resize, 0)::integer AS resize, coalesce(barrier, -1)::bigint AS barrier
FROM backstory.consumers WHERE name = $1 FOR UPDATE
;
-- name: ConsumerPut :exec
INSERT INTO backstory.consumers (name, type, hash, slots) VALUES ($1, $2, $3, $4)
ON CONFLICT (name) DO UPDATE SET type = excluded.type, hash = excluded.hash
;
-- name: ConsumerResize :exec
UPDATE backstory.consumers SET resize = $1::integer, barrier = $2::bigint WHERE name = $3
;
-- name: ConsumerResized :exec
UPDATE backstory.consumers SET slots = resize, resize = NULL, barrier = NULL WHERE name = $1
;
-- name: ConsumerShares :many
SELECT c.name, c.type, c.hash, c.slots, c.status, coalesce(c.resize, 0)::integer AS resize, coalesce(c.barrier, -1)::bigint AS barrier,
       (SELECT count(*) FROM backstory.workers w
        WHERE w.seen_at > clock_timestamp() - interval '2 seconds' AND (c.name || ' ' || c.hash) = ANY(w.consumers))::bigint AS alive
FROM backstory.consumers c ORDER BY c.name
;
-- name: ConsumerStatus :execrows
UPDATE backstory.consumers SET status = $1 WHERE name = $2 AND type <> 'commands'
;
-- name: ConversationCommands :many
SELECT o.id FROM backstory.outcomes o WHERE o.correlation = $1 ORDER BY o.at LIMIT $2
;
-- name: ConversationOf :many

SELECT o.correlation FROM backstory.outcomes o WHERE o.id = $1
UNION ALL
SELECT e.correlation FROM backstory.events e WHERE e.id = $1
UNION ALL
SELECT i.correlation FROM backstory.inbox i WHERE i.id = $1
LIMIT 1
;
-- name: ConversationWaiting :many
SELECT i.id FROM backstory.inbox i WHERE i.correlation = $1 ORDER BY i.at LIMIT $2
;
-- name: DefinitionKnown :one
SELECT EXISTS (SELECT 1 FROM backstory.definitions WHERE projection = $1 AND hash = $2)::boolean AS known
;
-- name: DefinitionLive :exec
INSERT INTO backstory.definitions (projection, hash, live_at) VALUES ($1, $2, clock_timestamp())
ON CONFLICT (projection, hash) DO UPDATE SET live_at = excluded.live_at
;
-- name: EpochAdopt :execrows
UPDATE backstory.log SET home_cluster = backstory.cluster(),
       home_database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())::bigint
WHERE (home_cluster, home_database) IS DISTINCT FROM
      (backstory.cluster(), (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())::bigint)
;
-- name: EpochFound :exec
UPDATE backstory.log SET id = gen_random_uuid(), home_cluster = backstory.cluster(),
       home_database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())::bigint
WHERE (home_cluster, home_database) IS DISTINCT FROM
      (backstory.cluster(), (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())::bigint)
  AND NOT EXISTS (SELECT 1 FROM backstory.events)
  AND NOT EXISTS (SELECT 1 FROM backstory.inbox)
  AND NOT EXISTS (SELECT 1 FROM backstory.outcomes)
;
-- name: EpochLook :one

SELECT l.id AS log, l.supports, backstory.cluster()::bigint AS cluster, backstory.timeline()::integer AS timeline,
       (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())::bigint AS database,
       'backstory.events'::regclass::oid::bigint AS events,
       coalesce(l.home_cluster, 0)::bigint AS home_cluster, coalesce(l.home_database, 0)::bigint AS home_database,
       coalesce(h.position, 0)::bigint AS head,
       coalesce(h.id, '00000000-0000-0000-0000-000000000000')::uuid AS head_id,
       coalesce((SELECT e.id FROM backstory.events e WHERE e.position = $1),
                '00000000-0000-0000-0000-000000000000')::uuid AS id
FROM backstory.log l
LEFT JOIN LATERAL (SELECT e.position, e.id FROM backstory.events e ORDER BY e.position DESC LIMIT 1) h ON true
;
-- name: EventAppendAlone :one
SELECT (a).stored_position::bigint AS position, (a).stored_version::bigint AS version, (a).stored_at::timestamptz AS at
FROM backstory.append_alone($1::text, $2::bigint, $3::uuid, $4::text, $5::int, $6::text,
     $7::uuid, $8::uuid, $9::json) AS a
;
-- name: EventAt :many
SELECT position, stream, version, id, type, schema_version, at, by, correlation, causation, data
FROM backstory.events WHERE position = ANY($1::bigint[]) ORDER BY position
;
-- name: EventFind :many
SELECT position, stream, version, id, type, schema_version, at, by, correlation, causation, data
FROM backstory.events WHERE id = ANY($1::uuid[]) ORDER BY position
;
-- name: EventInsert :exec

INSERT INTO backstory.events (position, stream, version, id, type, schema_version, tags, at, by, correlation, causation, data)
SELECT unnest($1::bigint[]), unnest($2::text[]), unnest($3::bigint[]), unnest($4::uuid[]),
       unnest($5::text[]), unnest($6::int[]), unnest($7::text[])::text[], $8::timestamptz,
       unnest($9::text[]), unnest($10::uuid[]), unnest($11::uuid[]), unnest($12::json[])
;
-- name: EventRead :many
SELECT position, stream, version, id, type, schema_version, at, by, correlation, causation, data
FROM backstory.events WHERE position > $1 ORDER BY position LIMIT $2
;
-- name: EventStored :many
SELECT id, stream, position, version, at FROM backstory.events WHERE id = ANY($1::uuid[])
;
-- name: ExportEvents :many

SELECT position, stream, version, id, type, schema_version, tags, at, by, correlation, causation, data
FROM backstory.events WHERE position > $1 AND position <= $2 ORDER BY position LIMIT $3
;
-- name: ExportLog :one
SELECT id FROM backstory.log
;
-- name: FloorBehind :many
SELECT s.consumer FROM backstory.slots s
WHERE s.consumer <> 'commands' AND (s.position < $1 OR s.rebuilt IS NOT NULL)
UNION
SELECT h.consumer FROM backstory.held h WHERE h.from_position <= $1
ORDER BY consumer
;
-- name: FloorDelete :execrows
DELETE FROM backstory.events WHERE position <= $1
;
-- name: FloorFind :many
SELECT q.ord::int AS ord, f.version, f.last_id, f.at, f.state
FROM (SELECT unnest($1::int[]) AS ord, unnest($2::text[]) AS stream, unnest($3::bigint[]) AS upto) q
CROSS JOIN LATERAL (
    SELECT x.version, x.last_id, x.at, x.state FROM backstory.floor_streams x
    WHERE x.stream = q.stream AND x.version <= q.upto LIMIT 1) f
;
-- name: FloorGet :one

SELECT coalesce(max(position), 0)::bigint AS position FROM backstory.floors
;
-- name: FloorInsert :exec
INSERT INTO backstory.floors (position, at, file, sha256)
SELECT e.position, e.at, $1, $2 FROM backstory.events e WHERE e.position = $3
;
-- name: FloorReached :exec
UPDATE backstory.slots s SET position = greatest(s.position, $1) WHERE s.consumer = $2
;
-- name: FloorRowsDelete :exec
DELETE FROM backstory.floor_rows WHERE projection = $1
;
-- name: FloorSnapshotsDelete :exec
DELETE FROM backstory.snapshots s USING backstory.floor_streams f WHERE s.stream = f.stream AND s.version <= f.version
;
-- name: FloorStates :many
SELECT key, position, state FROM backstory.floor_reactor_states WHERE reactor = $1 AND key = ANY($2::text[])
;
-- name: FloorStatesBegin :exec
INSERT INTO backstory.reactor_states (reactor, key, position, hash, state)
SELECT f.reactor, f.key, f.position, $1::text, f.state FROM backstory.floor_reactor_states f WHERE f.reactor = $2
;
-- name: FloorStatesPut :exec
INSERT INTO backstory.floor_reactor_states (reactor, key, position, hash, state)
SELECT $1::text, unnest($2::text[]), unnest($3::bigint[]), $4::text, unnest($5::bytea[])
ON CONFLICT (reactor, key) DO UPDATE SET position = excluded.position, hash = excluded.hash, state = excluded.state
;
-- name: FloorStream :many
SELECT version, at FROM backstory.floor_streams WHERE stream = $1
;
-- name: FloorStreamPut :exec
INSERT INTO backstory.floor_streams (stream, version, last_id, at, hash, state)
SELECT unnest($1::text[]), unnest($2::bigint[]), unnest($3::uuid[]), unnest($4::timestamptz[]),
       unnest($5::text[]), unnest($6::bytea[])
ON CONFLICT (stream) DO UPDATE SET version = excluded.version, last_id = excluded.last_id, at = excluded.at,
       hash = excluded.hash, state = excluded.state
;
-- name: FloorStreams :many
SELECT e.stream, max(e.version)::bigint AS version FROM backstory.events e
WHERE e.stream > $1 AND e.position <= $2 GROUP BY e.stream ORDER BY e.stream LIMIT $3
;
-- name: FloorTagged :one
SELECT EXISTS (SELECT 1 FROM backstory.event_tags t JOIN backstory.events e USING (position) WHERE e.position <= $1)::boolean AS tagged
;
-- name: FloorUnanswered :many
SELECT i.reaction FROM backstory.inbox i WHERE i.reaction <> '' AND i.cause <= $1
UNION
SELECT o.reaction FROM backstory.outcomes o WHERE o.status = 'settling' AND o.reaction <> '' AND o.cause <= $1
UNION
SELECT o.reaction FROM backstory.outcomes o WHERE o.status = 'failed' AND o.discarded_at IS NULL AND o.reaction <> '' AND o.cause <= $1
ORDER BY reaction
;
-- name: ForgetSettings :exec
SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('enable_seqscan', 'off', true),
       set_config('enable_bitmapscan', 'on', true)
;
-- name: HandledBetween :many
SELECT position, consumer FROM backstory.handled WHERE position > $1 AND position <= $2
;
-- name: HandledForget :exec
DELETE FROM backstory.handled h
WHERE NOT EXISTS (SELECT 1 FROM backstory.slots s WHERE s.consumer = h.consumer AND s.position < h.position)
  AND NOT EXISTS (SELECT 1 FROM backstory.held k WHERE k.consumer = h.consumer AND k.from_position <= h.position)
;
-- name: HandledInsert :exec
INSERT INTO backstory.handled (position, consumer) SELECT unnest($1::bigint[]), unnest($2::text[])
;
-- name: HeldAll :many
SELECT key, slot, from_position, (parked_at IS NOT NULL)::boolean AS parked FROM backstory.held WHERE consumer = $1
;
-- name: HeldClear :exec
DELETE FROM backstory.held WHERE consumer = $1
;
-- name: HeldDelete :exec
DELETE FROM backstory.held WHERE consumer = $1 AND key = ANY($2::text[])
;
-- name: HeldDue :many
SELECT DISTINCT consumer, slot FROM backstory.held WHERE parked_at IS NULL AND next_at <= statement_timestamp()
;
-- name: HeldFind :one
SELECT key, slot, from_position, from_version, attempts, error, reacted FROM backstory.held
WHERE consumer = $1 AND key = $2 AND parked_at IS NOT NULL
;
-- name: HeldKeys :many

SELECT key FROM backstory.held WHERE consumer = $1 AND slot = ANY($2::int[])
;
-- name: HeldPut :exec
INSERT INTO backstory.held (consumer, key, slot, from_position, from_version, attempts, next_at, parked_at, error, reacted)
SELECT $1::text, n.key, n.slot, n.from_position, n.from_version, n.attempts,
       clock_timestamp() + n.pause * interval '1 millisecond', CASE WHEN n.parked THEN clock_timestamp() END, n.error, n.reacted
FROM (SELECT unnest($2::text[]) AS key, unnest($3::int[]) AS slot, unnest($4::bigint[]) AS from_position,
             unnest($5::bigint[]) AS from_version, unnest($6::int[]) AS attempts,
             unnest($7::bigint[]) AS pause, unnest($8::boolean[]) AS parked, unnest($9::text[]) AS error,
             unnest($10::bigint[]) AS reacted) n
ON CONFLICT (consumer, key) DO UPDATE SET
    first_at = CASE WHEN backstory.held.from_position = excluded.from_position THEN backstory.held.first_at ELSE clock_timestamp() END,
    from_position = excluded.from_position, from_version = excluded.from_version, attempts = excluded.attempts,
    next_at = excluded.next_at, parked_at = excluded.parked_at, error = excluded.error,
    reacted = greatest(backstory.held.reacted, least(excluded.reacted, backstory.held.from_position - 1))
;
-- name: HeldRehash :exec
UPDATE backstory.held h SET slot = n.slot
FROM (SELECT unnest($2::text[]) AS key, unnest($3::int[]) AS slot) n
WHERE h.consumer = $1 AND h.key = n.key
;
-- name: HeldScan :many
SELECT position, stream, version, id, type, schema_version, at, by, correlation, causation, data
FROM backstory.events WHERE position >= $1 AND position <= $2 AND type = ANY($3::text[])
ORDER BY position LIMIT $4
;
-- name: HeldStream :many
SELECT position, stream, version, id, type, schema_version, at, by, correlation, causation, data
FROM backstory.events WHERE stream = $1 AND version >= $2 AND position <= $3 ORDER BY version LIMIT $4
;
-- name: HeldTake :many
SELECT key, slot, from_position, from_version, attempts, error, reacted FROM backstory.held
WHERE consumer = $1 AND slot = ANY($2::int[]) AND parked_at IS NULL AND next_at <= statement_timestamp()
ORDER BY next_at LIMIT $3
;
-- name: HeldTry :exec
UPDATE backstory.held h SET attempts = h.attempts + 1, next_at = clock_timestamp() + n.pause * interval '1 millisecond'
FROM (SELECT unnest($2::text[]) AS key, unnest($3::bigint[]) AS pause) n
WHERE h.consumer = $1 AND h.key = n.key AND h.parked_at IS NULL
;
-- name: ImportEmpty :one
SELECT (NOT EXISTS (SELECT 1 FROM backstory.events) AND NOT EXISTS (SELECT 1 FROM backstory.inbox)
   AND NOT EXISTS (SELECT 1 FROM backstory.outcomes))::boolean AS empty
;
-- name: ImportInboxSequence :exec
SELECT setval(pg_get_serial_sequence('backstory.inbox', 'seq'), (SELECT coalesce(max(seq), 0) + 1 FROM backstory.inbox), false)
;
-- name: ImportLock :exec
LOCK TABLE backstory.inbox, backstory.outcomes, backstory.consumers, backstory.slots, backstory.held, backstory.reactor_states IN EXCLUSIVE MODE
;
-- name: ImportLog :exec
UPDATE backstory.log SET id = $1, home_cluster = NULL, home_database = NULL
;
-- name: ImportProjections :exec
UPDATE backstory.consumers SET hash = '' WHERE name = ANY($1::text[])
;
-- name: ImportSlotsClear :exec
WITH held AS (DELETE FROM backstory.held), states AS (DELETE FROM backstory.reactor_states),
     consumers AS (DELETE FROM backstory.consumers WHERE name <> ALL($1::text[]))
DELETE FROM backstory.slots WHERE consumer <> ALL($1::text[])
;
-- name: ImportSlotsFree :exec
UPDATE backstory.slots SET owner = NULL WHERE owner IS NOT NULL
;
-- name: InboxClaim :many
SELECT id FROM backstory.inbox WHERE id = ANY($1::uuid[]) FOR UPDATE SKIP LOCKED
;
-- name: InboxClear :exec
SELECT backstory.require_none(
    (SELECT count(*) FROM backstory.inbox i WHERE i.id = ANY($1::uuid[]))
    + (SELECT count(*) FROM backstory.inbox i WHERE i.stream = ANY($2::text[]) AND i.due IS NULL))
;
-- name: InboxCount :one
SELECT count(*)::bigint AS pending FROM (SELECT 1 FROM backstory.inbox WHERE due IS NULL LIMIT $1) i
;
-- name: InboxDelete :exec
DELETE FROM backstory.inbox WHERE id = ANY($1::uuid[])
;
-- name: InboxInsert :many

INSERT INTO backstory.inbox (id, slot, type, stream, data, by, correlation, causation, if_version)
SELECT n.id, n.slot, n.type, n.stream, n.data, n.by, n.correlation, n.causation, nullif(n.if_version, -1)
FROM (SELECT unnest($1::uuid[]) AS id, unnest($2::int[]) AS slot, unnest($3::text[]) AS type,
             unnest($4::text[]) AS stream, unnest($5::json[]) AS data, unnest($6::text[]) AS by,
             unnest($7::uuid[]) AS correlation, unnest($8::uuid[]) AS causation,
             unnest($9::bigint[]) AS if_version) n
CROSS JOIN (SELECT set_config('synchronous_commit', 'on', true)) durable
WHERE NOT EXISTS (SELECT 1 FROM backstory.outcomes o WHERE o.id = n.id)
ON CONFLICT (id) DO NOTHING
RETURNING id
;
-- name: InboxRivals :many
SELECT id, stream FROM backstory.inbox WHERE id = ANY($1::uuid[])
UNION ALL
SELECT id, stream FROM backstory.inbox WHERE stream = ANY($2::text[]) AND due IS NULL
;
-- name: InboxSend :exec
INSERT INTO backstory.inbox (id, slot, type, stream, data, by, correlation, causation, reaction, cause, due)
SELECT n.id, n.slot, n.type, n.stream, n.data, n.by, n.correlation, n.causation, n.reaction, n.cause, n.due
FROM (SELECT unnest($1::uuid[]) AS id, unnest($2::int[]) AS slot, unnest($3::text[]) AS type,
             unnest($4::text[]) AS stream, unnest($5::json[]) AS data, unnest($6::text[]) AS by,
             unnest($7::uuid[]) AS correlation, unnest($8::uuid[]) AS causation,
             unnest($9::text[]) AS reaction, unnest($10::bigint[]) AS cause,
             unnest($11::timestamptz[]) AS due, generate_series(1, cardinality($1::uuid[])) AS ord) n
WHERE NOT EXISTS (SELECT 1 FROM backstory.outcomes o WHERE o.id = n.id)
ORDER BY n.ord
ON CONFLICT (id) DO NOTHING
;
-- name: InboxTake :many
SELECT seq, id, slot, type, stream, data, by, at, correlation, causation, coalesce(if_version, -1)::bigint AS if_version,
       reaction, cause
FROM backstory.inbox
WHERE seq >= $1 AND slot = ANY($2::int[]) AND id <> ALL($3::uuid[]) AND due IS NULL
ORDER BY seq LIMIT $4
;
-- name: InboxWriters :many
SELECT l.virtualtransaction::text AS writer FROM pg_catalog.pg_locks l
WHERE l.locktype = 'relation' AND l.relation = 'backstory.inbox'::regclass AND l.mode = 'RowExclusiveLock'
  AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())
;
-- name: LogHead :one
SELECT coalesce(h.position, 0)::bigint AS position, greatest(clock_timestamp(), h.at)::timestamptz AS at,
       coalesce(h.id, '00000000-0000-0000-0000-000000000000')::uuid AS id,
       set_config('lock_timeout', '100ms', true)::text AS lock_timeout
FROM (SELECT 1) always
LEFT JOIN (SELECT e.position, e.at, e.id FROM backstory.events e ORDER BY e.position DESC LIMIT 1) h ON true
;
-- name: LogLock :exec
SELECT pg_advisory_xact_lock('backstory.events'::regclass::oid::int, 0)
;
-- name: LogMark :exec
SELECT pg_logical_emit_message(true, 'backstory', '')
FROM (SELECT set_config('synchronous_commit', 'on', true)) durable
;
-- name: LogPosition :one
SELECT coalesce(max(position), 0)::bigint AS position FROM backstory.events
;
-- name: LogSettings :exec

SELECT set_config('synchronous_commit', 'on', true),
       set_config('statement_timeout', '30s', true),
       set_config('idle_in_transaction_session_timeout', '2s', true)
;
-- name: NoticeSend :exec

SELECT pg_notify('backstory', unnest($1::text[]))
;
-- name: OutcomeByStream :many
SELECT id, type, stream, data, by, at, correlation, causation, status, refusal, coalesce(error, '')::text AS error, first_position, events
FROM backstory.outcomes WHERE stream = $1 AND at < $2::timestamptz ORDER BY at DESC LIMIT $3
;
-- name: OutcomeDecided :many
SELECT id FROM backstory.outcomes WHERE id = ANY($1::uuid[])
;
-- name: OutcomeEvents :many
SELECT e.causation, e.id, e.type, e.position, e.version, e.at, e.data
FROM backstory.outcomes o
CROSS JOIN LATERAL (
    SELECT x.causation, x.id, x.type, x.position, x.version, x.at, x.data FROM backstory.events x
    WHERE x.position >= o.first_position ORDER BY x.position LIMIT o.events) e
WHERE o.id = ANY($1::uuid[]) AND o.events > 0 AND e.causation = o.id
;
-- name: OutcomeFind :many
SELECT id, type, stream, data, by, at, correlation, causation, status, refusal, coalesce(error, '')::text AS error, first_position, events
FROM backstory.outcomes WHERE id = ANY($1::uuid[])
UNION ALL
SELECT id, type, stream, data, by, coalesce(due, at), correlation, causation, CASE WHEN due IS NULL THEN 'pending' ELSE 'scheduled' END::text, NULL::json, ''::text, 0::bigint, 0::integer
FROM backstory.inbox i WHERE i.id = ANY($1::uuid[])
AND NOT EXISTS (SELECT 1 FROM backstory.outcomes o WHERE o.id = i.id)
;
-- name: OutcomeInsert :exec

INSERT INTO backstory.outcomes (id, type, stream, data, by, at, correlation, causation, status, refusal, error, first_position, events, reaction, cause, decided_at)
SELECT unnest($1::uuid[]), unnest($2::text[]), unnest($3::text[]), unnest($4::json[]), unnest($5::text[]),
       unnest($6::timestamptz[]), unnest($7::uuid[]), unnest($8::uuid[]), unnest($9::text[]),
       nullif(unnest($10::text[]), '')::json, nullif(unnest($11::text[]), ''), unnest($12::bigint[]), unnest($13::int[]),
       unnest($14::text[]), unnest($15::bigint[]), $16::timestamptz
;
-- name: OutcomeSettle :exec
UPDATE backstory.outcomes o SET status = s.status, refusal = nullif(s.refusal, '')::json, error = nullif(s.error, '')
FROM (SELECT unnest($1::uuid[]) AS id, unnest($2::text[]) AS status, unnest($3::text[]) AS refusal,
             unnest($4::text[]) AS error) s
WHERE o.id = s.id AND o.status = 'settling'
;
-- name: OutcomeSettling :many
SELECT id, type, stream, data, correlation, reaction, cause FROM backstory.outcomes
WHERE status = 'settling' AND stream = ANY($1::text[]) AND correlation = ANY($2::uuid[])
ORDER BY at, id
;
-- name: OutcomesForget :execrows
DELETE FROM backstory.outcomes o WHERE o.id IN (
    SELECT x.id FROM backstory.outcomes x
    WHERE x.decided_at < now() - make_interval(secs => $1::float8)
      AND (x.status IN ('accepted', 'refused', 'cancelled') OR x.discarded_at IS NOT NULL) LIMIT $2)
;
-- name: ParkedDiscard :execrows
UPDATE backstory.held h SET parked_at = NULL, attempts = 0, next_at = clock_timestamp(), error = '',
       from_position = h.from_position + 1, from_version = CASE WHEN h.from_version > 0 THEN h.from_version + 1 ELSE 0 END
WHERE (h.consumer, h.key) IN (
    SELECT p.consumer, p.key FROM backstory.held p
    WHERE p.parked_at IS NOT NULL AND ($1::text = '' OR p.consumer = $1) AND ($2::text = '' OR p.key = $2)
      AND p.parked_at <= $3::timestamptz
    ORDER BY p.consumer, p.key LIMIT $4 FOR UPDATE SKIP LOCKED)
;
-- name: ParkedFirst :many
SELECT e.position, e.id, e.type, e.stream, e.at, e.data FROM backstory.events e WHERE e.position = ANY($1::bigint[])
UNION ALL
SELECT 0::bigint, o.id, o.type, o.stream, o.at, o.data FROM backstory.outcomes o WHERE o.id = ANY($2::uuid[])
;
-- name: ParkedList :many
SELECT consumer, key, from_position, attempts, first_at, parked_at::timestamptz AS parked_at, error FROM backstory.held
WHERE parked_at IS NOT NULL AND ($1::text = '' OR consumer = $1) AND ($2::text = '' OR key = $2)
  AND (consumer, key) > ($3::text, $4::text)
ORDER BY consumer, key LIMIT $5
;
-- name: ParkedRetry :execrows
UPDATE backstory.held h SET parked_at = NULL, attempts = 0, next_at = clock_timestamp()
WHERE (h.consumer, h.key) IN (
    SELECT p.consumer, p.key FROM backstory.held p
    WHERE p.parked_at IS NOT NULL AND ($1::text = '' OR p.consumer = $1) AND ($2::text = '' OR p.key = $2)
      AND p.parked_at <= $3::timestamptz
    ORDER BY p.consumer, p.key LIMIT $4 FOR UPDATE SKIP LOCKED)
;
-- name: PositionTime :one
SELECT at FROM backstory.events WHERE position = $1
;
-- name: ReactorBase :one
SELECT least(s.position, (SELECT h.from_position - 1 FROM backstory.held h WHERE h.consumer = $1 AND h.key = $2))::bigint AS base,
       (s.rebuilt IS NOT NULL)::boolean AS rebuilding, coalesce(r.position, 0)::bigint AS position, r.state,
       (SELECT coalesce(max(e.position), 0) FROM backstory.events e)::bigint AS head
FROM backstory.consumers c
JOIN backstory.slots s ON s.consumer = c.name AND s.slot = $3
LEFT JOIN backstory.reactor_states r ON r.reactor = c.name AND r.key = $2 AND r.hash = c.hash
WHERE c.name = $1 AND c.hash = $4
;
-- name: ReactorForget :exec
DELETE FROM backstory.reactor_states WHERE reactor = $1
;
-- name: ReactorPut :exec
INSERT INTO backstory.reactor_states (reactor, key, position, hash, state)
SELECT $1::text, unnest($2::text[]), unnest($3::bigint[]), $4::text, unnest($5::bytea[])
ON CONFLICT (reactor, key) DO UPDATE SET position = excluded.position, hash = excluded.hash, state = excluded.state
;
-- name: ReactorStates :many

SELECT key, position, state FROM backstory.reactor_states
WHERE reactor = $1 AND key = ANY($2::text[]) AND hash = $3
;
-- name: RecentApart :many
SELECT o.id, o.decided_at,
       ((cardinality($1::text[]) = 0 OR o.status = ANY($1::text[]))
        AND ($2::text = '' OR lower(o.type) LIKE $2 OR o.type = ANY($3::text[]))
        AND ($4::text = '' OR lower(o.stream) LIKE $4 OR o.stream = ANY($5::text[]))
        AND ($6::text = '' OR lower(o.by) LIKE $6)
        AND (cardinality($7::text[]) = 0
             OR lower(concat(o.data, ' ', o.refusal, ' ', o.error)) LIKE ANY($7::text[])))::boolean AS chosen
FROM backstory.outcomes o
WHERE (o.status <> 'accepted' OR o.events = 0) AND (o.decided_at, o.id) < ($8::timestamptz, $9::uuid)
ORDER BY o.decided_at DESC, o.id DESC LIMIT $10
;
-- name: RecentLog :many

SELECT e.position, e.stream, e.version, e.id, e.type, e.schema_version, e.at, e.by, e.correlation, e.causation, e.data,
       coalesce(o.told, false)::boolean AS command
FROM backstory.events e LEFT JOIN LATERAL (
    SELECT true AS told FROM backstory.outcomes c
    WHERE $1::boolean AND c.id = e.causation AND c.first_position = e.position AND c.status = 'accepted'
      AND ($2::text = '' OR lower(c.type) LIKE $2 OR c.type = ANY($3::text[]))
      AND (cardinality($4::text[]) = 0 OR lower(c.data::text) LIKE ANY($4::text[]))
    LIMIT 1
) o ON true
WHERE e.position < $5 AND e.position >= $6
  AND ($7::text = '' OR lower(e.stream) LIKE $7 OR e.stream = ANY($8::text[]))
  AND ($9::text = '' OR lower(e.by) LIKE $9)
  AND (coalesce(o.told, false) OR $10::boolean
       AND ($2::text = '' OR lower(e.type) LIKE $2 OR e.type = ANY($3::text[]))
       AND (cardinality($4::text[]) = 0 OR lower(e.data::text) LIKE ANY($4::text[])))
ORDER BY e.position DESC LIMIT $11
;
-- name: RecentWaiting :many
SELECT i.id, i.at FROM backstory.inbox i
WHERE i.due IS NULL AND (i.at, i.id) < ($1::timestamptz, $2::uuid)
  AND ($3::text = '' OR lower(i.type) LIKE $3 OR i.type = ANY($4::text[]))
  AND ($5::text = '' OR lower(i.stream) LIKE $5 OR i.stream = ANY($6::text[]))
  AND ($7::text = '' OR lower(i.by) LIKE $7)
  AND (cardinality($8::text[]) = 0 OR lower(i.data::text) LIKE ANY($8::text[]))
ORDER BY i.at DESC, i.id DESC LIMIT $9
;
-- name: RefoldBegin :exec
INSERT INTO backstory.refolds AS r (consumer, slot, program, process, starts) VALUES ($1, $2, $3, $4, 1)
ON CONFLICT (consumer, slot) DO UPDATE SET program = excluded.program, process = excluded.process,
       starts = CASE WHEN r.program <> excluded.program THEN 1 WHEN r.process = excluded.process THEN r.starts ELSE r.starts + 1 END
;
-- name: RefoldEnd :exec
DELETE FROM backstory.refolds WHERE consumer = $1 AND slot = $2
;
-- name: RefoldFind :one

SELECT coalesce((SELECT r.starts FROM backstory.refolds r
                 WHERE r.consumer = $1 AND r.slot = $2 AND r.program = $3 AND r.process <> $4), 0)::integer AS starts,
       coalesce((SELECT b.position FROM backstory.builds b WHERE b.projection = $1),
                (SELECT s.rebuilt FROM backstory.slots s WHERE s.consumer = $1 AND s.slot = $2), 0)::bigint AS position
;
-- name: RefoldForget :exec
DELETE FROM backstory.refolds WHERE consumer = $1
;
-- name: RefoldLeft :one
SELECT count(*)::bigint AS slots, coalesce(min(s.rebuilt), 0)::bigint AS position, coalesce(max(s.position), 0)::bigint AS upto,
       count(*) FILTER (WHERE r.starts >= $1::integer AND NOT EXISTS (
           SELECT 1 FROM backstory.workers p WHERE p.id = r.process AND p.seen_at > clock_timestamp() - interval '2 seconds'))::bigint AS given_up
FROM backstory.slots s
LEFT JOIN backstory.refolds r ON r.consumer = s.consumer AND r.slot = s.slot
WHERE s.consumer = $2 AND s.rebuilt IS NOT NULL
;
-- name: RefoldList :many
SELECT s.consumer, min(s.rebuilt)::bigint AS position, (SELECT coalesce(max(f.position), 0) FROM backstory.floors f)::bigint AS floor, (count(w.id) = count(*))::boolean AS running,
       coalesce(max(r.starts) FILTER (WHERE NOT EXISTS (
           SELECT 1 FROM backstory.workers p WHERE p.id = r.process AND p.seen_at > clock_timestamp() - interval '2 seconds')), 0)::integer AS starts
FROM backstory.slots s
LEFT JOIN backstory.workers w ON w.id = s.owner AND w.seen_at > clock_timestamp() - interval '2 seconds'
LEFT JOIN backstory.refolds r ON r.consumer = s.consumer AND r.slot = s.slot
WHERE s.rebuilt IS NOT NULL GROUP BY s.consumer ORDER BY s.consumer
;
-- name: ScheduleCancel :execrows
WITH gone AS (DELETE FROM backstory.inbox i WHERE i.id = $1 AND i.due IS NOT NULL
              RETURNING i.id, i.type, i.stream, i.data, i.by, i.due, i.correlation, i.causation, i.reaction, i.cause)
INSERT INTO backstory.outcomes (id, type, stream, data, by, at, correlation, causation, status, reaction, cause, decided_at)
SELECT g.id, g.type, g.stream, g.data, g.by, g.due, g.correlation, g.causation, 'cancelled', g.reaction, g.cause, clock_timestamp() FROM gone g
ON CONFLICT (id) DO NOTHING
;
-- name: ScheduleList :many
SELECT id, type, stream, data, by, due::timestamptz AS due, correlation, causation, reaction
FROM backstory.inbox
WHERE due IS NOT NULL AND (due, id) > ($1::timestamptz, $2::uuid)
ORDER BY due, id LIMIT $3
;
-- name: ScheduleNext :one
SELECT coalesce((SELECT greatest(extract(epoch FROM i.due - clock_timestamp()), 0)
                 FROM backstory.inbox i WHERE i.due IS NOT NULL ORDER BY i.due LIMIT 1), -1)::float8 AS seconds
;
-- name: SchedulePromote :execrows

WITH due AS (
    DELETE FROM backstory.inbox x WHERE x.seq IN (
        SELECT i.seq FROM backstory.inbox i WHERE i.due <= now() ORDER BY i.due, i.id LIMIT $1 FOR UPDATE SKIP LOCKED)
    RETURNING x.id, x.slot, x.type, x.stream, x.data, x.by, x.correlation, x.causation, x.if_version, x.reaction, x.cause, x.due)
INSERT INTO backstory.inbox (id, slot, type, stream, data, by, at, correlation, causation, if_version, reaction, cause)
SELECT d.id, d.slot, d.type, d.stream, d.data, d.by, d.due, d.correlation, d.causation, d.if_version, d.reaction, d.cause FROM due d ORDER BY d.due, d.id
;
-- name: SettingGet :one
SELECT value FROM backstory.settings WHERE name = $1
;
-- name: SettingInsert :exec
INSERT INTO backstory.settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING
;
-- name: SlotAdvance :exec
WITH moved AS (
    UPDATE backstory.slots s SET position = n.position
    FROM (SELECT unnest($1::int[]) AS slot, unnest($3::bigint[]) AS fence, unnest($4::bigint[]) AS was,
                 unnest($5::bigint[]) AS position, unnest($6::uuid[]) AS last) n
    WHERE s.consumer = $2 AND s.slot = n.slot AND s.fence = n.fence AND s.position = n.was
      AND (n.position = n.was OR EXISTS (SELECT 1 FROM backstory.events e WHERE e.position = n.position AND e.id = n.last))
    RETURNING 1)
SELECT backstory.require_fence((SELECT count(*) FROM moved), cardinality($1::int[]))
;
-- name: SlotDelete :one
WITH gone AS (DELETE FROM backstory.slots WHERE consumer = $1 RETURNING fence)
SELECT coalesce(max(fence), 0)::bigint AS fence FROM gone
;
-- name: SlotFence :exec
UPDATE backstory.slots SET fence = fence + 1, owner = NULL WHERE consumer = $1
;
-- name: SlotIdle :many
UPDATE backstory.slots s SET position = n.position
FROM (SELECT unnest($1::text[]) AS consumer, unnest($2::int[]) AS slot, unnest($3::bigint[]) AS fence,
             unnest($4::bigint[]) AS was, unnest($5::bigint[]) AS position, unnest($6::uuid[]) AS last) n
WHERE s.consumer = n.consumer AND s.slot = n.slot AND s.fence = n.fence AND s.position = n.was
  AND EXISTS (SELECT 1 FROM backstory.events e WHERE e.position = n.position AND e.id = n.last)
RETURNING s.consumer, s.slot
;
-- name: SlotInsert :exec

INSERT INTO backstory.slots (consumer, slot, position, rebuilt, fence)
SELECT $1::text, unnest($2::int[]), $3::bigint, nullif($4::bigint, -1), $5::bigint ON CONFLICT DO NOTHING
;
-- name: SlotLoad :many
SELECT s.slot, s.fence, s.position, coalesce(s.rebuilt, -1)::bigint AS rebuilt, c.slots, c.status, coalesce(c.barrier, -1)::bigint AS barrier
FROM backstory.slots s JOIN backstory.consumers c ON c.name = s.consumer
WHERE s.consumer = $1 AND s.owner = $2::uuid AND s.slot = ANY($3::int[])
;
-- name: SlotLock :many
SELECT slot, position, (rebuilt IS NOT NULL)::boolean AS rebuilding FROM backstory.slots WHERE consumer = $1 ORDER BY slot FOR UPDATE
;
-- name: SlotOwned :many
SELECT consumer, slot, fence, position FROM backstory.slots WHERE owner = $1::uuid ORDER BY slot, consumer
;
-- name: SlotPosition :one
SELECT least(coalesce(min(s.position), 0), (SELECT h.from_position - 1 FROM backstory.held h WHERE h.consumer = $1 AND h.key = ''))::bigint AS position
FROM backstory.slots s WHERE s.consumer = $1
;
-- name: SlotPositions :many
SELECT slot, position FROM backstory.slots WHERE consumer = $1 ORDER BY slot
;
-- name: SlotRebuilt :exec
WITH moved AS (
    UPDATE backstory.slots s SET rebuilt = nullif(n.rebuilt, -1)
    FROM (SELECT unnest($1::int[]) AS slot, unnest($3::bigint[]) AS fence, unnest($4::bigint[]) AS rebuilt) n
    WHERE s.consumer = $2 AND s.slot = n.slot AND s.fence = n.fence
    RETURNING 1)
SELECT backstory.require_fence((SELECT count(*) FROM moved), cardinality($1::int[]))
;
-- name: SlotRefold :exec
UPDATE backstory.slots SET rebuilt = $1::bigint, fence = fence + 1, owner = NULL WHERE consumer = $2
;
-- name: SlotRelease :exec
UPDATE backstory.slots SET owner = NULL WHERE owner = $1::uuid AND consumer = $2 AND slot = ANY($3::int[])
;
-- name: SlotReleaseAll :exec
UPDATE backstory.slots SET owner = NULL WHERE owner = $1::uuid
;
-- name: SlotRenew :exec
UPDATE backstory.slots SET fence = fence + 1 WHERE consumer = $1 AND owner = $2::uuid AND slot = ANY($3::int[])
;
-- name: SlotSettings :exec
SELECT set_config('synchronous_commit', 'off', true),
       set_config('statement_timeout', '30s', true),
       set_config('idle_in_transaction_session_timeout', '2s', true)
;
-- name: SlotSteal :many
UPDATE backstory.slots s SET owner = $1::uuid, fence = s.fence + 1, deaths = s.deaths + (f.died AND $2::boolean AND s.consumer = 'commands')::int
FROM (SELECT x.consumer, x.slot, (x.owner IS NOT NULL)::boolean AS died
      FROM backstory.slots x JOIN backstory.consumers c ON c.name = x.consumer
      WHERE (c.name || ' ' || c.hash) = ANY($3::text[])
        AND (x.owner IS NULL OR NOT EXISTS (
            SELECT 1 FROM backstory.workers w WHERE w.id = x.owner AND w.seen_at > clock_timestamp() - interval '2 seconds'))
      ORDER BY x.slot, x.consumer LIMIT $4 FOR UPDATE OF x SKIP LOCKED FOR SHARE OF c SKIP LOCKED) f
WHERE s.consumer = f.consumer AND s.slot = f.slot
RETURNING s.consumer, s.slot, s.fence, s.position, f.died, s.deaths
;
-- name: SnapshotPut :exec

INSERT INTO backstory.snapshots (stream, version, last_id, hash, state)
SELECT unnest($1::text[]), unnest($2::bigint[]), unnest($3::uuid[]), unnest($4::text[]), unnest($5::bytea[])
ON CONFLICT (stream, version) DO UPDATE SET last_id = excluded.last_id, hash = excluded.hash, state = excluded.state
;
-- name: SnapshotSettings :exec
SELECT set_config('synchronous_commit', 'off', true), set_config('statement_timeout', '30s', true)
;
-- name: StatusCommands :one
SELECT (SELECT count(*) FROM backstory.inbox WHERE due IS NULL)::bigint AS pending,
       (SELECT count(*) FROM backstory.inbox WHERE due IS NOT NULL)::bigint AS scheduled,
       (SELECT count(*) FROM backstory.outcomes WHERE status = 'settling')::bigint AS settling,
       (SELECT count(*) FROM backstory.outcomes WHERE status = 'failed' AND discarded_at IS NULL)::bigint AS failed
;
-- name: StatusConsumers :many
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
WHERE c.type <> 'commands' ORDER BY c.name
;
-- name: StatusProcesses :many

SELECT id, started_at, seen_at, info FROM backstory.workers
WHERE seen_at > clock_timestamp() - interval '2 seconds' ORDER BY started_at, id
;
-- name: StreamHeads :many

SELECT s.ord::bigint AS ord, coalesce(l.version, 0)::bigint AS version,
       coalesce(l.id, '00000000-0000-0000-0000-000000000000')::uuid AS last_id
FROM unnest($1::text[]) WITH ORDINALITY AS s(stream, ord)
LEFT JOIN LATERAL (
    (SELECT e.version, e.id FROM backstory.events e WHERE e.stream = s.stream ORDER BY e.version DESC LIMIT 1)
    UNION ALL -- reached only when the log has no event of the stream any more
    (SELECT f.version, f.last_id FROM backstory.floor_streams f WHERE f.stream = s.stream)
    LIMIT 1
) l ON true
ORDER BY s.ord
;
-- name: StreamRead :many
SELECT position, stream, version, id, type, schema_version, at, by, correlation, causation, data
FROM backstory.events WHERE stream = $1 AND version > $2 ORDER BY version LIMIT $3
;
-- name: StreamTail :many
WITH s AS MATERIALIZED (
    SELECT s.version, s.state FROM backstory.snapshots s
    JOIN backstory.events v ON v.stream = s.stream AND v.version = s.version AND v.id = s.last_id
    WHERE s.stream = $1 AND s.hash = $4 AND s.version <= $2
    ORDER BY s.version DESC LIMIT 1)
SELECT e.position, e.stream, e.version, e.id, e.type, e.schema_version, e.at, e.by, e.correlation, e.causation, e.data,
       CASE WHEN e.version = (SELECT s.version FROM s) THEN (SELECT s.state FROM s) END::bytea AS state
FROM backstory.events e
WHERE e.stream = $1 AND e.version <= $2 AND e.version >= coalesce((SELECT s.version FROM s), 0)
ORDER BY e.version LIMIT $3
;
-- name: StreamVersion :one
SELECT coalesce((SELECT max(e.version) FROM backstory.events e WHERE e.stream = $1),
                (SELECT f.version FROM backstory.floor_streams f WHERE f.stream = $1), 0)::bigint AS version
;
-- name: StreamVersionAt :one
WITH RECURSIVE search (low, high) AS (
    SELECT 0::bigint, (SELECT coalesce(max(e.version), 0) FROM backstory.events e WHERE e.stream = $1)
    UNION ALL
    SELECT CASE WHEN before.before THEN before.version ELSE s.low END, CASE WHEN before.before THEN s.high ELSE before.version - 1 END
    FROM search s
    CROSS JOIN LATERAL (SELECT (s.low + s.high + 1) / 2 AS version) middle
    CROSS JOIN LATERAL (SELECT middle.version, coalesce((
        SELECT e.at <= $2::timestamptz FROM backstory.events e WHERE e.stream = $1 AND e.version = middle.version), true) AS before) before
    WHERE s.low < s.high)
SELECT low::bigint AS version FROM search WHERE low = high
;
-- name: TagInsert :exec

INSERT INTO backstory.event_tags (tag, position, type)
SELECT unnest($1::text[]), unnest($2::bigint[]), unnest($3::text[])
;
-- name: TagPositions :many
SELECT DISTINCT m.position::bigint AS position
FROM (SELECT unnest($1::text[]) AS types, unnest($2::text[]) AS tags) AS i
CROSS JOIN LATERAL (
    (SELECT t.position
     FROM (SELECT u.tag FROM unnest(i.tags::text[]) AS u (tag)
           ORDER BY CASE WHEN cardinality(i.tags::text[]) = 1 THEN 0 ELSE (
               SELECT count(*) FROM (SELECT 1 FROM backstory.event_tags c WHERE c.tag = u.tag AND c.position > $3 LIMIT 500) few) END
           LIMIT 1) AS lead
     JOIN backstory.event_tags t ON t.tag = lead.tag
     WHERE t.position > $3
       AND (i.types::text[] = '{}' OR t.type = ANY(i.types::text[]))
       AND NOT EXISTS (
           SELECT 1 FROM unnest(i.tags::text[]) AS o (tag)
           WHERE o.tag <> lead.tag
             AND (SELECT h.position FROM backstory.event_tags h WHERE h.tag = o.tag AND h.position = t.position) IS NULL)
     ORDER BY t.position LIMIT $4)
    UNION ALL
    (SELECT e.position FROM backstory.events e
     WHERE i.tags = '{}' AND e.position > $3 AND e.type = ANY(i.types::text[])
     ORDER BY e.position LIMIT $4)) AS m
ORDER BY position LIMIT $4
;
-- name: TagTail :many
SELECT position, type, tags FROM backstory.events WHERE position > $1 ORDER BY position LIMIT $2
;
-- name: TrafficCount :many

SELECT e.type, coalesce(o.type, '')::text AS command, count(*)::bigint AS events,
       count(*) FILTER (WHERE o.first_position = e.position)::bigint AS commands
FROM backstory.events e LEFT JOIN LATERAL (
    SELECT c.type, c.first_position FROM backstory.outcomes c WHERE c.id = e.causation LIMIT 1
) o ON true
WHERE e.position > $1 AND e.position <= $2
GROUP BY 1, 2 ORDER BY 1, 2
;
-- name: TrialBegin :many
INSERT INTO backstory.trials AS t (id, slot, tries)
SELECT n.id, n.slot, 1 FROM (SELECT unnest($1::uuid[]) AS id, unnest($2::int[]) AS slot) n
CROSS JOIN (SELECT set_config('synchronous_commit', 'off', true)) quick
ON CONFLICT (id) DO UPDATE SET tries = t.tries + 1
RETURNING t.id, t.tries
;
-- name: TrialEnd :exec
WITH slots AS (
    UPDATE backstory.slots SET deaths = 0
    WHERE consumer = $1 AND slot = ANY($2::int[]) AND owner = $3::uuid AND deaths > 0
    RETURNING slot)
DELETE FROM backstory.trials t USING slots s
WHERE t.slot = s.slot AND NOT EXISTS (SELECT 1 FROM backstory.inbox i WHERE i.id = t.id)
;
-- name: TrialList :many
SELECT id FROM backstory.trials WHERE slot = ANY($1::int[])
;
-- name: TrialUpto :one

SELECT coalesce(max(seq), 0)::bigint AS upto FROM backstory.inbox
;
-- name: UnitBegin :one

SELECT clock_timestamp()::timestamptz AS at
;
-- name: UnitSettings :exec
SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
       set_config('jit', 'off', true), set_config('plan_cache_mode', 'force_generic_plan', true)
;
-- name: VerifyCheckpoints :many
SELECT s.consumer, s.slot, s.position FROM backstory.slots s
WHERE s.position > (SELECT coalesce(max(e.position), 0) FROM backstory.events e)
ORDER BY s.consumer, s.slot LIMIT $1
;
-- name: VerifyHeld :many
SELECT h.consumer, h.key, h.from_position FROM backstory.held h
LEFT JOIN backstory.events e ON e.position = h.from_position
WHERE CASE WHEN h.attempts > 0 OR h.error <> ''
    THEN e.position IS NULL OR h.from_version > 0 AND (e.stream, e.version) <> (h.key, h.from_version)
    ELSE h.from_position > (SELECT coalesce(max(l.position), 0) FROM backstory.events l) + 1 END
ORDER BY h.consumer, h.key LIMIT $1
;
-- name: VerifyInbox :many
SELECT i.id, i.type FROM backstory.inbox i JOIN backstory.outcomes o USING (id) ORDER BY i.seq LIMIT $1
;
-- name: VerifyOutcomeCount :one
SELECT count(*)::bigint AS outcomes FROM backstory.outcomes
;
-- name: VerifyOutcomeEvents :many
SELECT o.id, o.type, o.first_position, o.events, f.found::bigint AS found
FROM backstory.outcomes o
CROSS JOIN LATERAL (
    SELECT count(*) AS found FROM backstory.events e
    WHERE e.position >= o.first_position AND e.position < o.first_position + o.events
      AND e.causation = o.id AND e.stream = o.stream) f
WHERE f.found <> greatest(least(o.events, o.first_position + o.events - 1 - (SELECT coalesce(max(l.position), 0) FROM backstory.floors l)), 0)
ORDER BY o.first_position LIMIT $1
;
-- name: VerifyStatuses :many
SELECT o.id, o.type, o.status FROM backstory.outcomes o
WHERE o.status NOT IN ('accepted', 'refused', 'failed', 'cancelled', 'settling')
   OR (o.status = 'refused') <> (o.refusal IS NOT NULL)
   OR (o.status IN ('failed', 'cancelled') AND o.events > 0)
ORDER BY o.at LIMIT $1
;
-- name: VerifyStrayEvents :many
SELECT e.position, e.type, e.causation
FROM backstory.events e
JOIN backstory.outcomes o ON o.id = e.causation
WHERE e.position < o.first_position OR e.position >= o.first_position + o.events
ORDER BY e.position LIMIT $1
;
-- name: VerifyVersions :many
SELECT v.position, v.stream, v.version, v.expected::bigint AS expected, v.before::bigint AS before
FROM (SELECT e.position, e.stream, e.version,
             coalesce((SELECT f.version FROM backstory.floor_streams f WHERE f.stream = e.stream), 0)
             + row_number() OVER (PARTITION BY e.stream ORDER BY e.version) AS expected,
             lag(e.position, 1, 0::bigint) OVER (PARTITION BY e.stream ORDER BY e.version) AS before
      FROM backstory.events e) v
WHERE v.version <> v.expected OR v.position <= v.before
ORDER BY v.position LIMIT $1
;
-- name: WatchBusy :many
SELECT coalesce(a.pid, 0)::integer AS pid FROM pg_catalog.pg_stat_activity a
WHERE a.pid = ANY($1::int[]) AND coalesce(a.state, 'active') NOT IN ('idle', 'idle in transaction', 'idle in transaction (aborted)')
;
-- name: WatchNumbers :one

SELECT (SELECT coalesce(max(position), 0) FROM backstory.events)::bigint AS head,
       (SELECT count(*) FROM (SELECT 1 FROM backstory.inbox WHERE due IS NULL LIMIT $1) i)::bigint AS pending,
       (SELECT count(*) FROM (SELECT 1 FROM backstory.inbox WHERE due IS NOT NULL LIMIT $1) i)::bigint AS scheduled,
       (SELECT count(*) FROM (SELECT 1 FROM backstory.outcomes WHERE status = 'failed' AND discarded_at IS NULL LIMIT $1) f)::bigint AS parked,
       coalesce((SELECT extract(epoch FROM clock_timestamp() - i.at) FROM backstory.inbox i WHERE i.due IS NULL ORDER BY i.seq LIMIT 1), 0)::float8 AS oldest_command,
       coalesce((SELECT extract(epoch FROM clock_timestamp() - max(w.seen_at)) FROM backstory.workers w), -1)::float8 AS alive_ago,
       (SELECT count(*) FROM backstory.workers w WHERE w.seen_at > clock_timestamp() - interval '2 seconds')::bigint AS workers,
       coalesce((SELECT extract(epoch FROM clock_timestamp() - min(a.xact_start)) FROM pg_catalog.pg_stat_activity a
                 WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
                   AND (a.backend_xmin IS NOT NULL OR a.backend_xid IS NOT NULL)), 0)::float8 AS oldest_snapshot,
       (SELECT count(*) FROM pg_catalog.pg_prepared_xacts p WHERE p.database = current_database())::bigint AS prepared
;
-- name: WatchRole :one
SELECT current_user::text AS role, pg_is_in_recovery() AS standby,
       pg_has_role(c.relowner, 'MEMBER') AS owner
FROM pg_catalog.pg_class c WHERE c.oid = 'backstory.events'::regclass
;
-- name: WorkerBeat :exec

INSERT INTO backstory.workers (id, seen_at, started_at, info, consumers)
VALUES ($1, clock_timestamp(), clock_timestamp(), $2::json, $3::text[])
ON CONFLICT (id) DO UPDATE SET seen_at = clock_timestamp()
;
-- name: WorkerCount :one
SELECT count(*)::bigint AS alive FROM backstory.workers WHERE seen_at > clock_timestamp() - interval '2 seconds'
;
-- name: WorkerLeave :exec
DELETE FROM backstory.workers WHERE id = $1
;
-- name: WorkerSweep :exec
DELETE FROM backstory.workers WHERE seen_at < clock_timestamp() - interval '5 minutes'
;
