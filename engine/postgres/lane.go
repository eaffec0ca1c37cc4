package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// A command's retry holds later commands of its stream for at most this.
const (
	mostTries     = 3
	mostRetrying  = 5 * time.Second
	firstPause    = 100 * time.Millisecond
	mostConflicts = 10  // decisions on versions that were old by then
	chainMost     = 64  // commands of one stream decided on each other
	loadMost      = 256 // streams folded in one round trip
)

// lane is a stream with commands in hand. They are decided in the order of seq,
// each on the result of the one before; while some are with the sequencer, the
// others wait.
type lane struct {
	name      string
	waiting   []*order
	flying    int
	notBefore time.Time
	blocked   bool // until another lane's verdict is in
	astray    bool // a command was not where it was read: they are read again, in order
}

// order is a command in hand.
type order struct {
	row       *enginedb.InboxTakeRow
	tries     int // that failed by a fault of the handler
	first     time.Time
	conflicts int
	bounded   *[]string      // the tags of its boundary; nil: not known yet
	occupies  bool           // them, while it is decided
	direct    *express       // nil: it waits in the inbox
	command   engine.Command // of a direct one that was not decided yet, else nil: it is decoded
	answers   answers        // of reactions, to what its events refuse
}

func (l *lane) ready() bool { return l.flying == 0 && len(l.waiting) > 0 }

// add keeps the lane in the order of seq.
func (l *lane) add(orders ...*order) {
	l.waiting = append(l.waiting, orders...)
	slices.SortStableFunc(l.waiting, func(a, b *order) int { return cmp.Compare(a.row.Seq, b.row.Seq) })
}

// decide decides whatever can be, and hands it to the sequencer in one go.
func (w *worker) decide(ctx context.Context) {
	now := time.Now()
	var ready []*lane
	for _, l := range w.lanes {
		if l.ready() && !now.Before(l.notBefore) {
			ready = append(ready, l)
		}
	}
	// Oldest first: the map's order must not starve a stream.
	slices.SortFunc(ready, func(a, b *lane) int { return cmp.Compare(a.waiting[0].row.Seq, b.waiting[0].row.Seq) })
	ready, suspect := w.suspect(ready)
	plain, bounded := w.split(ready)
	for part := range slices.Chunk(bounded, loadMost) {
		w.decideBounded(ctx, part)
	}
	for part := range slices.Chunk(plain, loadMost) {
		if !w.loadStates(ctx, part) {
			return
		}
		var entries []*entry
		for _, l := range part {
			entries = append(entries, w.decideLane(l, now, chainMost)...)
		}
		w.e.sequencer.submit(entries...)
	}
	if len(suspect) > 0 {
		w.try(ctx, suspect)
	} else {
		w.turn.unused()
	}
}

// loadStates folds the streams that the cache does not have. A stream that
// cannot be folded fails its first command's try.
func (w *worker) loadStates(ctx context.Context, lanes []*lane) bool {
	var missing []*loading
	for _, l := range lanes {
		if _, ok := w.cache.get(l.name); ok {
			continue
		}
		stream, err := engine.ParseStream(l.name)
		actor, ok := w.e.system.Actor(stream.Type)
		if err != nil || !ok {
			w.misfire(l, fmt.Errorf("no actor decides about %s", l.name))
			continue
		}
		missing = append(missing, &loading{snapshot: &snapshot{stream: l.name, actor: actor, state: actor.NewState()}})
	}
	if len(missing) == 0 {
		return true
	}
	if err := w.e.load(ctx, w.e.work, missing); err != nil {
		if !ended(ctx, err) {
			w.e.log.Warn("loading streams is tried again", "error", err, "streams", len(missing))
			w.health.fails(err)
			for _, l := range lanes {
				l.notBefore = time.Now().Add(100 * time.Millisecond)
			}
		}
		return false
	}
	for _, m := range missing {
		if m.err != nil {
			w.misfire(w.lanes[m.snapshot.stream], fmt.Errorf("load a %s: %w", m.snapshot.actor.Type, m.err))
			continue
		}
		w.cache.put(m.snapshot)
	}
	return true
}

