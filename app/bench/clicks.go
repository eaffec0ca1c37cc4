package bench

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Clicks come at clickPace, spread over lists that each have an open tab.
const (
	clickPace = 20 * time.Millisecond
	clickTabs = 10
)

const (
	workClickMedian = "click to patch at 50/s, median"
	workClickMost   = "click to patch at 50/s, p99"
)

func clickWorks() []string { return []string{workClickMedian, workClickMost} }

// clicks measures from the start of the browser's request to the end of the patch
// on the open stream.
func (b *bench) clicks(ctx context.Context) error {
	b.tell("click to patch")
	if err := b.workWith(ctx, "Clicked", clickTabs, eventsEach); err != nil {
		return err
	}
	s, err := b.site(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	took, err := b.clickAll(ctx, s)
	if err != nil {
		return fmt.Errorf("click to patch: %w", err)
	}
	slices.Sort(took)
	for _, r := range []struct {
		work, target string
		share        int
	}{{workClickMedian, "under 6 ms, idle machine", 50}, {workClickMost, "under 30 ms, idle machine", 99}} {
		b.out.addValue(Row{Work: r.work, Unit: "ms", Target: r.target,
			Note: fmt.Sprintf("%d clicks on %d lists; HTTP and SSE", len(took), clickTabs)}, took[len(took)*r.share/100])
	}
	return nil
}

// clickAll gives the milliseconds that each click took.
func (b *bench) clickAll(ctx context.Context, s *site) ([]float64, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel(nil)
	var tabs [clickTabs]*tab
	for i := range tabs {
		tabs[i] = newTab()
		group.Go(func() {
			if err := s.open(ctx, listID("Clicked", i), tabs[i].show); err != nil {
				cancel(err)
			}
		})
	}
	for _, t := range tabs {
		if _, err := t.await(ctx, eventsEach); err != nil {
			return nil, err
		}
	}
	return clickOneByOne(ctx, cancel, b.Clicks, s, tabs)
}

func clickOneByOne(ctx context.Context, cancel context.CancelCauseFunc, clicks int, s *site, tabs [clickTabs]*tab) ([]float64, error) {
	took := make([]float64, clicks)
	var group sync.WaitGroup
	pace := time.NewTicker(clickPace)
	defer pace.Stop()
	for n := range clicks {
		<-pace.C
		group.Go(func() {
			list, start := n%clickTabs, time.Now()
			if err := s.click(ctx, "Clicked", list); err != nil {
				cancel(err)
				return
			}
			at, err := tabs[list].await(ctx, int64(eventsEach+1+n/clickTabs))
			if err == nil {
				took[n] = float64(at.Sub(start)) / float64(time.Millisecond)
			}
		})
	}
	group.Wait()
	return took, context.Cause(ctx)
}

// tab remembers when it showed each version first.
type tab struct {
	mu    sync.Mutex
	shown []time.Time // by version
	moved chan struct{}
}

func newTab() *tab { return &tab{moved: make(chan struct{})} }

func (t *tab) show(version int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for now := time.Now(); int64(len(t.shown)) <= version; {
		t.shown = append(t.shown, now)
	}
	close(t.moved)
	t.moved = make(chan struct{})
}

// await waits until the tab shows the version or a later one.
func (t *tab) await(ctx context.Context, version int64) (at time.Time, err error) {
	for {
		t.mu.Lock()
		moved := t.moved
		if int64(len(t.shown)) > version {
			at = t.shown[version]
		}
		t.mu.Unlock()
		if !at.IsZero() {
			return at, nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return at, context.Cause(ctx)
		}
	}
}
