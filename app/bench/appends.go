package bench

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/measure"
	"github.com/backstory-go/backstory/engine/postgres"
	"github.com/backstory-go/backstory/generated/todos/list"
)

// Appender stores a new list of so many events with each unit.
func Appender(eng *postgres.Engine, events int) measure.Unit {
	created, _ := json.Marshal(list.Created{Name: "Groceries"})
	return func(ctx context.Context, _, _ int) error {
		id := uuid.Must(uuid.NewV7())
		a := engine.Append{Stream: engine.StreamID{Type: "todos.list", ID: id.String()}, By: "bench", Correlation: id, Causation: id}
		for range events {
			a.Events = append(a.Events, engine.NewEvent{ID: uuid.Must(uuid.NewV7()), Event: list.Created{Name: "Groceries"}, Data: created})
		}
		_, err := eng.Append(ctx, a)
		return err
	}
}

func (b *bench) appends(ctx context.Context) error {
	for _, r := range []struct {
		callers int
		target  string
	}{{1, "0.65 × raw"}, {32, "1.8 × raw"}, {256, "4 × raw at 32"}} {
		row := Row{Work: fmt.Sprintf("append, 1 event, %d callers", r.callers), Unit: "events/s", Target: r.target}
		if err := b.compare(ctx, row, r.callers, Appender(b.eng, 1), min(r.callers, 32), b.raw.Insert, 1); err != nil {
			return err
		}
	}
	row := Row{Work: "append, 10 events, 8 callers", Unit: "events/s", Target: "0.8 × raw", Note: "raw: ten rows in one INSERT"}
	return b.compare(ctx, row, 8, Appender(b.eng, 10), 8, b.raw.InsertTen, 10)
}

// Process is another process of the app that appends on demand.
type Process interface {
	Rate(ctx context.Context) (float64, error) // appends a second, of callers for a slice
	Close() error
}

const manyProcesses, manyCallers = 4, 64

// processes lets several processes append at the same time.
func (b *bench) processes(ctx context.Context) (err error) {
	if b.Process == nil {
		return nil
	}
	var all []Process
	defer func() {
		for _, p := range all {
			_ = p.Close() // it ends with its standard input
		}
	}()
	for range manyProcesses {
		p, err := b.Process(ctx, b.URL)
		if err != nil {
			return err
		}
		all = append(all, p)
	}
	own := func(ctx context.Context) (float64, error) { return together(ctx, all) }
	raw := func(ctx context.Context) (float64, error) { return measure.Rate(ctx, 32, b.Slice, b.raw.Insert) }
	row := Row{Work: fmt.Sprintf("append, 1 event, %d processes × %d callers", manyProcesses, manyCallers), Unit: "events/s", Target: "1.0 × raw at 32"}
	b.tell(row.Work)
	row.Compared, err = measure.InTurns(ctx, b.Rounds, own, raw)
	b.out.add(row)
	return err
}
