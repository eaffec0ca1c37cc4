-- +goose Up

-- Projections that are being built beside the live table, in schema
-- backstory_build: one at a time of each. Whoever builds holds an advisory lock.
CREATE TABLE backstory.builds (
    projection text        NOT NULL,
    hash       text        NOT NULL, -- of the definition that is built
    program    text        NOT NULL, -- whose projector folds: another one begins anew
    floor      bigint      NOT NULL, -- where the log began when the build did
    position   bigint      NOT NULL, -- folded up to here
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT builds_projection PRIMARY KEY (projection)
);

-- Keys whose events the build lacks from a position on. They become held keys of
-- the projection when the tables are swapped.
CREATE TABLE backstory.build_held (
    projection    text   NOT NULL,
    key           text   NOT NULL,
    from_position bigint NOT NULL,
    from_version  bigint NOT NULL,
    error         text   NOT NULL,
    CONSTRAINT build_held_key PRIMARY KEY (projection, key)
);

-- When a definition of a projection last became the live one. A process whose
-- definition was live before the present one is an older program.
CREATE TABLE backstory.definitions (
    projection text        NOT NULL,
    hash       text        NOT NULL,
    live_at    timestamptz NOT NULL,
    CONSTRAINT definitions_key PRIMARY KEY (projection, hash)
);
INSERT INTO backstory.definitions (projection, hash, live_at)
SELECT name, hash, clock_timestamp() FROM backstory.consumers WHERE type = 'projection';

-- +goose Down
DROP TABLE backstory.definitions, backstory.build_held, backstory.builds;
