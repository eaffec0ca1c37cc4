package postgres

import (
	"context"
	"sync"
	"time"
)

// turn is a loop's place in the line of those that try what may end the process.
// Consumers wait there; the loop goes on with other lanes meanwhile.
type turn struct {
	waiting sync.WaitGroup
	mu      sync.Mutex
	asked   bool
	free    func() // gives the turn to the next; nil: it is not ours
	since   time.Time
}

// take says whether it is this loop's turn; else the loop is rung when it is.
func (t *turn) take(ctx context.Context, w *worker) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.free == nil && !t.asked {
		t.asked = true
		t.waiting.Go(func() {
			free, _ := w.e.dangerous(ctx) // nil: the loop ends
			t.mu.Lock()
			t.asked, t.free, t.since = false, free, time.Now()
			t.mu.Unlock()
			w.results.ring()
		})
	}
	return t.free != nil
}

// give ends the turn, if it is ours.
func (t *turn) give() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.free != nil {
		t.free()
		t.free = nil
	}
}

// unused ends a turn that nothing came to be tried in.
func (t *turn) unused() {
	t.mu.Lock()
	idle := t.free != nil && time.Since(t.since) > 5*dangerPause
	t.mu.Unlock()
	if idle {
		t.give()
	}
}
