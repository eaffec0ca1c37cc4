package postgres

import (
	"context"
	"slices"
	"time"
)

// watermark is where reading the inbox starts: rows that were decided leave dead
// entries in the index below it. Numbers are given before commits, so it trails: by
// lowTrail, and until a read after the end of all transactions that were writing then.
// Every lowSweep it is not used at all.
type watermark struct {
	low, next, high int64
	raised, swept   time.Time
	looked          time.Time // for them
	writers         []string  // at work when next was chosen, or a little later; nil: not known yet
	written         bool      // a read found all that they wrote
}

// trails says whether something is to be known before it is raised.
func (m *watermark) trails(now time.Time) bool {
	return !m.written && now.Sub(m.raised) >= lowTrail && now.Sub(m.looked) >= lowLook && m.high > m.low
}

func (m *watermark) saw(seq int64) { m.high = max(m.high, seq) }

func (m *watermark) at(now time.Time) int64 {
	if now.Sub(m.raised) >= lowTrail && m.written {
		*m = watermark{low: m.next, next: m.high, high: m.high, raised: now, swept: m.swept}
	}
	if now.Sub(m.swept) >= lowSweep {
		m.swept = now
		return 0
	}
	return m.low
}

// reset lets reads look at the whole inbox, until they went through it: one read
// may not be enough.
func (m *watermark) reset() { *m = watermark{} }

// gone says whether all transactions have ended that may have taken a number up to
// the watermark that is next.
func (w *worker) gone(ctx context.Context) bool {
	w.low.looked = time.Now()
	now, err := w.e.sql.InboxWriters(ctx)
	if err != nil {
		return false // it is asked again
	}
	if w.low.writers == nil {
		w.low.writers = append([]string{}, now...)
	}
	return !slices.ContainsFunc(w.low.writers, func(writer string) bool { return slices.Contains(now, writer) })
}
