package postgres

import (
	"context"
	"fmt"

	"github.com/backstory-go/backstory/engine"
)

// settle lets the reactions of the unit answer what a decision refuses of its
// commands that settle later.
func (r *unitRun) settle(ctx context.Context, s *unitStep, en *entry) error {
	c := conversation{en.name, en.correlation}
	if en.status == engine.Settling {
		r.open[c] = append(r.open[c], s)
	}
	for _, o := range r.open[c] {
		kind, ok := commandType(r.e.system, o.row.Type)
		if !ok || o.settled {
			continue
		}
		status, refusal := firstVerdict(kind.Settles, en.events)
		o.settled = status != ""
		if status != engine.Refused {
			continue
		}
		if err := r.refused(ctx, o, en, refusal); err != nil {
			return err
		}
		r.answers[o.row.ID] = &answer{refusal: refusalText(refusal), ready: true}
	}
	return nil
}

// refused asks the reaction that sent a command what it answers to its refusal.
func (r *unitRun) refused(ctx context.Context, o *unitStep, en *entry, refusal *engine.RefusalInfo) error {
	by, ok := r.e.senders[o.row.Reaction]
	if !ok || by.Refused == nil {
		return nil
	}
	kind, _ := commandType(r.e.system, o.row.Type)
	command, err := kind.Decode(o.row.Data)
	if err != nil {
		return err
	}
	m, out := o.after, &engine.Dispatch{}
	err = react(ctx, func(ctx context.Context) error {
		return by.Refused(ctx, m.event.Meta, o.state(), engine.RefusedCommand{Stream: en.stream, Command: command, Refusal: *refusal, Event: m.event.Event}, out)
	})
	if err != nil {
		return fmt.Errorf("%s answers: %w", by.Name, err)
	}
	list, err := sentFrom(r.e.system, by.Name, by.Name+" refused "+o.row.ID.String(), m.event.Meta, out.Sent())
	if err == nil {
		r.take(list, en, &unitStep{from: o, after: m, state: o.state})
	}
	return err
}
