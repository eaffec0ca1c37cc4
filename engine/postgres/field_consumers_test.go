package postgres_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

const inboxRow = `INSERT INTO backstory.inbox (id, slot, type, stream, data, by, correlation, causation)
	SELECT id, %d, 'bank.account.deposit', 'bank.account/late', '{"Amount":1}', '', id, id FROM (SELECT gen_random_uuid() AS id) i`

// A submission that commits late is behind a mark that readers have passed: it was
// numbered before them.
func TestCommandThatCommitsLate_IsDecided(t *testing.T) {
	t.Parallel()
	url := database(t)
	e := started(t, postgres.Config{URL: url})
	conn := connect(t, url)
	defer conn.Close(context.Background())
	if _, err := conn.Exec(within(t), `BEGIN; `+fmt.Sprintf(inboxRow, slotOf("bank.account/late"))); err != nil {
		t.Fatal(err)
	}
	for n := range 20 {
		settled(t, e, command("deposit", fmt.Sprintf("a%d", n), 1))
		settled(t, e, command("deposit", "late", 1)) // of its slot, too
	}
	if _, err := conn.Exec(within(t), `COMMIT`); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the late one is decided", func() bool {
		return one[int64](t, url, `SELECT count(*) FROM backstory.events WHERE stream = 'bank.account/late'`) == 21
	})
	checkLog(t, url)
}

// Somebody looks at a waiting command with a lock, or half deletes it: that one
// waits, and nobody else.
func TestCommandLockedByAnOperator_HoldsUpItselfOnly(t *testing.T) {
	t.Parallel()
	url := database(t)
	if err := sql(t, url, fmt.Sprintf(inboxRow, slotOf("bank.account/late"))); err != nil {
		t.Fatal(err)
	}
	conn := connect(t, url)
	defer conn.Close(context.Background())
	if _, err := conn.Exec(within(t), `BEGIN; DELETE FROM backstory.inbox`); err != nil {
		t.Fatal(err)
	}
	e := started(t, postgres.Config{URL: url})
	var group sync.WaitGroup
	for n := range 20 {
		group.Go(func() { settled(t, e, command("deposit", fmt.Sprintf("a%d", n), 1)) })
	}
	group.Wait()
	if n := one[int64](t, url, `SELECT count(*) FROM backstory.events WHERE stream = 'bank.account/late'`); n != 0 {
		t.Fatalf("%d events of a command that somebody holds", n)
	}
	if _, err := conn.Exec(within(t), `ROLLBACK`); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is decided", func() bool {
		return one[int64](t, url, `SELECT count(*) FROM backstory.events WHERE stream = 'bank.account/late'`) == 1
	})
	checkLog(t, url)
}

// Many keys are parked and retried in chunks, while the process that works on them
// goes and another comes: none is lost, skipped or done twice.
func TestManyParkedKeys_AreRetriedInChunks(t *testing.T) {
	t.Parallel()
	url := database(t)
	const keys = 300
	openEngine(t, noting(url, hooks{})).Close() // reactions begin with what comes after they are known
	fill(t, url, 2*keys, keys)
	var works atomic.Bool
	cfg := noting(url, hooks{deposited: func(engine.Meta) error {
		if !works.Load() {
			return errHandler
		}
		return nil
	}})
	e, stop := run(t, cfg)
	parked := func() int { return len(heldKeys(t, url, "bank.account")) }
	eventually(t, "every key is parked", func() bool {
		return one[int64](t, url, `SELECT count(*) FROM backstory.held WHERE consumer = 'bank.account' AND parked_at IS NOT NULL`) == keys
	})
	works.Store(true)
	for before, chunk := time.Now().Add(time.Hour), 0; parked() > 0; chunk++ {
		n, err := e.RetryParked(within(t), engine.ParkedFilter{Consumer: "bank.account", Before: before}, 50)
		if err != nil || n == 0 && chunk < keys/50 {
			t.Fatalf("chunk %d: %d, %v", chunk, n, err)
		}
		if chunk == 1 {
			stop()
			e, stop = run(t, cfg)
			defer stop()
		}
		eventually(t, "the chunk is done", func() bool { return parked() <= max(keys-50*(chunk+1), 0) })
	}
	reacted(t, url)
}

