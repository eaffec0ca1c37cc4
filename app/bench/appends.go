package bench

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/measure"
	"github.com/backstory-go/backstory/engine/postgres"
)

// stored is an event like the raw table's: nobody follows it.
type stored struct{}

// MessageType implements engine.Event.
func (stored) MessageType() string { return "raw.event.stored" }

// SchemaVersion implements engine.Event.
func (stored) SchemaVersion() int { return 1 }

// Appender stores a new stream of so many events with each unit: the rows of the
// raw limit.
func Appender(eng *postgres.Engine, events int) measure.Unit {
	data := []byte(`{"name":"Groceries"}`)
	return func(ctx context.Context, _, _ int) error {
		id := uuid.Must(uuid.NewV7())
		a := engine.Append{Stream: engine.StreamID{Type: "raw.event", ID: id.String()}, By: "bench", Correlation: id, Causation: id}
		for range events {
			a.Events = append(a.Events, engine.NewEvent{ID: uuid.Must(uuid.NewV7()), Event: stored{}, Data: data})
		}
		_, err := eng.Append(ctx, a)
		return err
	}
}

// appendOnes are the rows of single events: callers, and what is wanted.
var appendOnes = []struct {
	callers int
	target  string
}{{1, "0.65 × raw"}, {32, "1.8 × raw"}, {256, "4 × raw at 32"}}

const workAppendTen = "append, 10 events, 8 callers"

func workAppend(callers int) string { return fmt.Sprintf("append, 1 event, %d callers", callers) }

func appendWorks() (works []string) {
	for _, r := range appendOnes {
		works = append(works, workAppend(r.callers))
	}
	return append(works, workAppendTen)
}

// appends measures the log alone, as its raw limit is: an engine that appends,
// and nobody who follows.
func (b *bench) appends(ctx context.Context) error {
	eng, err := openLog(ctx, b.URL)
	if err != nil {
		return err
	}
	defer eng.Close()
	for _, r := range appendOnes {
		row := Row{Work: workAppend(r.callers), Unit: "events/s", Target: r.target}
		if err := b.compare(ctx, row, r.callers, Appender(eng, 1), min(r.callers, 32), b.raw.Insert, 1); err != nil {
			return err
		}
	}
	row := Row{Work: workAppendTen, Unit: "events/s", Target: "0.8 × raw", Note: "raw: ten rows in one INSERT"}
	return b.compare(ctx, row, 8, Appender(eng, 10), 8, b.raw.InsertTen, 10)
}

// Process is another process of the app that appends on demand.
type Process interface {
	Rate(ctx context.Context) (float64, error) // appends a second, of callers for a slice
	Close() error
}

const manyProcesses, manyCallers = 4, 64

var workProcesses = fmt.Sprintf("append, 1 event, %d processes × %d callers", manyProcesses, manyCallers)

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
	row := Row{Work: workProcesses, Unit: "events/s", Target: "1.0 × raw at 32"}
	b.tell(row.Work)
	row.Compared, err = measure.InTurns(ctx, b.Rounds, own, raw)
	b.out.add(row)
	return err
}
