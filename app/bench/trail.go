package bench

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/measure"
)

// trail remembers the way of each command from the click to the page.
type trail struct {
	mu   sync.Mutex
	ways map[uuid.UUID]way
}

// way is when the command's event was stored, and when the first page that shows it
// was begun and was sent.
type way struct{ stored, begun, sent time.Time }

func newTrail() *trail { return &trail{ways: map[uuid.UUID]way{}} }

// Trace implements engine.Tracer.
func (t *trail) Trace(_ context.Context, s engine.Step) {
	t.mu.Lock()
	defer t.mu.Unlock()
	w := t.ways[s.Correlation]
	switch {
	case s.Kind == engine.StepStore && w.stored.IsZero():
		w.stored = s.End
	case s.Kind == engine.StepPatch && w.sent.IsZero():
		w.begun, w.sent = s.Start, s.End
	default:
		return
	}
	t.ways[s.Correlation] = w
}

// slow says where the time of slow clicks went, by the median of each part.
func (t *trail) slow(clicks []click) string {
	var stores, wakes, shows []float64
	for _, c := range clicks {
		store, wake, show := t.of(c)
		stores, wakes, shows = append(stores, inMs(store)), append(wakes, inMs(wake)), append(shows, inMs(show))
	}
	return fmt.Sprintf("the slowest took %.1f ms to store, %.1f to wake the page, %.1f to show it",
		measure.SpreadOf(stores).Median, measure.SpreadOf(wakes).Median, measure.SpreadOf(shows).Median)
}

// of is how long each part of a click took: until its event was stored, until its
// page was begun, and until the browser had that.
func (t *trail) of(c click) (store, wake, show time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	w := t.ways[c.command]
	return w.stored.Sub(c.start), w.begun.Sub(w.stored), c.start.Add(c.took).Sub(w.begun)
}
