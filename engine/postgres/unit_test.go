package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// depositUnit is a unit of deposits whose notes in the ledger are part of it.
func depositUnit(do func(context.Context, engine.DBTX) error, commands ...engine.Submission) engine.Unit {
	return engine.Unit{Submissions: commands, Inside: []string{"bank.account", "bank.ledger"}, Do: do}
}

// unitDatabase has a table of the caller's, and consumers that know the log.
func unitDatabase(tb testing.TB) string {
	tb.Helper()
	url := database(tb)
	if err := sql(tb, url, `CREATE TABLE receipts (id text PRIMARY KEY)`); err != nil {
		tb.Fatal(err)
	}
	e, stop := run(tb, noting(url, hooks{}))
	settled(tb, e, command("deposit", "first", 1))
	reacted(tb, url)
	stop()
	return url
}

// web is an engine that decides nothing in the background.
func web(tb testing.TB, url string, h hooks) *postgres.Engine {
	tb.Helper()
	cfg := noting(url, h)
	cfg.Roles = []postgres.Role{postgres.RoleWeb}
	return started(tb, cfg)
}

func receipt(id string) func(context.Context, engine.DBTX) error {
	return func(ctx context.Context, db engine.DBTX) error {
		_, err := db.Exec(ctx, `INSERT INTO receipts VALUES ($1)`, id)
		return err
	}
}

// storedRows counts what a unit could have left behind, beyond what unitDatabase did.
func storedRows(tb testing.TB, url string) int64 {
	tb.Helper()
	return one[int64](tb, url, `SELECT (SELECT count(*) FROM backstory.events) + (SELECT count(*) FROM backstory.outcomes) + (SELECT count(*) FROM receipts)
		+ (SELECT count(*) FROM backstory.inbox) + (SELECT count(*) FROM backstory.handled)`)
}

func TestUnit_IsOneTransaction(t *testing.T) {
	t.Parallel()
	url := unitDatabase(t)
	e := web(t, url, hooks{})
	head := one[int64](t, url, `SELECT max(position) FROM backstory.events`)
	first, second := command("deposit", "a", 5), command("deposit", "a", 7)
	outcomes, err := e.RunUnit(within(t), depositUnit(receipt("r"), first, second))
	if err != nil {
		t.Fatal(err)
	}
	var types []string
	for _, o := range outcomes {
		types = append(types, fmt.Sprint(o.Type, " ", o.Status, " ", o.Position()-head))
	}
	want := []string{"bank.account.deposit accepted 1", "bank.account.deposit accepted 2", "bank.ledger.note accepted 3", "bank.ledger.note accepted 4"}
	if !slices.Equal(types, want) {
		t.Errorf("outcomes %q, want %q", types, want)
	}
	if outcomes[0].ID != first.ID || outcomes[2].Correlation != first.ID || outcomes[2].Causation != outcomes[0].Events[0].ID {
		t.Errorf("outcomes %+v", outcomes)
	}
	// Two deposits, two notes, their outcomes, the receipt, two marks and two
	// commands for the counter's tally, which is not inside.
	if n := one[int64](t, url, `SELECT count(DISTINCT x) FROM (SELECT xmin::text AS x FROM backstory.events WHERE position > $1
		UNION ALL SELECT xmin::text FROM backstory.outcomes WHERE id = ANY($2) UNION ALL SELECT xmin::text FROM receipts
		UNION ALL SELECT xmin::text FROM backstory.handled) all_rows`, head, idsOf(outcomes)); n != 1 {
		t.Errorf("it was stored in %d transactions", n)
	}
	if got := one[string](t, url, `SELECT string_agg(cause::text, ' ' ORDER BY first_position) FROM backstory.outcomes WHERE type = 'bank.ledger.note' AND first_position > $1`, head); got != fmt.Sprint(head+1, " ", head+2) {
		t.Errorf("the notes' causes are %s", got)
	}
	again, err := e.RunUnit(within(t), depositUnit(receipt("r"), first, second))
	if err != nil || len(again) != 2 || again[0].Position() != outcomes[0].Position() {
		t.Errorf("done again: %+v, %v", again, err)
	}
	other := first
	other.Data = []byte(`{"Amount":6}`)
	if _, err := e.RunUnit(within(t), depositUnit(nil, other)); !errors.Is(err, engine.ErrIDReused) {
		t.Errorf("another command under the id: %v", err)
	}
	started(t, noting(url, hooks{}))
	reacted(t, url)
	checkLog(t, url)
	eventually(t, "the marks are forgotten", func() bool { return one[int64](t, url, `SELECT count(*) FROM backstory.handled`) == 0 })
}

