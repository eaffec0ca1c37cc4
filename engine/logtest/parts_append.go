package logtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
)

func allOrNone(ctx context.Context, log engine.Log) error {
	first := event(opened, "x:1")
	if err := succeeds(ctx, log, to("a", first)); err != nil {
		return err
	}
	taken := event(closed)
	taken.ID = first.ID
	for _, a := range []engine.Append{
		to("b", event(opened), event(opened), taken),
		to("b", taken, event(opened)),
		after(to("b", event(opened), event(closed)), 7),
		unless(to("b", event(opened), event(closed)), 0, tagged("x:1")),
	} {
		want := engine.ErrConflict
		if slices.ContainsFunc(a.Events, func(n engine.NewEvent) bool { return n.ID == first.ID }) {
			want = engine.ErrDuplicate
		}
		if err := fails(ctx, log, a, want); err != nil {
			return err
		}
	}
	return stored(ctx, log, first.ID)
}

// duplicateID wants an id that is taken to be refused, whatever else agrees.
func duplicateID(ctx context.Context, log engine.Log) error {
	first := event(opened)
	if err := succeeds(ctx, log, after(to("a", first), 0)); err != nil {
		return err
	}
	otherData, otherType := first, first
	otherData.Data = []byte(`{"of":"another"}`)
	otherType.Event = closed
	twice := event(opened)
	for name, a := range map[string]engine.Append{
		"in another stream":         to("b", first),
		"with other data":           to("a", otherData),
		"of another type":           to("a", otherType),
		"with more behind it":       to("a", first, event(opened)),
		"with something before it":  to("a", event(opened), first),
		"twice in one append":       to("c", twice, twice),
		"after the current version": after(to("a", first), 1),
	} {
		if err := fails(ctx, log, a, engine.ErrDuplicate); err != nil {
			return fmt.Errorf("an id that is taken, %s: %w", name, err)
		}
	}
	return stored(ctx, log, first.ID)
}

// repetition wants an append whose answer was lost to be recognised.
func repetition(ctx context.Context, log engine.Log) error {
	var ids []uuid.UUID
	for _, a := range []engine.Append{
		after(to("a", event(opened, "x:1"), event(closed)), 0),
		to("a", event(opened)),
		unless(to("b", event(opened, "x:2"), event(closed, "x:2")), 0, tagged("x:2")),
	} {
		first, err := log.Append(ctx, a)
		if err != nil {
			return err
		}
		for _, n := range a.Events {
			ids = append(ids, n.ID)
		}
		if err := succeeds(ctx, log, to("c")); err != nil {
			return err
		}
		for range 2 {
			again, err := log.Append(ctx, a)
			if err != nil || again.Position != first.Position || again.Version != first.Version || !again.At.Equal(first.At) {
				return fmt.Errorf("first %+v, then %+v: %w", first, again, err)
			}
		}
	}
	if err := stored(ctx, log, ids...); err != nil {
		return err
	}
	return repeatedAtOnce(ctx, log, len(ids))
}

// repeatedAtOnce sends one append many times at once: all are told the same.
func repeatedAtOnce(ctx context.Context, log engine.Log, before int) error {
	a := after(to("d", event(opened), event(closed)), 0)
	var mu sync.Mutex
	positions := map[int64]bool{}
	err := race(8, func(int) error {
		got, err := log.Append(ctx, a)
		mu.Lock()
		defer mu.Unlock()
		positions[got.Position] = true
		return err
	})
	if err != nil || len(positions) != 1 {
		return fmt.Errorf("one append was sent eight times and told %d positions: %w", len(positions), err)
	}
	list, err := all(ctx, log)
	if err != nil || len(list) != before+2 {
		return fmt.Errorf("%d events, want %d: %w", len(list), before+2, err)
	}
	return dense(list)
}

// neighbours wants what fails to fail alone, however appends are put together.
func neighbours(ctx context.Context, log engine.Log) error {
	taken := event(opened, "x:1")
	if err := succeeds(ctx, log, to("taken", taken)); err != nil {
		return err
	}
	other := event(closed)
	other.ID = taken.ID
	for round := range 5 {
		err := race(24, func(i int) error {
			id := fmt.Sprintf("s%d-%d", round, i)
			_, err := log.Append(ctx, [...]engine.Append{
				to(id, event(opened)),
				after(to(id, event(opened)), 5),
				to(id, event(opened), other),
				unless(to(id, event(opened)), 0, tagged("x:1")),
			}[i%4])
			want := [...]error{nil, engine.ErrConflict, engine.ErrDuplicate, engine.ErrCondition}[i%4]
			if !errors.Is(err, want) {
				return fmt.Errorf("append %d answers %w, want %w", i, err, want)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	list, err := all(ctx, log)
	if err != nil || len(list) != 31 {
		return fmt.Errorf("%d events, want 31: %w", len(list), err)
	}
	return dense(list)
}
