package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
	queries "github.com/backstory-go/backstory/queries/engine"
)

// commandSlots is how many hash slots the inbox has. It is part of the stored
// data: a command's slot is computed when it is submitted.
const commandSlots = 64

const (
	consumerCommands = "commands"
	lockMigrations   = "select pg_advisory_lock(hashtextextended('backstory.migrations', 0))"
	unlockMigrations = "select pg_advisory_unlock(hashtextextended('backstory.migrations', 0))"
	createSchema     = "create schema if not exists backstory"
)

// prepare brings the database up to date, one process at a time: the engine's
// schema, then the tables of projections.
func prepare(ctx context.Context, cfg Config) error {
	conn, err := reach(ctx, cfg)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, lockMigrations); err != nil {
		return fault(ctx, err, "lock migrations")
	}
	defer func() { _, _ = conn.Exec(context.WithoutCancel(ctx), unlockMigrations) }()
	if _, err := conn.Exec(ctx, createSchema); err != nil {
		return fault(ctx, err, "create schema backstory")
	}
	if err := migrate(ctx, conn.Config()); err != nil {
		return fault(ctx, err, "migrate")
	}
	if err := enginedb.New(conn).EpochFound(ctx); err != nil {
		return fault(ctx, err, "take the empty database as home")
	}
	if err := ensureSlots(ctx, conn); err != nil {
		return fault(ctx, err, "prepare slots")
	}
	for _, p := range cfg.System.Projections() {
		if err := prepareProjection(ctx, conn, p); err != nil {
			return fault(ctx, err, "build projection %s", p.Name)
		}
	}
	return nil
}

func migrate(ctx context.Context, cfg *pgx.ConnConfig) error {
	db := stdlib.OpenDB(*cfg)
	defer db.Close()
	files, err := fs.Sub(queries.Migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithTableName("backstory.migrations"))
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}

func ensureSlots(ctx context.Context, conn *pgx.Conn) error {
	slots := make([]int32, commandSlots)
	for i := range slots {
		slots[i] = int32(i)
	}
	return enginedb.New(conn).SlotEnsure(ctx, enginedb.SlotEnsureParams{Consumer: consumerCommands, Slots: slots})
}

// prepareProjection builds a projection's table anew when its definition is not
// the recorded one, and lets it fold the log from the start. Table and
// checkpoint change in one transaction; a process that still has the old
// definition loses its fence and cannot write any more.
func prepareProjection(ctx context.Context, conn *pgx.Conn, p *engine.Projection) error {
	hash, err := enginedb.New(conn).SlotHash(ctx, enginedb.SlotHashParams{Consumer: p.Name})
	if err == nil && hash == p.Hash {
		return nil
	}
	known := err == nil
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		// The slot row first: it stops the only writer of the table.
		err := enginedb.New(tx).SlotReset(ctx, enginedb.SlotResetParams{Consumer: p.Name, Hash: p.Hash})
		if err != nil {
			return err
		}
		return rebuildTable(ctx, tx, p, known)
	})
}

// rebuildTable drops the projection's table if it is one of ours, and creates it.
func rebuildTable(ctx context.Context, tx pgx.Tx, p *engine.Projection, known bool) error {
	script := "set local search_path to public;\n" + p.DDL
	if known {
		drop := fmt.Sprintf("drop table if exists %s cascade;\n", pgx.Identifier{"public", p.Table}.Sanitize())
		script = drop + script
	}
	_, err := tx.Conn().PgConn().Exec(ctx, script).ReadAll()
	return err
}

// ownSchema is the version of the engine's schema that this program brings.
func ownSchema() (version int64, err error) {
	files, err := fs.Glob(queries.Migrations, "migrations/*.sql")
	if err != nil {
		return 0, err
	}
	for _, file := range files {
		n, err := goose.NumericComponent(file)
		if err != nil {
			return 0, err
		}
		version = max(version, n)
	}
	return version, nil
}
