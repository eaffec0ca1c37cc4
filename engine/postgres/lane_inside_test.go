package postgres

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// TestRetry_HoldsALaneForThreeTriesAndFiveSecondsAtMost: whichever is over first.
func TestRetry_HoldsALaneForThreeTriesAndFiveSecondsAtMost(t *testing.T) {
	t.Parallel()
	w := &worker{e: &Engine{log: slog.New(slog.DiscardHandler), meter: newMeter()}}
	for name, c := range map[string]struct {
		since time.Duration // the first try that failed
		tries int           // before this one
		last  bool
	}{
		"the first":                {0, 0, false},
		"the second":               {time.Second, 1, false},
		"the third":                {time.Second, 2, true},
		"the second after a while": {4 * time.Second, 1, false},
		"the second too late":      {5 * time.Second, 1, true},
	} {
		l, o := &lane{}, &order{row: &enginedb.InboxTakeRow{}, tries: c.tries}
		if c.since > 0 {
			o.first = time.Now().Add(-c.since)
		}
		if last := w.fails(l, o, errors.New("no")); last != c.last {
			t.Errorf("%s: the last is %t", name, last)
		}
		if pause := time.Until(l.notBefore); !c.last && (pause <= 0 || pause > mostRetrying-4*time.Second) {
			t.Errorf("%s: the lane pauses for %s", name, pause)
		}
	}
}