func idsOf(outcomes []engine.Outcome) []uuid.UUID {
	var ids []uuid.UUID
	for _, o := range outcomes {
		ids = append(ids, o.ID)
	}
	return ids
}

func TestUnitThatFails_LeavesNothing(t *testing.T) {
	t.Parallel()
	url := unitDatabase(t)
	var fails atomic.Bool
	fails.Store(true)
	e := web(t, url, hooks{deposited: func(engine.Meta) error {
		if fails.Load() {
			return errHandler
		}
		return nil
	}})
	before := storedRows(t, url)
	in, out := command("deposit", "a", 5), command("withdraw", "a", 6)
	if _, err := e.RunUnit(within(t), depositUnit(receipt("r"), in)); !errors.Is(err, errHandler) {
		t.Errorf("a reaction that fails: %v", err)
	}
	fails.Store(false)
	_, err := e.RunUnit(within(t), depositUnit(receipt("r"), in, out))
	refused, ok := errors.AsType[*engine.UnitRefusedError](err)
	if !ok || refused.Outcome.ID != out.ID || refused.Outcome.Refusal.Code != "overdrawn" || !slices.Equal(refused.Chain, []string{"bank.account.withdraw"}) {
		t.Errorf("a refusal: %+v, %v", refused, err)
	}
	_, err = e.RunUnit(within(t), depositUnit(func(ctx context.Context, db engine.DBTX) error {
		_ = receipt("r")(ctx, db)
		return errHandler
	}, in))
	if !errors.Is(err, errHandler) {
		t.Errorf("the caller's fault: %v", err)
	}
	_, err = e.RunUnit(within(t), depositUnit(func(ctx context.Context, db engine.DBTX) error {
		_, _ = db.Exec(ctx, `SELECT 1/0`)
		return nil
	}, in))
	if err == nil {
		t.Error("a failed transaction is not told")
	}
	_, err = e.RunUnit(within(t), depositUnit(func(ctx context.Context, db engine.DBTX) error {
		_ = receipt("r")(ctx, db)
		_, _ = db.Exec(ctx, `SELECT pg_terminate_backend(pg_backend_pid())`)
		return nil
	}, in))
	if err == nil {
		t.Error("a lost connection is not told")
	}
	if n := storedRows(t, url); n != before {
		t.Errorf("%d rows were left", n-before)
	}
	if list, err := e.RunUnit(within(t), depositUnit(receipt("r"), in)); err != nil || len(list) != 2 {
		t.Errorf("under the same ids: %+v, %v", list, err)
	}
}

// echo is a system whose ledger answers each note with another.
func echo() *engine.System {
	a := plainActor("bank.ledger",
		engine.CommandType{Type: "bank.ledger.note", Creates: engine.CreatesOrUpdates, Decode: decode[note]},
		engine.EventType{Type: "bank.ledger.noted", Version: 1, Decode: stored[noted], Check: accept},
		func(c engine.Command) engine.Event { return noted(c.(note)) })
	a.Reactions = []engine.Reaction{{Name: "bank.ledger.on_noted", Events: []string{"bank.ledger.noted"},
		Run: func(_ context.Context, m engine.Meta, _ any, event engine.Event, out *engine.Dispatch) error {
			n := event.(noted)
			if n.Version < 0 || n.Version > 1 {
				n.Version--
				out.Send("bank.ledger", m.Stream.ID, note(n), "")
			}
			return nil
		}}}
	s := &engine.System{}
	s.AddActor(a)
	return s
}

