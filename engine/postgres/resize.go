package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// errNotYet means that a change of slots has to wait for them to reach the barrier.
var errNotYet = errors.New("not every slot stands at the barrier")

// ResizeConsumer implements engine.Operator. What is under way is rolled back and
// handled again; then every slot works up to the position of the foremost one,
// where they are replaced. A process that works finishes it even if the caller
// ends; without one it waits for one.
func (e *Engine) ResizeConsumer(ctx context.Context, name string, slots int) error {
	if slots < 1 || slots > 1_024 {
		return oneFault("/slots", "must be 1 to 1,024")
	}
	err := inTx(ctx, e.work, enginedb.LogSettings, func(conn *pgx.Conn) error { return fenceForResize(ctx, conn, name, slots) })
	for err == nil {
		var c enginedb.ConsumerFindRow
		if c, err = e.sql.ConsumerFind(ctx, enginedb.ConsumerFindParams{Name: name}); err == nil && c.Resize == 0 {
			return nil
		}
		if !pause(ctx, 50*time.Millisecond) {
			err = ctx.Err()
		}
	}
	return fault(ctx, err, "change %s to %d slots", name, slots)
}

func fenceForResize(ctx context.Context, conn *pgx.Conn, name string, slots int) error {
	sql := enginedb.New(conn)
	c, err := sql.ConsumerLock(ctx, enginedb.ConsumerLockParams{Name: name})
	if errors.Is(err, pgx.ErrNoRows) || name == consumerCommands {
		return fmt.Errorf("consumer %q: %w", name, engine.ErrNotFound)
	}
	if err != nil || c.Slots == int32(slots) && c.Resize == 0 {
		return err
	}
	rows, err := sql.SlotLock(ctx, enginedb.SlotLockParams{Consumer: name})
	if err != nil {
		return err
	}
	barrier := max(c.Barrier, 0)
	for _, row := range rows {
		barrier = max(barrier, row.Position)
	}
	if err := sql.ConsumerResize(ctx, enginedb.ConsumerResizeParams{Name: name, Slots: int32(slots), Barrier: barrier}); err != nil {
		return err
	}
	return sql.SlotFence(ctx, enginedb.SlotFenceParams{Consumer: name})
}

// resize replaces the slots of consumers that stand at their barrier.
func (d *duty) resize(ctx context.Context, shares []enginedb.ConsumerSharesRow) {
	for _, s := range shares {
		if s.Resize == 0 {
			continue
		}
		err := inTx(ctx, d.e.work, enginedb.LogSettings, func(conn *pgx.Conn) error { return replaceSlots(ctx, conn, s.Name) })
		switch {
		case err == nil:
			d.e.log.Info("slots were replaced", "consumer", s.Name, "slots", s.Resize)
		case !errors.Is(err, errNotYet) && !ended(ctx, err):
			d.e.log.Warn("replacing slots is tried again", "consumer", s.Name, "error", err)
		}
	}
}

// replaceSlots makes the new slots at the barrier. Held keys go to the slots that
// they hash to now.
func replaceSlots(ctx context.Context, conn *pgx.Conn, name string) error {
	sql := enginedb.New(conn)
	c, err := sql.ConsumerLock(ctx, enginedb.ConsumerLockParams{Name: name})
	if err != nil {
		return err
	}
	rows, err := sql.SlotLock(ctx, enginedb.SlotLockParams{Consumer: name})
	if err != nil {
		return err
	}
	if c.Resize == 0 {
		return errNotYet // another process was first
	}
	for _, row := range rows {
		if row.Position != c.Barrier || row.Rebuilding {
			return errNotYet
		}
	}
	fence, err := sql.SlotDelete(ctx, enginedb.SlotDeleteParams{Consumer: name})
	if err != nil {
		return err
	}
	err = sql.SlotInsert(ctx, enginedb.SlotInsertParams{Consumer: name, Slots: numbers(int(c.Resize)),
		Position: c.Barrier, Rebuilt: -1, Fence: fence + 1})
	if err != nil {
		return err
	}
	held, err := sql.HeldAll(ctx, enginedb.HeldAllParams{Consumer: name})
	if err != nil {
		return err
	}
	p := enginedb.HeldRehashParams{Consumer: name}
	for _, h := range held {
		p.Keys, p.Slots = append(p.Keys, h.Key), append(p.Slots, shard(h.Key, c.Resize))
	}
	if err := sql.HeldRehash(ctx, p); err != nil {
		return err
	}
	return sql.ConsumerResized(ctx, enginedb.ConsumerResizedParams{Name: name})
}
