package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

const (
	promoteMost  = 500                   // commands that become due in one transaction
	promoteAhead = 1_000                 // commands that may wait before more become due
	promotePause = 20 * time.Millisecond // until they are fewer
	schedulePoll = 1 * time.Second       // when nothing is heard
)

// schedule lets commands that are due join the inbox. Every process that works
// does it: they pass over each other's rows. What is due at the same instant
// joins in portions, so that commands submitted meanwhile need not wait for all.
type schedule struct {
	e    *Engine
	wake bell // something may be due sooner
}

// run promotes until ctx ends; then it returns nil.
func (s *schedule) run(ctx context.Context) error {
	health := s.e.health.begin("schedule", stuckAfter)
	defer health.end()
	for ctx.Err() == nil {
		health.turns()
		wait, err := s.round(ctx)
		switch {
		case err == nil:
			health.works()
		case !ended(ctx, err):
			s.e.log.Warn("looking for what is due is tried again", "error", err)
			health.fails(err)
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
	return nil
}

// round promotes what is due, and says how long until there may be more.
func (s *schedule) round(ctx context.Context) (wait time.Duration, err error) {
	for {
		next, err := s.e.sql.ScheduleNext(ctx)
		if err != nil {
			return schedulePoll, err
		}
		if next != 0 {
			if next < 0 {
				return schedulePoll, nil
			}
			return min(seconds(next)+time.Millisecond, schedulePoll), nil
		}
		waiting, err := s.e.sql.InboxCount(ctx, enginedb.InboxCountParams{Most: promoteAhead})
		if err != nil || waiting >= promoteAhead {
			return promotePause, err
		}
		promoted, err := s.e.sql.SchedulePromote(ctx, enginedb.SchedulePromoteParams{Most: promoteMost})
		if err != nil || promoted == 0 { // others have them in hand
			return promotePause, err
		}
		s.e.ringWorkers()
		s.e.notices.send(noticeInbox, "")
	}
}

// Scheduled implements engine.Operator.
func (e *Engine) Scheduled(ctx context.Context, after engine.ScheduledCommand, limit int) ([]engine.ScheduledCommand, error) {
	rows, err := enginedb.New(e.reads).ScheduleList(ctx, enginedb.ScheduleListParams{
		AfterDue: after.Due, AfterID: after.ID, Most: int32(limit)})
	if err != nil {
		return nil, fault(ctx, err, "list what is scheduled")
	}
	list := make([]engine.ScheduledCommand, len(rows))
	for i, row := range rows {
		list[i] = engine.ScheduledCommand{ID: row.ID, Type: row.Type, Stream: row.Stream, Due: row.Due.UTC(), By: row.By,
			Reaction: row.Reaction, Correlation: row.Correlation, Causation: row.Causation, Data: row.Data}
	}
	return list, nil
}

// CancelScheduled implements engine.Operator.
func (e *Engine) CancelScheduled(ctx context.Context, id uuid.UUID) error {
	n, err := enginedb.New(e.reads).ScheduleCancel(ctx, enginedb.ScheduleCancelParams{ID: id})
	if err != nil {
		return fault(ctx, err, "cancel %s", id)
	}
	if n == 0 {
		return fmt.Errorf("cancel %s: nothing is scheduled under this id: %w", id, engine.ErrNotFound)
	}
	e.onOutcomes()
	return nil
}
