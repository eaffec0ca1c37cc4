package engine

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// StepKind is a kind of step on the way from a click to a changed page.
type StepKind string

// The kinds of steps, in the order of the way.
const (
	StepRequest StepKind = "request" // a command came in over HTTP and was answered
	StepSubmit  StepKind = "submit"  // it was stored in the inbox
	StepDecide  StepKind = "decide"  // it was decided
	StepStore   StepKind = "store"   // an event of the decision was stored
	StepReact   StepKind = "react"   // a reaction handled the event
	StepProject StepKind = "project" // a projection's table has it
	StepPatch   StepKind = "patch"   // an open page was sent what it changed
)

// Step is a step that is over. It names messages by type and id, never by content
// or person.
type Step struct {
	Kind        StepKind
	Type        string    // of the message
	Consumer    string    // of StepReact and StepProject
	Correlation uuid.UUID // names the conversation, hence the trace
	Message     uuid.UUID // the command or event it is about
	Cause       uuid.UUID // the message that caused it; a first command causes itself
	Status      Status    // of StepDecide
	Attempt     int       // of StepDecide and StepReact, from 1
	Start, End  time.Time
}

// Tracer is told of steps. The way leads through tables and other processes, so
// its steps find each other by the ids of messages alone: no context is stored.
type Tracer interface {
	// Trace takes note of a step; it must not block. ctx is that of a request for
	// StepRequest and StepSubmit, and tells nothing for others.
	Trace(ctx context.Context, s Step)
}

type requestKey struct{}

// InTracedRequest marks ctx as that of a request which will be told as StepRequest:
// what is submitted with it is part of the request.
func InTracedRequest(ctx context.Context) context.Context {
	return context.WithValue(ctx, requestKey{}, true)
}

// IsInTracedRequest says whether ctx is marked.
func IsInTracedRequest(ctx context.Context) bool { return ctx.Value(requestKey{}) != nil }
