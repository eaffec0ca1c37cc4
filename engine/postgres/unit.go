package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// Units take their locks in the usual order: the rows of the caller's SQL, then
// the order lock, then the engine's tables. All that takes time happens before the
// order lock is waited for; what was decided on is checked under it.

// errMoved means that what a unit decided on has changed: it is rolled back and
// done again.
var errMoved = errors.New("what the unit was decided on has changed")

// RunUnit does the unit and returns the outcomes of all commands that it decided,
// in the order in which they were stored.
//
// A refused command is a *engine.UnitRefusedError, one that does not end a
// *engine.UnitLoopError, and a fault of Do or of a handler is returned as it is;
// then nothing was stored. When the versions it was decided on changed meanwhile it
// is done again, Do included, and after some ten times the error is an
// engine.ErrConflict.
//
// Submitted again under the same ids, it returns the outcomes of the first commands
// as they stand, and does nothing. After ctx's error or an engine.ErrUnavailable it
// may have been stored: repeat it with the same ids.
//
// Components that call the outside cannot take part. What a unit's reactor folded is
// folded into its stored state when its consumer comes to it.
func (e *Engine) RunUnit(ctx context.Context, u engine.Unit) ([]engine.Outcome, error) {
	p, err := e.planUnit(u)
	if err != nil {
		return nil, fmt.Errorf("unit: %w", err)
	}
	select {
	case e.units <- struct{}{}:
		defer func() { <-e.units }()
	case <-ctx.Done():
		return nil, fmt.Errorf("unit: %w", ctx.Err())
	}
	for try := 1; ; try++ {
		outcomes, err := e.decidedUnit(ctx, p)
		if err != nil || outcomes != nil {
			return outcomes, fault(ctx, err, "unit")
		}
		outcomes, err = e.tryUnit(ctx, p)
		if need, ok := errors.AsType[*unanswered](err); ok && ctx.Err() == nil {
			var again bool
			p.answers, again = e.answerAll(p.answers, need)
			answerPause(ctx, again)
			continue
		}
		switch {
		case err == nil:
			return outcomes, nil
		case !errors.Is(err, errMoved) || try > mostConflicts:
			return e.failedUnit(ctx, p, err)
		}
		pause(ctx, rand.N(racePause))
	}
}

// failedUnit is the answer after a failed try. The same unit may have been stored
// by somebody else meanwhile, which is why the caller's SQL failed here.
func (e *Engine) failedUnit(ctx context.Context, p *unitPlan, failed error) ([]engine.Outcome, error) {
	if outcomes, err := e.decidedUnit(ctx, p); err == nil && outcomes != nil {
		return outcomes, nil
	}
	return nil, fault(ctx, failed, "unit")
}

// unitPlan is a unit that was checked against the system.
type unitPlan struct {
	engine.Unit
	letters   []*letter
	consumers []*consumer // whose reactions run inside
	answers   answers     // of reactions, to what its events refuse
}

