package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
)

// TB is what a test hands to Given: *testing.T, without linking package testing
// into programs.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
}

// By says who caused an event of a history. Without it nobody did.
func By(who string, event Event) Event {
	given := givenOf(event)
	given.by = who
	return given
}

// Elsewhere says that an event of a history lies in another stream of the actor:
// only one with a boundary is ever shown it. Events of other actors always do.
func Elsewhere(event Event) Event {
	given := givenOf(event)
	given.elsewhere = true
	return given
}

// In says in which stream of its actor an event lies that reactions or a projection
// are shown. Without it there is one stream for all.
func In(stream string, event Event) Event {
	given := givenOf(event)
	given.in = stream
	return given
}

// givenEvent is an event of a history with what is said about it.
type givenEvent struct {
	Event
	by, in    string
	elsewhere bool
}

func givenOf(event Event) givenEvent {
	if given, ok := event.(givenEvent); ok {
		return given
	}
	return givenEvent{Event: event}
}

// GivenID is the n-th id, from 1, that a decision under test gets from NewID.
func GivenID(n int) uuid.UUID {
	decision := NewDecision(Meta{ID: givenCommandID()})
	id := uuid.Nil
	for range n {
		id = decision.NewID()
	}
	return id
}

// GivenNow is when the command under test was submitted.
func GivenNow() time.Time { return time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC) }

func givenCommandID() uuid.UUID { return uuid.MustParse("00000000-0000-4000-8000-00000000c0de") }

// Given is a stream's history under test. Generated packages wrap it.
type Given struct {
	t       TB
	actor   *Actor
	stream  StreamID
	chosen  bool // the stream's identity was set
	by      string
	history []Recorded
	version int64 // of the stream under test
}

// NewGiven checks a history against the schemas and prepares the actor.
func NewGiven(t TB, actor Actor, history []Event) *Given {
	t.Helper()
	g := &Given{t: t, actor: actor.Prepare(), stream: StreamID{Type: actor.Type, ID: givenStreamID}}
	for i, event := range history {
		g.record(i+1, len(history), givenOf(event))
	}
	return g
}

func (g *Given) record(position, last int, event givenEvent) {
	g.t.Helper()
	typ := event.MessageType()
	kind, ok := g.actor.foldedType(typ)
	if !ok {
		g.t.Fatalf("given event %d: %s is no event of %s", position, typ, g.actor.Type)
		return
	}
	data, err := json.Marshal(event.Event)
	if err == nil {
		err = kind.Check(data)
	}
	if err != nil {
		g.t.Fatalf("given event %d, %s, breaks its own schema: %v", position, typ, err)
	}
	id := uuid.NewSHA1(uuid.Nil, fmt.Appendf(nil, "given %d", position))
	meta := Meta{
		ID: id, Correlation: id, Causation: id, Stream: g.stream, By: event.by, Attempt: 1, Version: 1, Position: int64(position),
		At: GivenNow().Add(time.Duration(position-last-1) * time.Minute),
	}
	if _, own := g.actor.EventType(typ); !own || event.elsewhere {
		meta.Stream = StreamID{Type: typ[:strings.LastIndexByte(typ, '.')], ID: givenElsewhere}
	} else {
		g.version++
		meta.Version = g.version
	}
	g.history = append(g.history, Recorded{Event: event.Event, Meta: meta})
}

// givenElsewhere identifies the other streams that a history has events of.
const givenElsewhere = "00000000-0000-4000-8000-000000000002"

// Stream sets the identity of the stream under test.
func (g *Given) Stream(id string) {
	g.chosen = true
	g.setStream(id)
}

func (g *Given) setStream(id string) {
	g.stream.ID = id
	for i := range g.history {
		if g.history[i].Meta.Stream.ID != givenElsewhere {
			g.history[i].Meta.Stream = g.stream
		}
	}
}

// As sets who sends the command.
func (g *Given) As(who string) { g.by = who }

// When decides about the command, and proves on the way that the decision is
// pure: deciding twice must agree, and only events may change the state.
func (g *Given) When(command Command) *GivenResult {
	g.t.Helper()
	command = g.accepted(command)
	if kind, _ := g.actor.CommandType(command.MessageType()); kind.StreamID != nil && !g.chosen {
		g.setStream(kind.StreamID(command))
	}
	meta := Meta{
		ID: givenCommandID(), Correlation: givenCommandID(), Causation: givenCommandID(), Stream: g.stream,
		Version: g.version, At: GivenNow(), By: g.by, Attempt: 1,
	}
	state, again := g.fold(command, nil, meta), g.fold(command, nil, meta)
	decided, err := g.actor.DecideWithPast(meta, state, command, givenPast{g})
	if err != nil {
		g.t.Fatalf("%s: %v", command.MessageType(), err)
	}
	second, err := g.actor.DecideWithPast(meta, again, command, givenPast{g})
	if err != nil {
		g.t.Fatalf("%s, decided a second time: %v", command.MessageType(), err)
	}
	if a, b := outcomeLines(decided), outcomeLines(second); a != b {
		g.t.Fatalf("%s was decided twice with different results (-first +second):\n%s", command.MessageType(), lineDiff(a, b))
	}
	refolded := g.fold(command, decided.emitted, meta)
	if a, b := g.stateLines(refolded), g.stateLines(state); a != b {
		g.t.Fatalf("%s: the handler changed the state itself; only events may (-folded from events +as the handler left it):\n%s",
			command.MessageType(), lineDiff(a, b))
	}
	return &GivenResult{t: g.t, command: command, decided: decided, state: state}
}

