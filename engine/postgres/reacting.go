package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/backstory-go/backstory/engine"
)

const (
	reactMost    = 8           // keys of a slot whose handlers run at the same time
	handlingMost = time.Minute // of one handler: then its context ends
	statesMost   = 1_000       // states that a runner remembers
)

// errWaits is the fault of a reaction that must not call the outside yet.
var errWaits = errors.New("calls to the outside wait until this database is adopted")

// reacting runs the reactions of an actor or a reactor. Several keys run at the
// same time, the messages of each in their order.
type reacting struct {
	e       *Engine
	c       *consumer
	streams *cache              // states of the actor's streams
	keys    lru[string, *keyed] // states of the reactor's keys
}

func newReacting(e *Engine, c *consumer) *reacting {
	return &reacting{e: e, c: c, streams: newCache(statesMost), keys: newLRU[string, *keyed](statesMost)}
}

// forget drops the reactor's states: some may hold what was folded in vain. An
// actor's are of stored events whatever happens.
func (h *reacting) forget() { h.keys = newLRU[string, *keyed](statesMost) }

// strand is the messages of one key, and what they led to.
type strand struct {
	key      string
	messages []*message
	snapshot *snapshot // of an actor's stream
	state    *keyed    // of a reactor's key
	folded   bool      // the reactor's state changed
	data     []byte    // the state as it is stored, once it was encoded
	unread   error     // the stored state cannot be decoded
	sent     []sent
	fault    *failure
	outage   error // of the surroundings
}

func strandsOf(messages []*message) []*strand {
	var list []*strand
	byKey := map[string]*strand{}
	for _, m := range messages {
		l := byKey[m.key]
		if l == nil {
			l = &strand{key: m.key}
			byKey[m.key], list = l, append(list, l)
		}
		l.messages = append(l.messages, m)
	}
	return list
}

func (h *reacting) run(ctx context.Context, messages []*message) (work, error) {
	strands := strandsOf(messages)
	if err := h.prepare(ctx, strands); err != nil {
		return nil, err
	}
	var group sync.WaitGroup
	free := make(chan struct{}, reactMost)
	for _, l := range strands {
		free <- struct{}{}
		group.Go(func() {
			defer func() { <-free }()
			h.runStrand(ctx, l)
		})
	}
	group.Wait()
	outage := ctx.Err() // what failed then is no handler's fault
	for _, l := range strands {
		outage = errors.Join(outage, l.outage)
	}
	if outage != nil {
		h.forget()
		return nil, outage
	}
	for _, l := range strands {
		h.remember(l)
	}
	return &reacted{h: h, strands: strands}, nil
}

// prepare reads the states that the strands begin with, in one round trip.
func (h *reacting) prepare(ctx context.Context, strands []*strand) error {
	if h.c.stateful() {
		return h.loadKeyed(ctx, strands)
	}
	if h.c.actor == nil {
		return nil
	}
	var missing []*loading
	for _, l := range strands {
		if s, ok := h.streams.get(l.key); ok && s.version < l.messages[0].Meta.Version {
			l.snapshot = s
			continue
		}
		l.snapshot = h.blank(l.key)
		missing = append(missing, &loading{snapshot: l.snapshot, upto: l.messages[0].Meta.Version - 1})
	}
	// upto 0 would be the whole stream: before its first event there is nothing.
	missing = slices.DeleteFunc(missing, func(l *loading) bool { return l.upto == 0 })
	if len(missing) == 0 {
		return nil
	}
	return h.e.load(ctx, h.e.work, missing) // what cannot be folded is found by its version
}

func (h *reacting) blank(stream string) *snapshot {
	return &snapshot{stream: stream, actor: h.c.actor, state: h.c.actor.NewState()}
}

// remember keeps the states that the strands end with.
func (h *reacting) remember(l *strand) {
	switch {
	case l.state != nil && l.fault == nil:
		h.keys.set(l.key, l.state)
	case l.state != nil:
		h.keys.drop(l.key) // folded up to a message that had no effect
	case l.snapshot != nil && l.fault == nil:
		h.streams.put(l.snapshot)
	case l.snapshot != nil:
		h.streams.drop(l.key)
	}
}

