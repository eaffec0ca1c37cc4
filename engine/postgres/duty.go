package postgres

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

const (
	beatEvery   = 500 * time.Millisecond // a lease lasts four beats: see SlotSteal
	idleBeats   = 2                      // from one checkpoint without work to the next
	sweepBeats  = 120                    // from one look for the rows of dead processes to the next
	leaveWithin = 2 * time.Second
)

// duty keeps this process's heartbeat, takes its share of the slots, and runs
// the loops that work on them.
type duty struct {
	e       *Engine
	info    []byte
	idents  []string // of the consumers, by which slots are taken
	runners map[string]*posted
	builds  map[string]bool // projections whose renewal was begun
	running sync.WaitGroup
	beats   int
	beaten  time.Time // the last time; zero: never
	slept   bool      // this process itself could not beat for about a lease
}

// deaths are how many owners of a slot in a row ended without giving it back and
// without working off what waited in it: 0 where it is not counted, as in slots that
// are not the inbox's.
type deaths map[int32]int

// posted is a runner that runs.
type posted struct {
	*runner
	fences map[int32]int64
	epoch  int // that it works in, counted as the engine does
	ended  chan struct{}
}

func newDuty(e *Engine) *duty {
	host, _ := os.Hostname()
	info, _ := json.Marshal(map[string]any{"host": host, "pid": os.Getpid(), "roles": e.cfg.Roles})
	d := &duty{e: e, info: info, runners: map[string]*posted{}, builds: map[string]bool{}, idents: []string{consumerCommands + " "}}
	for _, c := range e.consumers {
		d.idents = append(d.idents, c.ident())
	}
	return d
}

// run works until ctx ends, then gives every slot back so that another process
// need not wait for the lease.
func (d *duty) run(ctx context.Context) error {
	working, stop := context.WithCancel(ctx)
	for _, w := range d.e.workers {
		d.running.Go(func() { w.run(working) })
	}
	health := d.e.health.begin("duty", stuckAfter)
	defer health.end()
	ticker := time.NewTicker(beatEvery)
	defer ticker.Stop()
	for ctx.Err() == nil {
		if err := d.beat(ctx); err == nil {
			health.works()
		} else if !ended(ctx, err) {
			d.e.log.Warn("heartbeat is tried again", "error", err)
			health.fails(err)
		}
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
	stop()
	d.running.Wait()
	d.leave(context.WithoutCancel(ctx))
	return nil
}

func (d *duty) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, leaveWithin)
	defer cancel()
	d.flushIdle(ctx)
	err := d.e.sql.SlotReleaseAll(ctx, enginedb.SlotReleaseAllParams{Owner: d.e.id})
	if err == nil {
		err = d.e.sql.WorkerLeave(ctx, enginedb.WorkerLeaveParams{ID: d.e.id})
	}
	if err != nil {
		d.e.log.Warn("slots were not given back: another process takes them when the lease is over", "error", err)
	}
	for _, w := range d.e.workers {
		w.own(nil, nil)
	}
}

// beat says that this process lives, evens out the slots, and looks for what
// became due.
func (d *duty) beat(working context.Context) error {
	ctx, cancel := context.WithTimeout(working, 2*time.Second)
	defer cancel()
	if err := d.e.sql.WorkerBeat(ctx, enginedb.WorkerBeatParams{ID: d.e.id, Info: d.info, Consumers: d.idents}); err != nil {
		return err
	}
	d.slept = !d.beaten.IsZero() && time.Since(d.beaten) > 3*beatEvery
	d.beaten = time.Now()
	shares, err := d.e.sql.ConsumerShares(ctx)
	if err != nil {
		return err
	}
	owned, err := d.e.sql.SlotOwned(ctx, enginedb.SlotOwnedParams{Owner: d.e.id})
	if err != nil {
		return err
	}
	wanted, died, err := d.even(ctx, owned, d.able(shares))
	d.assign(working, wanted, died, shares)
	if err == nil {
		err = d.giveUp(ctx, owned, wanted)
	}
	if err != nil {
		return err
	}
	if d.beats++; d.beats%idleBeats == 0 {
		d.flushIdle(ctx)
		if err := d.e.sql.HandledForget(ctx); err != nil {
			return err
		}
	}
	if d.beats%sweepBeats == 1 {
		if err := d.e.sql.WorkerSweep(ctx); err != nil {
			return err
		}
	}
	d.resize(ctx, shares)
	d.renew(working, shares)
	return d.nudge(ctx)
}