// accepted is the command as it arrives after its way through JSON.
func (g *Given) accepted(command Command) Command {
	g.t.Helper()
	kind, ok := g.actor.CommandType(command.MessageType())
	if !ok {
		g.t.Fatalf("%s is no command of %s", command.MessageType(), g.actor.Type)
		return command
	}
	data, err := json.Marshal(command)
	if err != nil {
		g.t.Fatalf("encode %s: %v", command.MessageType(), err)
	}
	decoded, err := kind.Decode(data)
	if err != nil {
		g.t.Fatalf("%s breaks its own schema: %v", command.MessageType(), err)
	}
	return decoded
}

// givenPast is the history before the command.
type givenPast struct{ g *Given }

// StateAt implements PastReader.
func (p givenPast) StateAt(version int64) (any, error) {
	before := *p.g
	before.history = p.g.history[:version]
	return before.fold(nil, nil, Meta{}), nil
}

// Events implements PastReader.
func (p givenPast) Events(first, last int64, do func(Recorded) bool) error {
	for _, r := range p.g.history[first-1 : last] {
		if !do(r) {
			break
		}
	}
	return nil
}

// fold makes the state afresh, of the history and events that the command emitted.
func (g *Given) fold(command Command, emitted []NewEvent, meta Meta) any {
	state, folds := g.actor.StateFor(command), g.actor.scope(command)
	for _, recorded := range g.history {
		if kind, ok := g.actor.foldedType(recorded.Event.MessageType()); ok && folds(kind.tags(recorded.Event)) {
			g.actor.Evolve(recorded.Meta, state, recorded.Event)
		}
	}
	for i, e := range emitted {
		if folds(e.Tags) {
			g.actor.Evolve(Meta{
				ID: e.ID, Correlation: meta.Correlation, Causation: meta.ID, Stream: meta.Stream,
				Version: meta.Version + int64(i) + 1, At: meta.At, By: meta.By, Attempt: meta.Attempt,
			}, state, e.Event)
		}
	}
	return state
}

func (g *Given) stateLines(state any) string {
	g.t.Helper()
	data, err := g.actor.EncodeState(state)
	if err != nil {
		g.t.Fatalf("encode the state of %s: %v", g.actor.Type, err)
	}
	return indented(data)
}

// GivenResult is what was decided.
type GivenResult struct {
	t       TB
	command Command
	decided Decided
	state   any
}

// State is the state after the decision.
func (r *GivenResult) State() any { return r.state }

// Then wants exactly these events, in this order.
func (r *GivenResult) Then(events ...Event) {
	r.t.Helper()
	var want Decided
	for i, event := range events {
		event = givenOf(event).Event
		data, err := json.Marshal(event)
		if err != nil {
			r.t.Fatalf("encode wanted event %d: %v", i+1, err)
		}
		want.Events = append(want.Events, NewEvent{Event: event, Data: data})
	}
	r.compare(want)
}

// ThenRefused wants this refusal.
func (r *GivenResult) ThenRefused(refusal Refusal) {
	r.t.Helper()
	r.compare(Decided{Refusal: refusal})
}

// ThenNothing wants neither events nor a refusal.
func (r *GivenResult) ThenNothing() {
	r.t.Helper()
	r.compare(Decided{})
}

func (r *GivenResult) compare(want Decided) {
	r.t.Helper()
	if a, b := outcomeLines(want), outcomeLines(r.decided); a != b {
		r.t.Fatalf("%s led to something else (-want +got):\n%s", r.command.MessageType(), lineDiff(a, b))
	}
}

// outcomeLines writes a decision for people, one property a line.
func outcomeLines(d Decided) string {
	if d.Refusal != nil {
		info := RefusalOf(d.Refusal)
		return strings.TrimSpace("refused: " + info.Code + " " + indented(info.Data))
	}
	if len(d.Events) == 0 {
		return "nothing"
	}
	lines := make([]string, len(d.Events))
	for i, e := range d.Events {
		lines[i] = e.Event.MessageType() + " " + indented(e.Data)
	}
	return strings.Join(lines, "\n")
}

func indented(data []byte) string {
	if len(data) == 0 {
		return ""
	}
	var b bytes.Buffer
	if err := json.Indent(&b, data, "", "  "); err != nil {
		return string(data)
	}
	return b.String()
}
