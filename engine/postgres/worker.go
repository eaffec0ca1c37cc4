package postgres

import (
	"context"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

const (
	takeMost   = 512                    // commands taken in one read
	holdMost   = 1_024                  // commands in hand
	inboxPoll  = 500 * time.Millisecond // when nothing is heard
	lowTrail   = 1 * time.Second        // how long late commits are looked for in every read
	lowLook    = 50 * time.Millisecond  // from one look at who still writes to the next
	lowSweep   = 5 * time.Second        // when the whole inbox is looked at
	drainGrace = 5 * time.Second        // for what is in hand when the loop ends
)

// worker is one deciding loop: it takes the commands of its hash slots, decides
// them in memory, and hands the decisions of many streams to the sequencer at
// once. One goroutine runs it; what is below mu is shared.
type worker struct {
	e       *Engine
	index   int
	wake    bell
	results bell
	cache   *cache
	health  *loop

	lanes map[string]*lane
	known map[uuid.UUID]int64 // the commands in hand, with their seq
	tags  map[string]bool     // of the commands that are being decided over a boundary
	low   watermark
	due   time.Time // when to read the inbox without being woken
	more  bool      // the inbox holds more than is in hand
	seen  []int32   // the slots of the last read
	proofs
	turn turn

	mu      sync.Mutex
	running bool
	offered []*order // direct ones
	landed  []landing
	slots   []int32             // that this loop owns
	died    deaths              // slots whose owner before did, not looked at yet
	direct  map[int32]time.Time // when commands may skip the inbox again, by slot
	anew    bool                // what is remembered is of another log
}

// landing is an order with the sequencer's verdict.
type landing struct {
	order   *order
	entry   *entry
	verdict verdict
}

func newWorker(e *Engine, index int) *worker {
	return &worker{e: e, index: index, wake: newBell(), results: newBell(), cache: newCache(e.cfg.CacheStreams),
		lanes: map[string]*lane{}, known: map[uuid.UUID]int64{}, tags: map[string]bool{},
		proofs: newProofs(), died: deaths{}, direct: map[int32]time.Time{}}
}

// own tells the loop which of the process's slots are its, and how often owners of
// those that are new to it died.
func (w *worker) own(slots []int32, died deaths) {
	mine := slices.DeleteFunc(slices.Clone(slots), func(s int32) bool { return int(s)%w.e.cfg.Workers != w.index })
	w.mu.Lock()
	changed := !slices.Equal(w.slots, mine)
	w.slots = mine
	for _, slot := range mine {
		if n := died[slot]; n > 0 {
			w.died[slot], w.direct[slot] = n, time.Now().Add(noDirect)
		}
	}
	w.mu.Unlock()
	if changed {
		w.wake.ring()
	}
}

func (w *worker) owned() []int32 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.slots
}

// restart lets the loop forget what it knows before it goes on.
func (w *worker) restart() {
	w.mu.Lock()
	w.anew = true
	w.mu.Unlock()
	w.wake.ring()
}

// renew forgets what another log led to. What the sequencer has in hand comes
// back with the verdict that this log gives.
func (w *worker) renew() {
	w.mu.Lock()
	anew := w.anew
	w.anew = false
	w.mu.Unlock()
	if !anew {
		return
	}
	w.forget(nil)
	w.cache = newCache(w.e.cfg.CacheStreams)
	w.low = watermark{}
	w.unsuspect()
}

// run decides until ctx ends, then waits for what the sequencer has in hand.
func (w *worker) run(ctx context.Context) {
	w.health = w.e.health.begin("commands "+strconv.Itoa(w.index), stuckAfter)
	defer w.health.end()
	w.opens(true)
	look := true
	for ctx.Err() == nil {
		w.health.turns()
		w.renew()
		if look || w.more && len(w.known) < holdMost {
			w.take(ctx)
		}
		w.settle()
		w.decide(ctx)
		look = w.await(ctx)
	}
	w.opens(false)
	w.drain()
	w.turn.waiting.Wait()
	w.turn.give()
}

// opens lets direct orders in, or no more.
func (w *worker) opens(open bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running = open
}

