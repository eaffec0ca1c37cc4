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

// restGivenUp waits until the slot is another process's or its states are to be folded
// anew once more, and tells it once.
func (r *runner) restGivenUp(ctx context.Context, err error) {
	if !r.start.told {
		r.e.log.Error("the reactor's slot does not go on", "loop", r.name, "error", err)
	}
	r.start.told = true
	r.rest(ctx, nil)
}

func (r *runner) leaveRefold(ctx context.Context) {
	if r.start != nil {
		r.start.leave(ctx)
	}
}

// rebuildStates lets the processes that work fold a reactor's states anew, and waits
// until they did. It goes on if the caller ends; without a process it waits for one.
func (e *Engine) rebuildStates(ctx context.Context, c *consumer, report func(engine.Progress)) error {
	err := inTx(ctx, e.work, enginedb.LogSettings, func(conn *pgx.Conn) error { return beginStatesAnew(ctx, conn, c) })
	head := int64(0)
	for m := (&buildProgress{report: report, started: time.Now()}); err == nil; {
		var left enginedb.RefoldLeftRow
		if left, err = e.sql.RefoldLeft(ctx, enginedb.RefoldLeftParams{Consumer: c.name, Most: startsMost}); err != nil {
			break
		}
		if left.Slots == 0 {
			m.tell(head, head)
			return nil
		}
		head = left.Upto
		m.tell(left.Position, head)
		switch {
		case left.GivenUp == left.Slots:
			return &givenUpError{c.name, startsMost, left.Position}
		case !pause(ctx, 50*time.Millisecond):
			err = ctx.Err()
		}
	}
	return err
}

func beginStatesAnew(ctx context.Context, conn *pgx.Conn, c *consumer) error {
	sql := enginedb.New(conn)
	found, err := sql.ConsumerFind(ctx, enginedb.ConsumerFindParams{Name: c.name})
	switch {
	case err != nil:
		return err
	case found.Hash != c.hash:
		return errors.New("its states are those of another program's definition")
	case found.Resize != 0:
		return fmt.Errorf("its slots are being replaced: %w", errNotYet)
	}
	if _, err := sql.SlotLock(ctx, enginedb.SlotLockParams{Consumer: c.name}); err != nil {
		return err
	}
	floor, err := beginStates(ctx, sql, c)
	if err != nil {
		return err
	}
	return errors.Join(
		sql.RefoldForget(ctx, enginedb.RefoldForgetParams{Consumer: c.name}),
		sql.SlotRefold(ctx, enginedb.SlotRefoldParams{Consumer: c.name, Floor: floor}))
}
