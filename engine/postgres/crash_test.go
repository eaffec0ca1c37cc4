package postgres_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// A retry moves no checkpoint by which anybody would see that a crash of the
// database lost it: it is on the disk before anything builds on it.
func TestRetry_ThenTheDatabaseCrashes_AppliedOnce(t *testing.T) {
	t.Parallel()
	server := privateServer(t, true)
	url := createDatabase(t, server.URL("postgres"), "crashed", "template1")
	var refuses atomic.Bool
	system := bankWith()
	system.AddProjection(refusingBalances(&refuses))
	e := started(t, postgres.Config{URL: url, System: system,
		Consumer: postgres.ConsumerConfig{Attempts: 10_000, FirstPause: time.Millisecond, MostPause: 2 * time.Millisecond}})
	held := func(n int) func() bool {
		return func() bool { return one[int](t, url, `SELECT count(*) FROM backstory.held`) == n }
	}
	settled(t, e, command("deposit", "a", 1))
	caughtUp(t, e)
	for _, statement := range []string{`ALTER SYSTEM SET wal_writer_delay = '10s'`, `SELECT pg_reload_conf()`} {
		if err := sql(t, url, statement); err != nil {
			t.Fatal(err)
		}
	}
	refuses.Store(true)
	settled(t, e, command("deposit", "a", 2))
	eventually(t, "the projection is held", held(1))
	refuses.Store(false)
	eventually(t, "it goes on", held(0))
	if err := server.Stop(true); err != nil {
		t.Fatal(err)
	}
	if err := server.Restart(within(t)); err != nil {
		t.Fatal(err)
	}
	after := command("deposit", "a", 4)
	eventually(t, "the database is reached again", func() bool {
		_, err := e.Submit(within(t), after)
		return err == nil
	})
	eventually(t, "it is applied, and nothing is held", func() bool {
		return held(0)() && one[int64](t, url, `SELECT count(*) FROM bank_balances WHERE version = 3`) == 1
	})
	checkBalances(t, url)
}

// refusingBalances are balances that fail while they are told to.
func refusingBalances(now *atomic.Bool) engine.Projection {
	p := balances(ddl, "1")
	fold, apply := p.Fold, p.Apply
	p.Fold = func() engine.Folding { return refusing{fold(), now} }
	p.Apply = func(ctx context.Context, db engine.DBTX, batch []engine.Recorded) error {
		if now.Load() {
			return errors.New("refused")
		}
		return apply(ctx, db, batch)
	}
	return p
}

// refusing is a folding that fails while it is told to.
type refusing struct {
	engine.Folding
	now *atomic.Bool
}

func (r refusing) Apply(ctx context.Context, db engine.DBTX, batch []engine.Recorded) error {
	if r.now.Load() {
		return errors.New("refused")
	}
	return r.Folding.Apply(ctx, db, batch)
}

// A crash takes back a command that was read already, and with it its number, which
// the next command is given. That one is seen while the other is still in hand.
func TestNumberGivenOutAgain_HidesNoCommand(t *testing.T) {
	t.Parallel()
	url := database(t)
	asked := make(chan string, 100)
	a := accounts(&atomic.Int64{})
	handle := a.Handle
	a.Handle = func(d engine.Decision, state any, command engine.Command, out *engine.Emission) engine.Refusal {
		asked <- d.Stream.ID
		return handle(d, state, command, out)
	}
	s := &engine.System{}
	s.AddActor(a)
	e := started(t, postgres.Config{URL: url, System: s, Workers: 1})
	release := holdLog(t, url)
	lost, next := uuid.New(), uuid.New()
	insertWaiting(t, url, lost, "lost", nil)
	awaitAsked(t, asked, "lost")
	err := sql(t, url, `SELECT setval('backstory.inbox_seq_seq', (SELECT seq FROM backstory.inbox WHERE id = $1), false)`, lost)
	if err == nil {
		err = sql(t, url, `DELETE FROM backstory.inbox WHERE id = $1`, lost)
	}
	if err != nil {
		t.Fatal(err)
	}
	insertWaiting(t, url, next, "next", nil)
	awaitAsked(t, asked, "next")
	release()
	if o, err := e.Wait(within(t), next); err != nil || o.Status != engine.Accepted {
		t.Errorf("%+v, %v", o, err)
	}
	if _, err := e.Outcome(within(t), lost); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("what was lost: %v", err)
	}
	checkLog(t, url)
}

func awaitAsked(tb testing.TB, asked <-chan string, id string) {
	tb.Helper()
	deadline := time.After(patience)
	for {
		select {
		case got := <-asked:
			if got == id {
				return
			}
		case <-deadline:
			tb.Fatalf("nothing was decided about %s", id)
		}
	}
}
