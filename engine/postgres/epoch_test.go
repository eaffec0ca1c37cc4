package postgres_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/localpg/pgtest"
	"github.com/backstory-go/backstory/engine/postgres"
)

func depositMany(t *testing.T, e *postgres.Engine, n int) (last engine.Outcome) {
	t.Helper()
	for i := range n {
		last = settled(t, e, command("deposit", fmt.Sprintf("a%d", i%3), int64(i+1)))
		if last.Status != engine.Accepted {
			t.Fatalf("%+v", last)
		}
	}
	return last
}

// An older dump takes the place of the database under running processes: its log
// ends earlier, and goes on with other events at the same positions.
func TestOlderDumpUnderRunningProcesses_MemoryIsDropped(t *testing.T) {
	t.Parallel()
	server := pgtest.Private(t, false)
	url := createDatabase(t, server.URL("postgres"), "log", "template1")
	engines := []*postgres.Engine{started(t, postgres.Config{URL: url}),
		started(t, postgres.Config{URL: url, Roles: []postgres.Role{postgres.RoleWeb}})}
	depositMany(t, engines[0], 5)
	caughtUp(t, engines[0])
	old := dump(t, url)
	lost := depositMany(t, engines[0], 6)
	caughtUp(t, engines[0])
	before := engines[0].Epoch()
	if before.Changes != 0 || before.CallsPaused {
		t.Errorf("at home: %+v", before)
	}

	copied := createDatabase(t, url, "copy", "template1")
	restore(t, copied, old)
	replace(t, url, copied)

	for i, e := range engines {
		eventually(t, fmt.Sprintf("engine %d notices", i), func() bool { return e.Epoch().Changes == 1 })
		if now := e.Epoch(); now.Epoch == before.Epoch || now.Epoch.Log != before.Epoch.Log || !now.CallsPaused || now.ChangedAt.IsZero() {
			t.Errorf("engine %d: %+v", i, now)
		}
		if _, err := e.Outcome(within(t), lost.ID); err == nil {
			t.Errorf("engine %d knows an outcome of the lost log", i)
		}
	}
	depositMany(t, engines[0], 4) // at positions that other events had
	depositMany(t, engines[1], 4)
	caughtUp(t, engines[0])
	checkLog(t, url)
	checkBalances(t, url)
	if head := one[int64](t, url, `SELECT max(position) FROM backstory.events`); head != 13 {
		t.Errorf("the head is %d, want 13", head)
	}
}

