package bench

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/google/uuid"
)

const (
	workPatched = "every open tab of one list patched"
	workZipped  = "every open tab of one list patched, compressed"
	workTab     = "memory of an open tab"
)

// tabs opens many tabs on one list, and measures until the last of them shows
// what one command changed: as the server renders, and compressed as browsers ask
// for it.
func (b *bench) tabs(ctx context.Context) error {
	b.tell("open tabs")
	if err := b.workWith(ctx, "Watched", 1, eventsEach); err != nil {
		return err
	}
	for round, row := range []struct{ work, encoding string }{{workPatched, "identity"}, {workZipped, "gzip"}} {
		tabs, took, each, err := b.tabsWith(ctx, row.encoding, int64(eventsEach+round))
		if err != nil {
			return fmt.Errorf("open tabs: %w", err)
		}
		note := fmt.Sprintf("%d tabs; browser's side in the same process", tabs)
		b.out.addValue(Row{Work: row.work, Unit: "s", Target: "under 1.5 s for 5,000", Note: note}, took.Seconds())
		if row.encoding == "identity" { // what unpacks belongs to the browser
			b.out.addValue(Row{Work: workTab, Unit: "kB", Target: "under 100 kB", Note: note}, each)
		}
	}
	return nil
}

// tabsWith opens the tabs when the list has a version. each is the memory of one,
// in kB.
func (b *bench) tabsWith(ctx context.Context, encoding string, version int64) (n int, took time.Duration, each float64, err error) {
	s, err := b.site(ctx)
	if err != nil {
		return 0, 0, 0, err
	}
	defer s.close()
	s.encoding = encoding
	ctx, cancel := context.WithCancelCause(ctx)
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel(nil)
	before := memory()
	tabs := make([]*tab, min(b.Tabs, mostFiles()/2-200)) // each has a file on either side
	for i := range tabs {
		tabs[i] = newTab()
	}
	err = openAll(ctx, tabs, version, func(t *tab) {
		group.Go(func() {
			if err := s.open(ctx, listID("Watched", 0), t.show); err != nil {
				cancel(err)
			}
		})
	})
	if err != nil {
		return 0, 0, 0, err
	}
	each = (memory() - before) / float64(len(tabs)) / 1e3
	start := time.Now()
	if err := s.click(ctx, uuid.Must(uuid.NewV7()), "Watched", 0); err != nil {
		return 0, 0, 0, err
	}
	last, err := awaitAll(ctx, tabs, version+1)
	return len(tabs), last.Sub(start), each, err
}

// openAll opens tabs no faster than they are taken, until all of them show the list.
func openAll(ctx context.Context, tabs []*tab, version int64, open func(*tab)) error {
	for i, t := range tabs {
		open(t)
		if i%100 == 99 {
			if _, err := t.await(ctx, version); err != nil {
				return err
			}
		}
	}
	_, err := awaitAll(ctx, tabs, version)
	return err
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
