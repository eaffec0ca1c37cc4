package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

const (
	longStream  = 100 // events of a stream that is read
	longStreams = 50

	workRead = "read a stream of 100 events, decoded and folded"
)

// reads folds whole streams, beside the same rows read and decoded by hand. The
// engine that reads remembers no state but the last, and there are no snapshots.
func (b *bench) reads(ctx context.Context) error {
	if err := b.workWith(ctx, "Long", longStreams, longStream); err != nil {
		return err
	}
	eng, err := postgres.Open(ctx, postgres.Config{URL: b.URL, System: b.System(), Log: quiet(), CacheStreams: 1})
	if err != nil {
		return err
	}
	defer eng.Close()
	pool, err := pgxpool.New(ctx, b.URL)
	if err != nil {
		return err
	}
	defer pool.Close()
	own := func(ctx context.Context, caller, n int) error {
		s, err := eng.State(ctx, engine.StreamID{Type: listActor, ID: listID("Long", (caller+n)%longStreams)}, 0)
		if err == nil && s.Version != longStream {
			err = fmt.Errorf("read up to version %d", s.Version)
		}
		return err
	}
	raw := func(ctx context.Context, caller, n int) error {
		return readByHand(ctx, pool, listActor+"/"+listID("Long", (caller+n)%longStreams))
	}
	row := Row{Work: workRead, Unit: "streams/s", Target: "0.9 × raw", Note: "raw: pgx and encoding/json"}
	return b.compare(ctx, row, 1, own, 1, raw, 1)
}

func readByHand(ctx context.Context, pool *pgxpool.Pool, stream string) error {
	rows, err := pool.Query(ctx, "SELECT position, version, id::text, type, at, by, data FROM backstory.events WHERE stream = $1 ORDER BY version", stream)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		row, err := pgx.RowToStructByPos[handRow](rows)
		if err != nil {
			return err
		}
		var event struct {
			ID   string `json:"id"`
			Text string `json:"text"`
			Name string `json:"name"`
		}
		if err := json.Unmarshal(row.Data, &event); err != nil {
			return err
		}
	}
	return rows.Err()
}

// handRow is a row of the log as one reads it without a framework.
type handRow struct {
	Position, Version int64
	ID, Type          string
	At                time.Time
	By                string
	Data              []byte
}
