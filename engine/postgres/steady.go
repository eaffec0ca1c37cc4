package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/backstory-go/backstory/engine"
)

// steady is a pool for queries of projections' tables. A connection has prepared
// them, and PostgreSQL refuses such a statement once the table was swapped for one
// whose columns have other types. pgx prepares it anew after that error: steady
// asks again, each connection at most once, and callers see nothing of it.
type steady struct{ *pgxpool.Pool }

var _ engine.DBTX = steady{}

// Query implements engine.DBTX.
func (s steady) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	rows := &steadyRows{tries: int(s.Config().MaxConns), ask: func() (pgx.Rows, error) { return s.Pool.Query(ctx, sql, args...) }}
	err := rows.again()
	return rows, err
}

// QueryRow implements engine.DBTX.
func (s steady) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	rows, err := s.Query(ctx, sql, args...)
	return steadyRow{rows, err}
}

// steadyRows are rows of a query that is asked again as long as its plan is stale:
// that is known before the first row.
type steadyRows struct {
	pgx.Rows
	ask   func() (pgx.Rows, error)
	tries int // left
}

// again asks, until there is an answer. Like pgx it gives rows with the error, too.
func (r *steadyRows) again() (err error) {
	for {
		r.tries--
		if r.Rows, err = r.ask(); !stalePlan(err) || r.tries <= 0 {
			return err
		}
	}
}

// Next implements pgx.Rows.
func (r *steadyRows) Next() bool {
	for {
		if r.Rows.Next() {
			r.tries = 0
			return true
		}
		if !stalePlan(r.Err()) || r.tries <= 0 {
			return false
		}
		r.Close()
		if r.again() != nil {
			return false
		}
	}
}

type steadyRow struct {
	rows pgx.Rows
	err  error
}

// Scan implements pgx.Row.
func (r steadyRow) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return pgx.ErrNoRows
	}
	if err := r.rows.Scan(dest...); err != nil {
		return err
	}
	r.rows.Close()
	return r.rows.Err()
}
