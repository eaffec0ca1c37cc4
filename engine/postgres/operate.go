package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// The statuses that an operator gives a consumer.
const (
	statusActive = "active"
	statusPaused = "paused"
)

var _ engine.Operator = (*Engine)(nil)

// Parked implements engine.Operator.
func (e *Engine) Parked(ctx context.Context, of engine.ParkedFilter, after engine.ParkedKey, limit int) ([]engine.ParkedKey, error) {
	if of.Consumer == engine.ConsumerCommands {
		return e.parkedCommands(ctx, of, after, limit)
	}
	rows, err := enginedb.New(e.reads).ParkedList(ctx, enginedb.ParkedListParams{Consumer: of.Consumer, Key: of.Key,
		AfterConsumer: after.Consumer, AfterKey: after.Key, Most: int32(limit)})
	list := make([]engine.ParkedKey, len(rows))
	for i, row := range rows {
		list[i] = engine.ParkedKey{Consumer: row.Consumer, Key: row.Key, Position: row.FromPosition, Attempts: int(row.Attempts),
			FirstAt: row.FirstAt.UTC(), ParkedAt: row.ParkedAt.UTC(), Error: row.Error}
	}
	if err != nil || of.Consumer != "" {
		return list, fault(ctx, err, "list what is parked")
	}
	commands, err := e.parkedCommands(ctx, of, after, limit)
	list = append(list, commands...)
	slices.SortFunc(list, func(a, b engine.ParkedKey) int {
		return cmp.Or(cmp.Compare(a.Consumer, b.Consumer), cmp.Compare(a.Key, b.Key))
	})
	return list[:min(len(list), limit)], err
}

// ParkedMessages implements engine.Operator. A consumer that this program does not
// have is an ErrNotFound.
func (e *Engine) ParkedMessages(ctx context.Context, name, key string, limit int) ([]engine.WaitingMessage, error) {
	if name == engine.ConsumerCommands {
		return e.parkedCommandsOf(ctx, key, limit)
	}
	sql := enginedb.New(e.reads)
	var c *consumer
	for _, other := range e.consumers {
		if other.name == name {
			c = other
		}
	}
	row, err := sql.HeldFind(ctx, enginedb.HeldFindParams{Consumer: name, Key: key})
	if c == nil || errors.Is(err, pgx.ErrNoRows) {
		return nil, fmt.Errorf("parked key %q of %q: %w", key, name, engine.ErrNotFound)
	}
	if err != nil {
		return nil, fault(ctx, err, "parked key %q of %s", key, name)
	}
	head, err := sql.LogPosition(ctx)
	if err != nil {
		return nil, fault(ctx, err, "parked key %q of %s", key, name)
	}
	messages, err := waitingBehind(ctx, sql, c, enginedb.HeldTakeRow(row), head, limit)
	list := make([]engine.WaitingMessage, len(messages))
	for i, m := range messages {
		list[i] = engine.WaitingMessage{ID: m.Meta.ID, Type: m.Type, Stream: m.Meta.Stream.String(),
			Position: m.Meta.Position, At: m.Meta.At, Data: m.Data}
	}
	return list, fault(ctx, err, "parked key %q of %s", key, name)
}

// RetryParked implements engine.Operator.
func (e *Engine) RetryParked(ctx context.Context, of engine.ParkedFilter, limit int) (int, error) {
	commands, err := chooseCommands(of, func() (int, error) { return e.retryCommands(ctx, of.Key, limit) })
	if err != nil || of.Consumer == engine.ConsumerCommands {
		return commands, err
	}
	n, err := e.sql.ParkedRetry(ctx, enginedb.ParkedRetryParams{Consumer: of.Consumer, Key: of.Key, Before: parkedBefore(of), Most: int32(limit)})
	return commands + int(n), fault(ctx, err, "retry what is parked")
}

// DiscardParked implements engine.Operator.
func (e *Engine) DiscardParked(ctx context.Context, of engine.ParkedFilter, limit int) (int, error) {
	commands, err := chooseCommands(of, func() (int, error) { return e.discardCommands(ctx, of.Key, limit) })
	if err != nil || of.Consumer == engine.ConsumerCommands {
		return commands, err
	}
	n, err := e.sql.ParkedDiscard(ctx, enginedb.ParkedDiscardParams{Consumer: of.Consumer, Key: of.Key, Before: parkedBefore(of), Most: int32(limit)})
	return commands + int(n), fault(ctx, err, "discard what is parked")
}

func parkedBefore(of engine.ParkedFilter) time.Time {
	if of.Before.IsZero() {
		return time.Now().AddDate(1, 0, 0) // whatever the database's clock says
	}
	return of.Before
}

// PauseConsumer implements engine.Operator. What is in hand is finished; the last
// process hears of it within a second.
func (e *Engine) PauseConsumer(ctx context.Context, name string) error {
	return e.setConsumer(ctx, name, statusPaused)
}

// ResumeConsumer implements engine.Operator.
func (e *Engine) ResumeConsumer(ctx context.Context, name string) error {
	return e.setConsumer(ctx, name, statusActive)
}

func (e *Engine) setConsumer(ctx context.Context, name, status string) error {
	n, err := e.sql.ConsumerStatus(ctx, enginedb.ConsumerStatusParams{Name: name, Status: status})
	if err == nil && n == 0 {
		return fmt.Errorf("consumer %q: %w", name, engine.ErrNotFound)
	}
	return fault(ctx, err, "set %s %s", name, status)
}
