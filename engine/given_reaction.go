package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// givenStreamID is the identity of the stream under test when a test names none.
const givenStreamID = "00000000-0000-4000-8000-000000000001"

// givenAt takes what is said about an event off it, and makes it the n-th of a
// history.
func givenAt(n int, event Event) (Meta, Event) {
	given := givenOf(event)
	id := uuid.NewSHA1(uuid.Nil, fmt.Appendf(nil, "given %d", n))
	return Meta{
		ID: id, Correlation: id, Causation: id, Version: int64(n), Position: int64(n), At: GivenNow(), By: given.by, Attempt: 1,
		Stream: StreamID{actorOf(given.MessageType()), cmp.Or(given.in, givenStreamID)},
	}, given.Event
}

// actorOf is the actor's type of a message's: todos.list of todos.list.create.
func actorOf(message string) string { return message[:max(0, strings.LastIndexByte(message, '.'))] }

// GivenReactions is what the reactions of an actor or reactor have seen before the
// test. Generated packages make it.
type GivenReactions struct {
	t         TB
	name      string
	reactions []Reaction
	state     any // nil: none
	fold      func(m Meta, state any, event Event)
	seen      int
}

// NewGivenActorReactions starts a test of an actor's reactions with the stream's history.
func NewGivenActorReactions(t TB, actor Actor, history []Event) *GivenReactions {
	t.Helper()
	g := &GivenReactions{t: t, name: actor.Type, reactions: actor.Reactions, state: actor.NewState(), fold: actor.Evolve}
	return g.see(history)
}

// NewGivenReactor starts a test of a reactor with the events of one key.
func NewGivenReactor(t TB, reactor Reactor, history []Event) *GivenReactions {
	t.Helper()
	g := &GivenReactions{t: t, name: reactor.Type, reactions: reactor.Reactions}
	if reactor.Evolve != nil {
		g.state = reactor.NewState()
		g.fold = func(m Meta, state any, event Event) {
			if slices.Contains(reactor.Evolves, event.MessageType()) {
				reactor.Evolve(m, state, event)
			}
		}
	}
	return g.see(history)
}

func (g *GivenReactions) see(history []Event) *GivenReactions {
	g.t.Helper()
	for _, event := range history {
		g.record(event)
	}
	return g
}

// record folds an event and says what is known of it.
func (g *GivenReactions) record(event Event) (Meta, Event) {
	g.seen++
	m, event := givenAt(g.seen, event)
	if g.fold != nil {
		g.fold(m, g.state, event)
	}
	return m, event
}

// On lets the event happen, and every reaction to it run.
func (g *GivenReactions) On(event Event) *GivenReaction {
	g.t.Helper()
	return g.run(event, func(r Reaction, m Meta, event Event, out *Dispatch) error {
		return r.Run(context.Background(), m, g.state, event, out)
	})
}

// OnRefused lets the event happen, and the refusal of a command that its reaction
// sent be answered.
func (g *GivenReactions) OnRefused(event Event, to fmt.Stringer, command Command, refusal Refusal) *GivenReaction {
	g.t.Helper()
	return g.run(event, func(r Reaction, m Meta, event Event, out *Dispatch) error {
		if r.Refused == nil {
			return nil
		}
		return r.Refused(context.Background(), m, g.state, RefusedCommand{
			Stream: StreamID{actorOf(command.MessageType()), to.String()}, Command: command, Refusal: *RefusalOf(refusal), Event: event}, out)
	})
}

// OnParked lets the event happen, and the parking of its reaction be answered, or
// of a command that it sent (nil: of the reaction itself).
func (g *GivenReactions) OnParked(event Event, command Command, message string) *GivenReaction {
	g.t.Helper()
	return g.run(event, func(r Reaction, m Meta, event Event, out *Dispatch) error {
		if r.Parked == nil {
			return nil
		}
		return r.Parked(context.Background(), m, g.state, ParkedMessage{Stream: m.Stream, Command: command, Error: message, Event: event}, out)
	})
}

