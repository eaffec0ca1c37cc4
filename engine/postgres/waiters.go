package postgres

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// waiters brings outcomes to those who wait for them: at once when this process
// decided, after a notice with one query for all when another did. Whoever waits
// polls as well.
type waiters struct {
	sql  *enginedb.Queries
	wake bell

	mu      sync.Mutex
	running bool
	waiting map[uuid.UUID][]chan engine.Outcome
	recent  map[uuid.UUID]*engine.Outcome // submitted here; nil: not decided yet
	order   []uuid.UUID                   // of recent, oldest first
}

const (
	recentMost  = 4_096
	recentBytes = 4 << 10 // a larger outcome is read when it is asked for
)

func newWaiters(sql *enginedb.Queries) *waiters {
	return &waiters{sql: sql, wake: newBell(), waiting: map[uuid.UUID][]chan engine.Outcome{},
		recent: map[uuid.UUID]*engine.Outcome{}}
}

// expect remembers for a while that a command was submitted here: whoever waits
// for it can be told without a query, when this process decides it.
func (w *waiters) expect(id uuid.UUID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := w.recent[id]; ok {
		return
	}
	w.recent[id] = nil
	w.order = append(w.order, id)
	if len(w.order) > recentMost {
		delete(w.recent, w.order[0])
		w.order = w.order[1:]
	}
}

// reset forgets the outcomes of another log. Whoever waits goes on to, and looks.
func (w *waiters) reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.recent)
	w.order = nil
}

// ask gives the outcome if this process knows it, else how long its news may
// take before it is worth a query.
func (w *waiters) ask(id uuid.UUID) (known *engine.Outcome, patience time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	outcome, here := w.recent[id]
	if here && outcome == nil && w.running {
		return nil, 100 * time.Millisecond
	}
	return outcome, 0
}

// register returns a channel that yields the outcome once, and a function that
// gives it up.
func (w *waiters) register(id uuid.UUID) (<-chan engine.Outcome, func()) {
	ch := make(chan engine.Outcome, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting[id] = append(w.waiting[id], ch)
	return ch, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		list := slices.DeleteFunc(w.waiting[id], func(c chan engine.Outcome) bool { return c == ch })
		if len(list) == 0 {
			delete(w.waiting, id)
			return
		}
		w.waiting[id] = list
	}
}

// tell hands an outcome to those who wait for it or may. make is only called
// when there are any.
func (w *waiters) tell(id uuid.UUID, make func() engine.Outcome) {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := w.waiting[id]
	_, recent := w.recent[id]
	if len(list) == 0 && !recent {
		return
	}
	delete(w.waiting, id)
	outcome := make()
	if recent && size(outcome) <= recentBytes {
		w.recent[id] = &outcome
	}
	for _, ch := range list {
		ch <- outcome // has room for the one
	}
}

func size(o engine.Outcome) int {
	n := len(o.Data) + len(o.Error)
	for _, e := range o.Events {
		n += len(e.Data)
	}
	return n
}

// poll is how long somebody who waits leaves it to others to bring the news.
func (w *waiters) poll() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.running {
		return 500 * time.Millisecond
	}
	return 20 * time.Millisecond
}

// run looks for the outcomes waited for after each notice, until ctx ends.
func (w *waiters) run(ctx context.Context) error {
	w.setRunning(true)
	defer w.setRunning(false)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-w.wake:
			_ = w.look(ctx) // they poll
		}
	}
}

func (w *waiters) setRunning(on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running = on
}

func (w *waiters) look(ctx context.Context) error {
	w.mu.Lock()
	ids := slices.Collect(maps.Keys(w.waiting))
	w.mu.Unlock()
	if len(ids) == 0 {
		return nil
	}
	found, err := findOutcomes(ctx, w.sql, ids)
	for _, o := range found {
		if o.Status.Final() {
			w.tell(o.ID, func() engine.Outcome { return o })
		}
	}
	return err
}
