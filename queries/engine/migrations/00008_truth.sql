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

-- Where the log begins since old ranges were moved out of it: after the greatest
-- position. The log's last event always stays, so the head never needs this table.
CREATE TABLE backstory.floors (
    position    bigint      NOT NULL CHECK (position > 0),
    at          timestamptz NOT NULL, -- of the event at it
    archived_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    file        text        NOT NULL, -- where it was written to
    sha256      text        NOT NULL, -- of the file
    CONSTRAINT floors_position PRIMARY KEY (position)
);

-- What the events that were moved out lead to: the state of every stream at its
-- last version there, and the rows of every projection.
CREATE TABLE backstory.floor_streams (
    stream  text        NOT NULL,
    version bigint      NOT NULL,
    last_id uuid        NOT NULL, -- of the event at version
    at      timestamptz NOT NULL, -- of that event
    hash    text        NOT NULL, -- of the state's schema
    state   bytea       NOT NULL,
    CONSTRAINT floor_streams_stream PRIMARY KEY (stream)
);
CREATE TABLE backstory.floor_rows (
    n          bigint GENERATED ALWAYS AS IDENTITY,
    projection text   NOT NULL,
    hash       text   NOT NULL, -- of the projection's definition
    data       json   NOT NULL,
    CONSTRAINT floor_rows_n PRIMARY KEY (n)
);
CREATE INDEX floor_rows_projection ON backstory.floor_rows (projection, n);

-- A floor is never taken back. Only the log's owner may insert one, if there is
-- another role that works.
CREATE TRIGGER floors_fixed BEFORE UPDATE OR DELETE OR TRUNCATE ON backstory.floors
    FOR EACH STATEMENT EXECUTE FUNCTION backstory.refuse_change();
ALTER TABLE backstory.floors ENABLE ALWAYS TRIGGER floors_fixed;

-- Events leave the log in the transaction that records the floor they are under,
-- and in no other.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION backstory.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    floor bigint;
BEGIN
    IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'events' THEN
        SELECT max(f.position) INTO floor FROM backstory.floors f WHERE f.xmin = pg_current_xact_id()::xid;
        IF TG_LEVEL = 'STATEMENT' AND floor IS NOT NULL THEN
            RETURN NULL;
        END IF;
        IF TG_LEVEL = 'ROW' AND OLD.position <= floor THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'stored events are never changed: % of %.%', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION backstory.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'stored events are never changed: % of %.%', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;
-- +goose StatementEnd
DROP TABLE backstory.floor_rows, backstory.floor_streams, backstory.floors;
DROP FUNCTION backstory.timeline(), backstory.cluster();
DROP TABLE backstory.log;
