package bench

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// project follows the hand-written log until ctx ends: a page, its rows and the
// checkpoint in one transaction.
func (h *hand) project(ctx context.Context) {
	defer close(h.ended)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for ctx.Err() == nil {
		n, err := h.page(ctx)
		if err == nil && n > 0 {
			continue
		}
		select {
		case <-ctx.Done():
		case <-h.wake:
		case <-tick.C: // an older transaction may have held the last page back
		}
	}
}

const (
	handPage = `SELECT tx, position, stream, at FROM hand_events
		WHERE (tx, position) > ($1, $2) AND tx < pg_snapshot_xmin(pg_current_snapshot())::text::bigint ORDER BY tx, position LIMIT 1000`
	handUpsert = `INSERT INTO hand_lists AS l (stream, changes, updated_at)
		SELECT s, n, a FROM unnest($1::text[], $2::bigint[], $3::timestamptz[]) AS u(s, n, a)
		ON CONFLICT (stream) DO UPDATE SET changes = l.changes + excluded.changes, updated_at = excluded.updated_at`
)

func (h *hand) page(ctx context.Context) (n int, err error) {
	to := h.seen // only this goroutine writes it
	err = pgx.BeginFunc(ctx, h.pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, handPage, to.tx, to.position)
		if err != nil {
			return err
		}
		changes, last := map[string]int64{}, map[string]time.Time{}
		var stream string
		var at time.Time
		_, err = pgx.ForEachRow(rows, []any{&to.tx, &to.position, &stream, &at}, func() error {
			changes[stream]++
			last[stream] = at
			n++
			return nil
		})
		if err != nil || n == 0 {
			return err
		}
		return h.write(ctx, tx, changes, last, to)
	})
	if err == nil && n > 0 {
		h.mu.Lock()
		h.seen = to
		close(h.moved)
		h.moved = make(chan struct{})
		h.mu.Unlock()
	}
	return n, err
}

func (h *hand) write(ctx context.Context, tx pgx.Tx, changes map[string]int64, last map[string]time.Time, to cursor) error {
	var streams []string
	var counts []int64
	var times []time.Time
	for stream, count := range changes {
		streams, counts, times = append(streams, stream), append(counts, count), append(times, last[stream])
	}
	if _, err := tx.Exec(ctx, handUpsert, streams, counts, times); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "UPDATE hand_cursor SET tx = $1, position = $2", to.tx, to.position)
	return err
}
