package bench

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
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

// click is one that was followed.
type click struct {
	command uuid.UUID
	start   time.Time
	took    time.Duration
}

// clicks measures from the start of the browser's request to the end of the patch
// on the open stream, when nothing else is to be done. Its process tells every step.
func (b *bench) clicks(ctx context.Context) error {
	b.tell("click to patch")
	trail := newTrail()
	b.rest()
	b.tracer = trail
	defer func() {
		b.rest()
		b.tracer = nil
	}()
	if err := b.workWith(ctx, "Clicked", clickTabs, eventsEach); err != nil {
		return err
	}
	if err := b.tidied(ctx); err != nil {
		return err
	}
	s, err := b.site(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	all, err := b.clickAll(ctx, s)
	if err != nil {
		return fmt.Errorf("click to patch: %w", err)
	}
	slices.SortFunc(all, func(x, y click) int { return cmp.Compare(x.took, y.took) })
	note := fmt.Sprintf("%d clicks on %d lists; HTTP and SSE", len(all), clickTabs)
	median, most := len(all)/2, len(all)*99/100
	b.out.addValue(Row{Work: workClickMedian, Unit: "ms", Target: "under 6 ms, idle machine", Note: note}, inMs(all[median].took))
	b.out.addValue(Row{Work: workClickMost, Unit: "ms", Target: "under 30 ms, idle machine", Note: note + "; " + trail.slow(all[most:])}, inMs(all[most].took))
	return nil
}

func inMs(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// clickAll follows clicks one by one.
func (b *bench) clickAll(ctx context.Context, s *site) ([]click, error) {
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

func clickOneByOne(ctx context.Context, cancel context.CancelCauseFunc, clicks int, s *site, tabs [clickTabs]*tab) ([]click, error) {
	all := make([]click, clicks)
	var group sync.WaitGroup
	pace := time.NewTicker(clickPace)
	defer pace.Stop()
	for n := range clicks {
		<-pace.C
		group.Go(func() {
			list, c := n%clickTabs, click{command: uuid.Must(uuid.NewV7()), start: time.Now()}
			if err := s.click(ctx, c.command, "Clicked", list); err != nil {
				cancel(err)
				return
			}
			at, err := tabs[list].await(ctx, int64(eventsEach+1+n/clickTabs))
			if err == nil {
				c.took = at.Sub(c.start)
				all[n] = c
			}
		})
	}
	group.Wait()
	return all, context.Cause(ctx)
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