// The log is restored in place: same database, an older content.
func TestLogThatWentBack_IsNoticedByWhatStandsAtAPosition(t *testing.T) {
	t.Parallel()
	url := database(t)
	e := started(t, postgres.Config{URL: url})
	depositMany(t, e, 4)
	caughtUp(t, e)
	conn := connect(t, url)
	defer conn.Close(within(t))
	for _, statement := range []string{
		`BEGIN`,
		`SELECT pg_advisory_xact_lock('backstory.events'::regclass::oid::int, 0)`,
		`ALTER TABLE backstory.events DISABLE TRIGGER ALL`,
		`UPDATE backstory.slots SET position = 2 WHERE position > 2`,
		`DELETE FROM backstory.events WHERE position > 2`,
		`DELETE FROM backstory.outcomes WHERE first_position > 2`,
		`TRUNCATE bank_balances`,
		`INSERT INTO bank_balances SELECT substr(stream, 14), sum((data->>'amount')::bigint), max(version) FROM backstory.events GROUP BY 1`,
		`INSERT INTO backstory.events SELECT 3, stream, version + 1, gen_random_uuid(), type, schema_version, tags, (SELECT at FROM backstory.events WHERE position = 2), by, correlation, causation, '{"amount":100}' FROM backstory.events WHERE position = 1`,
		`UPDATE backstory.events SET causation = (SELECT id FROM backstory.events WHERE position = 1) WHERE position = 3`,
		`ALTER TABLE backstory.events ENABLE ALWAYS TRIGGER events_fixed`,
		`ALTER TABLE backstory.events ENABLE ALWAYS TRIGGER events_fixed_rows`,
		`COMMIT`,
	} {
		if _, err := conn.Exec(within(t), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	eventually(t, "it is noticed", func() bool { return e.Epoch().Changes > 0 })
	depositMany(t, e, 5)
	caughtUp(t, e)
	checkLog(t, url)
	checkBalances(t, url)
}

func TestCopy_WaitsToBeAdopted(t *testing.T) {
	t.Parallel()
	server := pgtest.Private(t, false)
	url := createDatabase(t, server.URL("postgres"), "log", "template1")
	e, stop := run(t, postgres.Config{URL: url})
	if e.Epoch().CallsPaused {
		t.Error("a new database waits to be adopted")
	}
	empty := e.Epoch().Epoch
	stop()
	fresh := openEngine(t, postgres.Config{URL: createDatabase(t, url, "fresh", "log")})
	defer fresh.Close()
	if now := fresh.Epoch(); now.CallsPaused || now.Epoch.Log == empty.Log {
		t.Errorf("the copy of an empty database: %+v", now)
	}
	e, stop = run(t, postgres.Config{URL: url})
	depositMany(t, e, 1)
	stop()
	again := openEngine(t, postgres.Config{URL: url})
	defer again.Close()
	if now := again.Epoch(); now.CallsPaused || now.Epoch != empty {
		t.Errorf("started again: %+v", now)
	}
	again.Close()
	copied := started(t, postgres.Config{URL: createDatabase(t, url, "copy", "log")})
	if now := copied.Epoch(); !now.CallsPaused || now.Epoch.Log != empty.Log || now.Epoch == empty {
		t.Errorf("the copy: %+v", now)
	}
	depositMany(t, copied, 1)
	other := openEngine(t, postgres.Config{URL: elsewhere(t, url, "copy")})
	defer other.Close()
	for i, want := range []bool{true, false} {
		if news, err := other.Adopt(within(t)); err != nil || news != want {
			t.Errorf("adopt %d: %t, %v", i, news, err)
		}
	}
	eventually(t, "the calls may go out", func() bool { return !copied.Epoch().CallsPaused })
}

// The outside is called once for each deposit, wherever it is reacted to: on the
// first cluster, and after its dump came to live on another one.
func TestDumpInAFreshCluster_CallsWaitAndAreNeitherRepeatedNorLost(t *testing.T) {
	t.Parallel()
	var outside sync.Map // calls that were made
	var down atomic.Bool // for the account that is called late
	down.Store(true)
	hooked := hooks{calls: []string{"outside"}, deposited: func(m engine.Meta) error {
		if m.Stream.ID == "late" && down.Load() {
			return errHandler
		}
		n, _ := outside.LoadOrStore(fmt.Sprintf("%s %d", m.Stream.ID, m.Version), &atomic.Int64{})
		n.(*atomic.Int64).Add(1)
		return nil
	}}
	often := postgres.ConsumerConfig{Attempts: 1_000_000, FirstPause: 50 * time.Millisecond, MostPause: 100 * time.Millisecond}
	first := database(t)
	e, stop := run(t, postgres.Config{URL: first, System: reactive(hooked), Consumer: often})
	settled(t, e, command("deposit", "late", 1))
	depositMany(t, e, 5)
	settled(t, e, command("deposit", "late", 2))
	eventually(t, "all but the late one are called", func() bool {
		return one[int64](t, first, `SELECT count(*) FROM backstory.events WHERE type = 'bank.ledger.noted'`) == 5 &&
			slices.Equal(heldKeys(t, first, "bank.account"), []string{"bank.account/late"})
	})
	script := dump(t, first)
	stop()

	second := createDatabase(t, pgtest.Private(t, false).URL("postgres"), "log", "template1")
	restore(t, second, script)
	down.Store(false)
	e = started(t, postgres.Config{URL: second, System: reactive(hooked), Consumer: often})
	depositMany(t, e, 4)
	waiting := []string{"bank.account/a0", "bank.account/a1", "bank.account/a2", "bank.account/late"}
	eventually(t, "all calls wait", func() bool { return slices.Equal(heldKeys(t, second, "bank.account"), waiting) })
	if n := calls(t, &outside); n != 5 {
		t.Errorf("%d calls before the database was adopted, want the 5 of the first one", n)
	}
	if _, err := e.Adopt(within(t)); err != nil {
		t.Fatal(err)
	}
	reacted(t, second)
	if n := calls(t, &outside); n != 11 {
		t.Errorf("%d calls, want one for each of 11 deposits", n)
	}
	caughtUp(t, e)
	wellFormed(t, e)
}

// calls counts those that were made, and looks whether one was made again.
func calls(t *testing.T, outside *sync.Map) (n int) {
	t.Helper()
	outside.Range(func(call, made any) bool {
		if times := made.(*atomic.Int64).Load(); times != 1 {
			t.Errorf("called %d times for %s", times, call)
		}
		n++
		return true
	})
	return n
}
