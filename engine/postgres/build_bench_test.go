package postgres_test

import (
	"context"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// BenchmarkRebuild rebuilds a projection of 10,000 rows and, in turns with it,
// reads and decodes the same events in order and does nothing with them. With
// -long the log has 1,000,000 events, else 100,000.
func BenchmarkRebuild(b *testing.B) {
	events := 100_000
	if *long {
		events = 1_000_000
	}
	url := database(b)
	for range events / 100_000 { // each in the time that a statement has
		fill(b, url, 100_000, 10_000)
	}
	e := openEngine(b, postgres.Config{URL: url})
	conn := connect(b, url)
	b.Cleanup(func() { _ = conn.Close(context.Background()) })
	var raw, rebuilt []float64
	var heap uint64
	for b.Loop() {
		raw = append(raw, rate(b, events, func() error { return scanLog(conn) }))
		runtime.GC()
		rebuilt = append(rebuilt, rate(b, events, func() error {
			return e.Rebuild(context.Background(), "bank.balances", func(engine.Progress) {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				heap = max(heap, m.HeapInuse)
			})
		}))
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(raw), "raw/s")
	b.ReportMetric(median(rebuilt), "events/s")
	b.ReportMetric(median(rebuilt)/median(raw), "ratio")
	b.ReportMetric(float64(heap)/(1<<20), "MB")
}

func rate(b *testing.B, events int, do func() error) float64 {
	b.Helper()
	start := time.Now()
	if err := do(); err != nil {
		b.Fatal(err)
	}
	return float64(events) / time.Since(start).Seconds()
}

func median(list []float64) float64 {
	list = slices.Sorted(slices.Values(list))
	return list[len(list)/2]
}

// scanLog is the raw limit: one ordered scan, each row with all its columns read
// and its data decoded.
func scanLog(conn *pgx.Conn) error {
	rows, err := conn.Query(context.Background(), `SELECT position, stream, version, id, type, schema_version, at, by, correlation, causation, data
		FROM backstory.events ORDER BY position`)
	if err != nil {
		return err
	}
	var position, version int64
	var stream, typ, by string
	var id, correlation, causation [16]byte
	var schema int
	var at time.Time
	var data []byte
	_, err = pgx.ForEachRow(rows, []any{&position, &stream, &version, &id, &typ, &schema, &at, &by, &correlation, &causation, &data}, func() error {
		_, err := stored[deposited](nil, data, schema)
		return err
	})
	return err
}
