package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// hand is the loop that one writes without a framework: load the stream, decide,
// insert in a transaction of its own, and a projection that follows page by page.
// The order is that of (transaction, position) below the oldest running one, which
// a reader needs so as to miss nothing.
type hand struct {
	pool  *pgxpool.Pool
	lists int
	turn  atomic.Int64
	stop  context.CancelFunc
	ended chan struct{}
	wake  chan struct{}

	mu    sync.Mutex
	seen  cursor
	moved chan struct{}
}

// cursor is a place in the order of the hand-written log.
type cursor struct{ tx, position int64 }

func (c cursor) reached(other cursor) bool {
	return c.tx > other.tx || c.tx == other.tx && c.position >= other.position
}

const handTables = `
CREATE TABLE hand_events (tx bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint, position bigserial PRIMARY KEY, stream text NOT NULL,
	version bigint NOT NULL, type text NOT NULL, at timestamptz NOT NULL DEFAULT now(), data json NOT NULL, UNIQUE (stream, version));
CREATE INDEX hand_events_order ON hand_events (tx, position);
CREATE TABLE hand_lists (stream text PRIMARY KEY, changes bigint NOT NULL, updated_at timestamptz NOT NULL);
CREATE TABLE hand_cursor (tx bigint NOT NULL, position bigint NOT NULL);`

const handSeed = `INSERT INTO hand_events (stream, version, type, data)
	SELECT 'list ' || l, v, CASE v WHEN 1 THEN 'created' ELSE 'item_added' END, json_build_object('id', v, 'name', 'Item ' || v)
	FROM generate_series(0, $1::bigint - 1) l, generate_series(1, 10) v ORDER BY l, v`

func newHand(ctx context.Context, url string, lists int) (*hand, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	cfg.MaxConns = 33
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	h := &hand{pool: pool, lists: lists, ended: make(chan struct{}), wake: make(chan struct{}, 1), moved: make(chan struct{})}
	for _, statement := range []string{handTables, "INSERT INTO hand_cursor VALUES (0, 0)"} {
		if _, err := pool.Exec(ctx, statement); err != nil {
			return nil, err
		}
	}
	if _, err := pool.Exec(ctx, handSeed, lists); err != nil {
		return nil, err
	}
	if err := pool.QueryRow(ctx, "SELECT tx, position FROM hand_events ORDER BY tx DESC, position DESC LIMIT 1").Scan(&h.seen.tx, &h.seen.position); err != nil {
		return nil, err
	}
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	h.stop = stop
	go h.project(work)
	return h, nil
}

func (h *hand) close() {
	h.stop()
	<-h.ended
	h.pool.Close()
}

// toggle is one command, waited for until it is projected.
func (h *hand) toggle(ctx context.Context, _, _ int) error {
	stream := fmt.Sprintf("list %d", int(h.turn.Add(1))*7919%h.lists)
	for {
		c, err := h.decide(ctx, stream)
		if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "23505" {
			continue // somebody was faster: decide again
		}
		if err != nil {
			return err
		}
		select {
		case h.wake <- struct{}{}:
		default:
		}
		return h.await(ctx, c)
	}
}

func (h *hand) decide(ctx context.Context, stream string) (c cursor, err error) {
	rows, err := h.pool.Query(ctx, "SELECT version, type, data FROM hand_events WHERE stream = $1 ORDER BY version", stream)
	if err != nil {
		return c, err
	}
	items, version := map[int]bool{}, int64(0)
	var typ string
	var data []byte
	_, err = pgx.ForEachRow(rows, []any{&version, &typ, &data}, func() error {
		var event struct {
			ID   int    `json:"id"`
			Name string `json:"name"`
		}
		if err := json.Unmarshal(data, &event); err != nil {
			return err
		}
		items[event.ID] = typ == "done"
		return nil
	})
	if err != nil {
		return c, err
	}
	typ = "done"
	if items[2] {
		typ = "undone"
	}
	err = h.pool.QueryRow(ctx, "INSERT INTO hand_events (stream, version, type, data) VALUES ($1, $2, $3, $4) RETURNING tx, position",
		stream, version+1, typ, []byte(`{"id":2}`)).Scan(&c.tx, &c.position)
	return c, err
}

func (h *hand) await(ctx context.Context, c cursor) error {
	for {
		h.mu.Lock()
		seen, moved := h.seen, h.moved
		h.mu.Unlock()
		if seen.reached(c) {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
