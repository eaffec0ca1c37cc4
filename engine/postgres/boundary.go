package postgres

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// Commands of actors with a boundary: the state of each decision is folded anew
// from what the log holds with the command's tags, and the decision is stored
// under the condition that nothing of the kind came after.

// A decision that races with other processes for a tag loses by chance, not by
// fault: it is made again more often than on a stream, and after a short pause.
const (
	mostRaces = 200
	racePause = 15 * time.Millisecond
)

// bound is a decision of an actor with a boundary: its state is folded from the
// events that match the query, up to position checked.
type bound struct {
	order   *order
	lane    *lane
	head    snapshot // of the addressed stream; with the decision's state
	query   engine.Query
	found   []int64
	last    int64 // position that was folded last
	checked int64
	err     error // of decoding or folding: the decision's own fault
}

// actorOf finds the actor of a stream by its name.
func (e *Engine) actorOf(stream string) (*engine.Actor, bool) {
	id, err := engine.ParseStream(stream)
	if err != nil {
		return nil, false
	}
	return e.system.Actor(id.Type)
}

// split sets lanes of actors with a boundary apart.
func (w *worker) split(lanes []*lane) (plain, bounded []*lane) {
	for _, l := range lanes {
		if actor, ok := w.e.actorOf(l.name); ok && actor.Boundary != nil {
			bounded = append(bounded, l)
		} else {
			plain = append(plain, l)
		}
	}
	return plain, bounded
}

// decideBounded decides the first command of each lane. Commands that share a tag
// wait for each other: decided at the same time, all but one would only conflict.
func (w *worker) decideBounded(ctx context.Context, lanes []*lane) {
	var bounds []*bound
	for _, l := range lanes {
		if l.blocked = !w.occupy(l); !l.blocked {
			bounds = append(bounds, w.bound(l))
		}
	}
	if len(bounds) == 0 {
		return
	}
	if err := loadBounds(ctx, w.e.work, w.e.system, bounds); err != nil {
		if !ended(ctx, err) {
			w.e.log.Warn("loading boundaries is tried again", "error", err, "commands", len(bounds))
		}
		for _, b := range bounds {
			w.release(b.order)
			b.lane.notBefore = time.Now().Add(100 * time.Millisecond)
		}
		return
	}
	var entries []*entry
	for _, b := range bounds {
		if e := w.decideBound(b); e != nil {
			entries = append(entries, e)
		}
	}
	w.e.sequencer.submit(entries...)
}

// bound prepares the decision about a lane's first command. Data that does not
// decode has no query: decideOne refuses it.
func (w *worker) bound(l *lane) *bound {
	actor, _ := w.e.actorOf(l.name)
	b := &bound{order: l.waiting[0], lane: l, head: snapshot{stream: l.name, actor: actor, state: actor.NewState()}}
	command, err := decodeCommand(actor, b.order.row)
	if err == nil {
		b.query, b.head.state = actor.Query(command), actor.StateFor(command)
	}
	return b
}

// decideBound decides with the state that was loaded; nil: the try failed.
func (w *worker) decideBound(b *bound) *entry {
	e, err := (*entry)(nil), b.err
	if err == nil {
		e, _, err = w.decideOne(b.order, &b.head)
	}
	if err != nil {
		w.release(b.order)
		if !w.fails(b.lane, b.order, err) {
			return nil
		}
		e = w.failure(b.order, err)
	} else {
		e.forbids, e.checked = b.query, b.checked
	}
	b.lane.waiting = b.lane.waiting[1:]
	b.lane.flying++
	return e
}

// occupy takes the tags of a lane's first command, unless one that shares a tag
// is being decided here.
func (w *worker) occupy(l *lane) bool {
	o := l.waiting[0]
	if o.bounded == nil {
		o.bounded = w.tagsOf(o)
	}
	if slices.ContainsFunc(*o.bounded, func(tag string) bool { return w.tags[tag] }) {
		return false
	}
	for _, tag := range *o.bounded {
		w.tags[tag] = true
	}
	o.occupies = true
	return true
}

