package postgres

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// Commands that failed for good are parked: later commands of their streams went
// on. To engine.Operator they are engine.ConsumerCommands, whose keys are streams.

// chooseCommands does something with commands if the filter chooses them.
func chooseCommands(of engine.ParkedFilter, do func() (int, error)) (int, error) {
	if of.Consumer != "" && of.Consumer != engine.ConsumerCommands {
		return 0, nil
	}
	return do()
}

// parkedCommands lists the streams with parked commands. Each tells of its first.
func (e *Engine) parkedCommands(ctx context.Context, of engine.ParkedFilter, after engine.ParkedKey, limit int) ([]engine.ParkedKey, error) {
	from := ""
	switch {
	case after.Consumer > engine.ConsumerCommands:
		return nil, nil
	case after.Consumer == engine.ConsumerCommands:
		from = after.Key
	}
	rows, err := enginedb.New(e.reads).CommandsParked(ctx, enginedb.CommandsParkedParams{Key: of.Key, After: from, Most: int32(limit)})
	list := make([]engine.ParkedKey, len(rows))
	for i, row := range rows {
		list[i] = engine.ParkedKey{Consumer: engine.ConsumerCommands, Key: row.Stream, Command: row.ID, Attempts: mostTries,
			FirstAt: row.At.UTC(), ParkedAt: row.DecidedAt.UTC(), Error: row.Error}
	}
	return list, fault(ctx, err, "list the commands that are parked")
}

// parkedCommandsOf lists the parked commands of a stream in their order.
func (e *Engine) parkedCommandsOf(ctx context.Context, stream string, limit int) ([]engine.WaitingMessage, error) {
	rows, err := enginedb.New(e.reads).CommandsParkedOf(ctx, enginedb.CommandsParkedOfParams{Key: stream, Most: int32(limit)})
	list := make([]engine.WaitingMessage, len(rows))
	for i, row := range rows {
		list[i] = engine.WaitingMessage{ID: row.ID, Type: row.Type, Stream: row.Stream, At: row.At.UTC(), Data: row.Data}
	}
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("parked commands of %q: %w", stream, engine.ErrNotFound)
	}
	return list, fault(ctx, err, "list the parked commands of %s", stream)
}

// retryCommands puts the parked commands of a stream (""): of every one, at
// most limit streams, back into the inbox under their ids, in their order, behind
// what waits there. It says of how many streams.
func (e *Engine) retryCommands(ctx context.Context, stream string, limit int) (int, error) {
	streams := map[string]bool{}
	err := pgx.BeginTxFunc(ctx, e.reads, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
		rows, err := enginedb.New(tx).CommandsUnpark(ctx, enginedb.CommandsUnparkParams{Key: stream, Most: int32(limit)})
		if err != nil {
			return err
		}
		slices.SortFunc(rows, func(a, b enginedb.CommandsUnparkRow) int {
			return cmp.Or(a.At.Compare(b.At), slices.Compare(a.ID[:], b.ID[:]))
		})
		list := make([]sent, len(rows))
		for i, r := range rows {
			streams[r.Stream] = true
			list[i] = sent{id: r.ID, typ: r.Type, stream: r.Stream, by: r.By, data: r.Data, correlation: r.Correlation,
				causation: r.Causation, reaction: r.Reaction, cause: r.Cause}
		}
		b := &pgx.Batch{}
		queueSent(b, list)
		return tx.SendBatch(ctx, b).Close()
	})
	if err != nil {
		return 0, fault(ctx, err, "retry parked commands")
	}
	if len(streams) > 0 {
		e.onSubmitted()
	}
	return len(streams), nil
}

// discardCommands gives up the first parked command of a stream (""): of
// every one, at most limit streams. It stays failed, and cannot be retried.
func (e *Engine) discardCommands(ctx context.Context, stream string, limit int) (int, error) {
	n, err := enginedb.New(e.reads).CommandsDiscard(ctx, enginedb.CommandsDiscardParams{Key: stream, Most: int32(limit)})
	return int(n), fault(ctx, err, "discard parked commands")
}

const (
	forgetEvery  = time.Minute
	forgetMost   = 1_000            // outcomes forgotten in one transaction
	forgetMargin = 10 * time.Minute // for clocks that made ids and are ahead
)

// forget deletes outcomes that are older than they are kept, until ctx ends; then
// it returns nil.
func (e *Engine) forget(ctx context.Context) error {
	for {
		for more := true; more; {
			n, err := e.forgetSome(ctx)
			if err != nil && !ended(ctx, err) {
				e.log.Warn("forgetting old outcomes is tried again", "error", err)
			}
			more = err == nil && n == forgetMost
		}
		if !pause(ctx, forgetEvery) {
			return nil
		}
	}
}

func (e *Engine) forgetSome(ctx context.Context) (n int64, err error) {
	err = pgx.BeginTxFunc(ctx, e.work, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
		sql := enginedb.New(tx)
		if err := sql.ForgetSettings(ctx); err != nil {
			return err
		}
		n, err = sql.OutcomesForget(ctx, enginedb.OutcomesForgetParams{
			Seconds: (e.cfg.OutcomeRetention + forgetMargin).Seconds(), Most: forgetMost})
		return err
	})
	return n, err
}

// expired says whether an id made by the system is older than outcomes are kept:
// what was submitted under it may be forgotten.
func (c Config) expired(l *letter) bool {
	if c.OutcomeRetention == 0 || l.id.Version() != 7 {
		return false
	}
	seconds, nanos := l.id.Time().UnixTime()
	return time.Since(time.Unix(seconds, nanos)) > c.OutcomeRetention
}