// postOf names the loop of a slot: one for all slots of a projection, whose rows
// are written in bulk; one for each of an actor or reactor, whose handlers take
// their time.
func (d *duty) postOf(s enginedb.SlotOwnedRow) string {
	if c := d.consumer(s.Consumer); c != nil && c.projection == nil {
		return fmt.Sprintf("%s %d", s.Consumer, s.Slot)
	}
	return s.Consumer
}

func (d *duty) consumer(name string) *consumer {
	for _, c := range d.e.consumers {
		if c.name == name {
			return c
		}
	}
	return nil
}

func (d *duty) post(ctx context.Context, post string, list []enginedb.SlotOwnedRow, died deaths, paused bool) {
	c := d.consumer(list[0].Consumer)
	if c == nil {
		return
	}
	running := d.runners[post]
	if running == nil {
		running = &posted{runner: newRunner(d.e, c, post), fences: map[int32]int64{}, epoch: d.e.epochs.now().Changes, ended: make(chan struct{})}
		d.runners[post] = running
		defer d.running.Go(func() {
			defer close(running.ended)
			running.run(ctx)
		})
	}
	slices.SortFunc(list, func(a, b enginedb.SlotOwnedRow) int { return cmp.Compare(a.Slot, b.Slot) })
	fences := map[int32]int64{}
	fresh := false
	var slots []int32
	lost := deaths{}
	for _, s := range list {
		slots, fences[s.Slot] = append(slots, s.Slot), s.Fence
		fresh = fresh || running.fences[s.Slot] != s.Fence
		if n, ok := died[s.Slot]; ok {
			lost[s.Slot] = n
		}
	}
	if now := d.e.epochs.now().Changes; running.epoch != now {
		running.epoch = now
		running.restart()
	}
	running.fences = fences
	running.own(slots, fresh, lost, paused)
}

// giveUp releases slots of the inbox above this process's share; the consumers'
// are released by their runners.
func (d *duty) giveUp(ctx context.Context, owned, wanted []enginedb.SlotOwnedRow) error {
	var above []int32
	for _, s := range owned {
		if s.Consumer == consumerCommands && !slices.Contains(wanted, s) {
			above = append(above, s.Slot)
		}
	}
	if len(above) == 0 {
		return nil
	}
	return d.e.sql.SlotRelease(ctx, enginedb.SlotReleaseParams{Owner: d.e.id, Consumer: consumerCommands, Slots: above})
}

// flushIdle writes the checkpoints of all runners that only passed over events.
func (d *duty) flushIdle(ctx context.Context) {
	var p enginedb.SlotIdleParams
	bySlot := map[string]*slot{}
	for _, running := range d.runners {
		list, done := running.idle()
		defer done()
		for _, s := range list {
			p.Consumers, p.Slots = append(p.Consumers, running.c.name), append(p.Slots, s.number)
			p.Fences, p.Was, p.Positions = append(p.Fences, s.fence), append(p.Was, s.written), append(p.Positions, s.position)
			p.Lasts = append(p.Lasts, s.last)
			bySlot[fmt.Sprintf("%s %d", running.c.name, s.number)] = s
		}
	}
	if len(p.Slots) == 0 {
		return
	}
	moved, err := d.e.sql.SlotIdle(ctx, p)
	if err != nil && !ended(ctx, err) {
		d.e.log.Warn("writing checkpoints is tried again", "error", err)
	}
	for _, m := range moved {
		s := bySlot[fmt.Sprintf("%s %d", m.Consumer, m.Slot)]
		s.written = s.position
	}
}

// nudge tells the runners whose held keys are due.
func (d *duty) nudge(ctx context.Context) error {
	due, err := d.e.sql.HeldDue(ctx)
	for _, h := range due {
		if running := d.runners[d.postOf(enginedb.SlotOwnedRow{Consumer: h.Consumer, Slot: h.Slot})]; running != nil {
			running.nudge()
		}
	}
	return err
}

func filter[T any](list []T, keep func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(list), func(x T) bool { return !keep(x) })
}
