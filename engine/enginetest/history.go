package enginetest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"time"

	"github.com/backstory-go/backstory/engine"
	"github.com/google/uuid"
)

const (
	lives       = 12 // streams that are lived through
	stepsOfLife = 25 // commands of each
)

// life is the history of one stream under test.
type life struct {
	t        engine.TB
	actor    *engine.Actor
	commands []drawn
	rand     *rand.Rand
	stream   engine.StreamID
	history  []engine.Recorded
	seen     []string // ids in the history
	log      []string // for people: what was asked for
}

// drawn is a command that can be drawn.
type drawn struct {
	kind *engine.CommandType
	d    *drawer
}

// histories lives through streams: random commands, many of them about ids that
// the stream holds. Of every decision it wants the same result twice, of every
// history the same state twice, as an emitting handler saw it, and that a state
// comes back from a snapshot as it was. A handler that panics fails the test.
func histories(t engine.TB, actor *engine.Actor, messages []Message, drawers []*drawer) {
	t.Helper()
	var commands []drawn
	for i, m := range messages {
		if kind, ok := actor.CommandType(m.Type); ok && m.Version == 0 {
			if _, err := drawers[i].draw(likely); err == nil { // else its examples were tried, and must do
				commands = append(commands, drawn{kind, drawers[i]})
			}
		}
	}
	if len(commands) == 0 {
		return
	}
	r := seeded(actor.Type)
	for range lives {
		l := &life{t: t, actor: actor, commands: commands, rand: r, stream: engine.StreamID{Type: actor.Type, ID: newUUID(r).String()}}
		for range stepsOfLife {
			if !l.step() {
				return
			}
		}
	}
}

// step decides about one command; false: the test has failed.
func (l *life) step() bool {
	l.t.Helper()
	command, ok := l.draw()
	if !ok {
		return true
	}
	id := newUUID(l.rand)
	meta := engine.Meta{
		ID: id, Correlation: id, Causation: id, Stream: l.stream, Version: int64(len(l.history)),
		At: engine.GivenNow().Add(time.Duration(len(l.log)) * time.Minute), By: "somebody", Attempt: 1,
	}
	state, again := l.fold(len(l.history)), l.fold(len(l.history))
	first, err := l.actor.DecideWithPast(meta, state, command, past{l})
	if err != nil {
		return l.fail("%v", err)
	}
	second, err := l.actor.DecideWithPast(meta, again, command, past{l})
	if err != nil {
		return l.fail("decided a second time: %v", err)
	}
	if a, b := outcome(first), outcome(second); a != b {
		return l.fail("it was decided twice with different results: first\n%s\nthen\n%s", a, b)
	}
	if first.Refusal != nil {
		return true
	}
	l.record(meta, first.Events)
	return l.sameState(state)
}

// draw takes a command that the stream may know what to do with.
func (l *life) draw() (engine.Command, bool) {
	l.t.Helper()
	var fit []drawn
	for _, c := range l.commands {
		if (c.kind.Creates == engine.CreatesNo) == (len(l.history) > 0) || c.kind.Creates == engine.CreatesOrUpdates {
			fit = append(fit, c)
		}
	}
	if len(fit) == 0 {
		return nil, false
	}
	chosen := fit[l.rand.IntN(len(fit))]
	chosen.d.seen = l.seen
	value, err := chosen.d.draw(likely)
	if err != nil {
		return nil, false
	}
	data := encode(value)
	l.log = append(l.log, fmt.Sprintf("%s %s", chosen.kind.Type, data))
	command, err := chosen.kind.Decode(data)
	if err != nil {
		l.fail("%v", err)
		return nil, false
	}
	return command, true
}

func (l *life) fail(format string, args ...any) bool {
	l.t.Helper()
	l.t.Fatalf("%s\nafter these commands:\n%s", fmt.Sprintf(format, args...), strings.Join(l.log, "\n"))
	return false
}

// fold makes the state after so many events afresh.
func (l *life) fold(events int) any {
	state := l.actor.NewState()
	for _, r := range l.history[:events] {
		l.actor.Evolve(r.Meta, state, r.Event)
	}
	return state
}

// past is the history before a command.
type past struct{ l *life }

// StateAt implements engine.PastReader.
func (p past) StateAt(version int64) (any, error) { return p.l.fold(int(version)), nil }

// Events implements engine.PastReader.
func (p past) Events(first, last int64, do func(engine.Recorded) bool) error {
	for _, r := range p.l.history[first-1 : last] {
		if !do(r) {
			break
		}
	}
	return nil
}

func (l *life) record(command engine.Meta, events []engine.NewEvent) {
	for _, e := range events {
		meta := command
		meta.ID, meta.Version = e.ID, int64(len(l.history))+1
		l.history = append(l.history, engine.Recorded{Meta: meta, Event: e.Event})
		l.notice(e.Data)
	}
}

// notice remembers the ids of what happened, so that commands speak of them.
func (l *life) notice(data []byte) {
	ids := regexp.MustCompile(`"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"`)
	for _, found := range ids.FindAllSubmatch(data, -1) {
		if id, err := uuid.ParseBytes(found[1]); err == nil && len(l.seen) < 50 {
			l.seen = append(l.seen, id.String())
		}
	}
}

// sameState wants the state to be what the history folds to, twice, and to come
// back from a snapshot.
func (l *life) sameState(state any) bool {
	l.t.Helper()
	handler, err := l.actor.EncodeState(state)
	if err != nil {
		return l.fail("the state cannot be encoded: %v", err)
	}
	for range 2 {
		folded, err := l.actor.EncodeState(l.fold(len(l.history)))
		if err != nil || string(folded) != string(handler) {
			return l.fail("the state is not what the events fold to (%v): folded\n%s\nthe handler left\n%s", err, folded, handler)
		}
	}
	back, err := l.actor.DecodeState(handler)
	if err != nil {
		return l.fail("the state cannot be read back from a snapshot: %v\n%s", err, handler)
	}
	snapshot, err := l.actor.EncodeState(l.actor.CloneState(back))
	if err != nil || string(snapshot) != string(handler) {
		return l.fail("the state is another one after a snapshot (%v): before\n%s\nafter\n%s", err, handler, snapshot)
	}
	return true
}

// outcome writes a decision so that two can be compared.
func outcome(d engine.Decided) string {
	var b strings.Builder
	if d.Refusal != nil {
		data, err := json.Marshal(engine.RefusalOf(d.Refusal))
		fmt.Fprintf(&b, "refused: %s %v\n", data, err)
	}
	for _, e := range d.Events {
		fmt.Fprintf(&b, "%s %s %s\n", e.ID, e.Event.MessageType(), e.Data)
	}
	return b.String()
}
