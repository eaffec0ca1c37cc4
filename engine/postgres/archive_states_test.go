package postgres_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// counting is the reactive system's counter of deposits by amount, among actors
// whose streams can be archived. hash is of the counter's state.
func counting(hash string) *engine.System {
	s := &engine.System{}
	a := accounts(&atomic.Int64{})
	tally := plainActor("bank.tally",
		engine.CommandType{Type: "bank.tally.tell", Creates: engine.CreatesOrUpdates, Internal: true, Decode: decode[tell]},
		engine.EventType{Type: "bank.tally.told", Version: 1, Decode: stored[told], Check: accept},
		func(c engine.Command) engine.Event { return told(c.(tell)) })
	tally.EncodeState, tally.DecodeState = a.EncodeState, a.DecodeState
	s.AddActor(a)
	s.AddActor(tally)
	s.AddReactor(counter(hooks{hash: hash}))
	s.AddProjection(balances(ddl, "1"))
	return s
}

// allTold deposits amounts and waits until each was told, with the right count: the
// stream of an amount has one event a deposit.
func allTold(t *testing.T, url string, e *postgres.Engine, amounts ...int64) {
	t.Helper()
	for i, amount := range amounts {
		if o := settled(t, e, command("deposit", fmt.Sprintf("a%d", i%3), amount)); o.Status != engine.Accepted {
			t.Fatalf("%+v", o)
		}
	}
	const accountsHave = `SELECT coalesce(sum(version), 0)::bigint FROM bank_balances`
	const tallied = `SELECT coalesce(sum(version), 0)::bigint FROM (SELECT DISTINCT ON (stream) stream, version FROM (
		SELECT stream, version FROM backstory.events UNION ALL SELECT stream, version FROM backstory.floor_streams) v
		WHERE stream LIKE 'bank.tally/%' ORDER BY stream, version DESC) n`
	caughtUp(t, e)
	eventually(t, "every deposit was told", func() bool { return one[int64](t, url, tallied) == one[int64](t, url, accountsHave) })
	const wrong = `SELECT coalesce(string_agg(stream || ' ' || version || ': ' || data, ', '), '') FROM backstory.events
		WHERE type = 'bank.tally.told' AND (data->>'count')::bigint <> version`
	if list := one[string](t, url, wrong); list != "" {
		t.Errorf("counts that were told: %s", list)
	}
}

// archiveAll moves everything but the last few events out of the log.
func archiveAll(t *testing.T, admin string, e *postgres.Engine, but int64) postgres.Archived {
	t.Helper()
	head := one[int64](t, admin, `SELECT max(position) FROM backstory.events`)
	eventually(t, "the checkpoints are written", func() bool {
		return one[int64](t, admin, `SELECT min(position) FROM backstory.slots WHERE consumer <> 'commands' AND rebuilt IS NULL`) >= head-but
	})
	out, err := e.Archive(within(t), postgres.ArchiveRange{Position: head - but + 1}, filepath.Join(t.TempDir(), "log.jsonl"), nil)
	if err != nil || out.Last != head-but {
		t.Fatalf("%+v, %v", out, err)
	}
	return out
}

const (
	floorCounts = `SELECT coalesce(string_agg(key || ': ' || convert_from(state, 'utf8'), ', ' ORDER BY key), '') FROM backstory.floor_reactor_states`
	spoil       = `UPDATE backstory.reactor_states SET state = '100'`
)

func TestArchive_KeepsStatesOfReactors(t *testing.T) {
	t.Parallel()
	admin, owner, worker := twoRoles(t)
	cfg := func(hash string) postgres.Config {
		return postgres.Config{URL: worker, OwnerURL: owner, System: counting(hash)}
	}
	e, stop := run(t, cfg(""))
	allTold(t, admin, e, 1, 2, 3, 1, 2, 1)
	want := one[string](t, admin, `SELECT string_agg(amount || ': ' || n, ', ' ORDER BY amount) FROM (
		SELECT data->>'amount' AS amount, count(*) AS n FROM backstory.events WHERE type = 'bank.account.deposited'
		AND position <= (SELECT max(position) - 3 FROM backstory.events) GROUP BY 1) c`)
	archiveAll(t, admin, e, 3)
	if got := one[string](t, admin, floorCounts); got != want {
		t.Errorf("states at the floor: %s, want %s", got, want)
	}
	allTold(t, admin, e, 1, 2)
	wellFormed(t, e)
	stop()

	// Of another shape: folded anew, from the floor.
	if err := sql(t, admin, spoil); err != nil {
		t.Fatal(err)
	}
	e, stop = run(t, cfg("another"))
	allTold(t, admin, e, 1, 2, 3, 4)
	want = "1: 5, 2: 4, 3: 2, 4: 1"

	// A second archive continues at the floor. The last event is no deposit.
	archiveAll(t, admin, e, 1)
	if got := one[string](t, admin, floorCounts); got != want {
		t.Errorf("states at the second floor: %s, want %s", got, want)
	}
	allTold(t, admin, e, 3)
	archiveAll(t, admin, e, 1)
	want = "1: 5, 2: 4, 3: 3, 4: 1"
	if got := one[string](t, admin, floorCounts); got != want {
		t.Errorf("states at the third floor, below which few have changed: %s, want %s", got, want)
	}
	wellFormed(t, e)
	stop()

	// An export carries them along, for whoever needs another shape there.
	if err := sql(t, admin, spoil); err != nil {
		t.Fatal(err)
	}
	source := openEngine(t, cfg("another"))
	defer source.Close()
	to := database(t)
	target := openEngine(t, postgres.Config{URL: to, System: counting("third")})
	defer target.Close()
	if err := target.Import(within(t), bytes.NewReader(exportOf(t, source)), nil); err != nil {
		t.Fatal(err)
	}
	if got := one[string](t, to, floorCounts); got != want {
		t.Errorf("imported states at the floor: %s, want %s", got, want)
	}
	allTold(t, to, started(t, postgres.Config{URL: to, System: counting("third")}), 1, 2, 3, 4, 5)
}

