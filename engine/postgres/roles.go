package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// fixedTables are what the working role reads, and at most adds to: with an owner
// of its own the past is protected by privileges, whatever becomes of triggers.
func fixedTables() map[string]string {
	return map[string]string{
		"events": "select, insert", "event_tags": "select, insert",
		"log": "select", "migrations": "select",
		"floors": "select", "floor_streams": "select", "floor_reactor_states": "select", "floor_rows": "select",
	}
}

// twoRoles says whether another role than the working one owns the log.
func (c Config) twoRoles() bool { return c.OwnerURL != c.DirectURL }

// owner opens a connection of the role that owns the log.
func owner(ctx context.Context, cfg Config) (*pgx.Conn, error) {
	cfg.DirectURL = cfg.OwnerURL
	return direct(ctx, cfg)
}

// grant gives the working role what it needs of what the owner made. It is done
// at every start: tables were added, or the role is another one.
func grant(ctx context.Context, owner *pgx.Conn, worker string) error {
	role := pgx.Identifier{worker}.Sanitize()
	statements := []string{
		"grant usage on schema backstory to " + role,
		"grant usage on all sequences in schema backstory to " + role,
		// Read models are the working role's own: it makes, swaps and drops their tables.
		"grant create, usage on schema public to " + role,
		"grant create on database " + pgx.Identifier{owner.Config().Database}.Sanitize() + " to " + role,
	}
	rows, err := owner.Query(ctx, "select tablename::text from pg_catalog.pg_tables where schemaname = 'backstory' order by 1")
	if err != nil {
		return err
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, table := range tables {
		name := pgx.Identifier{"backstory", table}.Sanitize()
		rights, fixed := fixedTables()[table]
		if !fixed {
			rights = "select, insert, update, delete"
		}
		statements = append(statements,
			fmt.Sprintf("revoke all on %s from %s", name, role), fmt.Sprintf("grant %s on %s to %s", rights, name, role))
	}
	return pgx.BeginFunc(ctx, owner, func(tx pgx.Tx) error {
		for _, statement := range statements {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return fmt.Errorf("%s: %w", statement, err)
			}
		}
		return nil
	})
}