func (w *worker) tagsOf(o *order) *[]string {
	var tags []string
	actor, _ := w.e.actorOf(o.row.Stream)
	if command, err := decodeCommand(actor, o.row); err == nil {
		tags = actor.Boundary.Tags(command)
	}
	return &tags
}

// release lets the commands that share a tag with the order go on.
func (w *worker) release(o *order) {
	if !o.occupies {
		return
	}
	for _, tag := range *o.bounded {
		delete(w.tags, tag)
	}
	o.occupies = false
}

// race says how long a decision that conflicted pauses, and whether it is made again.
func (o *order) race(bounded bool) (wait time.Duration, again bool) {
	if !bounded {
		return 0, o.conflicts <= mostConflicts
	}
	return rand.N(racePause * time.Duration(min(o.conflicts, 8)) / 8), o.conflicts <= mostRaces
}

// loadBounds folds the states of decisions, in two round trips when each fits a page.
func loadBounds(ctx context.Context, db engine.DBTX, system *engine.System, bounds []*bound) error {
	if err := findBounds(ctx, db, bounds); err != nil {
		return err
	}
	b := &pgx.Batch{}
	for _, x := range bounds {
		if len(x.found) > 0 {
			b.Queue(enginedb.EventAt, x.found).Query(func(rows pgx.Rows) error { return x.scan(rows, system) })
		}
	}
	if err := db.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	for _, x := range bounds {
		if err := x.rest(ctx, db, system); err != nil {
			return err
		}
	}
	return nil
}

// findBounds asks for the head first: whatever is read after it has seen all of
// the log up to it.
func findBounds(ctx context.Context, db engine.DBTX, bounds []*bound) error {
	b := &pgx.Batch{}
	var head int64
	b.Queue(enginedb.LogPosition).QueryRow(func(row pgx.Row) error { return row.Scan(&head) })
	streams := make([]string, len(bounds))
	for i, x := range bounds {
		streams[i] = x.head.stream
		if len(x.query) > 0 {
			p := positionsOf(x.query, 0, page)
			b.Queue(enginedb.TagPositions, p.Types, p.Tags, p.After, p.Most).Query(func(rows pgx.Rows) (err error) {
				x.found, err = pgx.CollectRows(rows, pgx.RowTo[int64])
				return err
			})
		}
	}
	b.Queue(enginedb.StreamHeads, streams).Query(func(rows pgx.Rows) error {
		list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[enginedb.StreamHeadsRow])
		for _, row := range list {
			h := &bounds[row.Ord-1].head
			h.version, h.lastID = row.Version, row.LastID
		}
		return err
	})
	err := db.SendBatch(ctx, b).Close()
	for _, x := range bounds {
		x.checked = head
	}
	return err
}

// rest reads on where a first page was full.
func (b *bound) rest(ctx context.Context, db engine.DBTX, system *engine.System) error {
	for n := len(b.found); n == page && b.err == nil; {
		list, err := readMatching(ctx, enginedb.New(db), b.query, b.last, page)
		if err != nil {
			return err
		}
		b.fold(system, list)
		n = len(list)
	}
	return nil
}

func (b *bound) scan(rows pgx.Rows, system *engine.System) error {
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*record, error) {
		r, err := pgx.RowToStructByPos[enginedb.EventReadRow](row)
		if err != nil {
			return nil, err
		}
		return recordOf(r)
	})
	b.fold(system, list)
	return err
}

// fold applies events in order. What was stored after the head was read is folded,
// too, and then need not be held against the condition.
func (b *bound) fold(system *engine.System, list []*record) {
	for _, r := range list {
		if b.err != nil {
			return
		}
		event, err := r.decoded(system)
		if err == nil {
			err = evolve(b.head.actor, event, b.head.state)
		}
		if err != nil {
			b.err = fmt.Errorf("fold %s at position %d: %w", r.Type, r.Meta.Position, err)
		}
		b.last = r.Meta.Position
		b.checked = max(b.checked, b.last)
	}
}
