package bench

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/measure"
)

const (
	listActor  = "todos.list"
	projection = "todos.listings"
	eventsEach = 10 // of a list that commands go to
)

// commandRows are the rows of commands: callers, and what is wanted.
var commandRows = []struct {
	callers   int
	projected bool
	target    string
}{{32, false, "0.8 × raw"}, {32, true, "0.6 × raw"}, {256, true, "1.5 × raw at 32"}}

func workCommands(callers int, projected bool) string {
	work := fmt.Sprintf("commands, %d submitters that wait", callers)
	if projected {
		work += ", projected"
	}
	return work
}

func commandWorks() (works []string) {
	for _, r := range commandRows {
		works = append(works, workCommands(r.callers, r.projected))
	}
	return works
}

// commands are submitted durably, decided on lists of ten events, stored and
// waited for.
func (b *bench) commands(ctx context.Context) error {
	if err := b.workWith(ctx, "List", b.Lists, eventsEach); err != nil {
		return err
	}
	for _, r := range commandRows {
		row := Row{Work: workCommands(r.callers, r.projected), Unit: "commands/s", Target: r.target}
		if err := b.compare(ctx, row, r.callers, b.reorder(r.projected), 32, b.raw.Insert, 1); err != nil {
			return err
		}
	}
	return b.besideHand(ctx)
}

// besideHand compares with a loop written by hand.
func (b *bench) besideHand(ctx context.Context) error {
	row := Row{Work: workCommands(32, true), Unit: "commands/s", Target: "1.5 × by hand", Note: "raw: a loop written by hand"}
	if !b.wants(row.Work) {
		return nil
	}
	hand, err := newHand(ctx, b.URL, b.Lists)
	if err != nil {
		return fmt.Errorf("hand-written loop: %w", err)
	}
	defer hand.close()
	return b.compare(ctx, row, 32, b.reorder(true), 32, hand.toggle, 1)
}

// reorder moves items to the end, one list after the other: every command leads to
// one event, which the read model follows and no reaction does.
func (b *bench) reorder(projected bool) measure.Unit {
	return func(ctx context.Context, _, _ int) error {
		turn := int(b.turn.Add(1))
		id, err := b.eng.Submit(ctx, reorderItem("List", turn*7919%b.Lists, turn/b.Lists))
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

// reorderItem moves the items in their order, so that each was moved longest ago.
func reorderItem(name string, n, visit int) engine.Submission {
	return engine.Submission{Type: listActor + ".reorder_items", StreamID: listID(name, n), By: "bench",
		Data: json.RawMessage(`{"id":"` + itemID(name, n, firstItem+visit%(eventsEach-firstItem+1)) + `"}`)}
}
