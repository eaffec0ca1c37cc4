package postgres

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"slices"

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

// errMissing means that a stream's versions have a gap.
var errMissing = errors.New("events of the stream are missing")

// loading is a stream whose state is being folded.
type loading struct {
	snapshot   *snapshot // folded so far; load folds it on
	upto       int64     // the version to stop at; 0: the stream's last
	remembered bool      // the snapshot was folded before: it holds if the log still has its last event
	head       *int64    // wanted: the stream's last version; nil: not
	err        error     // of decoding or folding: the stream's own fault

	step      step
	asked     int32 // rows of this round
	got       int32
	gap       bool // a row does not follow what was folded
	floor     bool // the snapshot is the state at the floor, and nothing was folded yet
	forgotten bool // what was remembered did not hold
}

// step is what a round of loading asks the log for.
type step int

const (
	stepBegin step = iota // the newest snapshot and what follows it, or the snapshot's own event and what follows
	stepOn                // what follows the version that was reached
	stepEnd               // nothing: it is done
)

// load folds streams from the log, one event at a time. A round trip brings a
// page of each; most are done with the first.
func (e *Engine) load(ctx context.Context, db engine.DBTX, streams []*loading) error {
	for _, l := range streams {
		l.snapshot.keep = e.snapshots
	}
	for left := streams; len(left) > 0; {
		b := &pgx.Batch{}
		queueFloors(b, left)
		for _, l := range left {
			l.queue(b, e.system)
		}
		if err := db.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
		for _, l := range left {
			l.advance()
		}
		left = slices.DeleteFunc(slices.Clone(left), func(l *loading) bool { return l.step == stepEnd })
	}
	return nil
}

// last is the version to stop at.
func (l *loading) last() int64 {
	if l.upto == 0 {
		return math.MaxInt64
	}
	return l.upto
}

// cold says whether the stream is looked for among the snapshots.
func (l *loading) cold() bool {
	return l.step == stepBegin && (l.snapshot.version == 0 || l.floor) && snapshotEvery(l.snapshot.actor) > 0
}

// queue asks for the next page.
func (l *loading) queue(b *pgx.Batch, system *engine.System) {
	s := l.snapshot
	l.got, l.gap, l.asked = 0, false, page
	if l.head != nil && l.step == stepBegin {
		b.Queue(enginedb.StreamVersion, s.stream).QueryRow(func(row pgx.Row) error { return row.Scan(l.head) })
	}
	var q *pgx.QueuedQuery
	switch {
	case l.cold():
		q = b.Queue(enginedb.StreamTail, s.stream, l.last(), l.asked, s.actor.StateHash)
	case l.remembered:
		q = b.Queue(enginedb.StreamRead, s.stream, s.version-1, l.most(s.version-1))
	default:
		q = b.Queue(enginedb.StreamRead, s.stream, s.version, l.most(s.version))
	}
	q.Query(func(rows pgx.Rows) error { return l.fold(rows, system) })
}

// most is how many rows after a version a page has.
func (l *loading) most(after int64) int32 {
	l.asked = int32(max(min(l.last()-after, page), 0))
	return l.asked
}

func (l *loading) fold(rows pgx.Rows, system *engine.System) error {
	defer rows.Close()
	stream, err := engine.ParseStream(l.snapshot.stream)
	if err != nil {
		l.err = err
		return nil
	}
	row := newEventScan()
	row.name, row.meta.Stream = interned(l.snapshot.stream), stream
	for rows.Next() {
		l.got++
		if l.err != nil || l.gap {
			continue
		}
		if err := row.read(rows); err != nil {
			return err
		}
		l.take(row, system)
	}
	return rows.Err()
}

// take folds a row if it is the next, or begins with it.
func (l *loading) take(row *eventScan, system *engine.System) {
	s := l.snapshot
	switch {
	case l.remembered:
		l.remembered = false
		if row.meta.Version != s.version || row.meta.ID != s.lastID {
			l.forget()
		}
	case row.state != nil && (s.version == 0 || l.floor):
		l.floor = false
		l.gap = !s.keep.start(s, row.state, row.meta)
	case row.meta.Version != s.version+1:
		l.gap = true
	default:
		event, err := row.event(system)
		if err == nil {
			err = s.apply(event)
		}
		l.err = err
	}
}

// forget drops what the log does not agree with.
func (l *loading) forget() {
	l.snapshot.reset()
	l.remembered, l.forgotten, l.gap = false, true, true
}

// advance says what the next round is for.
func (l *loading) advance() {
	if l.remembered { // the log has nothing where its last event was
		l.forget()
	}
	switch s := l.snapshot; {
	case l.forgotten:
		l.forgotten, l.step = false, stepBegin
	case l.err != nil, s.version >= l.last(), l.got < l.asked && !l.gap:
		l.step = stepEnd
	case l.gap && l.step == stepOn:
		l.err, l.step = fmt.Errorf("%w after version %d", errMissing, s.version), stepEnd
	default:
		l.step = stepOn
	}
}
