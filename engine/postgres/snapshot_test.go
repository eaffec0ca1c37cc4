package postgres_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// counted is a bank whose accounts have a snapshot at every n-th version, and
// count what they fold.
func counted(every int, hash string) (*engine.System, *atomic.Int64) {
	folds := &atomic.Int64{}
	actor := accounts(&atomic.Int64{})
	actor.SnapshotEvery, actor.StateHash = every, hash
	actor.Evolve = func(m engine.Meta, state any, event engine.Event) {
		folds.Add(1)
		evolve(m, state, event)
	}
	s := &engine.System{}
	s.AddActor(actor)
	s.AddProjection(balances(ddl, "1"))
	return s, folds
}

// deposits fills a stream that has no event yet with deposits of 1, 2, 3, …, one
// a second, past the engine.
func deposits(tb testing.TB, url, stream string, n int) {
	tb.Helper()
	err := sql(tb, url, `INSERT INTO backstory.events (position, stream, version, id, type, schema_version, at, by, correlation, causation, data)
		SELECT (SELECT coalesce(max(position), 0) FROM backstory.events) + v, $1, v, gen_random_uuid(), 'bank.account.deposited', 1,
			timestamptz '2026-01-01' + v * interval '1 second', 'tester', gen_random_uuid(), gen_random_uuid(), json_build_object('amount', v)
		FROM generate_series(1, $2::bigint) v`, accountID(stream).String(), n)
	if err != nil {
		tb.Fatal(err)
	}
}

// sum is the balance after n deposits of 1, 2, 3, …
func sum(n int64) int64 { return n * (n + 1) / 2 }

// checkState wants the state of the stream at a version, and a fold that skipped
// and repeated nothing.
func checkState(tb testing.TB, e engine.Client, stream string, version, head int64) {
	tb.Helper()
	got, err := e.State(within(tb), accountID(stream), version)
	if err != nil {
		tb.Fatalf("version %d: %v", version, err)
	}
	if version == 0 {
		version = head
	}
	state := got.State.(*account)
	var seen []int64
	for v := max(version-7, 1); v <= version; v++ {
		seen = append(seen, v)
	}
	if got.Version != version || got.Head != head || state.Balance != sum(version) || !slices.Equal(state.Seen, seen) {
		tb.Fatalf("version %d of %d: version %d of %d, balance %d, want %d, folded last %v", version, head, got.Version, got.Head, state.Balance, sum(version), state.Seen)
	}
	if want := time.Date(2026, 1, 1, 0, 0, int(version), 0, time.UTC); !got.At.Equal(want) {
		tb.Fatalf("version %d: at %s, want %s", version, got.At, want)
	}
}

func snapshotCount(tb testing.TB, url, where string) int64 {
	tb.Helper()
	return one[int64](tb, url, "SELECT count(*) FROM backstory.snapshots WHERE "+where)
}

func TestState_AtEveryVersion_WithAndWithoutSnapshots(t *testing.T) {
	t.Parallel()
	url := database(t)
	const head, every = 1_234, 50
	deposits(t, url, "a", head)
	for _, n := range []int{-1, every} {
		system, folds := counted(n, "1")
		e := openEngine(t, postgres.Config{URL: url, System: system, CacheStreams: 1})
		defer e.Close()
		checkState(t, e, "a", 0, head)
		if n > 0 {
			eventually(t, "the snapshots are written", func() bool { return snapshotCount(t, url, "true") == head/every })
		}
		for version := int64(head); version > 0; version-- {
			folds.Store(0)
			checkState(t, e, "a", version, head)
			if f := folds.Load(); n > 0 && f >= every {
				t.Fatalf("version %d: %d events folded, with a snapshot every %d", version, f, every)
			}
		}
	}
}

func TestSnapshots_ThatDoNotHold_AreIgnoredAndReplaced(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ spoil, hash string }{
		"of another state's schema":   {`UPDATE backstory.snapshots SET state = '{"Balance": 7}'`, "2"},
		"garbage":                     {`UPDATE backstory.snapshots SET state = '\x00ff'`, "1"},
		"empty":                       {`UPDATE backstory.snapshots SET state = ''`, "1"},
		"of an event that is not":     {`UPDATE backstory.snapshots SET last_id = gen_random_uuid(), state = '{"Balance": 7}'`, "1"},
		"the newest alone is garbage": {`UPDATE backstory.snapshots SET state = 'x' WHERE version = 90`, "1"},
		"beyond the stream":           {`INSERT INTO backstory.snapshots SELECT stream, 1000, last_id, hash, '{"Balance": 7}' FROM backstory.snapshots LIMIT 1`, "1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := database(t)
			deposits(t, url, "a", 99)
			system, _ := counted(10, "1")
			e := openEngine(t, postgres.Config{URL: url, System: system})
			checkState(t, e, "a", 0, 99)
			e.Close() // waits until they are written
			if n := snapshotCount(t, url, "true"); n != 9 {
				t.Fatalf("%d snapshots, want 9", n)
			}
			if err := sql(t, url, c.spoil); err != nil {
				t.Fatal(err)
			}
			system, folds := counted(10, c.hash)
			for round := range 2 { // the second from what the first left behind
				folds.Store(0)
				e = openEngine(t, postgres.Config{URL: url, System: system})
				for _, version := range []int64{0, 99, 90, 50, 11, 10, 9, 1} {
					checkState(t, e, "a", version, 99)
				}
				e.Close()
				if f := folds.Load(); round == 1 && f > 40 {
					t.Errorf("%d events folded: the snapshots were not replaced", f)
				}
			}
		})
	}
}