func TestUnitThatDoesNotEnd_ShowsItsChain(t *testing.T) {
	t.Parallel()
	url := database(t)
	e := openEngine(t, postgres.Config{URL: url, System: echo()})
	t.Cleanup(e.Close)
	note := func(n int) engine.Unit {
		return engine.Unit{MaxSteps: 5, Inside: []string{"bank.ledger"}, Submissions: []engine.Submission{
			{Type: "bank.ledger.note", StreamID: "a", By: "tester", Data: fmt.Appendf(nil, `{"Version":%d}`, n)}}}
	}
	_, err := e.RunUnit(within(t), note(-1))
	loop, ok := errors.AsType[*engine.UnitLoopError](err)
	if !ok || loop.Steps != 5 || len(loop.Chain) != 6 || loop.Chain[5] != "bank.ledger.note" {
		t.Errorf("%+v, %v", loop, err)
	}
	if n := one[int64](t, url, `SELECT count(*) FROM backstory.events`); n != 0 {
		t.Errorf("%d events were stored", n)
	}
	if list, err := e.RunUnit(within(t), note(5)); err != nil || len(list) != 5 {
		t.Errorf("%d commands, %v; want 5", len(list), err)
	}
}

func TestUnitThatConflicts_IsDoneAgain(t *testing.T) {
	t.Parallel()
	url := unitDatabase(t)
	var e *postgres.Engine
	var once sync.Once
	e = web(t, url, hooks{deposited: func(m engine.Meta) error {
		once.Do(func() {
			if _, err := e.Append(within(t), appendOf("a", 0, 1)); err != nil {
				t.Error(err)
			}
		})
		return nil
	}})
	calls := 0
	list, err := e.RunUnit(within(t), depositUnit(func(ctx context.Context, db engine.DBTX) error {
		calls++
		return receipt("r")(ctx, db)
	}, command("deposit", "a", 5)))
	if err != nil || list[0].Events[0].Version != 2 || calls != 2 {
		t.Errorf("%+v, %v, after %d calls", list, err, calls)
	}
	if n := one[int64](t, url, `SELECT count(*) FROM receipts`); n != 1 {
		t.Errorf("%d receipts", n)
	}
}

// What a unit handles it alone handles, and an earlier event of the same stream is
// handled as ever, whether it waits at the checkpoint or is parked.
func TestUnit_PassesNothingEarlierBy(t *testing.T) {
	t.Parallel()
	for _, parked := range []bool{false, true} {
		t.Run(fmt.Sprintf("parked=%t", parked), func(t *testing.T) {
			t.Parallel()
			url := unitDatabase(t)
			var mu sync.Mutex
			var seen []int64 // versions that the consumer handled
			var broken atomic.Bool
			broken.Store(parked)
			h := hooks{deposited: func(m engine.Meta) error {
				switch {
				case m.Position == 0 || m.Stream.ID != "a":
					return nil
				case broken.Load():
					return errHandler
				}
				mu.Lock()
				defer mu.Unlock()
				seen = append(seen, m.Version)
				return nil
			}}
			e := web(t, url, h)
			if _, err := e.Append(within(t), appendOf("a", 0, 1)); err != nil {
				t.Fatal(err)
			}
			if parked {
				started(t, noting(url, h))
				parkedOne(t, e)
			}
			if _, err := e.RunUnit(within(t), depositUnit(nil, command("deposit", "a", 2), command("deposit", "a", 3))); err != nil {
				t.Fatal(err)
			}
			if parked {
				settled(t, e, command("deposit", "a", 4))
				eventually(t, "the checkpoint is past the unit", func() bool {
					return one[bool](t, url, `SELECT min(position) >= (SELECT max(position) FROM backstory.events WHERE stream = 'bank.account/a') FROM backstory.slots WHERE consumer = 'bank.account'`)
				})
				broken.Store(false)
				if n, err := e.RetryParked(within(t), engine.ParkedFilter{}, 10); n != 1 || err != nil {
					t.Fatal(n, err)
				}
			} else {
				started(t, noting(url, h))
				settled(t, e, command("deposit", "a", 4))
			}
			eventually(t, "all are noted", func() bool {
				return one[int64](t, url, `SELECT count(*) FROM backstory.events WHERE stream = 'bank.ledger/a'`) == 4
			})
			eventually(t, "the marks are forgotten", func() bool { return one[int64](t, url, `SELECT count(*) FROM backstory.handled`) == 0 })
			mu.Lock()
			defer mu.Unlock()
			if !slices.Equal(seen, []int64{1, 4}) {
				t.Errorf("the consumer handled the versions %v, want 1 and 4", seen)
			}
			checkLog(t, url)
		})
	}
}

