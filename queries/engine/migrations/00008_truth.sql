-- +goose Up

-- What this log is, and where it may call the outside. One row. A copy of the
-- database carries the row along: it is another place, and its calls wait until
-- somebody adopts it.
CREATE TABLE backstory.log (
    one           boolean NOT NULL DEFAULT true CHECK (one),
    id            uuid    NOT NULL, -- made once; a restored dump and an import keep it
    home_cluster  bigint,           -- system identifier and oid of the database that may
    home_database bigint,           -- call the outside; NULL: none was adopted
    CONSTRAINT log_one PRIMARY KEY (one)
);
INSERT INTO backstory.log (id) VALUES (gen_random_uuid());

-- The cluster's system identifier; 0 where the role may not read it. The check of
-- the privilege is a statement of its own: privileges of functions are looked at
-- when a statement starts, not when it reaches them. The owner asks, so that every
-- role gets the same answer.
-- +goose StatementBegin
CREATE FUNCTION backstory.cluster() RETURNS bigint LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF NOT has_function_privilege('pg_catalog.pg_control_system()', 'execute') THEN
        RETURN 0;
    END IF;
    RETURN (SELECT s.system_identifier FROM pg_catalog.pg_control_system() s);
END
$$;
-- +goose StatementEnd

-- The timeline of the server: a promoted standby begins another one. The control
-- file lags until the next checkpoint; it is asked only where nothing is written.
-- +goose StatementBegin
CREATE FUNCTION backstory.timeline() RETURNS integer LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF NOT pg_is_in_recovery() THEN
        RETURN ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer;
    END IF;
    IF NOT has_function_privilege('pg_catalog.pg_control_checkpoint()', 'execute') THEN
        RETURN 0;
    END IF;
    RETURN (SELECT c.timeline_id FROM pg_catalog.pg_control_checkpoint() c);
END
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION backstory.timeline(), backstory.cluster();
DROP TABLE backstory.log;
