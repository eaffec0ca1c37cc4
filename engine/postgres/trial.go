package postgres

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// A decider may end its process: by os.Exit, a stack overflow, all the memory
// there is. The process leaves no word of which command it was at, and a word
// before each decision would cost as much as the decision. So the first time only
// the slot remembers that its owner died. When the next one dies, too, before what
// waited in the slot is worked off, the one after it counts the tries of these
// commands before they begin, of many in one statement. When that one dies, the few
// that were being tried are known: from then on they are tried one at a time, and
// nothing else is held up. A command that used up its tries so is given up.

const (
	carefulAfter = 2                // deaths of a slot's owners in a row
	trialRounds  = 4                // takeovers from one that counts all that waits to the next
	trialMost    = 256              // commands whose tries are counted in one statement
	noDirect     = 10 * time.Second // after a death commands wait in the inbox, where tries can be counted
	dangerPause  = 20 * time.Millisecond
)

// proof is what waited in a slot when it was taken over from an owner that died:
// the commands up to a number.
type proof struct {
	upto    int64
	careful bool
	all     bool // each of them may be it; else those that were being tried
}

// proofs is what a deciding loop knows of commands that may end its process.
type proofs struct {
	proof   map[int32]proof    // by slot
	tried   map[uuid.UUID]bool // commands of which a try began that did not end
	counted map[uuid.UUID]int  // tries of commands that were counted, with those of dead processes
}

func newProofs() proofs {
	return proofs{proof: map[int32]proof{}, tried: map[uuid.UUID]bool{}, counted: map[uuid.UUID]int{}}
}

// proving looks at the slots that were taken over from owners that died; false:
// it could not, and what waits in them must not be taken yet.
func (w *worker) proving(ctx context.Context) bool {
	w.mu.Lock()
	died := w.died
	w.died = deaths{}
	w.mu.Unlock()
	if len(died) == 0 {
		return true
	}
	err := w.prove(ctx, died)
	if err != nil {
		w.mu.Lock()
		maps.Copy(w.died, died)
		w.mu.Unlock()
		w.unproved(ctx, err)
	}
	return err == nil
}

func (w *worker) prove(ctx context.Context, died deaths) error {
	upto, err := w.e.sql.TrialUpto(ctx)
	if err != nil {
		return err
	}
	tried, err := w.e.sql.TrialList(ctx, enginedb.TrialListParams{Slots: slices.Collect(maps.Keys(died))})
	if err != nil {
		return err
	}
	for _, id := range tried {
		w.tried[id] = true
	}
	for slot, n := range died {
		w.proof[slot] = proof{upto: upto, careful: n >= carefulAfter, all: (n-carefulAfter)%trialRounds == 0}
	}
	return nil
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
	for _, seq := range w.known {
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
		w.unsuspect()
	}
}

// unsuspect forgets what was known of commands that may end the process.
func (w *worker) unsuspect() {
	clear(w.proof)
	clear(w.tried)
	clear(w.counted)
}

// suspects are the first commands of a lane that may be what ends processes.
type suspects struct {
	lane   *lane
	orders []*order
}

// suspect sets lanes apart whose first command may be what ends processes, and
// chooses what is to be tried now: one that was being tried when a process died, or
// many of which that is not known.
func (w *worker) suspect(ready []*lane) (others []*lane, now []suspects) {
	if len(w.proof) == 0 {
		return ready, nil
	}
	room, single := trialMost, []suspects(nil)
	for _, l := range ready { // in the order of seq
		n, all := w.dubious(l)
		switch {
		case n == 0:
			others = append(others, l)
		case !all && single == nil:
			single = []suspects{{l, l.waiting[:1]}}
		case all && room > 0:
			n = min(n, room)
			room -= n
			now = append(now, suspects{l, slices.Clone(l.waiting[:n])})
		}
	}
	if single != nil {
		return others, single
	}
	return others, now
}

// dubious says how many of a lane's first commands may be it. all: nobody knows
// which of those that waited.
func (w *worker) dubious(l *lane) (n int, all bool) {
	p := w.proof[l.waiting[0].row.Slot]
	if !p.careful || l.waiting[0].row.Seq > p.upto || !p.all && !w.tried[l.waiting[0].row.ID] {
		return 0, false
	}
	for n < min(len(l.waiting), chainMost) && l.waiting[n].row.Seq <= p.upto {
		n++
	}
	return n, p.all
}

// try decides the first commands of lanes, with their tries counted before.
func (w *worker) try(ctx context.Context, list []suspects) {
	if !w.turn.take(ctx, w) {
		postpone(list, dangerPause)
		return
	}
	defer w.turn.give()
	if err := w.count(ctx, list); err != nil {
		postpone(list, 100*time.Millisecond)
		w.unproved(ctx, err)
		return
	}
	var lanes []*lane
	most := map[*lane]int{}
	for _, s := range list {
		spent := slices.IndexFunc(s.orders, func(o *order) bool { return o.tries >= mostTries })
		if spent == 0 {
			w.giveUp(s.lane, s.orders[0])
			continue
		}
		if lanes = append(lanes, s.lane); spent < 0 {
			spent = len(s.orders)
		}
		most[s.lane] = spent
	}
	plain, bounded := w.split(lanes)
	w.decideBounded(ctx, bounded)
	if len(plain) == 0 || !w.loadStates(ctx, plain) {
		return
	}
	var entries []*entry
	for _, l := range plain {
		entries = append(entries, w.decideLane(l, time.Now(), most[l])...)
	}
	w.e.sequencer.submit(entries...)
}

func postpone(list []suspects, by time.Duration) {
	for _, s := range list {
		s.lane.notBefore = time.Now().Add(by)
	}
}

// count counts tries before they begin. A try that only conflicts, or has to wait
// for the database, is no other one.
func (w *worker) count(ctx context.Context, list []suspects) error {
	var p enginedb.TrialBeginParams
	for _, s := range list {
		for _, o := range s.orders {
			counted := w.counted[o.row.ID]
			if o.tries = max(o.tries, counted-1); counted <= o.tries {
				p.Ids, p.Slots = append(p.Ids, o.row.ID), append(p.Slots, o.row.Slot)
			}
		}
	}
	if len(p.Ids) == 0 {
		return nil
	}
	rows, err := w.e.sql.TrialBegin(ctx, p)
	if err != nil {
		return err
	}
	for _, row := range rows {
		w.counted[row.ID] = int(row.Tries)
	}
	for _, s := range list {
		for _, o := range s.orders {
			o.tries = max(o.tries, w.counted[o.row.ID]-1)
		}
	}
	return nil
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
