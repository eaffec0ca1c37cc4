package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/measure"
)

const (
	listActor  = "todos.list"
	projection = "todos.listings"
	eventsEach = 10 // of a list that commands go to
)

// commands are submitted durably, decided on lists of ten events, stored and
// waited for.
func (b *bench) commands(ctx context.Context) error {
	if err := b.seed(ctx, "List", b.Lists, eventsEach); err != nil {
		return err
	}
	if err := b.caughtUp(ctx); err != nil {
		return err
	}
	for _, r := range []struct {
		callers   int
		projected bool
		target    string
	}{{32, false, "0.8 × raw"}, {32, true, "0.6 × raw"}, {256, true, "1.5 × raw at 32"}} {
		row := Row{Work: fmt.Sprintf("commands, %d submitters that wait", r.callers), Unit: "commands/s", Target: r.target}
		if r.projected {
			row.Work += ", projected"
		}
		if err := b.compare(ctx, row, r.callers, b.toggle(r.projected), 32, b.raw.Insert, 1); err != nil {
			return err
		}
	}
	hand, err := newHand(ctx, b.URL, b.Lists)
	if err != nil {
		return fmt.Errorf("hand-written loop: %w", err)
	}
	defer hand.close()
	row := Row{Work: "commands, 32 submitters that wait, projected", Unit: "commands/s", Target: "1.5 × by hand", Note: "raw: a loop written by hand"}
	return b.compare(ctx, row, 32, b.toggle(true), 32, hand.toggle, 1)
}

// toggle ticks the items of the lists, one after the other, so that every command
// leads to one event.
func (b *bench) toggle(projected bool) measure.Unit {
	var turn atomic.Int64
	return func(ctx context.Context, _, _ int) error {
		n := int(turn.Add(1)) * 7919 % b.Lists
		id, err := b.eng.Submit(ctx, toggleItem("List", n))
		if err != nil {
			return err
		}
		o, err := b.eng.Wait(ctx, id)
		if err != nil {
			return err
		}
		if o.Status != engine.Accepted || len(o.Events) != 1 {
			return fmt.Errorf("%s on %s: %s, %d events", o.Type, o.Stream, o.Status, len(o.Events))
		}
		if projected {
			return b.eng.Projected(ctx, projection, o.Position())
		}
		return nil
	}
}

func toggleItem(name string, n int) engine.Submission {
	return engine.Submission{Type: listActor + ".toggle_item", StreamID: listID(name, n), By: "bench",
		Data: json.RawMessage(`{"id":"` + itemID(name, n, firstItem+n%(eventsEach-firstItem+1)) + `"}`)}
}

// caughtUp waits until the read model has seen everything.
func (b *bench) caughtUp(ctx context.Context) error {
	head, err := b.eng.Head(ctx)
	if err != nil {
		return err
	}
	return b.eng.Projected(ctx, projection, head)
}