// offer hands in a direct order, if this loop decides about its stream and is not
// behind.
func (w *worker) offer(o *order) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.running || len(w.offered) >= takeMost || !slices.Contains(w.slots, o.row.Slot) || time.Now().Before(w.direct[o.row.Slot]) {
		return false
	}
	w.offered = append(w.offered, o)
	w.results.ring()
	return true
}

// await waits for something to do, and says whether the inbox is to be read.
func (w *worker) await(ctx context.Context) (look bool) {
	timer := time.NewTimer(time.Until(w.next()))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-w.results:
		runtime.Gosched() // others are about to hand in more: together is cheaper
	case <-w.wake:
		return true
	case <-timer.C:
		return !time.Now().Before(w.due)
	}
	return false
}

// next is when the loop has something to do by itself.
func (w *worker) next() time.Time {
	at := w.due
	for _, l := range w.lanes {
		if l.ready() && !l.blocked && l.notBefore.Before(at) {
			at = l.notBefore
		}
	}
	return at
}

// take reads commands that are not in hand yet, as many as may be.
func (w *worker) take(ctx context.Context) {
	now := time.Now()
	w.due = now.Add(inboxPoll)
	owned := w.owned()
	if !slices.Equal(owned, w.seen) {
		w.forget(owned)
		w.low.reset()
		w.seen = owned
	}
	if w.more = len(w.known) >= holdMost; w.more || len(owned) == 0 || !w.proving(ctx) {
		return
	}
	known := slices.AppendSeq(make([]uuid.UUID, 0, len(w.known)), maps.Keys(w.known)) // nil would be NULL
	gone := w.low.trails(now) && w.gone(ctx)
	low := w.low.at(now)
	rows, err := w.e.sql.InboxTake(ctx, enginedb.InboxTakeParams{Low: low, Slots: owned, Known: known, Most: takeMost})
	if err != nil {
		if !ended(ctx, err) {
			w.e.log.Warn("reading the inbox is tried again", "error", err)
			w.health.fails(err)
			w.due = now.Add(100 * time.Millisecond)
			w.low.reset() // if the server crashed, it gives numbers that it gave before
		}
		return
	}
	w.health.works()
	for i := range rows {
		w.low.saw(rows[i].Seq)
		w.known[rows[i].ID] = rows[i].Seq
		w.accept(&order{row: &rows[i]})
	}
	if w.more = len(rows) == takeMost; w.more && low == 0 {
		w.low.reset() // what comes next must not be read before what was left
	}
	if gone && !w.more {
		w.low.written = true
	}
	w.proved(ctx)
}

func (w *worker) accept(o *order) {
	l := w.lanes[o.row.Stream]
	if l == nil {
		l = &lane{name: o.row.Stream}
		w.lanes[o.row.Stream] = l
	}
	if time.Now().Before(l.notBefore) && !o.stays(errElsewhere) {
		return // it waits longer than who submitted it should
	}
	l.add(o)
}

// forget drops what waits in slots that were lost.
func (w *worker) forget(slots []int32) {
	for name, l := range w.lanes {
		if slices.Contains(slots, slotOf(name)) {
			continue
		}
		w.unload(l)
		w.tidy(l)
	}
}

// unload drops what waits in a lane. If it is ours the next read brings it again.
func (w *worker) unload(l *lane) {
	for _, o := range l.waiting {
		delete(w.known, o.row.ID)
		o.stays(errElsewhere)
	}
	l.waiting, l.astray = nil, false
	w.low.reset() // it may have been raised past them
}

func (w *worker) tidy(l *lane) {
	if l.flying == 0 && len(l.waiting) == 0 {
		delete(w.lanes, l.name)
	}
}

// drain waits for the verdicts that are still out: their commands are decided or
// stay in the inbox, but waiters here would like to know.
func (w *worker) drain() {
	deadline := time.NewTimer(drainGrace)
	defer deadline.Stop()
	for {
		w.settle()
		w.forget(nil)
		if !slices.ContainsFunc(w.laneList(), func(l *lane) bool { return l.flying > 0 }) {
			return
		}
		select {
		case <-w.results:
		case <-deadline.C:
			return
		}
	}
}

func (w *worker) laneList() []*lane {
	list := make([]*lane, 0, len(w.lanes))
	for _, l := range w.lanes {
		list = append(list, l)
	}
	return list
}
