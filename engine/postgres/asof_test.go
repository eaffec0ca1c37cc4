package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// byStream is a bank whose balances are kept in the order of streams, eight slots
// of them.
func byStream() *engine.System {
	s, p := bankWith(), tallies(ddl, "1", &work{})
	p.Key = func(m engine.Meta, _ engine.Event) string { return m.Stream.ID }
	s.AddProjection(p)
	return s
}

// sums reads the balances.
func sums(ctx context.Context, db engine.DBTX) (map[string]int64, error) {
	rows, err := db.Query(ctx, "SELECT id, balance FROM bank_balances")
	if err != nil {
		return nil, err
	}
	found := map[string]int64{}
	var id string
	var balance int64
	_, err = pgx.ForEachRow(rows, []any{&id, &balance}, func() error { found[id] = balance; return nil })
	return found, err
}

func TestRowsAtAreWhatTheLogLedTo(t *testing.T) {
	t.Parallel()
	url := database(t)
	e := started(t, postgres.Config{URL: url})
	model := []map[string]int64{{}} // by position
	var times []time.Time
	for i := range 30 {
		o := settled(t, e, command("deposit", fmt.Sprintf("a%d", i%4), int64(i)))
		next := maps.Clone(model[i])
		next[fmt.Sprintf("a%d", i%4)] += int64(i)
		model, times = append(model, next), append(times, o.Events[0].At)
	}
	caughtUp(t, e)
	at := func(position int64) (found map[string]int64) {
		t.Helper()
		err := e.RowsAt(within(t), "bank.balances", position, func(ctx context.Context, db engine.DBTX) (err error) {
			found, err = sums(ctx, db)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	for _, position := range []int64{0, 1, 7, 29, 30} {
		if found := at(position); !maps.Equal(found, model[position]) {
			t.Errorf("at %d: %v, want %v", position, found, model[position])
		}
	}
	if found := at(99); !maps.Equal(found, model[30]) {
		t.Errorf("past the head: %v", found)
	}
	for position, when := range times {
		later := slices.IndexFunc(times, func(other time.Time) bool { return other.After(when) })
		want := int64(len(times))
		if later >= 0 {
			want = int64(later)
		}
		if got, err := e.PositionAt(within(t), when); err != nil || got != want {
			t.Errorf("at the time of %d: %d, %v, want %d", position+1, got, err, want)
		}
	}
	if got, err := e.PositionAt(within(t), times[0].Add(-time.Second)); err != nil || got != 0 {
		t.Errorf("before anything was stored: %d, %v", got, err)
	}
	if live, err := sums(within(t), e.DB()); err != nil || !maps.Equal(live, model[30]) {
		t.Errorf("live rows: %v, %v", live, err)
	}
	if err := e.RowsAt(within(t), "bank.nothing", 1, nil); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

// A key's rows are folded anew while events of it and of others arrive.
func TestRecomputeKeyWhileOthersChange(t *testing.T) {
	t.Parallel()
	url := database(t)
	system := byStream()
	e := started(t, postgres.Config{URL: url, System: system})
	for i := range 20 {
		settled(t, e, command("deposit", fmt.Sprintf("a%d", i%2), 1))
	}
	settled(t, e, command("deposit", "quiet", 1))
	caughtUp(t, e)
	if err := sql(t, url, "UPDATE bank_balances SET balance = -1 WHERE id = 'quiet'"); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(within(t))
	defer stop()
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			for ctx.Err() == nil {
				if id, err := e.Submit(ctx, command("deposit", fmt.Sprintf("a%d", i), 1)); err == nil {
					_, _ = e.Wait(ctx, id)
				}
			}
		})
	}
	for range 5 {
		for _, id := range []string{"a0", "a1"} { // one by one: two rows at once would deadlock with the projector
			if err := sql(t, url, "UPDATE bank_balances SET balance = -1000000 WHERE id = $1", id); err != nil {
				t.Fatal(err)
			}
		}
		if err := e.RecomputeKey(ctx, "bank.balances", "a0"); err != nil {
			t.Fatal(err)
		}
		if balance := one[int64](t, url, "SELECT balance FROM bank_balances WHERE id = 'a0'"); balance < 10 {
			t.Errorf("a0 has %d", balance)
		}
		if err := e.RecomputeKey(ctx, "bank.balances", "a1"); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	group.Wait()
	caughtUp(t, e)
	if balance := one[int64](t, url, "SELECT balance FROM bank_balances WHERE id = 'quiet'"); balance != -1 {
		t.Errorf("a key that nobody asked for was recomputed: %d", balance)
	}
	if err := e.RecomputeKey(within(t), "bank.balances", "quiet"); err != nil {
		t.Fatal(err)
	}
	checkBalances(t, url)
	if err := started(t, postgres.Config{URL: database(t)}).RecomputeKey(within(t), "bank.balances", "a0"); err == nil {
		t.Error("a key was recomputed of a projection that has none")
	}
}

// Whoever waited for a position reads what was written there, from any process and
// whichever slot has it.
func TestProjectedReadsItsOwnWrite(t *testing.T) {
	t.Parallel()
	url := database(t)
	system := byStream()
	web := started(t, postgres.Config{URL: url, System: system, Roles: []postgres.Role{postgres.RoleWeb}})
	first := started(t, postgres.Config{URL: url, System: system})
	started(t, postgres.Config{URL: url, System: system})
	settled(t, first, command("deposit", "warm", 1))
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			ctx := within(t)
			for n := int64(1); n <= 15; n++ {
				id, err := web.Submit(ctx, engine.Submission{ID: uuid.Must(uuid.NewV7()), Type: "bank.account.deposit",
					StreamID: fmt.Sprintf("p%d", i), Data: []byte(`{"Amount":1}`), By: "tester"})
				if err != nil {
					t.Error(err)
					return
				}
				o, err := web.Wait(ctx, id)
				if err == nil {
					err = web.Projected(ctx, "bank.balances", o.Events[0].Position)
				}
				var balance int64
				if err == nil {
					err = web.DB().QueryRow(ctx, "SELECT balance FROM bank_balances WHERE id = $1", fmt.Sprintf("p%d", i)).Scan(&balance)
				}
				if err != nil || balance != n {
					t.Errorf("p%d reads %d after writing %d, %v", i, balance, n, err)
					return
				}
			}
		})
	}
	group.Wait()
}
