package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/backstory-go/backstory/engine"
)

// trips is a transaction in few round trips: statements whose answer nobody needs
// travel with the next one whose answer is, or with COMMIT. What they do wrong is
// that one's error.
type trips struct {
	conn  *pgx.Conn
	batch *pgx.Batch // what is to be sent next
}

var _ engine.DBTX = (*trips)(nil)

// inTrips runs do in a transaction that starts with a statement of settings, and
// commits it with what do queued.
func inTrips(ctx context.Context, pool *pgxpool.Pool, settings string, do func(t *trips) error) error {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	defer abort(ctx, conn)
	t := &trips{conn: conn.Conn(), batch: &pgx.Batch{}}
	t.batch.Queue(begin)
	t.batch.Queue(settings)
	if err := do(t); err != nil {
		return err
	}
	queueCommit(t.batch, t.conn)
	return t.send(ctx)
}

// send makes a round trip of what is queued.
func (t *trips) send(ctx context.Context) error {
	b := t.batch
	t.batch = &pgx.Batch{}
	return t.conn.SendBatch(ctx, b).Close()
}

// Exec implements engine.DBTX. The statement is queued: its tag is not known.
func (t *trips) Exec(_ context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	t.batch.Queue(sql, args...)
	return pgconn.CommandTag{}, nil
}

// Query implements engine.DBTX. Its rows must be closed, also once they were read.
func (t *trips) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	b, before := t.batch, t.batch.Len()
	t.batch = &pgx.Batch{}
	b.Queue(sql, args...)
	results := t.conn.SendBatch(ctx, b)
	for range before {
		_, _ = results.Exec() // what failed here fails the query
	}
	rows, err := results.Query()
	if err != nil {
		_ = results.Close() // it is the same error
	}
	return &tripRows{rows, results}, err
}

// QueryRow implements engine.DBTX.
func (t *trips) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	rows, err := t.Query(ctx, sql, args...)
	return steadyRow{rows, err}
}

// SendBatch implements engine.DBTX: a round trip of its own.
func (t *trips) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	_ = t.send(ctx) // what failed here fails the batch
	return t.conn.SendBatch(ctx, b)
}

// tripRows end their round trip.
type tripRows struct {
	pgx.Rows
	results pgx.BatchResults
}

// Next implements pgx.Rows.
func (r *tripRows) Next() bool {
	more := r.Rows.Next()
	if !more {
		r.Close()
	}
	return more
}

// Close implements pgx.Rows.
func (r *tripRows) Close() {
	r.Rows.Close()
	_ = r.results.Close() // an error is the rows', too
}
