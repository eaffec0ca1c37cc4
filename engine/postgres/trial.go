package postgres

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// A decider may end its process: by os.Exit, a stack overflow, all the memory
// there is. The process leaves no word of which command it was at, and a word
// before each decision would cost as much as the decision. So the first time only
// the slot remembers that its owner died. When the next one dies, too, before what
// waited in the slot is worked off, the one after it tries those commands one at a
// time, and counts each try before it begins. A command that used up its tries so is
// given up. All others of the process go on meanwhile.

const (
	carefulAfter = 2                // deaths of a slot's owners in a row
	noDirect     = 30 * time.Second // after a death commands wait in the inbox, where tries can be counted
	dangerPause  = 20 * time.Millisecond
)

// proof is what waited in a slot when it was taken over from an owner that died:
// the commands up to a number.
type proof struct {
	upto    int64
	careful bool
}

// suspects looks at the slots that were taken over from owners that died; false:
// it could not, and what waits in them must not be taken yet.
func (w *worker) suspects(ctx context.Context) bool {
	w.mu.Lock()
	died := w.died
	w.died = deaths{}
	w.mu.Unlock()
	if len(died) == 0 {
		return true
	}
	upto, err := w.e.sql.TrialUpto(ctx)
	if err != nil {
		w.mu.Lock()
		maps.Copy(w.died, died)
		w.mu.Unlock()
		w.unproved(ctx, err)
		return false
	}
	for slot, n := range died {
		w.proof[slot] = proof{upto: upto, careful: n >= carefulAfter}
	}
	return true
}

func (w *worker) unproved(ctx context.Context, err error) {
	w.due = time.Now().Add(100 * time.Millisecond)
	if !ended(ctx, err) {
		w.e.log.Warn("what a dead process left is looked at again", "error", err)
		w.health.fails(err)
	}
}

// proved forgets the deaths in slots whose commands of then are decided, after a
// read of the inbox.
func (w *worker) proved(ctx context.Context) {
	if len(w.proof) == 0 || w.more {
		return
	}
	oldest := int64(directSeq)
	for seq := range w.known {
		oldest = min(oldest, seq)
	}
	var slots []int32
	for slot, p := range w.proof {
		if !slices.Contains(w.seen, slot) {
			delete(w.proof, slot)
		} else if p.upto < oldest {
			slots = append(slots, slot)
		}
	}
	if len(slots) == 0 {
		return
	}
	if err := w.e.sql.TrialEnd(ctx, enginedb.TrialEndParams{Consumer: consumerCommands, Slots: slots, Owner: w.e.id}); err != nil {
		w.unproved(ctx, err)
		return
	}
	for _, slot := range slots {
		delete(w.proof, slot)
	}
	if len(w.proof) == 0 {
		clear(w.counted)
	}
}

// suspect sets lanes apart whose first command may be what ends processes, and
// chooses the one to be tried now; nil: none.
func (w *worker) suspect(ready []*lane) (others []*lane, first *lane) {
	if len(w.proof) == 0 {
		return ready, nil
	}
	for _, l := range ready {
		row := l.waiting[0].row
		switch p, ok := w.proof[row.Slot]; {
		case !ok || !p.careful || row.Seq > p.upto:
			others = append(others, l)
		case first == nil: // they come in the order of seq
			first = l
		}
	}
	return others, first
}

// try decides the lane's first command alone, with the try counted before.
func (w *worker) try(ctx context.Context, l *lane) {
	select {
	case w.e.danger <- struct{}{}:
		defer func() { <-w.e.danger }()
	default: // a message is tried that may end the process, too
		l.notBefore = time.Now().Add(dangerPause)
		return
	}
	o := l.waiting[0]
	if err := w.count(ctx, o); err != nil {
		l.notBefore = time.Now().Add(100 * time.Millisecond)
		w.unproved(ctx, err)
		return
	}
	if o.tries >= mostTries {
		w.giveUp(l, o)
		return
	}
	if actor, ok := w.e.actorOf(l.name); ok && actor.Boundary != nil {
		w.decideBounded(ctx, []*lane{l})
	} else if w.loadStates(ctx, []*lane{l}) {
		w.e.sequencer.submit(w.decideLane(l, time.Now(), 1)...)
	}
}

// count counts a try of the command before it begins. One that only conflicts, or
// has to wait for the database, is no other try.
func (w *worker) count(ctx context.Context, o *order) error {
	counted := w.counted[o.row.ID]
	o.tries = max(o.tries, counted-1)
	if counted > o.tries {
		return nil
	}
	tries, err := w.e.sql.TrialBegin(ctx, enginedb.TrialBeginParams{ID: o.row.ID, Slot: o.row.Slot})
	if err == nil {
		w.counted[o.row.ID], o.tries = int(tries), int(tries)-1
	}
	return err
}

// giveUp fails a command whose every try ended with its process.
func (w *worker) giveUp(l *lane, o *order) {
	l.waiting = l.waiting[1:]
	l.flying++
	var e *entry
	if o.tries < 2*mostTries {
		e = w.failure(o, errDied)
	} else { // so did the answers to that
		e = w.failed(o, errDied)
	}
	w.e.sequencer.submit(e)
}
