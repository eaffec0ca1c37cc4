package engine

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Decision is what a decider is given beside state and command. What it returns
// follows from the command alone, so that a decision can be made again.
type Decision struct {
	Meta
	ids *idSource
}

// NewDecision prepares the decision about the command that meta describes.
func NewDecision(meta Meta) Decision { return Decision{meta, &idSource{seed: meta.ID}} }

// Now is when the command was submitted or became due, in UTC.
func (d Decision) Now() time.Time { return d.At }

// NewID returns an id that follows from the command and the number of the call.
func (d Decision) NewID() uuid.UUID { return d.ids.next("new") }

// idSource derives ids from a command's id.
type idSource struct {
	seed uuid.UUID
	n    uint64
}

func (s *idSource) next(space string) uuid.UUID {
	s.n++
	return uuid.NewSHA1(s.seed, binary.BigEndian.AppendUint64([]byte(space), s.n))
}

// NewEvent is a decided event that is not stored yet.
type NewEvent struct {
	ID    uuid.UUID
	Event Event
	Data  json.RawMessage // encoded, and accepted by the event's own schema
	Tags  []string
}

// Emission collects the events of one decision and folds each into the state at
// once. Generated emitters are the only ones to hold it.
type Emission struct {
	actor  *Actor
	state  any
	meta   Meta
	folds  func(tags []string) bool
	ids    idSource
	events []NewEvent

	command string     // the type of what is decided about
	past    PastReader // nil: not given
}

// Emit decides that event happened, and folds it into the state, unless it lies
// outside of the command's boundary. It panics with the list of faults when the
// event's own schema refuses it, which fails the decision.
func (e *Emission) Emit(event Event) {
	kind, ok := e.actor.EventType(event.MessageType())
	if !ok {
		panic(fmt.Errorf("%s is no event of %s", event.MessageType(), e.actor.Type))
	}
	data, err := json.Marshal(event)
	if err == nil {
		err = kind.Check(data)
	}
	if err != nil {
		panic(fmt.Errorf("emit %s: %w", event.MessageType(), err))
	}
	tags := kind.tags(event)
	e.events = append(e.events, NewEvent{ID: e.ids.next("event"), Event: event, Data: data, Tags: tags})
	if !e.folds(tags) {
		return
	}
	meta := e.meta
	meta.ID, meta.Version = e.events[len(e.events)-1].ID, e.meta.Version+int64(len(e.events))
	e.actor.Evolve(meta, e.state, event)
}

// Decided is the result of a decision: events, or a refusal, or neither.
type Decided struct {
	Events  []NewEvent
	Refusal Refusal

	emitted []NewEvent // Events, or what was emitted before the refusal: for tests
}

// Decide asks the actor's decider about a command. meta describes the command,
// its Version the stream's. state is changed: hand in a copy. A panic of the
// decider comes back as a *PanicError, and nothing was decided; so it does for a
// command with x-past, which needs DecideWithPast.
func (a *Actor) Decide(meta Meta, state any, command Command) (Decided, error) {
	return a.DecideWithPast(meta, state, command, nil)
}

// DecideWithPast is Decide for any command: past reads the stream up to meta's
// version. That it could not is a *PastError.
func (a *Actor) DecideWithPast(meta Meta, state any, command Command, past PastReader) (decided Decided, err error) {
	defer func() {
		if r := recover(); r != nil {
			decided, err = Decided{}, decisionError(r)
		}
	}()
	if refusal := a.admits(meta, command); refusal != nil {
		return Decided{Refusal: refusal}, nil
	}
	out := &Emission{actor: a, state: state, folds: a.scope(command), meta: Meta{
		Correlation: meta.Correlation, Causation: meta.ID, Stream: meta.Stream,
		Version: meta.Version, At: meta.At, By: meta.By, Attempt: meta.Attempt,
	}, ids: idSource{seed: meta.ID}, command: command.MessageType(), past: past}
	refusal := a.Handle(NewDecision(meta), state, command, out)
	if refusal != nil {
		return Decided{Refusal: refusal, emitted: out.events}, nil
	}
	return Decided{Events: out.events, emitted: out.events}, nil
}

// decisionError is what a decision's panic stands for.
func decisionError(value any) error {
	if past, ok := value.(*PastError); ok {
		return past
	}
	return newPanicError(value)
}

// admits applies x-creates and the identity of the stream before the decider runs.
func (a *Actor) admits(meta Meta, command Command) Refusal {
	kind, ok := a.CommandType(command.MessageType())
	if !ok {
		panic(fmt.Errorf("%s is no command of %s", command.MessageType(), a.Type))
	}
	switch {
	case kind.Creates == CreatesNo && meta.Version == 0:
		return NewBuiltinRefusal(CodeNotFound, "This does not exist, or does not exist any more.")
	case kind.Creates == CreatesYes && meta.Version > 0:
		return NewBuiltinRefusal(CodeAlreadyExists, "This exists already.")
	case kind.StreamID != nil && kind.StreamID(command) != meta.Stream.ID:
		return NewBuiltinRefusal(CodeInvalid, "The stream is not the one that these properties identify: "+kind.StreamID(command)+".")
	}
	return nil
}
