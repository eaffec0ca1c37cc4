package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// errBehind means that too much would have to be folded under the locks.
var errBehind = errors.New("the build is too far behind to be swapped")

// errArchived means that the log lost its begin while it was folded.
var errArchived = errors.New("the log was archived meanwhile: build it again")

// swapSettings bound the time under the locks, and until they are there: meanwhile
// new readers of the live table wait, too. An error of that is of class 55.
const swapSettings = "set local lock_timeout to '100ms'; set local statement_timeout to '5s'; set local idle_in_transaction_session_timeout to '2s'"

// swap stops the writers of the live table, folds what they had folded since, and
// puts the table that was built in its place, in one transaction. Readers see the
// one or the other, and never an older row than before.
func (b *builder) swap(ctx context.Context) error {
	p := &passage{b: b}
	var upto int64
	var locked time.Time // the live table, by this
	err := pgx.BeginTxFunc(ctx, b.conn, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) (err error) {
		stays, slots, err := b.stop(ctx, tx, &locked)
		if err != nil {
			return err
		}
		floor, err := enginedb.New(tx).FloorGet(ctx)
		if err != nil {
			return err
		}
		if floor != b.floor {
			return errArchived
		}
		// Nobody may be at work who would fold what is left.
		head, err := enginedb.New(tx).LogPosition(ctx)
		if err != nil {
			return err
		}
		upto = max(b.position, min(head, b.position+buildNear))
		for _, s := range slots {
			upto = max(upto, s.Position)
		}
		if upto > b.position+buildMost {
			return errBehind
		}
		if upto > b.position {
			if p.chapter = newChapterScan(nil).chapter(ctx, tx, b.c, b.position, upto); p.chapter.err != nil {
				return p.chapter.err
			}
			if err := p.write(ctx, tx); err != nil {
				return err
			}
		}
		return b.replace(ctx, tx, upto, stays, int32(len(slots)))
	})
	if err != nil {
		b.fold.Forget()
		return err
	}
	b.start.stored()
	b.e.log.Info("the table that was built is the live one", "projection", b.c.name, "position", upto, "locked_for", time.Since(locked))
	b.e.hub.Publish(b.c.name)
	b.e.notices.send(noticeSwapped, b.c.name)
	b.progress.tell(upto, upto)
	return nil
}

// stop locks the live table, then the slots. Their owners lock in this order, too;
// a weaker lock first would meet an owner that has read and is about to write. locked
// is set when readers begin to wait.
func (b *builder) stop(ctx context.Context, tx pgx.Tx, locked *time.Time) (stays bool, slots []enginedb.SlotLockRow, err error) {
	sql := enginedb.New(tx)
	if _, err = tx.Conn().PgConn().Exec(ctx, swapSettings).ReadAll(); err != nil {
		return false, nil, err
	}
	var there bool
	if err = tx.QueryRow(ctx, "select to_regclass($1) is not null", b.liveTable()).Scan(&there); err != nil {
		return false, nil, err
	}
	if there {
		if _, err = tx.Exec(ctx, "lock table "+b.liveTable()+" in access exclusive mode"); err != nil {
			return false, nil, err
		}
	}
	*locked = time.Now()
	c, err := sql.ConsumerLock(ctx, enginedb.ConsumerLockParams{Name: b.c.name})
	if err == nil && c.Resize != 0 {
		err = errNotYet // its slots are to stand at the barrier
	}
	if err != nil {
		return false, nil, err
	}
	if stays, err = b.live(ctx); err != nil {
		return false, nil, err
	}
	slots, err = sql.SlotLock(ctx, enginedb.SlotLockParams{Consumer: b.c.name})
	return stays, slots, err
}

func (b *builder) liveTable() string {
	return pgx.Identifier{"public", b.c.projection.Table}.Sanitize()
}

// replace drops the live table for the one that was built, and lets the slots go
// on after it. Held keys become those of the build.
func (b *builder) replace(ctx context.Context, tx pgx.Tx, upto int64, stays bool, slots int32) error {
	sql, name := enginedb.New(tx), b.c.name
	others, err := b.keep(ctx, tx)
	if err != nil {
		return err
	}
	script := "drop table if exists " + b.liveTable() + " cascade; alter table " +
		pgx.Identifier{buildSchema, b.c.projection.Table}.Sanitize() + " set schema public"
	if _, err := tx.Conn().PgConn().Exec(ctx, script).ReadAll(); err != nil {
		return err
	}
	if err := b.restore(ctx, tx, others); err != nil {
		return err
	}
	if err := b.moveHeld(ctx, sql, slots); err != nil {
		return err
	}
	return errors.Join(
		sql.BuildSwap(ctx, enginedb.BuildSwapParams{Consumer: name, Position: upto, Stays: stays}),
		sql.ConsumerPut(ctx, enginedb.ConsumerPutParams{Name: name, Type: b.c.kind, Hash: b.c.hash, Slots: slots}),
		sql.DefinitionLive(ctx, enginedb.DefinitionLiveParams{Projection: name, Hash: b.c.hash}),
		sql.RefoldForget(ctx, enginedb.RefoldForgetParams{Consumer: name}),
		sql.BuildForget(ctx, enginedb.BuildForgetParams{Projection: name}),
		sql.BuildEnd(ctx, enginedb.BuildEndParams{Projection: name}))
}

func (b *builder) moveHeld(ctx context.Context, sql *enginedb.Queries, slots int32) error {
	if err := sql.HeldClear(ctx, enginedb.HeldClearParams{Consumer: b.c.name}); err != nil {
		return err
	}
	rows, err := sql.BuildHeld(ctx, enginedb.BuildHeldParams{Projection: b.c.name})
	if err != nil || len(rows) == 0 {
		return err
	}
	p := enginedb.HeldPutParams{Consumer: b.c.name, Attempts: make([]int32, len(rows)),
		Pauses: make([]int64, len(rows)), Parked: make([]bool, len(rows)), Reacted: make([]int64, len(rows))}
	for _, row := range rows {
		p.Keys, p.Slots = append(p.Keys, row.Key), append(p.Slots, shard(row.Key, slots))
		p.FromPositions, p.FromVersions = append(p.FromPositions, row.FromPosition), append(p.FromVersions, row.FromVersion)
		p.Errors = append(p.Errors, row.Error)
	}
	return sql.HeldPut(ctx, p)
}
