package postgres_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/backstory-go/backstory/engine/postgres"
)

// Each benchmark alternates slices of its own work and of the raw limit (one
// prepared INSERT per transaction into a table with the same columns and
// indexes, the same number of connections, durable commits), so that a slow
// machine slows both. It reports the medians and their ratio, x-raw.
const (
	slice  = 700 * time.Millisecond
	rounds = 5
)

func BenchmarkAppend1(b *testing.B)             { benchmark(b, 1, appends) }
func BenchmarkAppend32(b *testing.B)            { benchmark(b, 32, appends) }
func BenchmarkCommands32(b *testing.B)          { benchmark(b, 32, commands(false)) }
func BenchmarkCommandsProjected32(b *testing.B) { benchmark(b, 32, commands(true)) }
func BenchmarkCommands256(b *testing.B)         { benchmark(b, 256, commands(false)) }

// one unit of work, by caller and number.
type unit func(ctx context.Context, caller, n int) error

func benchmark(b *testing.B, callers int, work func(b *testing.B, url string) unit) {
	url := privateServer(b, true).URL("postgres")
	own := work(b, url)
	raw := rawInsert(b, url, min(callers, 32))
	var owns, raws []float64
	measure(b, callers, own) // warm
	measure(b, min(callers, 32), raw)
	b.ResetTimer()
	for b.Loop() {
		for range rounds {
			raws = append(raws, measure(b, min(callers, 32), raw))
			owns = append(owns, measure(b, callers, own))
		}
	}
	b.ReportMetric(median(owns), "events/s")
	b.ReportMetric(median(raws), "raw/s")
	b.ReportMetric(median(owns)/median(raws), "x-raw")
	b.ReportMetric(0, "ns/op")
}

// measure is how many units all callers did in a second.
func measure(b *testing.B, callers int, work unit) float64 {
	ctx := b.Context()
	var total atomic.Int64
	var group sync.WaitGroup
	start := time.Now()
	for caller := range callers {
		group.Go(func() {
			for n := 0; time.Since(start) < slice; n++ {
				if err := work(ctx, caller, n); err != nil {
					b.Error(err)
					return
				}
				total.Add(1)
			}
		})
	}
	group.Wait()
	return float64(total.Load()) / time.Since(start).Seconds()
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}

func appends(b *testing.B, url string) unit {
	e := openEngine(b, postgres.Config{URL: url})
	b.Cleanup(e.Close)
	return func(ctx context.Context, _, _ int) error {
		_, err := e.Append(ctx, appendOf(uuid.NewString(), 0, 1))
		return err
	}
}

// commands is the whole way: submitted durably, decided on one of 10,000 streams,
// stored, waited for, and with projected until the table has it.
func commands(projected bool) func(b *testing.B, url string) unit {
	return func(b *testing.B, url string) unit {
		e := started(b, postgres.Config{URL: url})
		var n atomic.Int64
		return func(ctx context.Context, _, _ int) error {
			id, err := e.Submit(ctx, command("deposit", fmt.Sprintf("s%d", n.Add(1)*7919%10_000), 1))
			if err != nil {
				return err
			}
			o, err := e.Wait(ctx, id)
			if err == nil && projected {
				err = e.Projected(ctx, "bank.balances", o.Position())
			}
			return err
		}
	}
}

func rawInsert(b *testing.B, url string, callers int) unit {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		b.Fatal(err)
	}
	cfg.MaxConns = int32(callers)
	pool, err := pgxpool.NewWithConfig(b.Context(), cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	_, err = pool.Exec(b.Context(), `CREATE TABLE raw (LIKE backstory.events INCLUDING ALL); CREATE SEQUENCE raw_position; ALTER TABLE raw ALTER position SET DEFAULT nextval('raw_position')`)
	if err != nil {
		b.Fatal(err)
	}
	return func(ctx context.Context, _, _ int) error {
		id := uuid.Must(uuid.NewV7())
		_, err := pool.Exec(ctx, `INSERT INTO raw (stream, version, id, type, schema_version, tags, at, by, correlation, causation, data)
			VALUES ($1, 1, $2, 'bank.account.deposited', 1, '{}', now(), 'tester', $2, $2, '{"amount":1}')`, "bank.account/"+id.String(), id)
		return err
	}
}
