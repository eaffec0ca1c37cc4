-- +goose Up

-- The oldest program that works beside what the schema has become, told by the
-- version of the schema that it brings. It only grows. Every later migration calls
-- backstory.supports: see README.md beside it.
ALTER TABLE backstory.log ADD COLUMN supports bigint NOT NULL DEFAULT 0;

-- +goose StatementBegin
CREATE FUNCTION backstory.supports(oldest bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE backstory.log SET supports = greatest(supports, oldest);
END
$$;
-- +goose StatementEnd

-- Programs before 19 do not know held.reacted: they would run reactions again that
-- ran before their key was held.
SELECT backstory.supports(19);

-- +goose Down
DROP FUNCTION backstory.supports(bigint);
ALTER TABLE backstory.log DROP COLUMN supports;
