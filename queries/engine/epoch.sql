-- Epochs: what makes positions comparable, and where the outside may be called.

-- name: EpochLook :one
-- What a process compares with what it remembers: an index look-up each.
SELECT l.id AS log, l.supports, backstory.cluster()::bigint AS cluster, backstory.timeline()::integer AS timeline,
       (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())::bigint AS database,
       'backstory.events'::regclass::oid::bigint AS events,
       coalesce(l.home_cluster, 0)::bigint AS home_cluster, coalesce(l.home_database, 0)::bigint AS home_database,
       coalesce(h.position, 0)::bigint AS head,
       coalesce(h.id, '00000000-0000-0000-0000-000000000000')::uuid AS head_id,
       coalesce((SELECT e.id FROM backstory.events e WHERE e.position = @position),
                '00000000-0000-0000-0000-000000000000')::uuid AS id
FROM backstory.log l
LEFT JOIN LATERAL (SELECT e.position, e.id FROM backstory.events e ORDER BY e.position DESC LIMIT 1) h ON true;

-- name: EpochAdopt :execrows
UPDATE backstory.log SET home_cluster = backstory.cluster(),
       home_database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())::bigint
WHERE (home_cluster, home_database) IS DISTINCT FROM
      (backstory.cluster(), (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())::bigint);

-- name: EpochFound :exec
-- A database in which nothing ever happened is nobody's copy: it is a log of its
-- own, at home where it is.
UPDATE backstory.log SET id = gen_random_uuid(), home_cluster = backstory.cluster(),
       home_database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())::bigint
WHERE (home_cluster, home_database) IS DISTINCT FROM
      (backstory.cluster(), (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())::bigint)
  AND NOT EXISTS (SELECT 1 FROM backstory.events)
  AND NOT EXISTS (SELECT 1 FROM backstory.inbox)
  AND NOT EXISTS (SELECT 1 FROM backstory.outcomes);
