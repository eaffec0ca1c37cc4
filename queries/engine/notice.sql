-- Notices: hints to other processes. Truth is in the tables.

-- name: NoticeSend :exec
SELECT pg_notify('backstory', unnest(@payloads::text[]));
