package postgres

import (
	"context"
	"io/fs"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
	queries "github.com/backstory-go/backstory/queries/engine"
)

// What the sessions of the engine's own connections and of its readers' are set to.
var (
	ForEngine  = forEngine
	ForReaders = forReaders
)

// Queued is how many appends wait for the next batch.
func Queued(e *Engine) int { return e.sequencer.queue.length() }

// ScanEvents reads rows of events as states and builds do, and copies their data. It
// says how many were read without Scan.
func ScanEvents(rows pgx.Rows) (list []engine.Recorded, quick int, err error) {
	defer rows.Close()
	for scan := newEventScan(); rows.Next(); {
		if err := scan.read(rows); err != nil {
			return list, quick, err
		}
		if scan.binary {
			quick++
		}
		list = append(list, engine.Recorded{Meta: scan.meta, Type: string(scan.typ), SchemaVersion: int(scan.schema), Data: append([]byte{}, scan.data...)})
	}
	return list, quick, rows.Err()
}

// Bringing is the configuration of a program that brings other migrations.
func Bringing(migrations fs.FS, cfg Config) Config {
	cfg.migrations = migrations
	return cfg
}

// Program is the version of the schema that this program brings.
func Program() int64 { return Config{migrations: queries.Migrations}.program() }

// Migrate brings a database to the version of the schema that some migrations lead to.
func Migrate(ctx context.Context, url string, migrations fs.FS) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = migrated(ctx, conn, Config{migrations: migrations})
	return err
}
