package postgres

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// applied knows how far each projection is known to have come: to where all of
// its slots are. It only lags.
type applied struct {
	changed signal
	mu      sync.Mutex
	reached map[string]*reached
}

// reached is how far a projection is known to have come.
type reached struct {
	position int64
	slots    map[int32]int64
	total    int32 // slots, when these were told
}

func newApplied() *applied { return &applied{reached: map[string]*reached{}} }

func (a *applied) of(name string) *reached {
	if a.reached[name] == nil {
		a.reached[name] = &reached{}
	}
	return a.reached[name]
}

// reach takes in that slots of total have come to a position.
func (a *applied) reach(name string, slots []int32, total int32, position int64) {
	a.mu.Lock()
	at := a.of(name)
	if at.total != total {
		at.total, at.slots = total, map[int32]int64{}
	}
	for _, n := range slots {
		at.slots[n] = max(at.slots[n], position)
	}
	all := position
	for n := range total {
		all = min(all, at.slots[n])
	}
	a.raise(at, all)
}

// reachAll takes in that every slot has come to a position.
func (a *applied) reachAll(name string, position int64) {
	a.mu.Lock()
	a.raise(a.of(name), position)
}

// raise unlocks, and tells who waits.
func (a *applied) raise(at *reached, position int64) {
	news := position > at.position
	at.position = max(at.position, position)
	a.mu.Unlock()
	if news {
		a.changed.broadcast()
	}
}

// reset forgets how far projections came: their log is another one.
func (a *applied) reset() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.reached)
}

func (a *applied) has(name string, position int64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.of(name).position >= position
}

// Projected implements engine.Client. An unknown projection is an ErrNotFound.
func (e *Engine) Projected(ctx context.Context, projection string, position int64) error {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		news := e.applied.changed.next()
		if e.applied.has(projection, position) {
			return nil
		}
		timer := time.NewTimer(wait)
		select {
		case <-news:
			timer.Stop()
			continue
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("wait for %s at %d: %w", projection, position, ctx.Err())
		case <-timer.C:
		}
		if err := e.lookApplied(ctx, projection); err != nil {
			return err
		}
	}
}

func (e *Engine) lookApplied(ctx context.Context, projection string) error {
	if _, ok := e.system.Projection(projection); !ok {
		return fmt.Errorf("projection %q: %w", projection, engine.ErrNotFound)
	}
	position, err := enginedb.New(e.reads).SlotPosition(ctx, enginedb.SlotPositionParams{Consumer: projection})
	if err == nil {
		e.applied.reachAll(projection, position)
	} else if !surroundings(err) {
		return fault(ctx, err, "position of %s", projection)
	}
	return nil
}
