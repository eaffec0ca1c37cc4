package logtest

import (
	"context"
	"fmt"
	"slices"

	"github.com/backstory-go/backstory/engine"
)

// condition wants what came after a position to count, and nothing else.
func condition(ctx context.Context, log engine.Log) error {
	if err := succeeds(ctx, log, to("a", event(opened, "x:1")), to("b", event(opened, "x:2")), to("c", event(closed, "x:1"))); err != nil {
		return err
	}
	next := func() engine.Append { return to("d", event(opened, "y:1")) }
	broken := map[string]engine.Append{
		"from the beginning": unless(next(), 0, tagged("x:2")),
		"just before":        unless(next(), 1, tagged("x:2")),
		"the last event":     unless(next(), 2, tagged("x:1")),
		"by type":            unless(next(), 2, engine.QueryItem{Types: []string{string(closed)}}),
		"with a version":     after(unless(next(), 0, tagged("x:1")), 0),
	}
	for name, a := range broken {
		if err := fails(ctx, log, a, engine.ErrCondition); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := fails(ctx, log, a, engine.ErrConflict); err != nil {
			return fmt.Errorf("%s: a broken condition is a conflict: %w", name, err)
		}
	}
	if err := fails(ctx, log, after(unless(next(), 3, tagged("x:1")), 4), engine.ErrConflict); err != nil {
		return fmt.Errorf("a condition that holds, and another version: %w", err)
	}
	return succeeds(ctx, log,
		unless(to("d", event(opened, "x:1")), 3, tagged("x:1")), // its own events are not after it
		unless(next(), 2, tagged("x:2")),
		unless(next(), 0, tagged("x:9")),
		unless(next(), 0),
		unless(next(), 3, engine.QueryItem{Types: []string{string(closed)}}),
	)
}

// conditionItems wants AND within an item, and OR across items.
func conditionItems(ctx context.Context, log engine.Log) error {
	if err := succeeds(ctx, log, to("a", event(opened, "x:1", "y:1", "z:1")), to("b", event(closed, "x:2"))); err != nil {
		return err
	}
	of := func(typ happened, tags ...string) engine.QueryItem {
		return engine.QueryItem{Types: []string{string(typ)}, Tags: tags}
	}
	next := func(items ...engine.QueryItem) engine.Append { return unless(to("c", event(opened)), 0, items...) }
	for _, a := range []engine.Append{
		next(tagged("x:1", "z:1")), next(tagged("x:9"), tagged("z:1", "y:1", "x:1")), next(of(closed, "x:1"), of(closed, "x:2")),
		next(engine.QueryItem{Types: []string{string(closed), string(opened)}, Tags: []string{"y:1"}}),
	} {
		if err := fails(ctx, log, a, engine.ErrCondition); err != nil {
			return fmt.Errorf("%v: %w", a.If.Query, err)
		}
	}
	for _, a := range []engine.Append{
		next(tagged("x:1", "x:2")), next(of(closed, "x:1")), next(of(opened, "x:2"), of(closed, "y:1")), next(tagged("x:1", "y:1", "w:1")),
	} {
		if err := succeeds(ctx, log, a); err != nil {
			return fmt.Errorf("%v: %w", a.If.Query, err)
		}
	}
	return nil
}

// conditionRace wants exactly one of those that decided on the same head.
func conditionRace(ctx context.Context, log engine.Log) error {
	for round := range 5 {
		head, err := log.Head(ctx)
		if err != nil {
			return err
		}
		tag := fmt.Sprintf("seat:%d", round)
		n, err := won(ctx, log, 16, engine.ErrCondition, func(i int) engine.Append {
			return unless(to(fmt.Sprintf("s%d-%d", round, i), event(opened, tag)), head, tagged(tag))
		})
		if err != nil {
			return err
		}
		if n != 1 {
			return fmt.Errorf("%d appends were stored under one condition", n)
		}
	}
	list, err := all(ctx, log)
	if err != nil || len(list) != 5 {
		return fmt.Errorf("%d events, want 5: %w", len(list), err)
	}
	return nil
}

// disjoint wants conditions over other tags not to get in each other's way.
func disjoint(ctx context.Context, log engine.Log) error {
	n, err := won(ctx, log, 32, engine.ErrCondition, func(i int) engine.Append {
		tag := fmt.Sprintf("seat:%d", i)
		return unless(to(tag, event(opened, tag)), 0, tagged(tag))
	})
	if err == nil && n != 32 {
		err = fmt.Errorf("%d of 32 appends with disjoint conditions were stored", n)
	}
	return err
}

// matching wants ReadMatching to find what a look at each event finds, by pages.
func matching(ctx context.Context, log engine.Log) error {
	tags := []string{"a:1", "a:2", "b:1"}
	var written []engine.NewEvent
	for i := range 40 {
		var own []string
		for bit, tag := range tags {
			if i>>bit&1 == 1 {
				own = append(own, tag, tag) // twice is once
			}
		}
		n := event([]happened{opened, closed}[i>>3&1], own...)
		written = append(written, n)
		if err := succeeds(ctx, log, to(fmt.Sprintf("s%d", i%5), n)); err != nil {
			return err
		}
	}
	for _, q := range []engine.Query{
		{tagged("a:1")}, {tagged("a:1", "b:1")}, {tagged("a:1"), tagged("a:2")}, {tagged("none:1")}, {{Types: []string{string(closed)}}},
		{{Types: []string{string(closed)}, Tags: []string{"b:1"}}, tagged("a:2", "a:1")},
		{{Types: []string{string(opened), string(closed)}}},
	} {
		for _, limit := range []int{1, 3, 100} {
			if err := matches(ctx, log, q, written, limit); err != nil {
				return fmt.Errorf("%v by %d: %w", q, limit, err)
			}
		}
	}
	return nil
}

func matches(ctx context.Context, log engine.Log, q engine.Query, written []engine.NewEvent, limit int) error {
	var want, got []int64
	for i, n := range written {
		if q.Matches(n.Event.MessageType(), n.Tags) {
			want = append(want, int64(i)+1)
		}
	}
	for last := int64(0); ; {
		list, err := log.ReadMatching(ctx, q, last, limit)
		if err != nil {
			return err
		}
		if len(list) > limit {
			return fmt.Errorf("%d events in a page of %d", len(list), limit)
		}
		for _, r := range list {
			got = append(got, r.Meta.Position)
			last = r.Meta.Position
		}
		if len(list) < limit || len(got) > len(written) {
			break
		}
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("found %v, want %v", got, want)
	}
	return nil
}
