package postgres

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// unitRun is one try of a unit: nothing of it is kept when it fails.
type unitRun struct {
	e    *Engine
	plan *unitPlan
	conn *pgxpool.Conn
	at   time.Time // of its commands, and of its events until they are stored

	waiting []*unitStep
	states  map[string]*snapshot // of streams, with the unit's own events
	keys    []*unitKey           // of reactors with state
	entries []*entry
	own     []*record // what they will store, without positions
	handled []handled
	open    map[conversation][]*unitStep // commands that settle later
	answers answers
}

// unitStep is a command to be decided in a unit.
type unitStep struct {
	row  *enginedb.InboxTakeRow
	from *unitStep // whose events it was sent because of; nil: a first command

	after   *message   // that it was sent after
	state   func() any // that the reaction had then, a copy
	settled bool
}

// chain lists the types of the commands that led to this one.
func (s *unitStep) chain() []string {
	var types []string
	for ; s != nil; s = s.from {
		types = append(types, s.row.Type)
	}
	slices.Reverse(types)
	return types
}

// decideAll decides commands and runs reactions to their events, breadth first,
// until none is left.
func (r *unitRun) decideAll(ctx context.Context) error {
	for _, l := range r.plan.letters {
		r.waiting = append(r.waiting, &unitStep{row: &enginedb.InboxTakeRow{Seq: math.MaxInt64, ID: l.id, Slot: slotOf(l.stream),
			Type: l.typ, Stream: l.stream, Data: l.data, By: l.by, At: r.at, Correlation: l.id, Causation: l.id, IfVersion: l.ifVersion}})
	}
	for n := 0; len(r.waiting) > 0; n++ {
		s := r.waiting[0]
		r.waiting = r.waiting[1:]
		if n == r.plan.Steps() {
			return &engine.UnitLoopError{Steps: n, Chain: s.chain()}
		}
		if err := r.step(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func (r *unitRun) step(ctx context.Context, s *unitStep) error {
	head, err := r.state(ctx, s.row.Stream)
	if err != nil {
		return err
	}
	en := entryFor(s.row)
	en.direct, en.ahead, en.answers = true, true, r.answers
	if wantsPast(head.actor, s.row.Type) && slices.ContainsFunc(r.entries, func(x *entry) bool { return x.name == en.name && len(x.events) > 0 }) {
		return fmt.Errorf("%s looks back, and events of its stream are not stored yet", s.row.Type)
	}
	base, err := r.bounded(ctx, s, en, head)
	if err != nil {
		return err
	}
	if _, err := r.e.ask(en, base, 1); err != nil {
		return fmt.Errorf("%s: %w", s.row.Type, err)
	}
	if en.status == engine.Refused {
		return &engine.UnitRefusedError{Chain: s.chain(),
			Outcome: en.outcome(verdict{status: en.status, refusal: en.refusal})}
	}
	r.entries = append(r.entries, en)
	if err := r.settle(ctx, s, en); err != nil {
		return err
	}
	return r.follow(ctx, s, en, head)
}

// state is a stream's, folded up to what the unit itself decided.
func (r *unitRun) state(ctx context.Context, stream string) (*snapshot, error) {
	if s, ok := r.states[stream]; ok {
		return s, nil
	}
	actor, ok := r.e.actorOf(stream)
	if !ok {
		return nil, fmt.Errorf("no actor decides about %s", stream)
	}
	l := &loading{snapshot: &snapshot{stream: stream, actor: actor, state: actor.NewState()}}
	if err := r.e.load(ctx, r.conn, []*loading{l}); err != nil {
		return nil, err
	}
	if l.err != nil {
		return nil, fmt.Errorf("load a %s: %w", actor.Type, l.err)
	}
	l.snapshot.keep = nil // what comes now may never be stored
	r.states[stream] = l.snapshot
	return l.snapshot, nil
}

// follow folds a decision's events and lets the components inside react to each.
func (r *unitRun) follow(ctx context.Context, s *unitStep, en *entry, head *snapshot) error {
	for _, rec := range en.records(0, head.version, r.at.UTC()) {
		rec.Meta.Position = 0
		r.own = append(r.own, rec)
		for _, c := range r.plan.consumers {
			if !c.concerns(rec) {
				continue
			}
			if err := r.react(ctx, c, rec, s, en, head); err != nil {
				return err
			}
		}
		if err := head.fold(r.e.system, []*record{rec}); err != nil {
			return fmt.Errorf("fold %s: %w", rec.Type, err)
		}
	}
	return nil
}

// react runs a component's reactions to an event, and takes in what they sent.
// before is the stream's state without the event.
func (r *unitRun) react(ctx context.Context, c *consumer, rec *record, s *unitStep, en *entry, before *snapshot) error {
	m := c.message(rec)
	strand := &strand{key: m.key}
	if c.actor != nil {
		strand.snapshot = before.clone()
	}
	var key *unitKey
	if c.stateful() {
		var err error
		if key, err = r.key(ctx, c, m.key); err != nil {
			return fmt.Errorf("%s after %s: %w", c.name, rec.Type, err)
		}
		strand.state = key.last()
	}
	h := &reacting{e: r.e, c: c}
	list, err := h.runOne(ctx, strand, m)
	if err != nil {
		return fmt.Errorf("%s after %s: %w", c.name, rec.Type, err)
	}
	var state any
	switch {
	case key != nil:
		key.keyed = strand.state
		state = key.state
	case c.actor != nil:
		state = strand.snapshot.state
	}
	r.handled = append(r.handled, handled{c.name, rec.Meta.ID})
	r.take(list, en, &unitStep{from: s, after: m, state: func() any { return h.clone(state) }})
	return nil
}

// take takes in what a reaction sent: for whoever is inside it is decided in the
// unit. as is the step of each, but for its command.
func (r *unitRun) take(list []sent, en *entry, as *unitStep) {
	for _, x := range list {
		if x.due != nil || !r.inside(x.stream) {
			en.sends = append(en.sends, x)
			continue
		}
		s := *as
		s.row = &enginedb.InboxTakeRow{Seq: math.MaxInt64, ID: x.id, Slot: slotOf(x.stream),
			Type: x.typ, Stream: x.stream, Data: x.data, By: x.by, At: r.at, Correlation: x.correlation, Causation: x.causation,
			IfVersion: -1, Reaction: x.reaction}
		r.waiting = append(r.waiting, &s)
	}
}

func (r *unitRun) inside(stream string) bool {
	actor, ok := r.e.actorOf(stream)
	return ok && slices.Contains(r.plan.Inside, actor.Type)
}
