package engine

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// DBTX is a connection, pool or transaction of pgx: what generated queries run on.
type DBTX interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// Projection describes a read model to the engine. It is generated.
type Projection struct {
	Name   string   // e.g. todos.listings
	Table  string   // e.g. todos_listings
	DDL    string   // creates table and indexes in the current schema
	Hash   string   // of DDL and folding rules: another one means the table must be built anew
	Events []string // the types whose methods update the table

	// Key is what of an event the order depends on: events of one key are applied
	// one after the other, others at the same time. It never names a property that
	// an event may lack. nil: the stream with ByStream, else one key for all.
	Key      func(m Meta, event Event) string
	ByStream bool

	// Apply folds a batch, in order, and writes what changed, in the caller's
	// transaction. Events of other types are passed over. It keeps neither the batch
	// nor a part of it: the caller uses both again.
	Apply func(ctx context.Context, db DBTX, batch []Recorded) error

	// Fold makes an Apply that keeps rows in memory from batch to batch, for a
	// caller that alone writes to the table. nil: there is only Apply.
	Fold func() Folding
}

// Folding is the folding of a projection over many batches. Rows are read from the
// table when an event first asks for them, and kept. After an error it is of no
// use until Forget. Not for use by several goroutines.
type Folding interface {
	// Apply folds a batch, in order, into the rows in memory. It keeps neither the
	// batch nor a part of it: the caller uses both again.
	Apply(ctx context.Context, db DBTX, batch []Recorded) error

	// Write writes the rows that changed since the last Write; they stay in memory.
	Write(ctx context.Context, db DBTX) error

	// Rows is how many rows, there or known not to be, are in memory.
	Rows() int

	// Forget drops the rows in memory, written or not.
	Forget()

	// Empty is Forget, and says that the table has no row now: none is looked for
	// that Write has not written since, committed or not.
	Empty()

	// Afresh is Forget, and the table counts as empty from then on: no row is read.
	Afresh()
}

// Progress tells how far a projection is built.
type Progress struct {
	Position  int64 // folded up to here
	Head      int64 // of the log
	Elapsed   time.Duration
	Remaining time.Duration // an estimate; 0: not known yet, or done
}
