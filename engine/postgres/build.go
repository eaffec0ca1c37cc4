package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// buildSchema holds tables that are being built. Nothing else looks into it.
const buildSchema = "backstory_build"

// mostRefusals is how often swapping is tried when it is not the surroundings that
// fail it.
const mostRefusals = 5

// builder folds a projection's whole log into a table beside the live one and
// then swaps them. All it writes goes through one connection, which holds the
// build's lock: who lost it cannot write either. Its checkpoint commits with the
// rows, so that a build goes on where it ended.
type builder struct {
	e    *Engine
	c    *consumer
	conn *pgx.Conn
	sql  *enginedb.Queries
	fold engine.Folding

	spare spareEvents

	floor    int64            // where the log began when the build did
	position int64            // folded up to here
	held     map[string]int64 // keys that cannot be folded from a position on
	progress *buildProgress
	start    *start
}

// buildProgress tells a build's progress.
type buildProgress struct {
	report  func(engine.Progress)
	started time.Time
	from    int64 // where this process began
}

func (m *buildProgress) tell(position, head int64) {
	p := engine.Progress{Position: position, Head: head, Elapsed: time.Since(m.started)}
	if done := position - m.from; done > 0 {
		p.Remaining = time.Duration(float64(p.Elapsed) / float64(done) * float64(max(head-position, 0)))
	}
	m.report(p)
}

// Rebuild implements engine.Operator.
func (e *Engine) Rebuild(ctx context.Context, name string, report func(engine.Progress)) error {
	if report == nil {
		report = func(engine.Progress) {}
	}
	var err error
	switch i := slices.IndexFunc(e.consumers, func(c *consumer) bool { return c.name == name }); {
	case i >= 0 && e.consumers[i].projection != nil:
		err = e.build(ctx, e.consumers[i], true, report)
	case i >= 0 && e.consumers[i].stateful():
		err = e.rebuildStates(ctx, e.consumers[i], report)
	default:
		err = engine.ErrNotFound
	}
	return fault(ctx, err, "rebuild %s", name)
}

func (e *Engine) projection(name string) *consumer {
	for _, c := range e.consumers {
		if c.name == name && c.projection != nil {
			return c
		}
	}
	return nil
}

// build builds and swaps, alone in the cluster. Without anew it does nothing when
// the live definition is the program's by then.
func (e *Engine) build(ctx context.Context, c *consumer, anew bool, report func(engine.Progress)) error {
	begun := &start{e: e, consumer: c.name}
	if !anew {
		if _, err := begun.check(ctx, e.sql); err != nil {
			return err
		}
	}
	conn, err := direct(ctx, e.cfg)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	b := &builder{e: e, c: c, conn: conn, sql: enginedb.New(conn), fold: folding(c.projection), spare: make(spareEvents, 3),
		held: map[string]int64{}, start: begun, progress: &buildProgress{report: report, started: time.Now()}}
	if err := b.lock(ctx); err != nil {
		return err
	}
	if live, err := b.live(ctx); err != nil || live && !anew {
		return err
	}
	if anew {
		if err := b.sql.RefoldForget(ctx, enginedb.RefoldForgetParams{Consumer: c.name}); err != nil {
			return err
		}
	}
	if err := b.begin(ctx); err != nil {
		return err
	}
	defer begun.leave(ctx)
	if err := begun.begin(ctx, b.sql); err != nil {
		return err
	}
	return b.finish(ctx)
}

// finish folds what is left, and swaps. What another transaction holds up is tried
// again for ever; what the rows themselves refuse is looked for outside the locks.
func (b *builder) finish(ctx context.Context) error {
	for refused, near := 0, int64(buildNear); ; {
		if err := b.catchUp(ctx, near); err != nil {
			return err
		}
		err := b.swap(ctx)
		if err == nil {
			return nil
		}
		near = buildNear
		if errors.Is(err, errArchived) {
			return err
		}
		if blames(ctx, err) && !errors.Is(err, errNotYet) && !errors.Is(err, errBehind) {
			if refused++; refused > mostRefusals {
				return err
			}
			near = 0
		}
		b.start.rest() // others may not wait for locks
		b.e.log.Debug("swapping is tried again", "projection", b.c.name, "error", err)
		if !pause(ctx, 20*time.Millisecond+rand.N(200*time.Millisecond)) || b.conn.IsClosed() {
			return err
		}
	}
}

// lock waits until no other process builds the projection.
func (b *builder) lock(ctx context.Context) error {
	// Only what is being built is visible: nothing can reach the live table by its
	// name. Plans must stay right while tables that begin empty grow (see byIndex).
	_, err := b.conn.PgConn().Exec(ctx, "set search_path to "+buildSchema+"; set synchronous_commit to off; set statement_timeout to 0;"+
		"set idle_in_transaction_session_timeout to '60s'; set enable_seqscan to off; set jit to off").ReadAll()
	for err == nil {
		var locked bool
		if locked, err = b.sql.BuildLock(ctx, enginedb.BuildLockParams{Projection: b.c.name}); err != nil || locked {
			return err
		}
		if !pause(ctx, 250*time.Millisecond) {
			return ctx.Err()
		}
	}
	return err
}

// live says whether the live table has this program's definition.
func (b *builder) live(ctx context.Context) (bool, error) {
	found, err := b.sql.ConsumerFind(ctx, enginedb.ConsumerFindParams{Name: b.c.name})
	return found.Hash == b.c.hash, err
}

// begin goes on with a build of this very program, or begins one with an empty table.
func (b *builder) begin(ctx context.Context) error {
	program, err := b.e.program()
	if err != nil {
		return err
	}
	table := pgx.Identifier{buildSchema, b.c.projection.Table}.Sanitize()
	found, err := b.sql.BuildFind(ctx, enginedb.BuildFindParams{Projection: b.c.name, BuildTable: table})
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	known := err == nil
	if b.floor, err = b.sql.FloorGet(ctx); err != nil {
		return err
	}
	if known && found.Hash == b.c.hash && found.Program == program && found.Floor == b.floor && found.There {
		b.position, b.progress.from = found.Position, found.Position
		return b.loadHeld(ctx)
	}
	if err := b.create(ctx, table, program); err != nil {
		return err
	}
	if b.floor == 0 {
		b.fold.Empty()
	}
	return nil
}

// create makes the table, with the rows at the floor.
func (b *builder) create(ctx context.Context, table, program string) error {
	return pgx.BeginFunc(ctx, b.conn, func(tx pgx.Tx) (err error) {
		script := "create schema if not exists " + buildSchema + "; drop table if exists " + table + " cascade;\n" + b.c.projection.DDL
		if _, err := tx.Conn().PgConn().Exec(ctx, script).ReadAll(); err != nil {
			return fmt.Errorf("make the table that is built (the database's role needs the right CREATE on the database): %w", err)
		}
		if b.floor, err = seed(ctx, tx, b.c.projection, buildSchema); err != nil {
			return err
		}
		b.position, b.progress.from = b.floor, b.floor
		if err := b.sql.BuildForget(ctx, enginedb.BuildForgetParams{Projection: b.c.name}); err != nil {
			return err
		}
		return b.sql.BuildStart(ctx, enginedb.BuildStartParams{Projection: b.c.name, Hash: b.c.hash, Program: program, Floor: b.floor})
	})
}

func (b *builder) loadHeld(ctx context.Context) error {
	rows, err := b.sql.BuildHeld(ctx, enginedb.BuildHeldParams{Projection: b.c.name})
	for _, row := range rows {
		b.held[row.Key] = row.FromPosition
	}
	return err
}
