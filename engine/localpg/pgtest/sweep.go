package pgtest

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// sweep drops what nobody needs any more: databases of test processes that died, and templates that no test used for a
// day, or that are not among the sixteen used last. A lock that somebody holds tells that a thing is in use.
func sweep(ctx context.Context, conn *pgx.Conn) error {
	copies, err := names(ctx, conn, `SELECT datname::text FROM pg_database
		WHERE starts_with(datname::text, $1) AND NOT datistemplate`, copyPrefix)
	if err != nil {
		return err
	}
	for _, name := range copies {
		token, _, _ := strings.Cut(strings.TrimPrefix(name, copyPrefix), "_")
		if err := sweepOne(ctx, conn, name, token); err != nil {
			return err
		}
	}
	templates, err := names(ctx, conn, `SELECT name FROM (
			SELECT datname::text AS name, coalesce(shobj_description(oid, 'pg_database')::float8, 0) AS used
			FROM pg_database WHERE starts_with(datname::text, $1)
		) AS t
		WHERE used < extract(epoch FROM now()) - 86400
		UNION (SELECT name FROM (
			SELECT datname::text AS name, coalesce(shobj_description(oid, 'pg_database')::float8, 0) AS used
			FROM pg_database WHERE starts_with(datname::text, $1)
		) AS t ORDER BY used DESC OFFSET 16)`, templatePrefix)
	if err != nil {
		return err
	}
	for _, name := range templates {
		if err := sweepOne(ctx, conn, name, name); err != nil {
			return err
		}
	}
	return nil
}

// names runs a query for names with the given prefix.
func names(ctx context.Context, conn *pgx.Conn, sql, prefix string) ([]string, error) {
	rows, err := conn.Query(ctx, sql, prefix)
	if err != nil {
		return nil, fmt.Errorf("list databases that start with %s: %w", prefix, err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("list databases that start with %s: %w", prefix, err)
	}
	return found, nil
}

// sweepOne drops a database when the lock of its user is free. The lock is held meanwhile, so that two who sweep do not
// meet at one database.
func sweepOne(ctx context.Context, conn *pgx.Conn, name, lock string) error {
	var free bool
	err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock(hashtextextended($1, 0))", lock).Scan(&free)
	if err != nil || !free {
		return err
	}
	statements := []string{
		"ALTER DATABASE " + quoted(name) + " IS_TEMPLATE false",
		"DROP DATABASE IF EXISTS " + quoted(name) + " WITH (FORCE)",
	}
	var there bool
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&there)
	for _, statement := range statements {
		if err == nil && there {
			_, err = conn.Exec(ctx, statement)
		}
	}
	if err != nil {
		return fmt.Errorf("drop the unused database %s: %w", name, err)
	}
	_, err = conn.Exec(ctx, "SELECT pg_advisory_unlock(hashtextextended($1, 0))", lock)
	return err
}

// touch records, to the hour, that a template is used now, for sweep. Two processes that do so at once may disturb each
// other; then one of them did it, so its error says nothing.
func touch(ctx context.Context, conn *pgx.Conn, name string) {
	var now string
	err := conn.QueryRow(ctx, `SELECT extract(epoch FROM now())::bigint::text FROM pg_database WHERE datname = $1
		AND coalesce(shobj_description(oid, 'pg_database')::float8, 0) < extract(epoch FROM now()) - 3600`, name).Scan(&now)
	if err == nil {
		_, _ = conn.Exec(ctx, "COMMENT ON DATABASE "+quoted(name)+" IS '"+now+"'")
	}
}
