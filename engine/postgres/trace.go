package postgres

import (
	"context"
	"time"

	"github.com/backstory-go/backstory/engine"
)

// begun is the time, when somebody wants to know it.
func (e *Engine) begun() time.Time {
	if e.cfg.Tracer == nil {
		return time.Time{}
	}
	return time.Now()
}

func (e *Engine) traceSubmitted(ctx context.Context, l *letter, start time.Time) {
	if e.cfg.Tracer == nil {
		return
	}
	e.cfg.Tracer.Trace(ctx, engine.Step{Kind: engine.StepSubmit, Type: l.typ, Correlation: l.id, Message: l.id, Cause: l.id,
		Start: start, End: time.Now()})
}

// traceTried tells of a decision: one that stands has a status.
func (e *Engine) traceTried(o *order, status engine.Status, start time.Time) {
	if e.cfg.Tracer == nil {
		return
	}
	c := o.row
	e.cfg.Tracer.Trace(context.Background(), engine.Step{Kind: engine.StepDecide, Type: c.Type, Correlation: c.Correlation, Message: c.ID, Cause: c.Causation,
		Status: status, Attempt: o.tries + 1, Start: start, End: time.Now()})
}

func (e *Engine) traceStored(stored []*record, start time.Time) {
	if e.cfg.Tracer == nil {
		return
	}
	now := time.Now()
	for _, r := range stored {
		e.cfg.Tracer.Trace(context.Background(), stepOf(engine.StepStore, r.Recorded, "", start, now))
	}
}

// traceHandled tells of messages that were handled in one transaction. What is
// held was not.
func (r *runner) traceHandled(messages []*message, start time.Time) {
	if r.e.cfg.Tracer == nil {
		return
	}
	kind, now := engine.StepReact, time.Now()
	if r.c.projection != nil {
		kind = engine.StepProject
	}
	for _, m := range messages {
		if !r.held[m.key] {
			r.e.cfg.Tracer.Trace(context.Background(), stepOf(kind, m.Recorded, r.c.name, start, now))
		}
	}
}

func stepOf(kind engine.StepKind, r engine.Recorded, consumer string, start, end time.Time) engine.Step {
	return engine.Step{Kind: kind, Type: r.Type, Consumer: consumer, Correlation: r.Meta.Correlation, Message: r.Meta.ID, Cause: r.Meta.Causation,
		Attempt: r.Meta.Attempt, Start: start, End: end}
}
