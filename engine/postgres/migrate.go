package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// commandSlots is how many hash slots the inbox has. It is part of the stored
// data: a command's slot is computed when it is submitted.
const commandSlots = 64

const (
	consumerCommands = engine.ConsumerCommands
	lockMigrations   = "select pg_advisory_lock(hashtextextended('backstory.migrations', 0))"
	unlockMigrations = "select pg_advisory_unlock(hashtextextended('backstory.migrations', 0))"
	createSchema     = "create schema if not exists backstory"
)

// prepare brings the database up to date, one process at a time: the engine's
// schema as its owner, then what the working role owns, the tables of projections.
func prepare(ctx context.Context, cfg Config) error {
	conn, err := reach(ctx, cfg, owner)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	// Processes at work change the same rows: where a role or database defaults to
	// another level, their changes would be errors here.
	if _, err := conn.Exec(ctx, "set default_transaction_isolation to 'read committed'"); err != nil {
		return fault(ctx, err, "prepare")
	}
	if _, err := conn.Exec(ctx, lockMigrations); err != nil {
		return fault(ctx, err, "lock migrations")
	}
	defer func() { _, _ = conn.Exec(context.WithoutCancel(ctx), unlockMigrations) }()
	found, err := migrated(ctx, conn, cfg)
	if err != nil {
		return fault(ctx, err, "migrate")
	}
	if err := enginedb.New(conn).EpochFound(ctx); err != nil {
		return fault(ctx, err, "take the empty database as home")
	}
	if !cfg.twoRoles() {
		return prepareWork(ctx, conn, cfg)
	}
	worker, err := reach(ctx, cfg, direct)
	if err != nil {
		return err
	}
	defer worker.Close(context.WithoutCancel(ctx))
	var role string
	if err := worker.QueryRow(ctx, "select current_user").Scan(&role); err != nil {
		return fault(ctx, err, "ask for the working role")
	}
	// What is ahead has tables that this program does not know, and newer programs
	// have given the rights on them.
	if !found.ahead() {
		err = grant(ctx, conn, role)
	}
	if err != nil {
		return fault(ctx, err, "give rights to role %s", role)
	}
	return prepareWork(ctx, worker, cfg)
}

func prepareWork(ctx context.Context, conn *pgx.Conn, cfg Config) error {
	if err := ensureSlots(ctx, conn); err != nil {
		return fault(ctx, err, "prepare slots")
	}
	for _, c := range consumersOf(cfg) {
		if err := prepareConsumer(ctx, conn, c); err != nil {
			return fault(ctx, err, "prepare %s", c.name)
		}
	}
	return nil
}

func ensureSlots(ctx context.Context, conn *pgx.Conn) error {
	return enginedb.New(conn).SlotInsert(ctx, enginedb.SlotInsertParams{Consumer: consumerCommands, Slots: numbers(commandSlots), Rebuilt: -1})
}

// numbers are 0 to n-1.
func numbers(n int) []int32 {
	list := make([]int32, n)
	for i := range list {
		list[i] = int32(i)
	}
	return list
}

// prepareConsumer registers a consumer, or takes in that its definition is not the
// recorded one. A process that still has the old definition loses its fence and
// cannot commit any more.
func prepareConsumer(ctx context.Context, conn *pgx.Conn, c *consumer) error {
	found, err := enginedb.New(conn).ConsumerFind(ctx, enginedb.ConsumerFindParams{Name: c.name})
	known := err == nil
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	if known && found.Hash == c.hash && found.Type == c.kind || known && c.projection != nil {
		return nil // a projection with another definition is built beside the live one
	}
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		sql := enginedb.New(tx)
		if err := sql.ConsumerPut(ctx, enginedb.ConsumerPutParams{Name: c.name, Type: c.kind, Hash: c.hash, Slots: int32(c.policy.Slots)}); err != nil {
			return err
		}
		if !known {
			return addConsumer(ctx, tx, c)
		}
		floor, err := beginStates(ctx, sql, c)
		if err != nil {
			return err
		}
		return sql.SlotRefold(ctx, enginedb.SlotRefoldParams{Consumer: c.name, Floor: floor})
	})
}

// addConsumer makes the slots of a consumer that was never seen. A projection
// begins with the log; reactions begin after it: they are about what happens from
// now on, though a reactor's states know what happened before.
func addConsumer(ctx context.Context, tx pgx.Tx, c *consumer) error {
	sql := enginedb.New(tx)
	p := enginedb.SlotInsertParams{Consumer: c.name, Slots: numbers(c.policy.Slots), Rebuilt: -1}
	if c.projection != nil {
		if err := sql.SlotInsert(ctx, p); err != nil {
			return err
		}
		return beginProjection(ctx, tx, c)
	}
	head, err := sql.LogPosition(ctx)
	if err != nil {
		return err
	}
	p.Position = head
	if c.stateful() && head > 0 {
		if p.Rebuilt, err = beginStates(ctx, sql, c); err != nil {
			return err
		}
	}
	return sql.SlotInsert(ctx, p)
}

// beginProjection makes the table of a projection that was never seen, and lets it
// begin where the log does.
func beginProjection(ctx context.Context, tx pgx.Tx, c *consumer) error {
	if _, err := tx.Conn().PgConn().Exec(ctx, "set local search_path to public;\n"+c.projection.DDL).ReadAll(); err != nil {
		return err
	}
	floor, err := seed(ctx, tx, c.projection, "public")
	if err != nil {
		return err
	}
	sql := enginedb.New(tx)
	if err := sql.FloorReached(ctx, enginedb.FloorReachedParams{Consumer: c.name, Floor: floor}); err != nil {
		return err
	}
	return sql.DefinitionLive(ctx, enginedb.DefinitionLiveParams{Projection: c.name, Hash: c.hash})
}
