package bench

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/backstory-go/backstory/engine"
)

const (
	longStream  = 100 // events of a stream that is read
	longStreams = 50
)

// reads folds whole streams, beside the same rows read and decoded by hand.
func (b *bench) reads(ctx context.Context) error {
	if err := b.seed(ctx, "Long", longStreams, longStream); err != nil {
		return err
	}
	pool, err := pgxpool.New(ctx, b.URL)
	if err != nil {
		return err
	}
	defer pool.Close()
	own := func(ctx context.Context, caller, n int) error {
		_, err := b.eng.State(ctx, engine.StreamID{Type: listActor, ID: listID("Long", (caller+n)%longStreams)}, 0)
		return err
	}
	raw := func(ctx context.Context, caller, n int) error {
		return readByHand(ctx, pool, listActor+"/"+listID("Long", (caller+n)%longStreams))
	}
	row := Row{Work: "read a stream of 100 events, decoded and folded", Unit: "streams/s", Target: "0.9 × raw", Note: "raw: pgx and encoding/json"}
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
