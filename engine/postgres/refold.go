package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// RecomputeKey implements engine.Operator.
func (e *Engine) RecomputeKey(ctx context.Context, projection, key string) error {
	c := e.projection(projection)
	if c == nil {
		return fmt.Errorf("recompute %q: %w", projection, engine.ErrNotFound)
	}
	if c.key == nil && !c.byStream || c.projection.Fold == nil {
		return fmt.Errorf("recompute a key of %s: all its events are one key: rebuild it", projection)
	}
	r := &refold{e: e, c: c, key: key, fold: folding(c.projection)}
	r.fold.Afresh()
	err := r.run(ctx)
	return fault(ctx, err, "recompute %q of %s", key, projection)
}

// refold folds the events of one key as if the table were empty, and puts the rows
// in the place of those that are there.
type refold struct {
	e    *Engine
	c    *consumer
	key  string
	fold engine.Folding

	version, position int64 // folded up to here: of the stream, when the key is one
}

// run folds most before it locks anything, and tries again while the locks cannot
// be had.
func (r *refold) run(ctx context.Context) error {
	for {
		upto, err := r.limit(ctx, r.e.sql)
		if err == nil {
			err = r.foldTo(ctx, r.e.work, upto)
		}
		if err == nil {
			err = pgx.BeginTxFunc(ctx, r.e.work, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error { return r.replace(ctx, tx) })
		}
		if err == nil || !surroundings(err) || !pause(ctx, 20*time.Millisecond+rand.N(100*time.Millisecond)) {
			return err
		}
		r.fold.Afresh()
		r.version, r.position = 0, 0
	}
}

// replace locks the table against its writers and then the slots, in their order:
// so the slot's position is that of the rows. Its owner may have read them already,
// and must not write what it made of them.
func (r *refold) replace(ctx context.Context, tx pgx.Tx) error {
	table := pgx.Identifier{"public", r.c.projection.Table}.Sanitize()
	if _, err := tx.Conn().PgConn().Exec(ctx, swapSettings+"; lock table "+table+" in share row exclusive mode").ReadAll(); err != nil {
		return err
	}
	sql := enginedb.New(tx)
	slots, err := sql.SlotLock(ctx, enginedb.SlotLockParams{Consumer: r.c.name})
	if err != nil {
		return err
	}
	upto, err := r.limit(ctx, sql)
	if err != nil {
		return err
	}
	if err := r.foldTo(ctx, tx, upto); err != nil {
		return err
	}
	if err := r.fold.Write(ctx, tx); err != nil {
		return err
	}
	return sql.BuildFence(ctx, enginedb.BuildFenceParams{Consumer: r.c.name, Slot: shard(r.key, int32(len(slots)))})
}

// limit is up to where the live table has the key's events.
func (r *refold) limit(ctx context.Context, sql *enginedb.Queries) (int64, error) {
	found, err := sql.ConsumerFind(ctx, enginedb.ConsumerFindParams{Name: r.c.name})
	if err != nil {
		return 0, err
	}
	floor, err := sql.FloorGet(ctx)
	if err != nil {
		return 0, err
	}
	if floor > 0 {
		return 0, fmt.Errorf("the log begins after %d: rebuild the projection: %w", floor, engine.ErrArchived)
	}
	if found.Hash != r.c.hash {
		return 0, errors.New("the live table has another definition than this program's")
	}
	slots, err := sql.SlotPositions(ctx, enginedb.SlotPositionsParams{Consumer: r.c.name})
	if err != nil {
		return 0, err
	}
	upto := int64(0)
	for _, s := range slots {
		if s.Slot == shard(r.key, int32(len(slots))) {
			upto = s.Position
		}
	}
	held, err := sql.HeldAll(ctx, enginedb.HeldAllParams{Consumer: r.c.name})
	for _, h := range held {
		if h.Key == r.key {
			upto = min(upto, h.FromPosition-1)
		}
	}
	return upto, err
}

// foldTo folds the key's events up to a position.
func (r *refold) foldTo(ctx context.Context, db engine.DBTX, upto int64) error {
	for r.position < upto {
		messages, err := r.next(ctx, db, upto)
		if err != nil {
			return err
		}
		var batch []engine.Recorded
		for _, m := range messages {
			if m.key != r.key || !r.c.concerns(m.record) {
				continue
			}
			if m.err != nil {
				return fmt.Errorf("event %d: %w", m.Meta.Position, m.err)
			}
			batch = append(batch, m.event)
		}
		if err := r.fold.Apply(ctx, nil, batch); err != nil {
			return err
		}
	}
	return nil
}

// next reads on, in the stream or in the log.
func (r *refold) next(ctx context.Context, db engine.DBTX, upto int64) ([]*message, error) {
	if !r.c.byStream {
		ch := newChapterScan(nil).chapter(ctx, db, r.c, r.position, min(upto, r.position+buildRange))
		r.position = ch.upto
		return ch.messages(r.c), ch.err
	}
	rows, err := enginedb.New(db).HeldStream(ctx, enginedb.HeldStreamParams{Stream: r.key, FromVersion: r.version + 1, Upto: upto, Most: buildPage})
	if err != nil {
		return nil, err
	}
	messages := make([]*message, len(rows))
	for i, row := range rows {
		rec, err := recordOf(enginedb.EventReadRow(row))
		if err != nil {
			return nil, err
		}
		messages[i] = r.c.message(rec)
		r.version = rec.Meta.Version
	}
	if len(rows) < buildPage {
		r.position = upto
	}
	return messages, nil
}
