-- +goose Up

-- Values that every process of this database shares and that are made once,
-- such as the key that signs session cookies.
CREATE TABLE backstory.settings (
    name  text  NOT NULL,
    value bytea NOT NULL,
    CONSTRAINT settings_name PRIMARY KEY (name)
);

-- +goose Down
DROP TABLE backstory.settings;
