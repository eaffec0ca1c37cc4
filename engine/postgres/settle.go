package postgres

import (
	"errors"
	"slices"
	"time"

	"github.com/backstory-go/backstory/engine"
)

// onDecided tells this process's waiters at once, and the other processes.
func (e *Engine) onDecided(entry *entry, v verdict) {
	if v.status.Final() {
		e.waiters.tell(entry.command.ID, func() engine.Outcome { return entry.outcome(v) })
	}
	e.notices.send(noticeOutcome, "")
	if len(entry.sends) > 0 {
		e.onSubmitted()
	}
}

// onOutcomes lets waiters everywhere look for outcomes that changed.
func (e *Engine) onOutcomes() {
	e.waiters.wake.ring()
	e.notices.send(noticeOutcome, "")
}

// settle takes in what was handed in: commands, and the sequencer's verdicts in
// the order of the log.
func (w *worker) settle() {
	w.mu.Lock()
	landed, offered := w.landed, w.offered
	w.landed, w.offered = nil, nil
	w.mu.Unlock()
	for _, o := range offered {
		w.accept(o)
	}
	for _, x := range landed {
		l := w.lanes[x.order.row.Stream]
		l.flying--
		w.release(x.order)
		w.settleOne(l, x)
		if l.astray && l.flying == 0 {
			w.unload(l)
		}
		w.tidy(l)
	}
}

func (w *worker) settleOne(l *lane, x landing) {
	err := x.verdict.err
	if need, ok := errors.AsType[*unanswered](err); ok {
		w.answer(l, x.order, need)
		return
	}
	switch {
	case err == nil:
		delete(w.known, x.order.row.ID)
		w.remember(l, x.verdict.stored)
	case errors.Is(err, errDecided), errors.Is(err, errElsewhere):
		x.order.stays(err)
		// Not ours any more, or not now: if its row stays, or a crash took it back and
		// it comes again, the next read brings it, before what was behind it.
		delete(w.known, x.order.row.ID)
		l.astray = l.astray || errors.Is(err, errElsewhere) && x.order.direct == nil
		w.cache.drop(l.name)
		w.low.reset()
		w.e.waiters.wake.ring()
		w.due = time.Now().Add(100 * time.Millisecond)
	case errors.Is(err, engine.ErrConflict), errors.Is(err, errStale):
		w.conflict(l, x.order)
	case w.e.ctx.Err() != nil, errors.Is(err, errClosed):
		l.waiting = slices.Insert(l.waiting, 0, x.order)
	default:
		w.unstorable(l, x.order, err)
	}
}

// remember folds what was stored into the cached state.
func (w *worker) remember(l *lane, stored []*record) {
	cached, ok := w.cache.get(l.name)
	if !ok || len(stored) == 0 {
		return
	}
	if cached.version+1 != stored[0].Meta.Version || cached.fold(w.e.system, stored) != nil {
		w.cache.drop(l.name)
	}
}

// conflict lets the command be decided again on the version there is now.
func (w *worker) conflict(l *lane, o *order) {
	w.cache.drop(l.name)
	o.conflicts++
	actor, _ := w.e.actorOf(l.name) // it decided the order
	if wait, again := o.race(actor.Boundary != nil); again {
		l.notBefore = time.Now().Add(wait)
		l.add(o)
		return
	}
	if !o.stays(errElsewhere) {
		return
	}
	l.flying++
	w.e.sequencer.submit(w.failure(o, engine.ErrConflict))
}

// unstorable is a decision that the database refuses: the handler's fault.
func (w *worker) unstorable(l *lane, o *order, err error) {
	w.cache.drop(l.name)
	if !o.stays(errElsewhere) {
		return
	}
	l.add(o)
	if !w.fails(l, o, err) {
		return
	}
	l.waiting = slices.DeleteFunc(l.waiting, func(x *order) bool { return x == o })
	l.flying++
	w.e.sequencer.submit(w.failure(o, err))
}
