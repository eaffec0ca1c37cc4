-- +goose Up

-- Fails a consumer's transaction whose slots are another owner's by now, before the
-- COMMIT that travels behind it.
-- +goose StatementBegin
CREATE FUNCTION backstory.require_fence(moved bigint, wanted integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF moved <> wanted THEN
        RAISE EXCEPTION 'another owner has % of % slots', wanted - moved, wanted USING ERRCODE = 'BS001';
    END IF;
END
$$;
-- +goose StatementEnd

-- Stores one event of a plain append in one call in autocommit; version -1: it did
-- nothing, the caller takes the long way. A VOLATILE function's statements each have
-- a snapshot of their own at READ COMMITTED, and only there: so those after the lock
-- see everything that was stored before it. It takes the lock or goes away, and never
-- waits: a wait in here would be bounded by no timeout.
-- +goose StatementBegin
CREATE FUNCTION backstory.append_alone(for_stream text, expected bigint, new_id uuid, new_type text, new_schema_version integer,
    new_by text, new_correlation uuid, new_causation uuid, new_data json,
    OUT stored_position bigint, OUT stored_version bigint, OUT stored_at timestamptz) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    stored_position := 0;
    stored_version := -1;
    stored_at := clock_timestamp();
    IF current_setting('transaction_isolation') <> 'read committed'
       OR NOT pg_try_advisory_xact_lock('backstory.events'::regclass::oid::int, 0) THEN
        RETURN;
    END IF;
    SELECT e.version INTO stored_version FROM backstory.events e WHERE e.stream = for_stream ORDER BY e.version DESC LIMIT 1;
    IF stored_version IS NULL THEN
        SELECT f.version INTO stored_version FROM backstory.floor_streams f WHERE f.stream = for_stream;
        stored_version := coalesce(stored_version, 0);
    END IF;
    IF expected >= 0 AND expected <> stored_version THEN
        RETURN;
    END IF;
    SELECT e.position, greatest(clock_timestamp(), e.at) INTO stored_position, stored_at
    FROM backstory.events e ORDER BY e.position DESC LIMIT 1;
    stored_position := coalesce(stored_position, 0) + 1;
    stored_at := coalesce(stored_at, clock_timestamp());
    stored_version := stored_version + 1;
    PERFORM set_config('synchronous_commit', 'on', true);
    INSERT INTO backstory.events (position, stream, version, id, type, schema_version, at, by, correlation, causation, data)
    VALUES (stored_position, for_stream, stored_version, new_id, new_type, new_schema_version, stored_at,
            new_by, new_correlation, new_causation, new_data);
END
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION backstory.append_alone(text, bigint, uuid, text, integer, text, uuid, uuid, json);
DROP FUNCTION backstory.require_fence(bigint, integer);