// What a handler hands to the outside as its key is the same at each try, and in
// each process.
func TestIdempotencyKey_IsTheSameAtEveryTry(t *testing.T) {
	t.Parallel()
	url := database(t)
	var mu sync.Mutex
	keys := map[string][]string{} // by process
	seen := func(process string) int {
		mu.Lock()
		defer mu.Unlock()
		return len(keys[process])
	}
	process := func(name string, fails func(int) bool) (*postgres.Engine, func()) {
		cfg := noting(url, hooks{deposited: func(m engine.Meta) error {
			mu.Lock()
			defer mu.Unlock()
			keys[name] = append(keys[name], m.IdempotencyKey())
			if fails(len(keys[name])) {
				return errHandler
			}
			return nil
		}})
		cfg.Consumer.Attempts = 10
		return run(t, cfg)
	}
	first, stop := process("first", func(int) bool { return true })
	o := settled(t, first, command("deposit", "a", 1))
	eventually(t, "it is tried again", func() bool { return seen("first") >= 2 })
	stop()
	_, stop = process("second", func(try int) bool { return try < 2 })
	defer stop()
	reacted(t, url)
	want := o.Events[0].ID.String()
	for name, list := range keys {
		if len(list) < 2 || slices.ContainsFunc(list, func(key string) bool { return key != want }) {
			t.Errorf("%s: %v, want %s at each try", name, list, want)
		}
	}
}

// A rebuild of one projection leaves another's table and checkpoint alone, and runs
// no reaction.
func TestRebuild_LeavesOthersAlone(t *testing.T) {
	t.Parallel()
	url := database(t)
	system := reactive(hooks{})
	second := engine.Projection{Name: "bank.sibling", Table: "bank_sibling", DDL: `CREATE TABLE IF NOT EXISTS bank_sibling (id text PRIMARY KEY)`, Hash: "1",
		Events: []string{"bank.account.deposited"}, Apply: func(context.Context, engine.DBTX, []engine.Recorded) error { return nil }}
	system.AddProjection(second)
	e := started(t, postgres.Config{URL: url, System: system})
	for n := range 20 {
		settled(t, e, command("deposit", fmt.Sprintf("a%d", n), 1))
	}
	reacted(t, url)
	caughtUp(t, e)
	eventually(t, "the sibling's checkpoint stands at the head", func() bool { // it passes over the last events without work
		return one[bool](t, url, `SELECT bool_and(position = (SELECT max(position) FROM backstory.events)) FROM backstory.slots WHERE consumer = 'bank.sibling'`)
	})
	if err := sql(t, url, `INSERT INTO bank_sibling VALUES ('kept')`); err != nil {
		t.Fatal(err)
	}
	look := func() string {
		return one[string](t, url, `SELECT concat('bank_sibling'::regclass::oid, ' ', (SELECT string_agg(id, ' ') FROM bank_sibling), ' ',
			(SELECT string_agg(position::text, ' ' ORDER BY slot) FROM backstory.slots WHERE consumer = 'bank.sibling'), ' ', (SELECT max(position) FROM backstory.events))`)
	}
	before := look()
	if err := e.Rebuild(within(t), "bank.balances", nil); err != nil {
		t.Fatal(err)
	}
	if after := look(); after != before {
		t.Errorf("before: %s\nafter: %s", before, after)
	}
	checkBalances(t, url)
}

