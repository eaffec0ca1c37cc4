-- +goose Up

-- It exists already: the table of applied migrations lies in it. sqlc needs the line.
CREATE SCHEMA IF NOT EXISTS backstory;

-- The log. Positions are dense and follow commit order, because every writer
-- holds the order lock (see log.sql) from before it reads the head until its
-- commit is visible. Not partitioned: the version lookup of each stream would
-- visit every partition under that lock.
CREATE TABLE backstory.events (
    position       bigint      NOT NULL CHECK (position > 0),
    stream         text        NOT NULL,
    version        bigint      NOT NULL CHECK (version > 0),
    id             uuid        NOT NULL,
    type           text        NOT NULL,
    schema_version integer     NOT NULL,
    tags           text[]      NOT NULL DEFAULT '{}',
    at             timestamptz NOT NULL,
    by             text        NOT NULL,
    correlation    uuid        NOT NULL,
    causation      uuid        NOT NULL,
    data           json        NOT NULL, -- not jsonb: it refuses \u0000 and costs more
    CONSTRAINT events_position PRIMARY KEY (position),
    CONSTRAINT events_stream_version UNIQUE (stream, version),
    CONSTRAINT events_id UNIQUE (id)
);

-- +goose StatementBegin
CREATE FUNCTION backstory.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'stored events are never changed: % of %.%', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;
-- +goose StatementEnd

CREATE TRIGGER events_fixed_rows BEFORE UPDATE OR DELETE ON backstory.events
    FOR EACH ROW EXECUTE FUNCTION backstory.refuse_change();
CREATE TRIGGER events_fixed BEFORE UPDATE OR DELETE OR TRUNCATE ON backstory.events
    FOR EACH STATEMENT EXECUTE FUNCTION backstory.refuse_change();
-- ALWAYS: session_replication_role = replica must not switch them off.
ALTER TABLE backstory.events ENABLE ALWAYS TRIGGER events_fixed_rows;
ALTER TABLE backstory.events ENABLE ALWAYS TRIGGER events_fixed;

-- Commands that wait to be decided. Rows are inserted and deleted, never
-- updated; a row is its command's fence: whoever deletes it has decided.
CREATE TABLE backstory.inbox (
    seq         bigint      GENERATED ALWAYS AS IDENTITY,
    id          uuid        NOT NULL,
    slot        integer     NOT NULL,
    type        text        NOT NULL,
    stream      text        NOT NULL,
    data        json        NOT NULL,
    by          text        NOT NULL,
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    correlation uuid        NOT NULL,
    causation   uuid        NOT NULL,
    if_version  bigint,
    CONSTRAINT inbox_seq PRIMARY KEY (seq),
    CONSTRAINT inbox_id UNIQUE (id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

-- What became of commands, with the command itself.
CREATE TABLE backstory.outcomes (
    id             uuid        NOT NULL,
    type           text        NOT NULL,
    stream         text        NOT NULL,
    data           json        NOT NULL,
    by             text        NOT NULL,
    at             timestamptz NOT NULL, -- when it was submitted or became due
    correlation    uuid        NOT NULL,
    causation      uuid        NOT NULL,
    status         text        NOT NULL,
    refusal        json,
    error          text,
    first_position bigint      NOT NULL DEFAULT 0, -- 0: no event
    events         integer     NOT NULL DEFAULT 0, -- at first_position and after it
    decided_at     timestamptz NOT NULL,
    CONSTRAINT outcomes_id PRIMARY KEY (id)
);
CREATE INDEX outcomes_stream ON backstory.outcomes (stream, at);

-- One row per start of a process that works; alive while seen_at is young.
CREATE TABLE backstory.workers (
    id         uuid        NOT NULL,
    seen_at    timestamptz NOT NULL,
    started_at timestamptz NOT NULL,
    info       json        NOT NULL,
    CONSTRAINT workers_id PRIMARY KEY (id)
) WITH (fillfactor = 20);

-- Slots of work that one process owns at a time: the hash slots of the inbox
-- (consumer "commands") and one per projection, whose position is its checkpoint.
-- The fence grows with every change of owner.
CREATE TABLE backstory.slots (
    consumer text    NOT NULL,
    slot     integer NOT NULL,
    hash     text    NOT NULL DEFAULT '', -- of the projection's definition
    position bigint  NOT NULL DEFAULT 0,
    fence    bigint  NOT NULL DEFAULT 0,
    owner    uuid,
    CONSTRAINT slots_key PRIMARY KEY (consumer, slot)
) WITH (fillfactor = 20);

-- +goose Down
DROP TABLE backstory.slots, backstory.workers, backstory.outcomes, backstory.inbox, backstory.events;
DROP FUNCTION backstory.refuse_change();