func TestArchive_RefusesAStateThatCannotBeFolded(t *testing.T) {
	t.Parallel()
	url := database(t)
	e, stop := run(t, postgres.Config{URL: url, System: counting("")})
	allTold(t, url, e, 1, 2, 3)
	eventually(t, "the checkpoints are written", func() bool {
		return one[int64](t, url, `SELECT min(position) FROM backstory.slots WHERE consumer <> 'commands'`) >= 6
	})
	stop()
	broken := counting("")
	broken.Reactors()[0].Evolve = func(_ engine.Meta, _ any, event engine.Event) {
		if event.(deposited).Amount == 2 {
			panic("no twos")
		}
	}
	e = openEngine(t, postgres.Config{URL: url, System: broken})
	defer e.Close()
	_, err := e.Archive(within(t), postgres.ArchiveRange{Position: 6}, filepath.Join(t.TempDir(), "log.jsonl"), nil)
	if !errors.Is(err, postgres.ErrNotArchivable) || !strings.Contains(fmt.Sprint(err), "no twos") {
		t.Errorf("%v", err)
	}
	if n := one[int64](t, url, `SELECT (SELECT count(*) FROM backstory.floors) + (SELECT count(*) FROM backstory.floor_reactor_states)`); n != 0 {
		t.Errorf("%d rows were left behind", n)
	}
}

// picky is a folding that fails for deposits of an amount.
type picky struct {
	engine.Folding
	amount int64
}

func (p picky) Apply(ctx context.Context, db engine.DBTX, batch []engine.Recorded) error {
	if err := p.refuses(batch); err != nil {
		return err
	}
	return p.Folding.Apply(ctx, db, batch)
}

func (p picky) refuses(batch []engine.Recorded) error {
	for _, r := range batch {
		if d, ok := r.Event.(deposited); ok && d.Amount == p.amount {
			return errIll
		}
	}
	return nil
}

// What a reactor or projection cannot fold is not at the floor once it was discarded,
// as it is not in what is live; what was not discarded is in the way.
func TestArchive_LeavesOutWhatWasDiscarded(t *testing.T) {
	t.Parallel()
	url := database(t)
	e, stop := run(t, postgres.Config{URL: url, System: counting("")})
	allTold(t, url, e, 1, 2, 3, 1)
	stop()

	ill := counting("2")
	evolve, balances := ill.Reactors()[0].Evolve, ill.Projections()[0]
	ill.Reactors()[0].Evolve = func(m engine.Meta, state any, event engine.Event) {
		evolve(m, state, event) // what is half done has no effect
		if event.(deposited).Amount == 2 {
			panic(errIll)
		}
	}
	balances.Hash = "2"
	apply, fold := balances.Apply, balances.Fold
	balances.Fold = func() engine.Folding { return picky{fold(), 3} }
	balances.Apply = func(ctx context.Context, db engine.DBTX, batch []engine.Recorded) error {
		return errors.Join(picky{amount: 3}.refuses(batch), apply(ctx, db, batch))
	}
	e = started(t, postgres.Config{URL: url, System: ill, Consumer: quickRetries})
	eventually(t, "both are parked", func() bool {
		return one[int64](t, url, `SELECT count(*) FROM backstory.held WHERE parked_at IS NOT NULL`) == 2
	})
	refused := func() {
		t.Helper()
		_, err := e.Archive(within(t), postgres.ArchiveRange{Position: 8}, filepath.Join(t.TempDir(), "log.jsonl"), nil)
		if !errors.Is(err, postgres.ErrNotArchivable) {
			t.Errorf("archived: %v", err)
		}
	}
	refused()
	if n, err := e.DiscardParked(within(t), engine.ParkedFilter{}, 10); n != 2 || err != nil {
		t.Fatalf("%d were discarded: %v", n, err)
	}
	eventually(t, "nothing is held", func() bool { return one[int64](t, url, `SELECT count(*) FROM backstory.held`) == 0 })
	caughtUp(t, e)
	const noted = `SELECT count(*) FROM backstory.discarded`
	if n := one[int64](t, url, noted); n != 2 {
		t.Errorf("%d discarded events are noted, want 2", n)
	}
	archiveAll(t, url, e, 1)
	if got := one[string](t, url, floorCounts); got != "1: 2, 3: 1" {
		t.Errorf("states at the floor: %s", got)
	}
	const rows = `SELECT string_agg(id || '=' || balance || ' ' || version, ', ' ORDER BY id) FROM `
	const atFloor = `(SELECT data->>'id' AS id, data->>'balance' AS balance, data->>'version' AS version FROM backstory.floor_rows) r`
	if got, want := one[string](t, url, rows+atFloor), one[string](t, url, rows+"bank_balances"); got != want || got == "" {
		t.Errorf("rows at the floor: %s, live: %s", got, want)
	}
	if n := one[int64](t, url, noted); n != 0 {
		t.Errorf("%d discarded events below the floor are still noted", n)
	}
	if err := e.Rebuild(within(t), "bank.counter", nil); err != nil {
		t.Errorf("folding anew from the floor: %v", err)
	}
	if err := e.Rebuild(within(t), "bank.balances", nil); err != nil {
		t.Errorf("folding anew from the floor: %v", err)
	}
	if n := one[int64](t, url, `SELECT count(*) FROM backstory.held`); n != 0 {
		t.Errorf("%d keys are held by what left", n)
	}
}
