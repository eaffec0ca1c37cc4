package postgres_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// Bugs that other logs had, as docs/field-bugs.md lists them.

// An append hangs in its commit, where a sequence would have given it position 1
// already. Whoever comes later must not be seen before it.
func TestAppendHeldInCommit_NothingOvertakesIt(t *testing.T) {
	t.Parallel()
	url := database(t)
	held, other := openEngine(t, postgres.Config{URL: url}), openEngine(t, postgres.Config{URL: url})
	err := sql(t, url, `CREATE TABLE gate (open bool);
		CREATE FUNCTION hang() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			WHILE NOT EXISTS (SELECT 1 FROM gate) LOOP PERFORM pg_sleep(0.01); END LOOP; RETURN NULL; END $$;
		CREATE CONSTRAINT TRIGGER hang AFTER INSERT ON backstory.events DEFERRABLE INITIALLY DEFERRED
			FOR EACH ROW WHEN (NEW.stream = 'bank.account/slow') EXECUTE FUNCTION hang()`)
	if err != nil {
		t.Fatal(err)
	}
	stored := make(chan error, 2)
	add := func(e *postgres.Engine, stream string) {
		_, err := e.Append(within(t), appendOf(stream, 0, 1))
		stored <- err
	}
	waits := func(event string) func() bool {
		return func() bool {
			return one[int64](t, url, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = $1`, event) == 1
		}
	}
	go add(held, "slow")
	eventually(t, "an append hangs in its commit", waits("PgSleep"))
	go add(other, "quick")
	eventually(t, "the next one waits for it", waits("advisory"))
	if list, err := other.ReadLog(within(t), 0, 10); err != nil || len(list) != 0 || len(stored) != 0 {
		t.Errorf("%d events are seen, %d appends returned, %v", len(list), len(stored), err)
	}
	if err := sql(t, url, `INSERT INTO gate VALUES (true)`); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := <-stored; err != nil {
			t.Error(err)
		}
	}
	list, err := other.ReadLog(within(t), 0, 10)
	if err != nil || len(list) != 2 || list[0].Meta.Stream.ID != "slow" || list[0].Meta.Position != 1 || list[1].Meta.Position != 2 {
		t.Errorf("%+v, %v", list, err)
	}
}

// The clock was ahead when an event was stored, and was put right: positions, not
// times, give the order, and times do not run back.
func TestClockThatGoesBack_TimesDoNot(t *testing.T) {
	t.Parallel()
	url := database(t)
	e := started(t, postgres.Config{URL: url})
	settled(t, e, command("deposit", "a", 1))
	err := sql(t, url, `ALTER TABLE backstory.events DISABLE TRIGGER ALL; UPDATE backstory.events SET at = at + interval '1 hour';
		ALTER TABLE backstory.events ENABLE ALWAYS TRIGGER events_fixed, ENABLE ALWAYS TRIGGER events_fixed_rows`)
	if err != nil {
		t.Fatal(err)
	}
	ahead := one[time.Time](t, url, `SELECT at FROM backstory.events`)
	got, err := e.Append(within(t), appendOf("b", 0, 2))
	if err != nil || got.At.Before(ahead) {
		t.Errorf("stored at %s, after an event of %s, %v", got.At, ahead, err)
	}
	settled(t, e, command("deposit", "a", 1))
	caughtUp(t, e)
	checkLog(t, url)
	checkBalances(t, url)
}

// NOTIFY in an append's transaction takes a lock of the whole server at its commit,
// and fails the append when it fails.
func TestNotifyThatFails_CostsNoAppend(t *testing.T) {
	t.Parallel()
	url := database(t)
	e := started(t, postgres.Config{URL: url})
	web := started(t, postgres.Config{URL: url, Roles: []postgres.Role{postgres.RoleWeb}})
	settled(t, e, command("deposit", "a", 1))
	if err := sql(t, url, `ALTER FUNCTION pg_catalog.pg_notify(text, text) RENAME TO no_notify`); err != nil {
		t.Fatal(err)
	}
	if err := sql(t, url, `SELECT pg_notify('backstory', '')`); err == nil {
		t.Fatal("notices can still be sent")
	}
	if _, err := e.Append(within(t), appendOf("b", 0, 1)); err != nil {
		t.Error(err)
	}
	if o := settled(t, web, command("deposit", "a", 1)); o.Status != engine.Accepted {
		t.Errorf("%+v", o)
	}
	caughtUp(t, e)
	checkBalances(t, url)
}

// A notification takes 8,000 bytes: news must not carry what is stored.
func TestLargeEvents_AreNewsToo(t *testing.T) {
	t.Parallel()
	url := database(t)
	e := started(t, postgres.Config{URL: url})
	far := started(t, postgres.Config{URL: url, Roles: []postgres.Role{postgres.RoleWeb}})
	changed := far.Hub().Subscribe("bank.account/a")
	defer changed.Close()
	a := appendOf("a", 0, 3)
	for i := range a.Events {
		a.Events[i].Data = fmt.Appendf(nil, `{"amount":1,"note":%q}`, strings.Repeat("long ", 20_000))
	}
	if _, err := e.Append(within(t), a); err != nil {
		t.Fatal(err)
	}
	select {
	case <-changed.Changed():
	case <-time.After(patience):
		t.Error("the other process was not told")
	}
	if o := settled(t, far, command("withdraw", "a", 3)); o.Status != engine.Accepted {
		t.Errorf("%+v", o)
	}
}

// Decided commands leave dead rows, which cannot be cleaned up while an old snapshot
// is open: whoever looks for the next commands after those that it knows must not
// read them all again.
func TestDecidedCommands_AreNotReadAgainUnderAnOldSnapshot(t *testing.T) {
	t.Parallel()
	url := database(t)
	old := connect(t, url)
	defer old.Close(context.Background())
	if _, err := old.Exec(within(t), `BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM backstory.events`); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		`INSERT INTO backstory.inbox (id, slot, type, stream, data, by, correlation, causation)
		SELECT gen_random_uuid(), v % 64, 't', 's', '{}', '', gen_random_uuid(), gen_random_uuid() FROM generate_series(1, 20000) v`,
		`DELETE FROM backstory.inbox WHERE seq <= 19990`, `VACUUM (ANALYZE) backstory.inbox`,
	} {
		if err := sql(t, url, statement); err != nil {
			t.Fatal(err)
		}
	}
	conn := connect(t, url)
	defer conn.Close(context.Background())
	if err := postgres.ForEngine(within(t), conn); err != nil {
		t.Fatal(err)
	}
	read := func(low int) int64 {
		text := fmt.Sprintf(`DEALLOCATE ALL; PREPARE take AS %s; EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE take(%d, ARRAY[1,2,3], '{}', 100)`, enginedb.InboxTake, low)
		results, err := conn.PgConn().Exec(within(t), text).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return buffers(t, results[len(results)-1].Rows[0][0])
	}
	if few, all := read(19_991), read(0); few > 20 || all < 5*few {
		t.Errorf("%d blocks are read to find ten commands, %d to look at all", few, all)
	}
}

// buffers are the blocks that an EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) tells of.
func buffers(tb testing.TB, text []byte) int64 {
	tb.Helper()
	var trees []struct {
		Plan struct {
			Hit  int64 `json:"Shared Hit Blocks"`
			Read int64 `json:"Shared Read Blocks"`
		}
	}
	if err := json.Unmarshal(text, &trees); err != nil || len(trees) != 1 {
		tb.Fatalf("%s: %v", text, err)
	}
	return trees[0].Plan.Hit + trees[0].Plan.Read
}
