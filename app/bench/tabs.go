package bench

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"
)

// tabs opens many tabs on one list, and measures until the last of them shows
// what one command changed.
func (b *bench) tabs(ctx context.Context) error {
	b.tell("open tabs")
	if err := b.seed(ctx, "Watched", 1, eventsEach); err != nil {
		return err
	}
	s, err := b.site(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	ctx, cancel := context.WithCancelCause(ctx)
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel(nil)
	before := memory()
	tabs := make([]*tab, min(b.Tabs, mostFiles()/2-200)) // each has a file on either side
	for i := range tabs {
		tabs[i] = newTab()
		group.Go(func() {
			if err := s.open(ctx, listID("Watched", 0), tabs[i].show); err != nil {
				cancel(err)
			}
		})
		if i%100 == 99 { // no faster than they are taken
			if _, err := tabs[i].await(ctx, eventsEach); err != nil {
				return fmt.Errorf("open tabs: %w", err)
			}
		}
	}
	if _, err := awaitAll(ctx, tabs, eventsEach); err != nil {
		return fmt.Errorf("open tabs: %w", err)
	}
	each := (memory() - before) / float64(len(tabs)) / 1e3
	start := time.Now()
	if err := s.click(ctx, "Watched", 0); err != nil {
		return err
	}
	last, err := awaitAll(ctx, tabs, eventsEach+1)
	if err != nil {
		return fmt.Errorf("open tabs: %w", err)
	}
	note := fmt.Sprintf("%d tabs; browser's side in the same process", len(tabs))
	b.out.addValue(Row{Work: "every open tab of one list patched", Unit: "s", Target: "under 1.5 s for 5,000", Note: note}, last.Sub(start).Seconds())
	b.out.addValue(Row{Work: "memory of an open tab", Unit: "kB", Target: "under 100 kB", Note: note}, each)
	return nil
}

func awaitAll(ctx context.Context, tabs []*tab, version int64) (last time.Time, err error) {
	for _, t := range tabs {
		at, err := t.await(ctx, version)
		if err != nil {
			return last, err
		}
		if at.After(last) {
			last = at
		}
	}
	return last, nil
}

// memory is what this process holds, in bytes.
func memory() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapInuse + m.StackInuse)
}
