package behaviour

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

var errBroken = errors.New("broken")

// brokenDB is a database that answers nothing.
type brokenDB struct{}

func (brokenDB) Exec(context.Context, string, ...any) (pgconn.CommandTag, error) {
	return pgconn.CommandTag{}, errBroken
}
func (brokenDB) Query(context.Context, string, ...any) (pgx.Rows, error) { return nil, errBroken }
func (brokenDB) QueryRow(context.Context, string, ...any) pgx.Row        { return brokenRow{} }
func (brokenDB) SendBatch(context.Context, *pgx.Batch) pgx.BatchResults  { return nil }

type brokenRow struct{}

func (brokenRow) Scan(...any) error { return errBroken }
