package postgres_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/backstory-go/backstory/engine/postgres"
)

// never is the time in which nothing could go on, for tests that stop nobody.
func never() time.Duration { return 0 }

// pauses submits to streams of several slots all the time, from a process that
// nothing is done to, and measures how long a command took, but for the time in
// which nothing could go on.
type pauses struct {
	away  func() time.Duration // how long nothing could go on so far
	stop  context.CancelFunc
	group sync.WaitGroup
	mu    sync.Mutex
	done  [8]int
	worst time.Duration
	stall time.Duration // how late this process itself was woken
}

func watchPauses(tb testing.TB, e *postgres.Engine, away func() time.Duration) *pauses {
	ctx, stop := context.WithCancel(context.Background())
	p := &pauses{away: away, stop: stop}
	tb.Cleanup(stop)
	for i := range p.done {
		p.group.Go(func() {
			for ctx.Err() == nil {
				p.probe(ctx, e, i)
			}
		})
	}
	p.group.Go(func() { p.clock(ctx) })
	return p
}

// probe takes one command through, however often it has to be submitted.
func (p *pauses) probe(ctx context.Context, e *postgres.Engine, i int) {
	start, away := time.Now(), p.away()
	c := command("deposit", fmt.Sprintf("probe%d", i), 1)
	for ctx.Err() == nil {
		id, err := e.Submit(ctx, c)
		if err == nil {
			_, err = e.Wait(ctx, id)
		}
		if err == nil {
			break
		}
		<-time.After(20 * time.Millisecond)
	}
	if ctx.Err() != nil {
		return
	}
	took := time.Since(start) - (p.away() - away)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.worst = max(p.worst, took)
	p.done[i]++
}

func (p *pauses) clock(ctx context.Context) {
	const every = 10 * time.Millisecond
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for last := time.Now(); ; {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			p.mu.Lock()
			p.stall = max(p.stall, now.Sub(last)-every)
			p.mu.Unlock()
			last = now
		}
	}
}

func (p *pauses) slots() [8]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.done
}

// went says whether every probe got an answer to a command that it sent later.
func (p *pauses) went(before [8]int) bool {
	now := p.slots()
	for i := range now {
		if now[i] < before[i]+2 {
			return false
		}
	}
	return true
}

func (p *pauses) end() (worst, stall time.Duration) {
	p.stop()
	p.group.Wait()
	return p.worst, p.stall
}