// A stream of 100,000 events is decided about, and read at any version, for the
// price of a few hundred.
func TestStreamOf100000Events_StaysUsable(t *testing.T) {
	t.Parallel()
	url := database(t)
	const head = 100_000
	deposits(t, url, "long", head)
	system, folds := counted(0, "1")
	e := openEngine(t, postgres.Config{URL: url, System: system, CacheStreams: 1})
	checkState(t, e, "long", 0, head)
	e.Close()

	e = started(t, postgres.Config{URL: url, System: system, CacheStreams: 1})
	caughtUp(t, e)
	folds.Store(0)
	if o := settled(t, e, command("withdraw", "long", sum(head))); o.Status != engine.Accepted || o.Events[0].Version != head+1 {
		t.Fatalf("%+v", o)
	}
	if f := folds.Load(); f > 210 {
		t.Errorf("%d events folded for a decision", f)
	}
	for range 2 { // whoever misses a snapshot writes it
		for version := int64(99_950); version > 0; version -= 7_777 {
			folds.Store(0)
			checkStateOf(t, e, version, sum(version))
		}
	}
	if f := folds.Load(); f > 200 {
		t.Errorf("%d events folded for a version", f)
	}
}

func checkStateOf(tb testing.TB, e engine.Client, version, balance int64) {
	tb.Helper()
	got, err := e.State(within(tb), accountID("long"), version)
	if err != nil || got.State.(*account).Balance != balance {
		tb.Errorf("version %d: %+v, %v", version, got, err)
	}
}