// runStrand handles a key's messages until one fails. What that one sent or folded
// has no effect.
func (h *reacting) runStrand(ctx context.Context, l *strand) {
	for _, m := range l.messages {
		before, folded := l.state, l.folded
		sent, err := h.runOne(ctx, l, m)
		if err == nil {
			l.sent = append(l.sent, sent...)
			continue
		}
		l.state, l.folded = before, folded
		if _, ok := errors.AsType[*outageError](err); ok {
			l.outage = err
		}
		l.fault = &failure{message: m, err: err, waits: errors.Is(err, errWaits)}
		return
	}
}

// outageError is an error of the surroundings while a state was read.
type outageError struct{ error }

func (o *outageError) Unwrap() error { return o.error }

// runOne folds a message into the state and runs the reactions to it.
func (h *reacting) runOne(ctx context.Context, l *strand, m *message) ([]sent, error) {
	if m.err != nil {
		return nil, m.err
	}
	state, err := h.fold(ctx, l, m)
	if err != nil {
		return nil, err
	}
	if m.quiet {
		return nil, nil
	}
	var all []sent
	meta := m.event.Meta
	meta.Attempt = m.attempt
	for _, reaction := range h.c.reactions[m.Type] {
		if len(reaction.Calls) > 0 && !h.e.callsAllowed() {
			return nil, errWaits
		}
		out := &engine.Dispatch{}
		err := react(ctx, func(ctx context.Context) error {
			return reaction.Run(ctx, meta, h.clone(state), m.event.Event, out)
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", reaction.Name, err)
		}
		sent, err := sentOf(h.e.system, reaction.Name, meta, out.Sent())
		if err != nil {
			return nil, err
		}
		all = append(all, sent...)
	}
	return all, nil
}

// fold gives the state up to and including the message; nil: there is none.
func (h *reacting) fold(ctx context.Context, l *strand, m *message) (any, error) {
	switch {
	case h.c.stateful():
		return h.foldKeyed(l, m)
	case h.c.actor == nil:
		return nil, nil
	}
	if l.snapshot.version != m.Meta.Version-1 {
		behind := &loading{snapshot: l.snapshot, upto: m.Meta.Version - 1}
		if err := h.e.load(ctx, h.e.work, []*loading{behind}); err != nil {
			return nil, &outageError{err}
		}
		if behind.err != nil {
			return nil, fmt.Errorf("state before version %d: %w", m.Meta.Version, behind.err)
		}
	}
	if err := l.snapshot.fold(h.e.system, []*record{m.record}); err != nil {
		return nil, err
	}
	return l.snapshot.state, nil
}

// clone is a handler's own copy of the state.
func (h *reacting) clone(state any) any {
	switch {
	case state == nil:
		return nil
	case h.c.actor != nil:
		return h.c.actor.CloneState(state)
	}
	return h.c.reactor.CloneState(state)
}

// react runs a handler for as long as one may take.
func react(ctx context.Context, run func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, handlingMost)
	defer cancel()
	return guard(func() error { return run(ctx) })
}

// parked asks the reactions to a message that is given up what to send. Their own
// faults are told and change nothing: the message is parked all the same.
func (h *reacting) parked(ctx context.Context, f *failure) []sent {
	var all []sent
	m := f.message
	for _, reaction := range h.c.reactions[m.Type] {
		if reaction.Parked == nil {
			continue
		}
		sent, err := h.answerParked(ctx, reaction, f)
		if err != nil {
			h.e.log.Error("answer to a parked message failed", "reaction", reaction.Name, "position", m.Meta.Position, "error", err)
			continue
		}
		all = append(all, sent...)
	}
	return all
}

func (h *reacting) answerParked(ctx context.Context, reaction *engine.Reaction, f *failure) ([]sent, error) {
	m := f.message
	l := &strand{key: m.key, messages: []*message{m}}
	if err := h.prepare(ctx, []*strand{l}); err != nil {
		return nil, err
	}
	var state any
	if m.err == nil {
		var err error
		if state, err = h.fold(ctx, l, m); err != nil {
			return nil, err
		}
	}
	meta := m.Meta
	meta.Attempt = m.attempt
	out := &engine.Dispatch{}
	err := react(ctx, func(ctx context.Context) error {
		return reaction.Parked(ctx, meta, h.clone(state), engine.ParkedMessage{Stream: m.Meta.Stream,
			Error: errorText(f.err), Event: m.event.Event}, out)
	})
	if err != nil {
		return nil, err
	}
	return sentFrom(h.e.system, reaction.Name, reaction.Name+" parked", meta, out.Sent())
}
