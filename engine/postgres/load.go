package postgres

import (
	"context"
	"fmt"
	"math"
	"runtime/debug"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// evolve folds one event; a panic of the user's evolver is an error.
func evolve(actor *engine.Actor, event engine.Recorded, state any) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("evolve %s: %w", event.Type, &engine.PanicError{Value: r, Stack: debug.Stack()})
		}
	}()
	actor.Evolve(event.Meta, state, event.Event)
	return nil
}

// loading is a stream whose state is being folded.
type loading struct {
	snapshot *snapshot // folded so far; load folds it on
	upto     int64     // the version to stop at; 0: the stream's last
	err      error     // of decoding or folding: the stream's own fault
}

// most is how many events are wanted.
func (l *loading) most() int32 {
	if l.upto == 0 {
		return math.MaxInt32
	}
	return int32(min(max(l.upto-l.snapshot.version, 0), math.MaxInt32))
}

// load folds streams from the log, in one round trip and one event at a time.
func load(ctx context.Context, db engine.DBTX, system *engine.System, streams []*loading) error {
	b := &pgx.Batch{}
	for _, l := range streams {
		b.Queue(enginedb.StreamRead, l.snapshot.stream, l.snapshot.version, l.most()).Query(func(rows pgx.Rows) error {
			return l.fold(rows, system)
		})
	}
	return db.SendBatch(ctx, b).Close()
}

func (l *loading) fold(rows pgx.Rows, system *engine.System) error {
	defer rows.Close()
	for rows.Next() {
		row, err := pgx.RowToStructByPos[enginedb.EventReadRow](rows)
		if err != nil {
			return err
		}
		if l.err != nil {
			continue
		}
		r, err := recordOf(row)
		if err == nil {
			err = l.snapshot.fold(system, []*record{r})
		}
		l.err = err
	}
	return rows.Err()
}
