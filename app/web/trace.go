package web

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/live"
)

// traced names the command, so that its request can be told, and tells it when
// done is called. Without a tracer it does nothing.
func (s *Server) traced(r *http.Request, submission *engine.Submission) (ctx context.Context, done func()) {
	if s.cfg.Tracer == nil {
		return r.Context(), func() {}
	}
	if submission.ID == uuid.Nil {
		submission.ID = uuid.Must(uuid.NewV7())
	}
	step := engine.Step{Kind: engine.StepRequest, Type: submission.Type, Correlation: submission.ID, Message: submission.ID, Cause: submission.ID, Start: time.Now()}
	return engine.InTracedRequest(r.Context()), func() {
		step.End = time.Now()
		s.cfg.Tracer.Trace(r.Context(), step)
	}
}

// patchOf is the step that shows an event.
func patchOf(r engine.Recorded) *engine.Step {
	return &engine.Step{Kind: engine.StepPatch, Type: r.Type, Correlation: r.Meta.Correlation, Message: r.Meta.ID, Cause: r.Meta.Causation}
}

// patched tells of fragments that were sent.
func (s *Server) patched() func(live.Fragment, time.Time) {
	if s.cfg.Tracer == nil {
		return nil
	}
	return func(f live.Fragment, start time.Time) {
		if step, ok := f.Cause.(*engine.Step); ok && step != nil {
			told := *step
			told.Start, told.End = start, time.Now()
			s.cfg.Tracer.Trace(context.Background(), told)
		}
	}
}
