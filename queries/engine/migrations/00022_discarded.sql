-- +goose Up

-- Messages that an operator discarded, by consumer. One that can be folded is; one that
-- cannot is left out when the states and read models at a new floor are folded.
CREATE TABLE backstory.discarded (
    consumer text   NOT NULL,
    position bigint NOT NULL,
    CONSTRAINT discarded_key PRIMARY KEY (consumer, position)
);

-- A discard of an older program is not noted: an archive is refused then, as ever.
SELECT backstory.supports(19);

-- +goose Down
DROP TABLE backstory.discarded;
