package postgres

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// idleCheckpoint is how often a checkpoint is written that only passed over
// events which do not concern the projection.
const idleCheckpoint = time.Second

// projector folds the log into one projection's table for as long as this
// process owns its slot: rows and checkpoint in one transaction, whose last
// statement is fenced.
type projector struct {
	e        *Engine
	p        *engine.Projection
	fence    int64
	position int64     // folded up to here
	last     uuid.UUID // of the event there
	written  int64     // checkpoint in the database
	at       time.Time
}

// run folds until ctx ends or the slot has another owner.
func (p *projector) run(ctx context.Context) {
	health := p.e.health.begin(p.p.Name, 0)
	defer health.end()
	p.report()
	for wait := 100 * time.Millisecond; ctx.Err() == nil; {
		news := p.e.tail.changed.next()
		list, err := p.next(ctx)
		if err == nil && len(list) > 0 {
			err = p.fold(ctx, list)
		}
		switch {
		case errors.Is(err, errFenced):
			p.e.log.Info("projection moved to another process", "projection", p.p.Name)
			return
		case err != nil && !ended(ctx, err):
			p.e.log.Error("projection is tried again", "projection", p.p.Name, "after", p.position, "error", err)
			health.fails(err)
			if !surroundings(err) {
				p.e.meter.retried(p.p.Name)
			}
			pause(ctx, wait)
			wait = min(2*wait, 10*time.Second)
		case err == nil:
			health.works()
			wait = 100 * time.Millisecond
			if len(list) == 0 {
				p.rest(ctx, news)
			}
		}
	}
}

// next gives the events to fold, from memory where the tail has them.
func (p *projector) next(ctx context.Context) ([]*record, error) {
	list, known := p.e.tail.after(p.position, page)
	if known {
		return list, nil
	}
	return readLog(ctx, p.e.sql, p.position, page)
}

// rest waits for news, and writes a checkpoint that is behind without work.
func (p *projector) rest(ctx context.Context, news <-chan struct{}) {
	var due <-chan time.Time
	if p.written < p.position {
		timer := time.NewTimer(time.Until(p.at.Add(idleCheckpoint)))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-ctx.Done():
	case <-news:
	case <-due:
		_ = p.commit(ctx, nil, place{p.position, p.last}) // tried again when it is due again
	}
}

// fold applies what concerns the projection of a page of the log.
func (p *projector) fold(ctx context.Context, list []*record) error {
	last := list[len(list)-1].Meta
	to := place{last.Position, last.ID}
	var batch []engine.Recorded
	for _, r := range list {
		if !slices.Contains(p.p.Events, r.Type) {
			continue
		}
		event, err := r.decoded(p.e.system)
		if err != nil {
			return fmt.Errorf("event %d: %w", r.Meta.Position, err)
		}
		batch = append(batch, event)
	}
	if len(batch) == 0 && (to.position-p.written < 10*page && time.Since(p.at) < idleCheckpoint) {
		p.position, p.last = to.position, to.id
		p.report()
		return nil
	}
	if err := p.commit(ctx, batch, to); err != nil {
		return err
	}
	p.position, p.last = to.position, to.id
	p.report()
	if len(batch) > 0 {
		p.e.hub.Publish(p.p.Name)
	}
	return nil
}

// commit writes the rows that the batch changes and the checkpoint.
func (p *projector) commit(ctx context.Context, batch []engine.Recorded, to place) error {
	err := inTx(ctx, p.e.work, enginedb.SlotSettings, func(conn *pgx.Conn) error {
		if err := p.apply(ctx, conn, batch); err != nil {
			return err
		}
		n, err := enginedb.New(conn).SlotAdvance(ctx, enginedb.SlotAdvanceParams{
			Position: to.position, Last: to.id, Consumer: p.p.Name, Fence: p.fence, Was: p.written})
		if err == nil && n == 0 {
			return p.refused(ctx, conn)
		}
		return err
	})
	p.at = time.Now()
	if err == nil {
		p.written = to.position
	}
	return err
}

// refused explains a checkpoint that did not move. Unless the slot has another
// owner, an earlier COMMIT succeeded although its answer was lost, or memory holds
// events of another log.
func (p *projector) refused(ctx context.Context, conn *pgx.Conn) error {
	owned, err := enginedb.New(conn).SlotOwned(ctx, enginedb.SlotOwnedParams{Owner: p.e.id})
	if err != nil {
		return err
	}
	for _, s := range owned {
		if s.Consumer == p.p.Name && s.Fence == p.fence {
			p.e.epochs.bell.ring()
			p.e.tail.restart()
			p.written, p.position = s.Position, s.Position
			return fmt.Errorf("%s stands at %d: %w", p.p.Name, s.Position, errUnsure)
		}
	}
	return errFenced
}

func (p *projector) apply(ctx context.Context, conn *pgx.Conn, batch []engine.Recorded) (err error) {
	if len(batch) == 0 {
		return nil
	}
	defer func() {
		if r := recover(); r != nil {
			err = &engine.PanicError{Value: r, Stack: debug.Stack()}
		}
	}()
	return p.p.Apply(ctx, conn, batch)
}

// report tells who waits for the position, here and elsewhere.
func (p *projector) report() {
	p.e.applied.reach(p.p.Name, p.position)
	p.e.notices.send(noticeProjected, p.p.Name+" "+strconv.FormatInt(p.position, 10)+" "+p.e.epochs.now().Epoch.String())
}