func TestSnapshots_WhileOthersWrite(t *testing.T) {
	t.Parallel()
	url := database(t)
	var engines []*postgres.Engine
	for range 2 {
		system, _ := counted(5, "1")
		engines = append(engines, started(t, postgres.Config{URL: url, System: system}))
	}
	var group sync.WaitGroup
	for i := range 12 {
		group.Go(func() {
			stream := fmt.Sprintf("s%d", i%3)
			for n := range 15 {
				settled(t, engines[n%2], command("deposit", stream, int64(1+i*n)))
				if _, err := engines[(n+1)%2].State(within(t), accountID(stream), 0); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	plain, _ := counted(-1, "1")
	bare := openEngine(t, postgres.Config{URL: url, System: plain, CacheStreams: 1})
	defer bare.Close()
	eventually(t, "the newest snapshots are written", func() bool { return snapshotCount(t, url, "version = 60") == 3 })
	for i := range 3 {
		stream := accountID(fmt.Sprintf("s%d", i))
		for version := int64(5); version <= 60; version += 5 {
			want, err := bare.State(within(t), stream, version)
			if err != nil {
				t.Fatal(err)
			}
			text, _ := json.Marshal(want.State)
			if n := snapshotCount(t, url, fmt.Sprintf("stream = '%s' AND version = %d AND convert_from(state, 'UTF8') <> '%s'", stream, version, text)); n != 0 {
				t.Errorf("the snapshot of %s at %d is not %s", stream, version, text)
			}
			for _, e := range engines {
				got, err := e.State(within(t), stream, version)
				if text2, _ := json.Marshal(got.State); err != nil || string(text2) != string(text) {
					t.Errorf("%s at %d: %s, want %s, %v", stream, version, text2, text, err)
				}
			}
		}
	}
	caughtUp(t, engines[0])
	checkLog(t, url)
	checkBalances(t, url)
}

// What a reader remembers is held against the log, whoever wrote meanwhile and
// even when the log lost its tail.
func TestState_Remembered(t *testing.T) {
	t.Parallel()
	url := database(t)
	deposits(t, url, "a", 30)
	system, folds := counted(0, "1")
	reader := openEngine(t, postgres.Config{URL: url, System: system})
	defer reader.Close()
	writer := openEngine(t, postgres.Config{URL: url})
	defer writer.Close()
	checkState(t, reader, "a", 0, 30)
	checkState(t, reader, "a", 20, 30)
	folds.Store(0)
	checkState(t, reader, "a", 0, 30)
	checkState(t, reader, "a", 20, 30)
	if f := folds.Load(); f != 0 {
		t.Errorf("%d events folded for what was asked before", f)
	}

	balance := func(version int64) int64 {
		got, err := reader.State(within(t), accountID("a"), version)
		if err != nil {
			t.Fatal(err)
		}
		state := got.State.(*account)
		b := state.Balance
		state.Balance, state.Seen[0] = -1, -1 // the caller's own
		return b
	}
	for n := range int64(3) {
		if _, err := writer.Append(within(t), appendOf("a", 30+n, 1)); err != nil {
			t.Fatal(err)
		}
		if b := balance(0); b != sum(30)+n+1 {
			t.Errorf("balance %d, want %d", b, sum(30)+n+1)
		}
		if b := balance(20); b != sum(20) {
			t.Errorf("balance %d, want %d", b, sum(20))
		}
	}
	if f := folds.Load(); f != 3 {
		t.Errorf("%d events folded, want the 3 new ones", f)
	}
	if err := sql(t, url, `ALTER TABLE backstory.events DISABLE TRIGGER USER; DELETE FROM backstory.events WHERE version > 31`); err != nil {
		t.Fatal(err)
	}
	if b := balance(0); b != sum(30)+1 {
		t.Errorf("balance %d after the tail was lost, want %d", b, sum(30)+1)
	}
	for version := range int64(5) {
		if _, err := writer.Append(within(t), appendOf("a", 31+version, 1)); err != nil {
			t.Fatal(err)
		}
	}
	if b := balance(0); b != sum(30)+6 {
		t.Errorf("balance %d on another tail, want %d", b, sum(30)+6)
	}
	if err := sql(t, url, `DELETE FROM backstory.events`); err != nil {
		t.Fatal(err)
	}
	if _, err := reader.State(within(t), accountID("a"), 0); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("a stream that is gone: %v", err)
	}
}

func TestStateAt_Time(t *testing.T) {
	t.Parallel()
	url := database(t)
	deposits(t, url, "a", 777)
	e := openEngine(t, postgres.Config{URL: url})
	defer e.Close()
	first := time.Date(2026, 1, 1, 0, 0, 1, 0, time.UTC)
	for _, c := range []struct {
		at   time.Time
		want int64
	}{
		{first, 1}, {first.Add(time.Millisecond), 1}, {first.Add(999 * time.Millisecond), 1}, {first.Add(time.Second), 2},
		{first.Add(399500 * time.Millisecond), 400}, {first.Add(775 * time.Second), 776}, {first.Add(776 * time.Second), 777},
		{first.Add(time.Hour), 777}, {first.In(time.FixedZone("", 7200)), 1}, {time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), 777},
	} {
		got, err := e.StateAt(within(t), accountID("a"), c.at)
		if err != nil || got.Version != c.want || got.Head != 777 || got.State.(*account).Balance != sum(c.want) {
			t.Errorf("%s: %+v, %v, want version %d", c.at, got, err, c.want)
		}
	}
	for _, c := range []struct {
		stream string
		at     time.Time
	}{{"a", first.Add(-time.Microsecond)}, {"a", time.Time{}}, {"never", first}} {
		if _, err := e.StateAt(within(t), accountID(c.stream), c.at); !errors.Is(err, engine.ErrNotFound) {
			t.Errorf("%s at %s: %v", c.stream, c.at, err)
		}
	}
	if _, err := e.StateAt(within(t), engine.StreamID{Type: "no.such", ID: "a"}, first); !errors.Is(err, engine.ErrNotFound) {
		t.Error(err)
	}
}

// Several events of one instant: all of them had happened by then.
func TestStateAt_OneInstant(t *testing.T) {
	t.Parallel()
	url := database(t)
	e := openEngine(t, postgres.Config{URL: url})
	defer e.Close()
	for i, n := range []int{3, 1, 4} {
		if _, err := e.Append(within(t), appendOf("a", []int64{0, 3, 4}[i], n)); err != nil {
			t.Fatal(err)
		}
	}
	list, err := e.Events(within(t), accountID("a"), 0, 10)
	if err != nil || len(list) != 8 {
		t.Fatal(list, err)
	}
	for _, r := range list {
		last := r.Meta.Version
		for _, other := range list {
			if other.Meta.At.Equal(r.Meta.At) {
				last = max(last, other.Meta.Version)
			}
		}
		got, err := e.StateAt(within(t), accountID("a"), r.Meta.At)
		if err != nil || got.Version != last {
			t.Errorf("at version %d's instant: version %d, %v, want %d", r.Meta.Version, got.Version, err, last)
		}
	}
	if _, err := e.StateAt(within(t), accountID("a"), list[0].Meta.At.Add(-time.Microsecond)); !errors.Is(err, engine.ErrNotFound) {
		t.Error(err)
	}
}
