package postgres

import (
	"context"
	"fmt"
	"sort"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// RowsAt implements engine.Operator. The rows lie in a temporary table of the
// projection's name, which its generated queries find.
func (e *Engine) RowsAt(ctx context.Context, projection string, position int64, read func(context.Context, engine.DBTX) error) error {
	c := e.projection(projection)
	if c == nil {
		return fmt.Errorf("rows of %q: %w", projection, engine.ErrNotFound)
	}
	conn, err := direct(ctx, e.cfg)
	if err != nil {
		return fault(ctx, err, "rows of %s at %d", projection, position)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	if err != nil {
		return fault(ctx, err, "rows of %s at %d", projection, position)
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	if err := foldAt(ctx, tx, c, position); err != nil {
		return fault(ctx, err, "rows of %s at %d", projection, position)
	}
	return read(ctx, tx)
}

// foldAt folds the log up to a position into a temporary table. Nothing else is
// visible: what is read beside it would be of another time.
func foldAt(ctx context.Context, tx pgx.Tx, c *consumer, position int64) error {
	script := "set local search_path to pg_temp; set local statement_timeout to 0; set local enable_seqscan to off; set local jit to off;\n" + c.projection.DDL
	if _, err := tx.Conn().PgConn().Exec(ctx, script).ReadAll(); err != nil {
		return err
	}
	sql, fold := enginedb.New(tx), folding(c.projection)
	head, err := sql.LogPosition(ctx)
	if err != nil {
		return err
	}
	floor, err := seed(ctx, tx, c.projection, "pg_temp")
	if err == nil && position < floor {
		err = fmt.Errorf("the log begins after %d: %w", floor, engine.ErrArchived)
	}
	if err != nil {
		return err
	}
	if floor == 0 {
		fold.Empty()
	}
	position = min(position, head)
	scan := newChapterScan(nil)
	for after := floor; after < position; {
		ch := scan.chapter(ctx, tx, c, after, min(position, after+buildRange))
		if ch.err != nil {
			return ch.err
		}
		after = ch.upto
		for i := range ch.events {
			if err := ch.faults[i]; err != nil {
				return fmt.Errorf("event %d: %w", ch.events[i].Meta.Position, err)
			}
		}
		if err := fold.Apply(ctx, tx, ch.events); err != nil {
			return fmt.Errorf("events up to %d: %w", after, err)
		}
		if err := spill(ctx, fold, tx, keptRows); err != nil {
			return err
		}
	}
	if err := fold.Write(ctx, tx); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "set local enable_seqscan to on")
	return err
}

// PositionAt implements engine.Operator. Time never runs back along positions: it
// takes a few reads by key, however long the log.
func (e *Engine) PositionAt(ctx context.Context, at time.Time) (int64, error) {
	sql := enginedb.New(e.reads)
	head, err := sql.LogPosition(ctx)
	later := sort.Search(int(head), func(i int) bool {
		if err != nil {
			return true
		}
		var stored time.Time
		stored, err = sql.PositionTime(ctx, enginedb.PositionTimeParams{Position: int64(i) + 1})
		return stored.After(at)
	})
	return int64(later), fault(ctx, err, "position at %s", at.Format(time.RFC3339Nano))
}
