package postgres

import (
	"context"
	"sync"
	"testing"
	"time"
)

// Consumers that stand in the line for the one dangerous try of a process, again and
// again, do not keep a deciding loop from its turn.
func TestTurn_ComesInTheLine(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	w := &worker{e: &Engine{danger: make(chan struct{}, 1)}, results: newBell()}
	others, stop := context.WithCancel(ctx)
	var consumers sync.WaitGroup
	started := make(chan struct{}, 1)
	for range 4 {
		consumers.Go(func() {
			for {
				free, err := w.e.dangerous(others)
				if err != nil {
					return
				}
				select {
				case started <- struct{}{}:
				default:
				}
				free()
			}
		})
	}
	for range 3 {
		<-started
		for !w.turn.take(ctx, w) {
			select {
			case <-w.results:
			case <-ctx.Done():
				t.Fatal("its turn never came")
			}
		}
		if len(w.e.danger) != 1 {
			t.Fatal("it has the turn, and so may others")
		}
		w.turn.give()
	}
	stop()
	consumers.Wait()
	w.turn.waiting.Wait()
	w.turn.give()
	if len(w.e.danger) != 0 {
		t.Error("nobody gave the turn back")
	}
}
