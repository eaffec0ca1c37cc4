package postgres

import "sync"

// queue gathers what callers hand in while the last batch is being written.
// One goroutine writes, started by whoever finds none; it ends when nothing is
// left, so an idle queue costs nothing.
type queue[T any] struct {
	flush func() // writes one batch, which it gets by take

	mu      sync.Mutex
	waiting []T
	busy    bool
	closed  bool
	running sync.WaitGroup
}

// add hands in work, in order. It says false, and takes nothing, after close.
func (q *queue[T]) add(work ...T) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	q.waiting = append(q.waiting, work...)
	if !q.busy && len(q.waiting) > 0 {
		q.busy = true
		q.running.Go(q.run)
	}
	return true
}

func (q *queue[T]) run() {
	for q.more() {
		q.flush()
	}
}

func (q *queue[T]) more() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.busy = len(q.waiting) > 0
	return q.busy
}

// take removes the work at the front for as long as it fits.
func (q *queue[T]) take(fits func(T) bool) []T {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := 0
	for n < len(q.waiting) && fits(q.waiting[n]) {
		n++
	}
	taken := q.waiting[:n:n]
	q.waiting = q.waiting[n:]
	if len(q.waiting) == 0 {
		q.waiting = nil
	}
	return taken
}

func (q *queue[T]) length() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting)
}

// close takes no more work, and returns when what was handed in is done with.
func (q *queue[T]) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.running.Wait()
}
