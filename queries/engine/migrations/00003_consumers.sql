-- +goose Up

-- What sent a command: the reaction ('' = it came from outside) and the position
-- of the event that was reacted to. A command that is due later waits outside the
-- order of its stream until then.
ALTER TABLE backstory.inbox
    ADD COLUMN reaction text        NOT NULL DEFAULT '',
    ADD COLUMN cause    bigint      NOT NULL DEFAULT 0,
    ADD COLUMN due      timestamptz; -- NULL: now
ALTER TABLE backstory.outcomes
    ADD COLUMN reaction text   NOT NULL DEFAULT '',
    ADD COLUMN cause    bigint NOT NULL DEFAULT 0;

-- Who follows the log: actors and reactors with their reactions, projections. The
-- inbox's slots belong to a row of type commands. A change of the number of slots
-- waits in resize until every slot stands at the barrier.
CREATE TABLE backstory.consumers (
    name    text    NOT NULL,
    type    text    NOT NULL, -- commands, actor, reactor, projection
    hash    text    NOT NULL DEFAULT '', -- of a projection's definition or a reactor's state
    slots   integer NOT NULL CHECK (slots > 0),
    status  text    NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'paused')),
    resize  integer CHECK (resize > 0),
    barrier bigint,
    CONSTRAINT consumers_name PRIMARY KEY (name)
);

-- A slot's position is the consumer's checkpoint for the keys that hash to it;
-- rebuilt is how far a reactor's states are folded anew when its hash changed.
INSERT INTO backstory.consumers (name, type, slots) VALUES ('commands', 'commands', 64);
INSERT INTO backstory.consumers (name, type, hash, slots)
SELECT consumer, 'projection', hash, 1 FROM backstory.slots WHERE consumer <> 'commands';
ALTER TABLE backstory.slots DROP COLUMN hash, ADD COLUMN rebuilt bigint; -- NULL: they are
CREATE INDEX slots_owner ON backstory.slots (owner);

-- Which consumers a process can run, as "name hash".
ALTER TABLE backstory.workers ADD COLUMN consumers text[] NOT NULL DEFAULT '{}';

-- Keys whose messages wait behind one that fails: from a position on, for one
-- consumer. The slot's checkpoint passes them by. Until parked_at is set the
-- slot's owner changes the row, afterwards operators do; only the owner deletes it.
CREATE TABLE backstory.held (
    consumer      text        NOT NULL,
    key           text        NOT NULL,
    slot          integer     NOT NULL,
    from_position bigint      NOT NULL,
    from_version  bigint      NOT NULL DEFAULT 0, -- of the stream, when the key is one
    attempts      integer     NOT NULL, -- begun on the first message
    first_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    next_at       timestamptz NOT NULL,
    parked_at     timestamptz,
    error         text        NOT NULL DEFAULT '',
    CONSTRAINT held_key PRIMARY KEY (consumer, key)
) WITH (fillfactor = 70);
CREATE INDEX held_due ON backstory.held (next_at) WHERE parked_at IS NULL;

-- States of reactors by their key, up to and including the event at position.
CREATE TABLE backstory.reactor_states (
    reactor  text   NOT NULL,
    key      text   NOT NULL,
    position bigint NOT NULL,
    hash     text   NOT NULL, -- of the state's schema
    state    bytea  NOT NULL,
    CONSTRAINT reactor_states_key PRIMARY KEY (reactor, key)
) WITH (fillfactor = 70);

-- +goose Down
DROP TABLE backstory.reactor_states, backstory.held, backstory.consumers;
ALTER TABLE backstory.workers DROP COLUMN consumers;
DROP INDEX backstory.slots_owner;
ALTER TABLE backstory.slots DROP COLUMN rebuilt, ADD COLUMN hash text NOT NULL DEFAULT '';
ALTER TABLE backstory.outcomes DROP COLUMN reaction, DROP COLUMN cause;
ALTER TABLE backstory.inbox DROP COLUMN reaction, DROP COLUMN cause, DROP COLUMN due;
