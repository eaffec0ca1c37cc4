package postgres

import (
	"context"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

const (
	// directGrace is how long a submission waits for a decision that would make
	// the inbox needless.
	directGrace = 250 * time.Millisecond

	// directSeq puts a command behind what the inbox holds for its stream.
	directSeq = math.MaxInt64
)

// express is a command that goes from Submit to the deciding loop of this process
// without a row in the inbox: it is durable with its outcome, which is when Submit
// returns. That is safe, because under the order lock nothing may have its id, and
// nothing may wait in the inbox for its stream that is not decided before it.
// Whatever comes between (another process's command, a fault of the handler, a
// decision that takes long) sends it to the inbox after all.
type express struct {
	verdict   chan error // nil: stored; errDecided: its id has an outcome; else: to the inbox
	withdrawn atomic.Bool
}

// answer tells Submit. Only the first answer counts.
func (d *express) answer(err error) {
	select {
	case d.verdict <- err:
	default:
	}
}

// await waits for the answer. After errElsewhere the loop may still decide.
func (d *express) await(ctx context.Context) error {
	timer := time.NewTimer(directGrace)
	defer timer.Stop()
	select {
	case err := <-d.verdict:
		return err
	case <-timer.C:
		d.withdrawn.Store(true)
		return errElsewhere
	case <-ctx.Done():
		d.withdrawn.Store(true)
		return ctx.Err()
	}
}

// direct hands the command to a loop of this process; nil: it has to wait in the
// inbox.
func (e *Engine) direct(l *letter) *express {
	now, ok := e.sequencer.clock.now()
	actor, known := e.actorOf(l.stream)
	if !ok || len(e.workers) == 0 || !known || actor.Boundary != nil {
		return nil
	}
	slot := slotOf(l.stream)
	d := &express{verdict: make(chan error, 1)}
	o := &order{direct: d, command: l.command, row: &enginedb.InboxTakeRow{Seq: directSeq, ID: l.id, Slot: slot, Type: l.typ, Stream: l.stream,
		Data: l.data, By: l.by, At: now, Correlation: l.id, Causation: l.id, IfVersion: l.ifVersion}}
	if !e.workers[int(slot)%len(e.workers)].offer(o) {
		return nil
	}
	return d
}

// clock estimates the database's, from what flights read under the lock.
type clock struct{ ahead atomic.Pointer[time.Duration] }

func (c *clock) saw(at time.Time) {
	ahead := time.Until(at)
	c.ahead.Store(&ahead)
}

// now is in UTC and to the microsecond, as the database keeps it. Not ok: nothing
// is known yet.
func (c *clock) now() (now time.Time, ok bool) {
	ahead := c.ahead.Load()
	if ahead == nil {
		return time.Time{}, false
	}
	return time.Now().Add(*ahead).UTC().Truncate(time.Microsecond), true
}

// stays says whether an order keeps its place after a fault. A direct one does
// not: the inbox keeps it while it is tried again.
func (o *order) stays(why error) bool {
	if o.direct == nil {
		return true
	}
	o.direct.answer(why)
	return false
}

// gone says whether nobody waits for a direct order any more.
func (o *order) gone() bool { return o.direct != nil && o.direct.withdrawn.Load() }

// rivals are commands of the inbox, by what a direct one must not have in common
// with them: its id, and its stream unless they are decided before it.
type rivals struct {
	ids     map[uuid.UUID]bool
	streams map[string][]uuid.UUID
}

func (r *rivals) scan(rows pgx.Rows) error {
	var id uuid.UUID
	var stream string
	_, err := pgx.ForEachRow(rows, []any{&id, &stream}, func() error {
		r.ids[id] = true
		r.streams[stream] = append(r.streams[stream], id)
		return nil
	})
	return err
}

// of says whether any stands in the entry's way. claimed: they are in its batch.
func (r *rivals) of(e *entry, claimed map[uuid.UUID]bool) bool {
	return r.ids[e.command.ID] || !e.ahead &&
		slices.ContainsFunc(r.streams[e.name], func(id uuid.UUID) bool { return !claimed[id] })
}