// run folds the event and asks every reaction to it, until one fails.
func (g *GivenReactions) run(event Event, ask func(r Reaction, m Meta, event Event, out *Dispatch) error) *GivenReaction {
	g.t.Helper()
	m, event := g.record(event)
	out, result := &Dispatch{}, g.result(event)
	for _, r := range g.reacting(event) {
		if result.err == nil {
			result.err = ask(r, m, event, out)
		}
	}
	result.sent = out.Sent()
	return result
}

func (g *GivenReactions) reacting(event Event) []Reaction {
	g.t.Helper()
	found := slices.DeleteFunc(slices.Clone(g.reactions), func(r Reaction) bool { return !slices.Contains(r.Events, event.MessageType()) })
	if len(found) == 0 {
		g.t.Fatalf("%s has no reaction to %s", g.name, event.MessageType())
	}
	return found
}

// result checks, when the test ends, that nothing was sent that it does not name.
func (g *GivenReactions) result(event Event) *GivenReaction {
	r := &GivenReaction{t: g.t, event: event.MessageType()}
	if t, ok := g.t.(interface{ Cleanup(func()) }); ok {
		t.Cleanup(r.nothingElse)
	}
	return r
}

// GivenReaction is what reactions sent.
type GivenReaction struct {
	t     TB
	event string
	sent  []Dispatched
	err   error
	named int // how many of sent the test has named
}

// ThenDispatched wants this command to be the next one sent, to be decided at once.
func (r *GivenReaction) ThenDispatched(to fmt.Stringer, command Command) *GivenReaction {
	r.t.Helper()
	return r.then("", to, command)
}

// ThenScheduled wants this command to be the next one sent, due after an ISO 8601
// duration.
func (r *GivenReaction) ThenScheduled(after string, to fmt.Stringer, command Command) *GivenReaction {
	r.t.Helper()
	return r.then(after, to, command)
}

// ThenNothing wants nothing to be sent.
func (r *GivenReaction) ThenNothing() {
	r.t.Helper()
	r.worked()
	r.nothingElse()
}

// ThenFailed wants the reaction to fail with an error that has the text in it.
func (r *GivenReaction) ThenFailed(text string) {
	r.t.Helper()
	if r.err == nil || !strings.Contains(r.err.Error(), text) {
		r.t.Fatalf("the reaction to %s: got error %v, want one with %q", r.event, r.err, text)
	}
	r.named = len(r.sent) // what a failed reaction sent is not sent
}

func (r *GivenReaction) then(after string, to fmt.Stringer, command Command) *GivenReaction {
	r.t.Helper()
	r.worked()
	want := Dispatched{StreamID{actorOf(command.MessageType()), to.String()}, command, Duration{after}}
	got := "nothing"
	if r.named < len(r.sent) {
		got = dispatchedLines(r.sent[r.named])
	}
	r.named++
	if a := dispatchedLines(want); a != got {
		r.t.Fatalf("the reaction to %s sent something else (-want +got):\n%s", r.event, lineDiff(a, got))
	}
	return r
}

func (r *GivenReaction) worked() {
	r.t.Helper()
	if r.err != nil {
		r.t.Fatalf("the reaction to %s failed: %v", r.event, r.err)
	}
}

func (r *GivenReaction) nothingElse() {
	r.t.Helper()
	if r.err == nil && r.named < len(r.sent) {
		r.t.Fatalf("the reaction to %s also sent:\n%s", r.event, dispatchedLines(r.sent[r.named]))
	}
}

// dispatchedLines writes a dispatched command for people, one property a line.
func dispatchedLines(d Dispatched) string {
	data, err := json.Marshal(d.Command)
	if err != nil {
		return err.Error()
	}
	when := ""
	if d.After.text != "" {
		when = " after " + d.After.text
	}
	return fmt.Sprintf("%s to %s%s %s", d.Command.MessageType(), d.Stream, when, indented(data))
}
