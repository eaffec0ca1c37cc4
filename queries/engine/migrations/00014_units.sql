-- +goose Up

-- Events that a unit's reactions have handled already, by consumer: its slots and
-- held keys pass them by. A row is written in the transaction of its event, and
-- goes when the consumer's checkpoint and held keys are past it.
CREATE TABLE backstory.handled (
    position bigint NOT NULL,
    consumer text   NOT NULL,
    CONSTRAINT handled_position PRIMARY KEY (position, consumer)
);

-- +goose Down
DROP TABLE backstory.handled;
