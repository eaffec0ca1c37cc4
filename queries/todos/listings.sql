-- The home page's lists, the last changed first. A page begins after a list's place
-- in that order, so that it costs the same wherever it lies.

-- name: ListingsAfter :many
SELECT * FROM todos_listings
WHERE status = @status::text AND (updated_at, id) < (@updated_at::timestamptz, @id::uuid)
ORDER BY updated_at DESC, id DESC
LIMIT @most::bigint;

-- The place after which the page before begins; no row: at the first list.
-- name: ListingsPageBefore :many
SELECT updated_at, id FROM todos_listings
WHERE status = @status::text AND (updated_at, id) >= (@updated_at::timestamptz, @id::uuid)
ORDER BY updated_at, id
LIMIT 1 OFFSET @page_size::bigint;

-- Counted no further than to most.
-- name: ListingsCount :one
SELECT count(*) FROM (
    SELECT 1 FROM todos_listings WHERE status = @status::text LIMIT @most::bigint
) AS counted;

-- The same of the lists that a search finds, as long as they can be counted: they
-- are looked up by their words, and sorted. Left to itself, PostgreSQL would walk the
-- lists in their order and look at each.

-- name: ListingsSearchAfter :many
WITH found AS MATERIALIZED (
    SELECT * FROM todos_listings
    WHERE status = @status::text AND to_tsvector('simple', search_words) @@ to_tsquery('simple', @terms::text)
)
SELECT * FROM found
WHERE (updated_at, id) < (@updated_at::timestamptz, @id::uuid)
ORDER BY updated_at DESC, id DESC
LIMIT @most::bigint;

-- The same where so many are found that walking is soon done.
-- name: ListingsCommonSearchAfter :many
SELECT * FROM todos_listings
WHERE status = @status::text AND (updated_at, id) < (@updated_at::timestamptz, @id::uuid)
AND to_tsvector('simple', search_words) @@ to_tsquery('simple', @terms::text)
ORDER BY updated_at DESC, id DESC
LIMIT @most::bigint;

-- name: ListingsSearchCount :one
SELECT count(*) FROM (
    SELECT 1 FROM todos_listings
    WHERE status = @status::text AND to_tsvector('simple', search_words) @@ to_tsquery('simple', @terms::text)
    LIMIT @most::bigint
) AS counted;
