package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// appendOf is an append of n deposits of 1.
func appendOf(stream string, expected int64, n int) engine.Append {
	a := engine.Append{Stream: accountID(stream), Expected: expected, By: "tester"}
	for range n {
		id := uuid.Must(uuid.NewV7())
		a.Events = append(a.Events, engine.NewEvent{ID: id, Event: deposited{Amount: 1}, Data: []byte(`{"amount":1}`)})
		a.Causation, a.Correlation = id, id
	}
	if n > 1 {
		a.Causation = a.Events[0].ID
	}
	return a
}

func TestSubmitters32OverTwoEngines_DensePositionsAndVersions(t *testing.T) {
	url := database(t)
	engines := []*postgres.Engine{started(t, postgres.Config{URL: url}), started(t, postgres.Config{URL: url})}
	const submitters, each = 32, 25
	var group sync.WaitGroup
	for i := range submitters {
		group.Go(func() {
			for n := range each {
				s := command("deposit", fmt.Sprintf("a%d", (i+n)%10), 1)
				if o := settled(t, engines[i%2], s); o.Status != engine.Accepted {
					t.Errorf("%+v", o)
				}
			}
		})
	}
	group.Wait()
	if head, _ := engines[0].Head(within(t)); head != submitters*each {
		t.Errorf("head %d, want %d", head, submitters*each)
	}
	caughtUp(t, engines[0])
	checkLog(t, url)
	checkBalances(t, url)
}

