package postgres

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

const (
	beatEvery   = 500 * time.Millisecond // a lease lasts four beats: see SlotSteal
	leaveWithin = 2 * time.Second
)

// duty keeps this process's heartbeat, takes its share of the slots, and runs
// the loops that work on them.
type duty struct {
	e          *Engine
	info       []byte
	projectors map[string]*posted
	running    sync.WaitGroup
}

// posted is a projector that runs.
type posted struct {
	fence int64
	epoch int // that it works in, counted as the engine does
	stop  context.CancelFunc
	ended chan struct{}
}

func newDuty(e *Engine) *duty {
	host, _ := os.Hostname()
	info, _ := json.Marshal(map[string]any{"host": host, "pid": os.Getpid(), "roles": e.cfg.Roles})
	return &duty{e: e, info: info, projectors: map[string]*posted{}}
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
	err := d.e.sql.SlotReleaseAll(ctx, enginedb.SlotReleaseAllParams{Owner: d.e.id})
	if err == nil {
		err = d.e.sql.WorkerLeave(ctx, enginedb.WorkerLeaveParams{ID: d.e.id})
	}
	if err != nil {
		d.e.log.Warn("slots were not given back: another process takes them when the lease is over", "error", err)
	}
	for _, w := range d.e.workers {
		w.own(nil)
	}
}

// beat says that this process lives, and evens out the slots.
func (d *duty) beat(working context.Context) error {
	ctx, cancel := context.WithTimeout(working, 2*time.Second)
	defer cancel()
	if err := d.e.sql.WorkerBeat(ctx, enginedb.WorkerBeatParams{ID: d.e.id, Info: d.info}); err != nil {
		return err
	}
	alive, err := d.e.sql.WorkerCount(ctx)
	if err != nil {
		return err
	}
	owned, err := d.e.sql.SlotOwned(ctx, enginedb.SlotOwnedParams{Owner: d.e.id})
	if err != nil {
		return err
	}
	owned, err = d.even(ctx, owned, int(max(alive, 1)))
	d.assign(working, owned)
	return err
}

// even takes free slots up to this process's share, and gives up what is above
// it: the inbox's slots and the projections, each on its own.
func (d *duty) even(ctx context.Context, owned []enginedb.SlotOwnedRow, alive int) ([]enginedb.SlotOwnedRow, error) {
	projections := d.e.system.Projections()
	keys := make([]string, len(projections))
	for i, p := range projections {
		keys[i] = p.Name + " " + p.Hash
	}
	commands := func(s enginedb.SlotOwnedRow) bool { return s.Consumer == consumerCommands }
	kept, err := d.share(ctx, filter(owned, commands), []string{consumerCommands + " "}, commandSlots, alive)
	if err != nil {
		return owned, err
	}
	rest := func(s enginedb.SlotOwnedRow) bool { return s.Consumer != consumerCommands }
	more, err := d.share(ctx, filter(owned, rest), keys, len(projections), alive)
	return append(kept, more...), err
}

func (d *duty) share(ctx context.Context, mine []enginedb.SlotOwnedRow, keys []string, all, alive int) ([]enginedb.SlotOwnedRow, error) {
	fair := (all + alive - 1) / alive
	for len(mine) > fair {
		last := mine[len(mine)-1]
		err := d.e.sql.SlotRelease(ctx, enginedb.SlotReleaseParams{Owner: d.e.id, Consumer: last.Consumer, Slots: []int32{last.Slot}})
		if err != nil {
			return mine, err
		}
		mine = mine[:len(mine)-1]
	}
	if len(mine) == fair || len(keys) == 0 {
		return mine, nil
	}
	stolen, err := d.e.sql.SlotSteal(ctx, enginedb.SlotStealParams{Owner: d.e.id, Consumers: keys, Most: int32(fair - len(mine))})
	for _, s := range stolen {
		mine = append(mine, enginedb.SlotOwnedRow(s))
	}
	return mine, err
}

// assign lets the loops work on what is owned now, and ends projectors whose
// slot was lost.
func (d *duty) assign(ctx context.Context, owned []enginedb.SlotOwnedRow) {
	var slots []int32
	fences := map[string]enginedb.SlotOwnedRow{}
	for _, s := range owned {
		if s.Consumer == consumerCommands {
			slots = append(slots, s.Slot)
		} else {
			fences[s.Consumer] = s
		}
	}
	slices.Sort(slots)
	for _, w := range d.e.workers {
		w.own(slots)
	}
	for name, running := range d.projectors {
		if s, ok := fences[name]; !ok || s.Fence != running.fence || running.epoch != d.e.epochs.now().Changes {
			running.stop()
		}
		select {
		case <-running.ended:
			delete(d.projectors, name)
		default:
		}
	}
	for _, p := range d.e.system.Projections() {
		if s, ok := fences[p.Name]; ok && d.projectors[p.Name] == nil {
			d.post(ctx, p, s)
		}
	}
}

func (d *duty) post(ctx context.Context, p *engine.Projection, s enginedb.SlotOwnedRow) {
	ctx, stop := context.WithCancel(ctx)
	running := &posted{fence: s.Fence, epoch: d.e.epochs.now().Changes, stop: stop, ended: make(chan struct{})}
	d.projectors[p.Name] = running
	run := &projector{e: d.e, p: p, fence: s.Fence, position: s.Position, written: s.Position}
	d.running.Go(func() {
		defer close(running.ended)
		defer stop()
		run.run(ctx)
	})
}

func filter[T any](list []T, keep func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(list), func(x T) bool { return !keep(x) })
}
