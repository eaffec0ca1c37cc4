package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// runner works on slots of one consumer that this process owns: it takes what
// concerns them from the log, in order, has it handled, and commits the effects
// with the checkpoint. One goroutine runs it; duty tells it by own what it owns.
type runner struct {
	e       *Engine
	c       *consumer
	name    string // of its loop: the consumer's, with the slot where there is one for each
	handler handler
	wake    bell

	mu     sync.Mutex // orders
	wanted []int32
	moved  bool // the slots that it owns changed
	died   deaths
	anew   bool // what is remembered is of another log
	due    bool // held keys are due
	paused bool

	commits sync.Mutex // a transaction that moves checkpoints, or a flush of idle ones
	slots   map[int32]*slot
	total   int32           // slots of the consumer
	barrier int64           // not to be passed; -1: none
	held    map[string]bool // keys whose messages are not taken from the log
	careful int             // messages to take one at a time, each try recorded first
	batch   int             // messages taken at a time
	stale   bool            // what is known of the slots is to be read anew
	start   *start          // of folding a reactor's states anew; nil: they are up to date
}

// slot is a slot that a runner owns.
type slot struct {
	number   int32
	fence    int64
	position int64     // handled up to here
	last     uuid.UUID // of the event there, when it is not the checkpoint
	written  int64     // checkpoint in the database
	rebuilt  int64     // states are folded up to here; -1: they are up to date
}

// Bounds of what is handled before the next commit. It adapts to how long
// handlers take: work that is lost with the process is repeated.
const (
	batchFirst   = 32
	batchMost    = 512
	batchQuick   = 100 * time.Millisecond
	batchSlow    = 500 * time.Millisecond
	carefulMost  = 64
	behindMost   = 10 * page // of a checkpoint that moves without work
	runnerLinger = 1500 * time.Millisecond
)

// own says which slots are the runner's. died are those whose owner was lost.
func (r *runner) own(slots []int32, fresh bool, died deaths, paused bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if fresh || !slices.Equal(slots, r.wanted) {
		r.moved = true
	}
	maps.Copy(r.died, died)
	if r.moved || paused != r.paused {
		r.wake.ring()
	}
	r.wanted, r.paused = slots, paused
}

// restart lets the runner forget what it knows: the log is another one.
func (r *runner) restart() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.anew, r.moved = true, true
	r.wake.ring()
}

// nudge says that held keys are due.
func (r *runner) nudge() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.due = true
	r.wake.ring()
}

// run works until ctx ends or no slot is left.
func (r *runner) run(ctx context.Context) {
	health := r.e.health.begin(r.name, 0)
	defer health.end()
	defer r.leaveRefold(ctx)
	for wait := 100 * time.Millisecond; ctx.Err() == nil; {
		news := r.e.tail.changed.next()
		worked, err := r.step(ctx)
		switch {
		case errors.Is(err, errLeft):
			return
		case errors.Is(err, errFenced):
			r.stale = true
			r.e.log.Info("slots moved to another process", "consumer", r.c.name)
			pause(ctx, 20*time.Millisecond)
		case isGivenUp(err):
			health.fails(err)
			r.restGivenUp(ctx, err)
		case err != nil && !ended(ctx, err):
			r.stale = true
			r.e.log.Warn("consumer is tried again", "consumer", r.c.name, "error", err)
			health.fails(err)
			pause(ctx, wait)
			wait = min(2*wait, 5*time.Second)
		case err == nil:
			health.works()
			wait = 100 * time.Millisecond
			if !worked {
				r.rest(ctx, news)
			}
		}
	}
}

func (r *runner) rest(ctx context.Context, news <-chan struct{}) {
	select {
	case <-ctx.Done():
	case <-news:
	case <-r.wake:
	}
}

// errLeft ends a runner without slots.
var errLeft = errors.New("no slot is left")

// step does one piece of work: false when there is none.
func (r *runner) step(ctx context.Context) (worked bool, err error) {
	r.mu.Lock()
	wanted, moved, died, due, paused, anew := r.wanted, r.moved, r.died, r.due, r.paused, r.anew
	r.moved, r.due, r.died, r.anew = false, false, deaths{}, false
	r.mu.Unlock()
	if anew {
		r.renew()
	}
	if moved || r.stale {
		if err := r.reload(ctx, wanted, died); err != nil {
			r.mu.Lock()
			r.moved, r.due = true, r.due || due
			maps.Copy(r.died, died)
			r.mu.Unlock()
			return false, err
		}
		due = true
	}
	if len(r.slots) == 0 {
		return false, errLeft
	}
	if paused {
		return false, nil
	}
	if rebuilding := r.rebuilding(); len(rebuilding) > 0 {
		return true, r.rebuild(ctx, rebuilding)
	}
	if due && len(r.held) > 0 {
		more, err := r.retry(ctx)
		if err != nil || more {
			r.nudge()
		}
		if err != nil {
			return false, err
		}
	}
	return r.follow(ctx)
}