// decideLane decides the lane's commands one on the other, as far as it goes, at
// most some.
func (w *worker) decideLane(l *lane, now time.Time, most int) []*entry {
	cached, ok := w.cache.get(l.name)
	if !ok || len(l.waiting) == 0 || now.Before(l.notBefore) {
		return nil
	}
	head := *cached // state: never changed, replaced by what decisions leave behind
	var entries []*entry
	for len(l.waiting) > 0 && len(entries) < most {
		o := l.waiting[0]
		if head.version > cached.version && wantsPast(head.actor, o.row.Type) {
			break // the past must be stored before it can be read
		}
		if o.gone() {
			l.waiting = l.waiting[1:]
			continue
		}
		start := w.e.begun()
		e, state, err := w.decideOne(o, &head)
		if err != nil {
			w.e.traceTried(o, "", start)
			if !o.stays(errElsewhere) {
				l.waiting = l.waiting[1:]
				continue
			}
			if !w.fails(l, o, err) {
				break
			}
			e, state = w.failure(o, err), head.state
		}
		w.e.traceTried(o, e.status, start)
		l.waiting = l.waiting[1:]
		l.flying++
		if n := len(e.events); n > 0 {
			head.state, head.version, head.lastID = state, head.version+int64(n), e.events[n-1].ID
		}
		entries = append(entries, e)
	}
	w.tidy(l) // nothing may be left of it
	return entries
}

// decideOne decides, and lets the reaction that sent the command answer a refusal.
func (w *worker) decideOne(o *order, head *snapshot) (*entry, any, error) {
	e, state, err := w.ask(o, head)
	if err == nil && e.status == engine.Refused {
		e.sends, err = w.e.refusedAnswer(o.row, e.refusal)
	}
	return e, state, err
}

func (w *worker) ask(o *order, head *snapshot) (*entry, any, error) {
	e := w.entry(o)
	state, err := w.e.ask(e, head, o.tries+1)
	if err != nil {
		return nil, nil, err
	}
	return e, state, nil
}

// ask lets an entry hold what the decider says to its command, based on head. It
// returns the state after it, a copy.
func (e *Engine) ask(en *entry, head *snapshot, attempt int) (any, error) {
	row := en.command
	en.version, en.lastID = head.version, head.lastID
	if v := row.IfVersion; v >= 0 && head.version > v {
		en.refuse(engine.NewBuiltinRefusal(engine.CodeChanged, "This was changed meanwhile."))
		return nil, nil
	}
	command, err := en.decoded, error(nil)
	if command == nil {
		command, err = decodeCommand(head.actor, row)
	}
	if faults, ok := errors.AsType[*engine.FaultsError](err); ok {
		en.refuse(engine.NewBuiltinRefusal(engine.CodeInvalid, faults.Error()))
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	state := head.actor.CloneState(head.state)
	decided, err := head.actor.DecideWithPast(engine.Meta{
		ID: row.ID, Correlation: row.Correlation, Causation: row.Causation, Stream: en.stream,
		Version: head.version, At: row.At.UTC(), By: row.By, Attempt: attempt,
	}, state, command, &past{e, head})
	if err != nil {
		return nil, err
	}
	en.events = decided.Events
	// What changed nothing is accepted at once: no event could follow from it.
	if kind, ok := head.actor.CommandType(row.Type); ok && kind.Settles != nil && len(decided.Events) > 0 {
		en.status = engine.Settling
	}
	if decided.Refusal != nil {
		en.refuse(decided.Refusal)
	}
	return state, nil
}

func decodeCommand(actor *engine.Actor, row *enginedb.InboxTakeRow) (engine.Command, error) {
	kind, ok := actor.CommandType(row.Type)
	if !ok {
		return nil, fmt.Errorf("%s is no command of %s: it was, when it was submitted", row.Type, actor.Type)
	}
	return kind.Decode(row.Data)
}

// entry is an order on its way to the sequencer; its verdict comes back to the loop.
func (w *worker) entry(o *order) *entry {
	e := entryFor(o.row)
	e.direct, e.answers = o.direct != nil, o.answers
	e.decoded, o.command = o.command, nil // a handler may have changed it
	start := w.e.begun()
	e.done = func(v verdict) {
		if v.err == nil {
			w.e.traceStored(v.stored, start)
			w.e.onDecided(e, v)
			o.stays(nil)
		}
		w.mu.Lock()
		w.landed = append(w.landed, landing{o, e, v})
		w.mu.Unlock()
		w.results.ring()
	}
	return e
}

// entryFor is the entry of a command whose stream was parsed before.
func entryFor(row *enginedb.InboxTakeRow) *entry {
	stream, _ := engine.ParseStream(row.Stream)
	return &entry{stream: stream, name: row.Stream, by: row.By, correlation: row.Correlation,
		causation: row.ID, command: row, status: engine.Accepted}
}

func (e *entry) refuse(r engine.Refusal) {
	e.status, e.refusal, e.events = engine.Refused, engine.RefusalOf(r), nil
}
