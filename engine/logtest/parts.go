package logtest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
)

func empty(ctx context.Context, log engine.Log) error {
	head, err := log.Head(ctx)
	if err != nil || head != 0 {
		return fmt.Errorf("the head of an empty log is %d: %w", head, err)
	}
	if list, err := log.ReadLog(ctx, 0, 10); err != nil || len(list) != 0 {
		return fmt.Errorf("an empty log has %d events: %w", len(list), err)
	}
	got, err := log.Append(ctx, after(to("a"), 0))
	if err != nil || got.Position != 0 || got.Version != 0 {
		return fmt.Errorf("an append without events answers %+v: %w", got, err)
	}
	if err := fails(ctx, log, after(to("a"), 1), engine.ErrConflict); err != nil {
		return fmt.Errorf("an append without events, after a version that is not there: %w", err)
	}
	if list, err := log.ReadMatching(ctx, nil, 0, 10); err != nil || len(list) != 0 {
		return fmt.Errorf("a query of no items matches %d events: %w", len(list), err)
	}
	if _, err := log.ReadMatching(ctx, engine.Query{{}}, 0, 10); err == nil {
		return errors.New("a query that asks for nothing is answered")
	}
	return stored(ctx, log)
}

// fields wants everything back as it was handed in.
func fields(ctx context.Context, log engine.Log) error {
	texts := []string{`{"text":"\u0000 \\ \" é 漢 😀"}`, `[]`, `"plain"`, ` { "spaced" : 1e2 } `, `null`}
	var appends []engine.Append
	for i, data := range texts {
		n := event(opened, `quote " comma , brace } backslash \`, "", "NULL", "é")
		n.Data = []byte(data)
		a := to(fmt.Sprintf("id / %d ü", i), n, event(closed))
		a.By, a.Correlation, a.Causation = "ann ü", uuid.New(), uuid.New()
		appends = append(appends, a)
	}
	if err := succeeds(ctx, log, appends...); err != nil {
		return err
	}
	list, err := all(ctx, log)
	if err != nil {
		return err
	}
	if len(list) != 2*len(appends) {
		return fmt.Errorf("%d events, want %d", len(list), 2*len(appends))
	}
	for i, a := range appends {
		if err := errors.Join(same(list[2*i], a, 0), same(list[2*i+1], a, 1)); err != nil {
			return err
		}
	}
	return dense(list)
}

// order wants dense positions, also after appends that failed, and pages.
func order(ctx context.Context, log engine.Log) error {
	var ids []uuid.UUID
	for i := range 20 {
		a := to(fmt.Sprintf("s%d", i%3), event(opened), event(closed))
		got, err := log.Append(ctx, a)
		if err != nil {
			return err
		}
		ids = append(ids, a.Events[0].ID, a.Events[1].ID)
		if got.Position != int64(2*i+1) || got.Version != int64(2*(i/3)+2) {
			return fmt.Errorf("append %d answers %+v", i, got)
		}
		if err := fails(ctx, log, after(to("s0", event(opened)), 99), engine.ErrConflict); err != nil {
			return err
		}
	}
	if err := stored(ctx, log, ids...); err != nil {
		return err
	}
	for at := int64(0); at < int64(len(ids)); at += 7 {
		list, err := log.ReadLog(ctx, at, 7)
		if err != nil {
			return err
		}
		if want := min(7, len(ids)-int(at)); len(list) != want || list[0].Meta.Position != at+1 {
			return fmt.Errorf("a page of 7 after %d has %d events, want %d", at, len(list), want)
		}
	}
	return nil
}

// visibility wants what was acknowledged to be seen by whoever reads next.
func visibility(ctx context.Context, log engine.Log) error {
	return race(8, func(i int) error {
		for range 10 {
			got, err := log.Append(ctx, to(fmt.Sprintf("s%d", i), event(opened, fmt.Sprintf("w:%d", i))))
			if err != nil {
				return err
			}
			head, err := log.Head(ctx)
			if err != nil || head < got.Position {
				return fmt.Errorf("appended at %d, then the head is %d: %w", got.Position, head, err)
			}
			list, err := log.ReadLog(ctx, got.Position-1, 1)
			if err != nil || len(list) != 1 || list[0].Meta.Position != got.Position {
				return fmt.Errorf("appended at %d, then read %v: %w", got.Position, list, err)
			}
			found, err := log.ReadMatching(ctx, engine.Query{tagged(fmt.Sprintf("w:%d", i))}, got.Position-1, 1)
			if err != nil || len(found) != 1 {
				return fmt.Errorf("appended at %d, then found %v by its tag: %w", got.Position, found, err)
			}
		}
		return nil
	})
}

// following wants a reader that only ever goes on from the last position it saw
// to miss nothing while others write.
func following(ctx context.Context, log engine.Log) error {
	const writers, each = 6, 15
	var writing atomic.Int64
	writing.Store(writers)
	return race(writers+2, func(i int) error {
		if i < writers {
			defer writing.Add(-1)
			for n := range each {
				if _, err := log.Append(ctx, to(fmt.Sprintf("s%d-%d", i, n), event(opened, "all:1"), event(closed, "all:1"))); err != nil {
					return err
				}
			}
			return nil
		}
		return follow(ctx, log, i == writers, func() bool { return writing.Load() > 0 }, 2*writers*each)
	})
}

func follow(ctx context.Context, log engine.Log, byTag bool, more func() bool, want int64) error {
	var cursor int64
	for goesOn := true; goesOn; {
		goesOn = more() // before the read: what is stored by now, the read must show
		for {
			read := log.ReadLog
			if byTag {
				read = func(ctx context.Context, after int64, limit int) ([]engine.Recorded, error) {
					return log.ReadMatching(ctx, engine.Query{tagged("all:1")}, after, limit)
				}
			}
			list, err := read(ctx, cursor, 25)
			if err != nil {
				return err
			}
			for _, r := range list {
				if r.Meta.Position != cursor+1 {
					return fmt.Errorf("after position %d came %d: something was missed", cursor, r.Meta.Position)
				}
				cursor++
			}
			if len(list) == 0 {
				break
			}
		}
	}
	if cursor != want {
		return fmt.Errorf("%d events were followed, want %d", cursor, want)
	}
	return nil
}

func versions(ctx context.Context, log engine.Log) error {
	if err := succeeds(ctx, log, after(to("a", event(opened), event(closed)), 0), to("b", event(opened)), after(to("a", event(opened)), 2)); err != nil {
		return err
	}
	for _, version := range []int64{0, 1, 2, 4, 1000} {
		a := after(to("a", event(opened)), version)
		if err := fails(ctx, log, a, engine.ErrConflict); err != nil {
			return fmt.Errorf("the stream is at 3, expected %d: %w", version, err)
		}
		if got, _ := log.Append(ctx, a); got.Version != 3 {
			return fmt.Errorf("a conflict says that the stream is at %d, want 3", got.Version)
		}
	}
	if err := fails(ctx, log, after(to("new", event(opened)), 1), engine.ErrConflict); err != nil {
		return fmt.Errorf("a new stream, expected 1: %w", err)
	}
	got, err := log.Append(ctx, to("a", event(opened)))
	if err != nil || got.Version != 4 {
		return fmt.Errorf("any version: %+v, %w", got, err)
	}
	return nil
}

// versionRace wants one winner for each version.
func versionRace(ctx context.Context, log engine.Log) error {
	for version := range int64(5) {
		n, err := won(ctx, log, 16, engine.ErrConflict, func(int) engine.Append { return after(to("a", event(opened)), version) })
		if err != nil {
			return err
		}
		if n != 1 {
			return fmt.Errorf("%d appends were stored after version %d", n, version)
		}
	}
	list, err := all(ctx, log)
	if err != nil || len(list) != 5 {
		return fmt.Errorf("%d events, want 5: %w", len(list), err)
	}
	return dense(list)
}

func times(ctx context.Context, log engine.Log) error {
	err := race(8, func(i int) error {
		for range 10 {
			got, err := log.Append(ctx, to(fmt.Sprintf("s%d", i), event(opened), event(closed)))
			if err != nil {
				return err
			}
			list, err := log.ReadLog(ctx, got.Position-1, 2)
			if err != nil || len(list) != 2 {
				return fmt.Errorf("appended at %d, then read %d events: %w", got.Position, len(list), err)
			}
			if !list[0].Meta.At.Equal(got.At) || !list[1].Meta.At.Equal(got.At) || got.At.IsZero() {
				return fmt.Errorf("appended at %s, read at %s and %s", got.At, list[0].Meta.At, list[1].Meta.At)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	list, err := all(ctx, log)
	if err != nil {
		return err
	}
	return dense(list)
}

// immutability wants nothing that callers do with their memory to be seen.
func immutability(ctx context.Context, log engine.Log) error {
	a := to("a", event(opened, "kept:1"))
	want := string(a.Events[0].Data)
	if err := succeeds(ctx, log, a); err != nil {
		return err
	}
	copy(a.Events[0].Data, "spoilt")
	a.Events[0].Tags[0], a.Events[0].ID = "spoilt:1", uuid.Nil
	for range 2 {
		list, err := log.ReadMatching(ctx, engine.Query{tagged("kept:1")}, 0, 10)
		if err != nil || len(list) != 1 {
			return fmt.Errorf("%d events carry the tag, want 1: %w", len(list), err)
		}
		if string(list[0].Data) != want || list[0].Meta.ID == uuid.Nil {
			return fmt.Errorf("%s was appended, %s is read", want, list[0].Data)
		}
		copy(list[0].Data, "spoilt")
		list[0].Meta.ID = uuid.Nil
	}
	return nil
}
