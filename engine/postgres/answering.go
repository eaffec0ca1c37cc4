package postgres

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// answerMost bounds what a reaction takes to answer, because decisions of other
// streams wait for it.
const answerMost = 5 * time.Second

// errUnread means that the database did not give what an answer needs: no fault
// of the handler.
var errUnread = errors.New("what the reaction needs could not be read")

// sender is a reaction that sent a command, with its actor or its reactor.
type sender struct {
	*engine.Reaction
	actor   *engine.Actor
	reactor *engine.Reactor
}

func sendersOf(system *engine.System) map[string]sender {
	all := map[string]sender{}
	for _, a := range system.Actors() {
		for i := range a.Reactions {
			all[a.Reactions[i].Name] = sender{Reaction: &a.Reactions[i], actor: a}
		}
	}
	for _, r := range system.Reactors() {
		for i := range r.Reactions {
			all[r.Reactions[i].Name] = sender{Reaction: &r.Reactions[i], reactor: r}
		}
	}
	return all
}

// refusedAnswer is what the reaction that sent a command sends because it was
// refused; it goes into the inbox in the refusal's transaction.
func (e *Engine) refusedAnswer(row *enginedb.InboxTakeRow, refusal *engine.RefusalInfo) ([]sent, error) {
	s, ok := e.senders[row.Reaction]
	if !ok || s.Refused == nil {
		return nil, nil
	}
	return e.answer(s, row, "refused", func(ctx context.Context, m engine.Recorded, state any, to target, out *engine.Dispatch) error {
		return s.Refused(ctx, m.Meta, state, engine.RefusedCommand{Stream: to.stream, Command: to.command, Refusal: *refusal, Event: m.Event}, out)
	})
}

// parkedAnswer is what the reaction that sent a command sends because it failed
// for good.
func (e *Engine) parkedAnswer(row *enginedb.InboxTakeRow, failure string) ([]sent, error) {
	s, ok := e.senders[row.Reaction]
	if !ok || s.Parked == nil {
		return nil, nil
	}
	return e.answer(s, row, "parked", func(ctx context.Context, m engine.Recorded, state any, to target, out *engine.Dispatch) error {
		return s.Parked(ctx, m.Meta, state, engine.ParkedMessage{Stream: to.stream, Command: to.command, Error: failure, Event: m.Event}, out)
	})
}

// target is a command that a reaction sent, and where to. command is nil when its
// schema reads it no more.
type target struct {
	stream  engine.StreamID
	command engine.Command
}

func (e *Engine) answer(s sender, row *enginedb.InboxTakeRow, space string,
	call func(context.Context, engine.Recorded, any, target, *engine.Dispatch) error) (list []sent, err error) {
	ctx, cancel := context.WithTimeout(e.ctx, answerMost)
	defer cancel()
	event, state, err := e.reactedTo(ctx, s, row.Cause)
	if err != nil {
		return nil, err
	}
	to := target{}
	if to.stream, err = engine.ParseStream(row.Stream); err != nil {
		return nil, err
	}
	if kind, ok := commandType(e.system, row.Type); ok {
		to.command, _ = kind.Decode(row.Data)
	}
	defer func() {
		if r := recover(); r != nil {
			list, err = nil, fmt.Errorf("%s answers: %w", s.Name, &engine.PanicError{Value: r, Stack: debug.Stack()})
		}
	}()
	out := &engine.Dispatch{}
	if err := call(ctx, event, state, to, out); err != nil {
		return nil, fmt.Errorf("%s answers: %w", s.Name, err)
	}
	return sentFrom(e.system, s.Name, s.Name+" "+space+" "+row.ID.String(), event.Meta, out.Sent())
}

// reactedTo reads the event that the reaction ran after, and the state that it had.
func (e *Engine) reactedTo(ctx context.Context, s sender, position int64) (engine.Recorded, any, error) {
	list, err := readLog(ctx, e.sql, position-1, 1)
	if err == nil && (len(list) == 0 || list[0].Meta.Position != position) {
		return engine.Recorded{}, nil, fmt.Errorf("event %d, which %s ran after: %w", position, s.Name, engine.ErrArchived)
	}
	if err != nil {
		return engine.Recorded{}, nil, fmt.Errorf("%w: %w", errUnread, err)
	}
	event, err := list[0].decoded(e.system)
	if err != nil {
		return event, nil, err
	}
	if s.reactor != nil {
		state, err := e.stateOf(ctx, s.reactor, event)
		return event, state, err
	}
	l := &loading{upto: event.Meta.Version,
		snapshot: &snapshot{stream: event.Meta.Stream.String(), actor: s.actor, state: s.actor.NewState()}}
	if err := e.load(ctx, e.work, []*loading{l}); err != nil {
		return event, nil, fmt.Errorf("%w: %w", errUnread, err)
	}
	return event, s.actor.CloneState(l.snapshot.state), l.err
}

// stateOf is a reactor's state of the event's key as it stands; nil: it has none.
func (e *Engine) stateOf(ctx context.Context, r *engine.Reactor, event engine.Recorded) (any, error) {
	if r.Evolve == nil {
		return nil, nil //nolint:nilnil // no state, and no fault
	}
	key := event.Meta.Stream.String()
	if r.Key != nil {
		key = r.Key(event.Meta, event.Event)
	}
	rows, err := e.sql.ReactorStates(ctx, enginedb.ReactorStatesParams{Reactor: r.Type, Hash: r.StateHash, Keys: []string{key}})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnread, err)
	}
	if len(rows) == 0 {
		return r.NewState(), nil
	}
	return r.DecodeState(rows[0].State)
}