// renew forgets what another log led to.
func (r *runner) renew() {
	r.commits.Lock()
	defer r.commits.Unlock()
	for _, s := range r.slots {
		s.position = s.written
	}
	r.handler, r.stale = newHandler(r.e, r.c), true
}

// reload reads what is true of the slots, and gives back those that are not
// wanted any more.
func (r *runner) reload(ctx context.Context, wanted []int32, died deaths) error {
	r.commits.Lock()
	defer r.commits.Unlock()
	if gone := r.unwanted(wanted); len(gone) > 0 {
		if err := r.e.sql.SlotRelease(ctx, enginedb.SlotReleaseParams{Owner: r.e.id, Consumer: r.c.name, Slots: gone}); err != nil {
			return err
		}
	}
	if r.stale { // a commit whose answer was lost must not come after what is read now
		if err := r.e.sql.SlotRenew(ctx, enginedb.SlotRenewParams{Consumer: r.c.name, Owner: r.e.id, Slots: wanted}); err != nil {
			return err
		}
	}
	rows, err := r.e.sql.SlotLoad(ctx, enginedb.SlotLoadParams{Consumer: r.c.name, Owner: r.e.id, Slots: wanted})
	if err != nil {
		return err
	}
	keys, err := r.e.sql.HeldKeys(ctx, enginedb.HeldKeysParams{Consumer: r.c.name, Slots: wanted})
	if err != nil {
		return err
	}
	slots := make(map[int32]*slot, len(rows))
	for _, row := range rows {
		s := &slot{number: row.Slot, fence: row.Fence, position: row.Position, written: row.Position, rebuilt: row.Rebuilt}
		// What was passed over without a checkpoint need not be looked at again.
		if old := r.slots[row.Slot]; old != nil && old.fence == s.fence && old.written == s.written {
			s.position, s.last = old.position, old.last
		}
		slots[row.Slot] = s
		r.total, r.barrier = row.Slots, row.Barrier
	}
	r.slots, r.stale = slots, false
	r.held = make(map[string]bool, len(keys))
	for _, key := range keys {
		r.held[key] = true
	}
	r.handler.forget()
	for n := range died {
		if slots[n] != nil {
			r.careful, r.batch = carefulMost, batchFirst
		}
	}
	r.report()
	return nil
}

func (r *runner) unwanted(wanted []int32) []int32 {
	var gone []int32
	for n := range r.slots {
		if !slices.Contains(wanted, n) {
			gone = append(gone, n)
		}
	}
	return gone
}

// report tells how far a projection has come, here and elsewhere. While its only
// key is held, it has not.
func (r *runner) report() {
	if r.c.projection == nil || len(r.slots) == 0 || r.held[""] {
		return
	}
	position := int64(1<<63 - 1)
	numbers := make([]string, 0, len(r.slots))
	for n, s := range r.slots {
		position = min(position, s.position)
		numbers = append(numbers, strconv.Itoa(int(n)))
	}
	slices.Sort(numbers)
	list := strings.Join(numbers, ",")
	r.e.applied.reach(r.c.name, slices.Collect(maps.Keys(r.slots)), r.total, position)
	r.e.notices.send(noticeProjected, fmt.Sprintf("%s %d %d %s %s", r.c.name, position, r.total, list, r.e.epochs.now().Epoch))
}

// idle lists the checkpoints that lag behind what was passed over. Until done is
// called, the runner does not move them.
func (r *runner) idle() (list []*slot, done func()) {
	if !r.commits.TryLock() {
		return nil, func() {}
	}
	for _, s := range r.slots {
		if s.written < s.position {
			list = append(list, s)
		}
	}
	return list, r.commits.Unlock
}

// newRunner makes a runner without slots.
func newRunner(e *Engine, c *consumer, name string) *runner {
	r := &runner{e: e, c: c, name: name, handler: newHandler(e, c), wake: newBell(), died: deaths{}, barrier: -1, batch: batchFirst,
		slots: map[int32]*slot{}, held: map[string]bool{}}
	if c.projection != nil {
		r.batch = page
	}
	return r
}

func newHandler(e *Engine, c *consumer) handler {
	if c.projection != nil {
		return &projecting{e: e, c: c, fold: folding(c.projection)}
	}
	return newReacting(e, c)
}
