package postgres_test

import (
	"fmt"
	"testing"

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
