-- +goose Up

-- Fails a transaction that took on trust that there are no such rows, before the
-- COMMIT that travels behind it.
-- +goose StatementBegin
CREATE FUNCTION backstory.require_none(rivals bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF rivals <> 0 THEN
        RAISE EXCEPTION '% rows are in the way', rivals USING ERRCODE = 'BS002';
    END IF;
END
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION backstory.require_none(bigint);
