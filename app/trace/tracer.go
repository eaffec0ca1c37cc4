package trace

import (
	"context"
	"crypto/sha256"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/backstory-go/backstory/engine"
)

// Tracer makes a span of each step.
type Tracer struct{ tracer trace.Tracer }

var _ engine.Tracer = Tracer{}

// Trace implements engine.Tracer.
func (t Tracer) Trace(ctx context.Context, s engine.Step) {
	from := trace.SpanContextFromContext(ctx) // of the caller's own trace
	id := ids{trace: trace.TraceID(s.Correlation), span: spanOf(s)}
	to := context.WithValue(context.Background(), idsKey{}, id)
	if parent := parentOf(ctx, s); parent.IsValid() {
		to = trace.ContextWithSpanContext(to, trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: id.trace, SpanID: parent, TraceFlags: trace.FlagsSampled, Remote: true}))
	}
	options := []trace.SpanStartOption{trace.WithTimestamp(s.Start), trace.WithSpanKind(kindOf(s.Kind)), trace.WithAttributes(attributes(s)...)}
	if s.Kind == engine.StepRequest && from.IsValid() {
		options = append(options, trace.WithLinks(trace.Link{SpanContext: from}))
	}
	_, span := t.tracer.Start(to, nameOf(s), options...)
	if failed(s) {
		span.SetStatus(codes.Error, "")
	}
	span.End(trace.WithTimestamp(s.End))
}

func failed(s engine.Step) bool {
	return s.Kind == engine.StepDecide && (s.Status == "" || s.Status == engine.Failed)
}

func nameOf(s engine.Step) string {
	if s.Consumer != "" {
		return string(s.Kind) + " " + s.Consumer
	}
	return string(s.Kind) + " " + s.Type
}

func kindOf(kind engine.StepKind) trace.SpanKind {
	switch kind {
	case engine.StepRequest:
		return trace.SpanKindServer
	case engine.StepSubmit:
		return trace.SpanKindProducer
	case engine.StepDecide, engine.StepReact, engine.StepProject:
		return trace.SpanKindConsumer
	}
	return trace.SpanKindInternal
}

func attributes(s engine.Step) []attribute.KeyValue {
	list := []attribute.KeyValue{
		attribute.String("backstory.message.type", s.Type),
		attribute.String("backstory.message.id", s.Message.String()),
		attribute.String("backstory.correlation", s.Correlation.String()),
		attribute.String("backstory.causation", s.Cause.String()),
	}
	if s.Consumer != "" {
		list = append(list, attribute.String("backstory.consumer", s.Consumer))
	}
	if s.Status != "" {
		list = append(list, attribute.String("backstory.status", string(s.Status)))
	}
	if s.Attempt > 1 {
		list = append(list, attribute.Int("backstory.attempt", s.Attempt))
	}
	return list
}

// parentOf is the span of the step before; invalid: there is none.
func parentOf(ctx context.Context, s engine.Step) trace.SpanID {
	switch {
	case s.Kind == engine.StepSubmit && engine.IsInTracedRequest(ctx):
		return spanID(s.Message, engine.StepRequest)
	case s.Kind == engine.StepDecide && s.Cause == s.Message:
		return spanID(s.Message, engine.StepSubmit)
	case s.Kind == engine.StepDecide: // sent by a reaction to the event that is its cause
		return spanID(s.Cause, engine.StepStore)
	case s.Kind == engine.StepStore:
		return spanID(s.Cause, engine.StepDecide)
	case s.Kind == engine.StepReact, s.Kind == engine.StepProject, s.Kind == engine.StepPatch:
		return spanID(s.Message, engine.StepStore)
	}
	return trace.SpanID{}
}

// spanOf is the step's own span, which others may be below. Steps that may be
// many have random ones, and nothing is below them.
func spanOf(s engine.Step) trace.SpanID {
	if s.Kind == engine.StepPatch || s.Kind == engine.StepReact || s.Kind == engine.StepProject || s.Kind == engine.StepDecide && s.Status == "" {
		random := uuid.New()
		return trace.SpanID(random[8:])
	}
	return spanID(s.Message, s.Kind)
}

func spanID(message uuid.UUID, kind engine.StepKind) trace.SpanID {
	sum := sha256.Sum256(append(message[:], kind...))
	return trace.SpanID(sum[:8])
}

// ids are what the next span is to be called.
type ids struct {
	trace trace.TraceID
	span  trace.SpanID
}

type idsKey struct{}

// generator gives spans the ids that Trace derived.
type generator struct{}

var _ sdk.IDGenerator = generator{}

// NewIDs implements sdk.IDGenerator.
func (g generator) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	id, _ := ctx.Value(idsKey{}).(ids)
	return id.trace, id.span
}

// NewSpanID implements sdk.IDGenerator.
func (g generator) NewSpanID(ctx context.Context, _ trace.TraceID) trace.SpanID {
	id, _ := ctx.Value(idsKey{}).(ids)
	return id.span
}