// However many look at the numbers, they are read once a second.
func TestStats_ManyWhoAskCostOneQuery(t *testing.T) {
	t.Parallel()
	e := openEngine(t, postgres.Config{URL: database(t)})
	var mu sync.Mutex
	reads := map[time.Time]bool{}
	began := time.Now()
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			for range 20 {
				s, err := e.Stats(within(t))
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				reads[s.At] = true
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if most := int(time.Since(began)/time.Second) + 1; len(reads) > most {
		t.Errorf("%d reads in %s", len(reads), time.Since(began))
	}
}

// A slot comes with more commands than are read at once, all of them numbered below
// what its new owner has read of its other slots: none may be passed over for one
// that came later.
func TestSlotWithALongQueue_KeepsItsOrder(t *testing.T) {
	t.Parallel()
	url := database(t)
	const queued = 700
	slot, idle := slotOf("bank.account/late"), "a"
	for n := 0; slotOf("bank.account/"+idle) == slot; n++ {
		idle = fmt.Sprintf("a%d", n)
	}
	add := func(from, to int) {
		t.Helper()
		err := sql(t, url, `INSERT INTO backstory.inbox (id, slot, type, stream, data, by, correlation, causation)
			SELECT id, $1, 'bank.account.deposit', 'bank.account/late', json_build_object('Amount', n), '', id, id
			FROM (SELECT gen_random_uuid() AS id, n FROM generate_series($2::int, $3::int) n ORDER BY n) i ORDER BY n`, slot, from, to)
		if err != nil {
			t.Fatal(err)
		}
	}
	owner := func(statement string) {
		t.Helper()
		if err := sql(t, url, statement, slot); err != nil {
			t.Fatal(err)
		}
	}
	owner(`WITH alive AS (INSERT INTO backstory.workers (id, seen_at, started_at, info) VALUES (gen_random_uuid(), now() + interval '1 hour', now(), '{}') RETURNING id)
		INSERT INTO backstory.slots (consumer, slot, owner) SELECT 'commands', $1, id FROM alive ON CONFLICT (consumer, slot) DO UPDATE SET owner = excluded.owner`)
	add(1, queued)
	e := started(t, postgres.Config{URL: url, Workers: 1, Roles: []postgres.Role{postgres.RoleWorker}})
	web := openEngine(t, postgres.Config{URL: url, Roles: []postgres.Role{postgres.RoleWeb}}) // its commands go through the inbox
	for begin := time.Now(); time.Since(begin) < 3*time.Second; {
		settled(t, web, command("deposit", idle, 1))
	}
	add(queued+1, queued+100)
	owner(`UPDATE backstory.slots SET owner = NULL WHERE consumer = 'commands' AND slot = $1`)
	eventually(t, "all are decided", func() bool {
		return one[int64](t, url, `SELECT count(*) FROM backstory.events WHERE stream = 'bank.account/late'`) == queued+100
	})
	if n := one[int64](t, url, `SELECT count(*) FROM backstory.events WHERE stream = 'bank.account/late' AND (data->>'amount')::bigint <> version`); n != 0 {
		t.Errorf("%d of %d commands were passed by later ones", n, queued+100)
	}
	caughtUp(t, e)
}

// A crash takes back what was committed last: two commands that were read already,
// in order. They are written again while the first is found not to be there: the
// second must not be decided before it.
func TestCommandsThatComeBack_KeepTheirOrder(t *testing.T) {
	t.Parallel()
	url := database(t)
	e := started(t, postgres.Config{URL: url, Workers: 1})
	web := openEngine(t, postgres.Config{URL: url, Roles: []postgres.Role{postgres.RoleWeb}})
	settled(t, web, command("deposit", "other", 1))
	const row = `(SELECT 'bank.account.deposit' AS type, 'bank.account/' || $1 AS stream, json_build_object('Amount', $2::int) AS data) r`
	add := func(stream string, amount int) {
		t.Helper()
		err := sql(t, url, `INSERT INTO backstory.inbox (id, slot, type, stream, data, by, correlation, causation)
			SELECT id, $3, type, stream, data, '', id, id FROM (SELECT gen_random_uuid() AS id) i, `+row, stream, amount, slotOf("bank.account/"+stream))
		if err != nil {
			t.Fatal(err)
		}
	}
	release := holdLog(t, url)
	add("back", 1)
	add("back", 2)
	add("other", 3)
	eventually(t, "they are decided, and wait to be stored", func() bool {
		return one[int64](t, url, `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`) > 0
	})
	// What the crash took comes back in the moment in which the others are stored.
	err := sql(t, url, `CREATE TABLE taken AS SELECT * FROM backstory.inbox WHERE stream = 'bank.account/back' AND (data->>'Amount')::int = 1;
		DELETE FROM backstory.inbox WHERE id IN (SELECT id FROM taken);
		CREATE FUNCTION come_back() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			INSERT INTO backstory.inbox OVERRIDING SYSTEM VALUE SELECT * FROM taken; RETURN NULL; END $$;
		CREATE TRIGGER come_back AFTER INSERT ON backstory.events FOR EACH ROW WHEN (NEW.stream = 'bank.account/other') EXECUTE FUNCTION come_back()`)
	if err != nil {
		t.Fatal(err)
	}
	release()
	eventually(t, "all are stored", func() bool { return one[int64](t, url, `SELECT count(*) FROM backstory.events`) == 4 })
	if got := one[string](t, url, `SELECT string_agg(data->>'amount', ' ' ORDER BY version) FROM backstory.events WHERE stream = 'bank.account/back'`); got != "1 2" {
		t.Errorf("they were decided in the order %s", got)
	}
	caughtUp(t, e)
}
