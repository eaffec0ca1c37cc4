package postgres_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine/measure"
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

func benchmark(b *testing.B, callers int, work func(b *testing.B, url string) measure.Unit) {
	url := privateServer(b, true).URL("postgres")
	own := work(b, url)
	raw, err := measure.NewRaw(b.Context(), url, min(callers, 32))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(raw.Close)
	side := func(callers int, work measure.Unit) measure.Side {
		return func(ctx context.Context) (float64, error) { return measure.Rate(ctx, callers, slice, work) }
	}
	var c measure.Compared
	for b.Loop() {
		if c, err = measure.InTurns(b.Context(), rounds, side(callers, own), side(min(callers, 32), raw.Insert)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(c.Own.Median, "events/s")
	b.ReportMetric(c.Raw.Median, "raw/s")
	b.ReportMetric(c.Ratio.Median, "x-raw")
	b.ReportMetric(0, "ns/op")
}

func appends(b *testing.B, url string) measure.Unit {
	e := openEngine(b, postgres.Config{URL: url})
	b.Cleanup(e.Close)
	return func(ctx context.Context, _, _ int) error {
		_, err := e.Append(ctx, appendOf(uuid.NewString(), 0, 1))
		return err
	}
}

// commands is the whole way: submitted durably, decided on one of 10,000 streams,
// stored, waited for, and with projected until the table has it.
func commands(projected bool) func(b *testing.B, url string) measure.Unit {
	return func(b *testing.B, url string) measure.Unit {
		e := started(b, postgres.Config{URL: url})
		seed(b, url, e)
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

// seed stores ten events in each of 10,000 streams.
func seed(b *testing.B, url string, e *postgres.Engine) {
	err := sql(b, url, `INSERT INTO backstory.events (position, stream, version, id, type, schema_version, at, by, correlation, causation, data)
		SELECT (v - 1) * 10000 + s + 1, 'bank.account/s' || s, v, gen_random_uuid(), 'bank.account.deposited', 1, now(), 'seed', gen_random_uuid(), gen_random_uuid(), '{"amount":1}'
		FROM generate_series(1, 10) v, generate_series(0, 9999) s`)
	if err == nil {
		err = sql(b, url, `VACUUM ANALYZE backstory.events`)
	}
	if err != nil {
		b.Fatal(err)
	}
	caughtUp(b, e)
}
