-- +goose Up

-- The tags of events, one row each, written in the transaction of the event: the
-- index of conditional appends and boundaries. Not an index on events.tags: GIN
-- collapses under appends, and cannot give positions in order.
CREATE TABLE backstory.event_tags (
    tag      text   NOT NULL, -- a long one is shortened, see tagKey
    position bigint NOT NULL,
    type     text   NOT NULL, -- of the event
    CONSTRAINT event_tags_key PRIMARY KEY (tag, position)
);
INSERT INTO backstory.event_tags (tag, position, type)
SELECT DISTINCT t.tag, e.position, e.type FROM backstory.events e, unnest(e.tags) AS t (tag);

CREATE TRIGGER event_tags_fixed BEFORE UPDATE OR DELETE OR TRUNCATE ON backstory.event_tags
    FOR EACH STATEMENT EXECUTE FUNCTION backstory.refuse_change();
ALTER TABLE backstory.event_tags ENABLE ALWAYS TRIGGER event_tags_fixed;

-- +goose Down
DROP TABLE backstory.event_tags;