func TestReader_SeesEverythingBelowWhatItSaw(t *testing.T) {
	url := database(t)
	engines := []*postgres.Engine{started(t, postgres.Config{URL: url}), started(t, postgres.Config{URL: url})}
	idle := connect(t, url)
	defer idle.Close(context.Background())
	// A writing transaction that stays open must neither hold up nor hide anything.
	if _, err := idle.Exec(within(t), `BEGIN; INSERT INTO bank_balances VALUES ('elsewhere', 0, 0)`); err != nil {
		t.Fatal(err)
	}
	var done atomic.Bool
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			for n := range 40 {
				if _, err := engines[i%2].Append(within(t), appendOf(fmt.Sprintf("s%d-%d", i, n), 0, 1+n%3)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	go func() { group.Wait(); done.Store(true) }()
	var cursor int64
	for !done.Load() || cursor < one[int64](t, url, `SELECT max(position) FROM backstory.events`) {
		list, err := engines[0].ReadLog(within(t), cursor, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list {
			if r.Meta.Position != cursor+1 {
				t.Fatalf("after %d came %d: an event was missed", cursor, r.Meta.Position)
			}
			cursor = r.Meta.Position
		}
	}
	checkLog(t, url)
}

func TestAppend_Conflict(t *testing.T) {
	url := database(t)
	e := openEngine(t, postgres.Config{URL: url})
	defer e.Close()
	if _, err := e.Append(within(t), appendOf("a", 0, 2)); err != nil {
		t.Fatal(err)
	}
	for _, expected := range []int64{0, 1, 3} {
		got, err := e.Append(within(t), appendOf("a", expected, 1))
		if !errors.Is(err, engine.ErrConflict) || got.Version != 2 {
			t.Errorf("expected %d: %+v, %v", expected, got, err)
		}
	}
	got, err := e.Append(within(t), appendOf("a", engine.AnyVersion, 1))
	if err != nil || got.Version != 3 || got.Position != 3 {
		t.Errorf("any version: %+v, %v", got, err)
	}
}

// A hundred appends race for each version; exactly one wins each.
func TestAppend_RaceForVersions(t *testing.T) {
	url := database(t)
	engines := []*postgres.Engine{openEngine(t, postgres.Config{URL: url}), openEngine(t, postgres.Config{URL: url})}
	for _, e := range engines {
		defer e.Close()
	}
	var won atomic.Int64
	var group sync.WaitGroup
	for i := range 100 {
		group.Go(func() {
			_, err := engines[i%2].Append(within(t), appendOf("a", int64(i%10), 1))
			if err == nil {
				won.Add(1)
			} else if !errors.Is(err, engine.ErrConflict) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := one[int64](t, url, `SELECT count(*) FROM backstory.events`); n != won.Load() || n == 0 {
		t.Errorf("%d stored, %d told so", n, won.Load())
	}
	checkLog(t, url)
}

func TestPoisonAppend_SparesItsNeighbours(t *testing.T) {
	url := database(t)
	e := openEngine(t, postgres.Config{URL: url})
	defer e.Close()
	release := holdLog(t, url)
	var group sync.WaitGroup
	var failed atomic.Int64
	taken := appendOf("taken", 0, 1)
	for i := range 40 {
		group.Go(func() {
			a := appendOf(fmt.Sprintf("n%d", i), 0, 1)
			switch i {
			case 13:
				a.Events[0].Tags = []string{"NUL \x00"}
			case 27, 28:
				a.Events[0].ID, a.Causation = taken.Events[0].ID, taken.Events[0].ID // the same id twice: one of them may be stored
			}
			if _, err := e.Append(within(t), a); err != nil {
				failed.Add(1)
				if i != 13 && !errors.Is(err, engine.ErrDuplicate) {
					t.Errorf("append %d: %v", i, err)
				}
			}
		})
	}
	release()
	group.Wait()
	if failed.Load() != 2 {
		t.Errorf("%d appends failed, want 2", failed.Load())
	}
	if n := one[int64](t, url, `SELECT count(*) FROM backstory.events`); n != 38 {
		t.Errorf("%d events, want 38", n)
	}
	checkLog(t, url)
}

// holdLog takes the order lock until release is called, so that appends gather.
func holdLog(tb testing.TB, url string) (release func()) {
	tb.Helper()
	conn := connect(tb, url)
	if _, err := conn.Exec(within(tb), `SELECT pg_advisory_lock('backstory.events'::regclass::oid::int, 0)`); err != nil {
		tb.Fatal(err)
	}
	release = sync.OnceFunc(func() { _ = conn.Close(context.Background()) })
	tb.Cleanup(release)
	return release
}

func TestStoredEvents_AreNeverChanged(t *testing.T) {
	url := database(t)
	e := openEngine(t, postgres.Config{URL: url})
	defer e.Close()
	if _, err := e.Append(within(t), appendOf("a", 0, 1)); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		`UPDATE backstory.events SET data = '{}'`, `DELETE FROM backstory.events`, `TRUNCATE backstory.events`,
		`SET session_replication_role = replica; DELETE FROM backstory.events`,
		`SET session_replication_role = replica; UPDATE backstory.events SET by = 'x'`,
		`SET session_replication_role = replica; TRUNCATE backstory.events CASCADE`,
		`UPDATE backstory.event_tags SET tag = ''`, `DELETE FROM backstory.event_tags`, `TRUNCATE backstory.event_tags`,
		`SET session_replication_role = replica; DELETE FROM backstory.event_tags`,
	} {
		err := sql(t, url, statement)
		if err == nil || !strings.Contains(err.Error(), "stored events are never changed") {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

func TestRepeatableReadByDefault_StaysCorrect(t *testing.T) {
	url := database(t)
	conn := connect(t, url)
	if _, err := conn.Exec(within(t), `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = ''repeatable read''', current_database()); END $$`); err != nil {
		t.Fatal(err)
	}
	_ = conn.Close(context.Background())
	if level := one[string](t, url, `SHOW default_transaction_isolation`); level != "repeatable read" {
		t.Fatal(level)
	}
	engines := []*postgres.Engine{started(t, postgres.Config{URL: url}), started(t, postgres.Config{URL: url})}
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			for range 10 {
				if o := settled(t, engines[i%2], command("deposit", "same", 1)); o.Status != engine.Accepted {
					t.Errorf("%+v", o)
				}
			}
		})
	}
	group.Wait()
	s, err := engines[0].State(within(t), accountID("same"), 0)
	if err != nil || s.State.(*account).Balance != 160 {
		t.Errorf("%+v, %v", s, err)
	}
	caughtUp(t, engines[0])
	checkLog(t, url)
	checkBalances(t, url)
}

func TestUnicodeZeroAndBackslashes_AreStored(t *testing.T) {
	url := database(t)
	e := openEngine(t, postgres.Config{URL: url})
	defer e.Close()
	a := appendOf("a", 0, 1)
	a.Events[0].Data = []byte(`{"amount":1,"note":"\u0000 \\ \" é"}`)
	a.Events[0].Tags = []string{`quote " comma , brace } backslash \`, "", "NULL"}
	if _, err := e.Append(within(t), a); err != nil {
		t.Fatal(err)
	}
	list, err := e.ReadLog(within(t), 0, 10)
	if err != nil || string(list[0].Data) != string(a.Events[0].Data) {
		t.Errorf("%s, %v", list[0].Data, err)
	}
	tags := one[[]string](t, url, `SELECT tags FROM backstory.events`)
	if len(tags) != 3 || tags[0] != a.Events[0].Tags[0] || tags[1] != "" || tags[2] != "NULL" {
		t.Errorf("%q", tags)
	}
}