func (e *Engine) planUnit(u engine.Unit) (*unitPlan, error) {
	if err := u.Validate(); err != nil {
		return nil, err
	}
	p := &unitPlan{Unit: u}
	for _, s := range u.Submissions {
		l, err := e.letter(s)
		if err != nil {
			return nil, err
		}
		if e.cfg.expired(l) {
			return nil, fmt.Errorf("submit %s: %w", l.id, engine.ErrExpired)
		}
		p.letters = append(p.letters, l)
	}
	for _, name := range u.Inside {
		if err := e.planInside(p, name); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// planInside checks that a component can take part.
func (e *Engine) planInside(p *unitPlan, name string) error {
	_, known := e.system.Actor(name)
	i := slices.IndexFunc(e.consumers, func(c *consumer) bool { return c.name == name && c.projection == nil })
	if i < 0 && !known {
		return fmt.Errorf("%q is no actor and no reactor", name)
	}
	if i < 0 {
		return nil
	}
	c := e.consumers[i]
	for _, list := range c.reactions {
		for _, reaction := range list {
			if len(reaction.Calls) > 0 {
				return fmt.Errorf("%s calls the outside", reaction.Name)
			}
		}
	}
	p.consumers = append(p.consumers, c)
	return nil
}

// decidedUnit is the answer to a unit that was stored before; nil: it was not.
func (e *Engine) decidedUnit(ctx context.Context, p *unitPlan) ([]engine.Outcome, error) {
	ids := make([]uuid.UUID, len(p.letters))
	for i, l := range p.letters {
		ids[i] = l.id
	}
	found, err := findOutcomes(ctx, enginedb.New(e.reads), ids)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	list := make([]engine.Outcome, len(ids))
	for i, l := range p.letters {
		at := slices.IndexFunc(found, func(o engine.Outcome) bool { return o.ID == l.id })
		// A command that waits was not submitted by a unit.
		if at < 0 || !l.same(found[at]) || found[at].Status == engine.Pending || found[at].Status == engine.Scheduled {
			return nil, fmt.Errorf("submit %s: %w", l.id, engine.ErrIDReused)
		}
		list[i] = found[at]
	}
	return list, nil
}

// tryUnit does the unit once.
func (e *Engine) tryUnit(ctx context.Context, p *unitPlan) ([]engine.Outcome, error) {
	conn, err := e.reads.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release()
	defer abort(ctx, conn)
	r := &unitRun{e: e, plan: p, conn: conn, states: map[string]*snapshot{}, open: map[conversation][]*unitStep{}, answers: answers{}}
	maps.Copy(r.answers, p.answers)
	if err := r.begin(ctx); err != nil {
		return nil, err
	}
	if err := r.decideAll(ctx); err != nil {
		return nil, err
	}
	f, err := r.store(ctx)
	if errors.Is(err, errUnsure) {
		err = e.unitTruth(ctx, p.letters[0].id)
	}
	if err != nil {
		return nil, err
	}
	return e.tellUnit(f), nil
}

// begin opens the transaction and runs the caller's SQL.
func (r *unitRun) begin(ctx context.Context) error {
	b := &pgx.Batch{}
	b.Queue(begin)
	b.Queue(enginedb.UnitBegin).QueryRow(func(row pgx.Row) error { return row.Scan(&r.at) })
	if err := r.conn.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	if r.plan.Do != nil {
		if err := guard(func() error { return r.plan.Do(ctx, r.conn.Conn()) }); err != nil {
			return fmt.Errorf("the caller's SQL: %w", err)
		}
		if r.conn.Conn().PgConn().TxStatus() != 'T' {
			return errors.New("the caller's SQL: the transaction failed, or was ended")
		}
	}
	return enginedb.New(r.conn).UnitSettings(ctx)
}

// store waits for the order lock, checks what was decided on, and commits.
func (r *unitRun) store(ctx context.Context) (*flight, error) {
	f := r.e.sequencer.flight(r.entries)
	f.handled = r.handled
	if err := f.lock(ctx, r.conn, enginedb.UnitSettings); err != nil {
		return nil, err
	}
	if err := r.unmoved(ctx); err != nil {
		return nil, err
	}
	f.judge()
	for i, v := range f.verdicts {
		if errors.Is(v.err, errElsewhere) {
			return nil, fmt.Errorf("submit %s: it waits in the inbox: %w", r.entries[i].command.ID, engine.ErrIDReused)
		}
		if _, ok := errors.AsType[*unanswered](v.err); ok {
			return nil, v.err
		}
		if v.err != nil {
			return nil, fmt.Errorf("%w: %w", errMoved, v.err)
		}
	}
	r.place(f)
	err := f.store(ctx, r.conn)
	if err != nil && r.conn.Conn().IsClosed() {
		err = fmt.Errorf("%w: %w", errUnsure, err)
	}
	return f, err
}

// place tells commands where the events stand that they were sent because of.
func (r *unitRun) place(f *flight) {
	positions := make(map[uuid.UUID]int64, len(f.records))
	for _, rec := range f.records {
		positions[rec.Meta.ID] = rec.Meta.Position
	}
	for _, en := range r.entries {
		if en.command.Reaction != "" {
			en.command.Cause = positions[en.command.Causation]
		}
		for i := range en.sends {
			en.sends[i].cause = positions[en.sends[i].causation]
		}
	}
}

// unitTruth finds out whether a unit was stored whose COMMIT was not answered: its
// first command has an outcome then. Only under the order lock is that final.
func (e *Engine) unitTruth(ctx context.Context, id uuid.UUID) error {
	for {
		var decided []uuid.UUID
		err := inTx(ctx, e.work, enginedb.LogSettings, func(conn *pgx.Conn) (err error) {
			sql := enginedb.New(conn)
			if err := sql.LogLock(ctx); err != nil {
				return err
			}
			decided, err = sql.OutcomeDecided(ctx, enginedb.OutcomeDecidedParams{Ids: []uuid.UUID{id}})
			return err
		})
		switch {
		case err == nil && len(decided) == 0:
			return errMoved
		case err == nil, ctx.Err() != nil, !surroundings(err):
			return err
		}
		pause(ctx, 100*time.Millisecond)
	}
}

// tellUnit spreads the news of a unit, and makes its result.
func (e *Engine) tellUnit(f *flight) []engine.Outcome {
	e.onStored(f.records, len(f.batch))
	if len(f.settled) > 0 {
		e.onOutcomes()
	}
	if len(f.sends) > 0 {
		e.onSubmitted()
	}
	outcomes := make([]engine.Outcome, len(f.batch))
	for i, en := range f.batch {
		e.onDecided(en, f.verdicts[i])
		outcomes[i] = en.outcome(f.verdicts[i])
	}
	return outcomes
}
