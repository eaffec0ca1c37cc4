-- +goose Up

-- Fails a consumer's transaction whose slots are another owner's by now, before the
-- COMMIT that travels behind it.
-- +goose StatementBegin
CREATE FUNCTION backstory.require_fence(moved bigint, wanted integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF moved <> wanted THEN
        RAISE EXCEPTION 'another owner has % of % slots', wanted - moved, wanted USING ERRCODE = 'BS001';
    END IF;
END
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION backstory.require_fence(bigint, integer);
