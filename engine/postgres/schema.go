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
)

// ErrNewerSchema means that a newer program changed the engine's schema so that
// this one must not work with it: what it would write might not be what they read.
// Open and Run return it.
var ErrNewerSchema = errors.New("the database's schema is too new for this program")

// schema is what newer and older programs made of the engine's schema.
type schema struct {
	version  int64 // of the last migration; 0: there is none
	supports int64 // the oldest program that works with it, by the version that it brings
	program  int64 // the version that this program brings
}

// ahead says whether newer programs were here.
func (s schema) ahead() bool { return s.version > s.program }

// admits fails with ErrNewerSchema for a program that must not work with the schema.
func (s schema) admits(program int64) error {
	if program >= s.supports {
		return nil
	}
	return fmt.Errorf("%w: it works with programs that bring version %d of it or a later one, and this one brings %d; start the program that brought it there, or a newer one",
		ErrNewerSchema, s.supports, program)
}

const (
	schemaFound = "select to_regclass('backstory.migrations') is not null and exists (select from pg_catalog.pg_attribute " +
		"where attrelid = to_regclass('backstory.log') and attname = 'supports')"
	schemaVersion = "select coalesce(max(version_id), 0), (select supports from backstory.log) from backstory.migrations where is_applied"
)

// lookSchema reads how far the schema is; one from before programs were told apart
// is none.
func lookSchema(ctx context.Context, db engine.DBTX) (found schema, err error) {
	var told bool
	if err := db.QueryRow(ctx, schemaFound).Scan(&told); err != nil || !told {
		return schema{}, err
	}
	err = db.QueryRow(ctx, schemaVersion).Scan(&found.version, &found.supports)
	return found, err
}

// migrated brings the schema up to date, if it is not ahead of this program.
func migrated(ctx context.Context, conn *pgx.Conn, cfg Config) (schema, error) {
	found, err := lookSchema(ctx, conn)
	found.program = cfg.program()
	if err == nil {
		err = found.admits(found.program)
	}
	if err != nil || found.ahead() {
		return found, err
	}
	if _, err := conn.Exec(ctx, createSchema); err != nil {
		return found, fmt.Errorf("create schema backstory: %w", err)
	}
	db := stdlib.OpenDB(*conn.Config())
	defer db.Close()
	files, err := fs.Sub(cfg.migrations, "migrations")
	if err != nil {
		return found, err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithTableName("backstory.migrations"))
	if err != nil {
		return found, err
	}
	_, err = provider.Up(ctx)
	return found, err
}

// program is the version of the engine's schema that this program brings: it tells
// newer and older ones apart.
func (c Config) program() (version int64) {
	files, _ := fs.Glob(c.migrations, "migrations/*.sql") // the pattern is right
	for _, file := range files {
		if n, err := goose.NumericComponent(file); err == nil { // else goose refuses it
			version = max(version, n)
		}
	}
	return version
}