func parkedOne(tb testing.TB, e *postgres.Engine) {
	tb.Helper()
	eventually(tb, "the message is parked", func() bool {
		list, err := e.Parked(within(tb), engine.ParkedFilter{}, engine.ParkedKey{}, 10)
		return err == nil && len(list) == 1
	})
}

// Units and plain commands on the same streams, from three engines of which all
// follow the log and one more process that is killed: no consumer handles what a
// unit did, and every deposit is noted.
func TestUnitsBesideConsumers_HandleOnce(t *testing.T) {
	t.Parallel()
	url := unitDatabase(t)
	var mu sync.Mutex
	byConsumer := map[uuid.UUID]bool{} // events
	h := hooks{deposited: func(m engine.Meta) error {
		if m.Position > 0 {
			mu.Lock()
			defer mu.Unlock()
			byConsumer[m.ID] = true
		}
		return nil
	}}
	var engines []*postgres.Engine
	for range 3 {
		engines = append(engines, started(t, noting(url, h)))
	}
	victim := spawnReacting(t, url)
	var group sync.WaitGroup
	var inUnits []uuid.UUID
	for i, e := range engines {
		group.Go(func() {
			for n := range 20 {
				if i == 0 && n == 10 {
					_ = victim.Process.Kill()
				}
				account := fmt.Sprintf("a%d", n%5)
				if _, err := e.Submit(within(t), command("deposit", account, 1)); err != nil {
					t.Error(err)
				}
				list, err := e.RunUnit(within(t), depositUnit(nil, command("deposit", account, 2)))
				if err != nil {
					t.Error(err)
					continue
				}
				mu.Lock()
				inUnits = append(inUnits, list[0].Events[0].ID)
				mu.Unlock()
			}
		})
	}
	group.Wait()
	_ = victim.Wait()
	eventually(t, "every deposit is noted", func() bool {
		return one[bool](t, url, `SELECT count(*) = 121 AND (SELECT count(*) FROM backstory.events WHERE type = 'bank.ledger.noted') = 121
			AND NOT EXISTS (SELECT 1 FROM backstory.inbox) FROM backstory.events WHERE type = 'bank.account.deposited'`)
	})
	caughtUp(t, engines[0])
	mu.Lock()
	defer mu.Unlock()
	if len(inUnits) != 60 {
		t.Errorf("%d units", len(inUnits))
	}
	for _, id := range inUnits {
		if byConsumer[id] {
			t.Errorf("event %s was handled again", id)
		}
	}
	if n := one[int64](t, url, `SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`); n != 0 {
		t.Errorf("%d deadlocks", n)
	}
	checkLog(t, url)
	checkBalances(t, url)
}

func TestUnit_RefusesWhoCannotTakePart(t *testing.T) {
	t.Parallel()
	url := database(t)
	calling := openEngine(t, noting(url, hooks{calls: []string{"slack"}}))
	t.Cleanup(calling.Close)
	for what, u := range map[string]engine.Unit{
		"no command":                {},
		"nobody":                    {Submissions: []engine.Submission{command("deposit", "a", 1)}, Inside: []string{"bank.nobody"}},
		"a projection":              {Submissions: []engine.Submission{command("deposit", "a", 1)}, Inside: []string{"bank.balances"}},
		"one who calls the outside": depositUnit(nil, command("deposit", "a", 1)),
		"an unknown command":        {Submissions: []engine.Submission{command("burn", "a", 1)}},
	} {
		if _, err := calling.RunUnit(within(t), u); err == nil {
			t.Errorf("%s takes part", what)
		}
	}
}
