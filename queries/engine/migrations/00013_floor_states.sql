-- +goose Up

-- What the events that were moved out of the log lead to in reactors: their states
-- by key, up to and including the event at position, which is one of those.
CREATE TABLE backstory.floor_reactor_states (
    reactor  text   NOT NULL,
    key      text   NOT NULL,
    position bigint NOT NULL,
    hash     text   NOT NULL, -- of the state's schema
    state    bytea  NOT NULL,
    CONSTRAINT floor_reactor_states_key PRIMARY KEY (reactor, key)
);

-- +goose Down
DROP TABLE backstory.floor_reactor_states;
