package logtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
)

// happened is an event of any type.
type happened string

// MessageType implements engine.Event.
func (h happened) MessageType() string { return string(h) }

// SchemaVersion implements engine.Event.
func (happened) SchemaVersion() int { return 3 }

const (
	opened = happened("logtest.thing.opened")
	closed = happened("logtest.thing.closed")
)

func stream(id string) engine.StreamID { return engine.StreamID{Type: "logtest.thing", ID: id} }

func event(typ happened, tags ...string) engine.NewEvent {
	id := uuid.New()
	return engine.NewEvent{ID: id, Event: typ, Data: fmt.Appendf(nil, `{"of": %q}`, id), Tags: tags}
}

// to is an append of events to a stream, whatever its version.
func to(id string, events ...engine.NewEvent) engine.Append {
	a := engine.Append{Stream: stream(id), Expected: engine.AnyVersion, Events: events, By: "logtest"}
	if len(events) > 0 {
		a.Correlation, a.Causation = events[0].ID, events[0].ID
	}
	return a
}

// after gives an append the version that it expects.
func after(a engine.Append, version int64) engine.Append {
	a.Expected = version
	return a
}

// unless gives an append a condition.
func unless(a engine.Append, position int64, items ...engine.QueryItem) engine.Append {
	a.If = &engine.Condition{Query: items, After: position}
	return a
}

func tagged(tags ...string) engine.QueryItem { return engine.QueryItem{Tags: tags} }

// all reads the whole log.
func all(ctx context.Context, log engine.Log) ([]engine.Recorded, error) {
	return log.ReadLog(ctx, 0, 100_000)
}

// stored wants the log to hold exactly the events with these ids, in this order.
func stored(ctx context.Context, log engine.Log, ids ...uuid.UUID) error {
	list, err := all(ctx, log)
	if err != nil {
		return err
	}
	if len(list) != len(ids) {
		return fmt.Errorf("the log holds %d events, want %d", len(list), len(ids))
	}
	for i, r := range list {
		if r.Meta.ID != ids[i] {
			return fmt.Errorf("event %d of the log is %s, want %s", i+1, r.Meta.ID, ids[i])
		}
	}
	return dense(list)
}

// dense wants positions and versions without gaps from 1 on, and time in order.
func dense(list []engine.Recorded) error {
	versions := map[engine.StreamID]int64{}
	for i, r := range list {
		if r.Meta.Position != int64(i)+1 {
			return fmt.Errorf("event %d of the log has position %d", i+1, r.Meta.Position)
		}
		versions[r.Meta.Stream]++
		if r.Meta.Version != versions[r.Meta.Stream] {
			return fmt.Errorf("event %d of %s has version %d", versions[r.Meta.Stream], r.Meta.Stream, r.Meta.Version)
		}
		if i > 0 && r.Meta.At.Before(list[i-1].Meta.At) {
			return fmt.Errorf("time runs back from position %d to %d", i, i+1)
		}
	}
	return nil
}

// fails wants an append to fail with an error, and to store nothing.
func fails(ctx context.Context, log engine.Log, a engine.Append, want error) error {
	before, err := log.Head(ctx)
	if err != nil {
		return err
	}
	got, err := log.Append(ctx, a)
	if !errors.Is(err, want) {
		return fmt.Errorf("append answered %+v, %w; want the error %w", got, err, want)
	}
	if head, err := log.Head(ctx); err != nil || head != before {
		return fmt.Errorf("after %w the head went from %d to %d: %w", want, before, head, err)
	}
	return nil
}

// succeeds wants each append to be stored.
func succeeds(ctx context.Context, log engine.Log, appends ...engine.Append) error {
	for i, a := range appends {
		if _, err := log.Append(ctx, a); err != nil {
			return fmt.Errorf("append %d: %w", i+1, err)
		}
	}
	return nil
}

// race does n things at the same time and joins their errors.
func race(n int, do func(i int) error) error {
	errs := make([]error, n)
	var group sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		group.Go(func() {
			<-start
			errs[i] = do(i)
		})
	}
	close(start)
	group.Wait()
	return errors.Join(errs...)
}

// won counts how many of n appends were stored, when they are tried at the same
// time; the others must fail with an error.
func won(ctx context.Context, log engine.Log, n int, lost error, of func(i int) engine.Append) (int, error) {
	wins := make([]bool, n)
	err := race(n, func(i int) error {
		_, err := log.Append(ctx, of(i))
		wins[i] = err == nil
		if err != nil && !errors.Is(err, lost) {
			return fmt.Errorf("append %d: %w; want it stored, or %w", i, err, lost)
		}
		return nil
	})
	count := 0
	for _, win := range wins {
		if win {
			count++
		}
	}
	return count, err
}

// same wants a record to be what was appended.
func same(r engine.Recorded, a engine.Append, i int) error {
	n := a.Events[i]
	m := r.Meta
	if m.ID != n.ID || m.Stream != a.Stream || m.By != a.By || m.Correlation != a.Correlation || m.Causation != a.Causation ||
		r.Type != n.Event.MessageType() || r.SchemaVersion != n.Event.SchemaVersion() || !bytes.Equal(r.Data, n.Data) {
		return fmt.Errorf("%+v was appended, %+v is read", n, r)
	}
	return nil
}
