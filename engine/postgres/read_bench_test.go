package postgres_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/measure"
	"github.com/backstory-go/backstory/engine/postgres"
)

func BenchmarkRead1(b *testing.B) { benchmarkRead(b, 1) }
func BenchmarkRead8(b *testing.B) { benchmarkRead(b, 8) }

// benchmarkRead reads streams of 100 events, decoded and folded, and alternates
// with reading and decoding the same rows with pgx and encoding/json. No stream
// is read twice from memory, and none has a snapshot.
func benchmarkRead(b *testing.B, callers int) {
	url := privateServer(b, true).URL("postgres")
	openEngine(b, postgres.Config{URL: url}).Close()
	bulk(b, url, 100_000)
	if err := sql(b, url, "TRUNCATE backstory.snapshots"); err != nil {
		b.Fatal(err)
	}
	e := openEngine(b, postgres.Config{URL: url, MaxConns: 4 + 2*callers, CacheStreams: 1})
	b.Cleanup(e.Close)
	var n atomic.Int64
	own := func(ctx context.Context, _, _ int) error {
		s, err := e.State(ctx, accountID(fmt.Sprintf("s%d", n.Add(1)*7919%1000)), 0)
		if err == nil && s.Version != 100 {
			err = fmt.Errorf("version %d", s.Version)
		}
		return err
	}
	raw := rawRead(b, url, callers)
	side := func(work measure.Unit) measure.Side {
		return func(ctx context.Context) (float64, error) { return measure.Rate(ctx, callers, slice, work) }
	}
	var c measure.Compared
	for b.Loop() {
		var err error
		if c, err = measure.InTurns(b.Context(), rounds, side(own), side(raw)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(c.Own.Median, "streams/s")
	b.ReportMetric(c.Raw.Median, "raw/s")
	b.ReportMetric(c.Ratio.Median, "x-raw")
	b.ReportMetric(0, "ns/op")
}

func rawRead(b *testing.B, url string, callers int) measure.Unit {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		b.Fatal(err)
	}
	cfg.MaxConns, cfg.AfterConnect = int32(callers), postgres.ForReaders
	pool, err := pgxpool.NewWithConfig(b.Context(), cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	var n atomic.Int64
	return func(ctx context.Context, _, _ int) error {
		rows, err := pool.Query(ctx, `SELECT position, stream, version, id, type, schema_version, at, by, correlation, causation, data
			FROM backstory.events WHERE stream = $1 ORDER BY version`, fmt.Sprintf("bank.account/s%d", n.Add(1)*7919%1000))
		if err != nil {
			return err
		}
		defer rows.Close()
		read := 0
		for rows.Next() {
			var position, version int64
			var stream, typ, by string
			var id, correlation, causation uuid.UUID
			var schemaVersion int
			var at time.Time
			var data []byte
			if err := rows.Scan(&position, &stream, &version, &id, &typ, &schemaVersion, &at, &by, &correlation, &causation, &data); err != nil {
				return err
			}
			var event deposited
			if err := json.Unmarshal(data, &event); err != nil {
				return err
			}
			read++
		}
		if read != 100 {
			return fmt.Errorf("%d rows: %w", read, rows.Err())
		}
		return rows.Err()
	}
}

// BenchmarkFold folds a stored event, decoded before.
func BenchmarkFold(b *testing.B) {
	actor := accounts(&atomic.Int64{})
	state := actor.NewState()
	meta := engine.Meta{Stream: accountID("a"), Version: 1}
	b.ReportAllocs()
	for b.Loop() {
		meta.Version++
		actor.Evolve(meta, state, deposited{Amount: 1})
	}
}
