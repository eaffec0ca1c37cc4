package postgres

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// applied knows how far each projection is known to have come. It only lags.
type applied struct {
	changed signal
	mu      sync.Mutex
	reached map[string]int64
}

func newApplied() *applied { return &applied{reached: map[string]int64{}} }

func (a *applied) reach(name string, position int64) {
	a.mu.Lock()
	news := position > a.reached[name]
	if news {
		a.reached[name] = position
	}
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
	return a.reached[name] >= position
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
		e.applied.reach(projection, position)
	} else if !surroundings(err) {
		return fault(ctx, err, "position of %s", projection)
	}
	return nil
}
