package postgres_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// fill stores deposits of 1 past the engine, dealt out to accounts in turn.
func fill(tb testing.TB, url string, events, accounts int) {
	tb.Helper()
	err := sql(tb, url, `INSERT INTO backstory.events (position, stream, version, id, type, schema_version, at, by, correlation, causation, data)
		SELECT h.head + n, 'bank.account/a' || (h.head + n - 1) % $2, (h.head + n - 1) / $2 + 1, gen_random_uuid(), 'bank.account.deposited', 1,
		       '2026-01-01'::timestamptz + (h.head + n) * interval '1 millisecond', 'tester', gen_random_uuid(), gen_random_uuid(), '{"amount":1}'
		FROM (SELECT coalesce(max(position), 0)::bigint AS head FROM backstory.events) h, generate_series(1, $1::bigint) n`, events, accounts)
	if err != nil {
		tb.Fatal(err)
	}
}

// countedBank is a bank whose projection's work is counted.
func countedBank() (*engine.System, *work) {
	w, s := &work{}, bankWith()
	s.AddProjection(tallies(ddl, "1", w))
	return s, w
}

// Verify writes a row once, however often the log changes it: within one
// transaction each version of a row would lengthen the way to the next, and the
// work would grow with the square of the log.
func TestVerifyWritesEachRowOnce(t *testing.T) {
	t.Parallel()
	url := database(t)
	const accounts = 50
	for _, events := range []int{2_000, 6_000} {
		fill(t, url, events, accounts)
		e, stop := run(t, postgres.Config{URL: url})
		caughtUp(t, e)
		stop()
		system, w := countedBank()
		var told progress
		v, err := openEngine(t, postgres.Config{URL: url, System: system}).Verify(within(t), postgres.VerifyOptions{Progress: told.tell})
		if told.falls || told.last.Done != told.last.Total || told.last.Done != v.Events {
			t.Errorf("progress: %+v of %d events", told, v.Events)
		}
		if err != nil || len(v.Findings) > 0 || len(v.Projections) != 1 || v.Projections[0].Rows != accounts {
			t.Fatalf("%+v, %v", v, err)
		}
		if w.rows.Load() != accounts || w.puts.Load() != 1 || w.keys.Load() != accounts || w.loads.Load() != 1 {
			t.Errorf("%d events: read %d rows in %d statements and wrote %d in %d, want each of %d once",
				v.Events, w.keys.Load(), w.loads.Load(), w.rows.Load(), w.puts.Load(), accounts)
		}
	}
	if err := sql(t, url, "UPDATE bank_balances SET balance = balance + 1 WHERE id = 'a7'"); err != nil {
		t.Fatal(err)
	}
	v, err := openEngine(t, postgres.Config{URL: url}).Verify(within(t), postgres.VerifyOptions{})
	if err != nil || len(v.Findings) != 2 {
		t.Errorf("a wrong row: %+v, %v", v.Findings, err)
	}
}

// progress is what was told of a long work.
type progress struct {
	last  postgres.Progress
	falls bool
}

func (p *progress) tell(now postgres.Progress) {
	p.falls = p.falls || now.Done <= p.last.Done || now.Done > now.Total
	p.last = now
}

func BenchmarkVerify(b *testing.B) {
	for _, events := range []int{20_000, 40_000, 80_000} {
		b.Run(strconv.Itoa(events), func(b *testing.B) {
			url := database(b)
			fill(b, url, events, 100)
			e := started(b, postgres.Config{URL: url})
			caughtUp(b, e)
			for b.Loop() {
				start := time.Now()
				if v, err := e.Verify(within(b), postgres.VerifyOptions{}); err != nil || len(v.Findings) > 0 {
					b.Fatal(v, err)
				}
				b.ReportMetric(float64(events)/time.Since(start).Seconds(), "events/s")
			}
		})
	}
}
