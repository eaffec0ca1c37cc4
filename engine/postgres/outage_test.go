package postgres_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// blocking is a bank that stands still in the decision about account a and in the
// projection of account p, until away is closed. It tells each on reached.
func blocking(reached chan<- string, away <-chan struct{}, attempts *atomic.Int64) *engine.System {
	accounts, projection := accounts(&atomic.Int64{}), balances(ddl, "1")
	var decides, projects sync.Once
	handle := accounts.Handle
	accounts.Handle = func(d engine.Decision, state any, command engine.Command, out *engine.Emission) engine.Refusal {
		if d.Stream.ID == "a" {
			attempts.Store(max(attempts.Load(), int64(d.Attempt)))
			decides.Do(func() { reached <- "decision" })
			<-away
		}
		return handle(d, state, command, out)
	}
	apply := projection.Apply
	projection.Fold = nil // so that Apply is what is called
	projection.Apply = func(ctx context.Context, db engine.DBTX, batch []engine.Recorded) error {
		if batch[0].Meta.Stream.ID == "p" {
			projects.Do(func() { reached <- "projection" })
			<-away
		}
		return apply(ctx, db, batch)
	}
	s := &engine.System{}
	s.AddActor(accounts)
	s.AddProjection(projection)
	return s
}

// An outage uses up no try: the decision is stored, and the projection written,
// though both fail more often than their budgets allow while the database is away.
// With -long it is away for five minutes.
func TestLongOutage_FailsNoCommandAndNoProjection(t *testing.T) {
	t.Parallel()
	server := privateServer(t, false)
	url := createDatabase(t, server.URL("postgres"), "outage", "template1")
	reached, away := make(chan string, 2), make(chan struct{})
	var attempts atomic.Int64
	e := started(t, postgres.Config{URL: url, System: blocking(reached, away, &attempts), Consumer: quickRetries})
	settled(t, e, command("deposit", "p", 1))
	<-reached
	id := uuid.New()
	insertWaiting(t, url, id, "a", nil)
	<-reached
	outage := cutOff(t, server.URL("postgres"), "outage")
	close(away)
	fails := func(name string) (n int64) {
		for _, loop := range e.Health() {
			if loop.Name == name {
				n = loop.Failures
			}
		}
		return n
	}
	if *long {
		<-time.After(5 * time.Minute)
	}
	eventually(t, "both failed more often than their budgets", func() bool { return fails("append") > 4 && fails("bank.balances") > 4 })
	outage.end()
	if o, err := e.Wait(within(t), id); err != nil || o.Status != engine.Accepted || attempts.Load() != 1 {
		t.Errorf("%+v, %v, attempt %d", o, err, attempts.Load())
	}
	caughtUp(t, e)
	checkBalances(t, url)
	checkLog(t, url)
	if n := one[int64](t, url, `SELECT (SELECT count(*) FROM backstory.held) + (SELECT count(*) FROM backstory.outcomes WHERE status = 'failed')`); n != 0 {
		t.Errorf("%d keys are held or commands failed", n)
	}
}

// outage is a database that nobody can connect to.
type outage struct {
	tb              testing.TB
	admin, database string
}

func cutOff(tb testing.TB, admin, database string) *outage {
	tb.Helper()
	o := &outage{tb, admin, database}
	o.allow(false)
	if err := sql(tb, admin, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1`, database); err != nil {
		tb.Fatal(err)
	}
	return o
}

func (o *outage) end() { o.allow(true) }

func (o *outage) allow(yes bool) {
	o.tb.Helper()
	if err := sql(o.tb, o.admin, fmt.Sprintf(`ALTER DATABASE %s ALLOW_CONNECTIONS %t`, quoted(o.database), yes)); err != nil {
		o.tb.Fatal(err)
	}
}

// Three commands of a stream whose decider fails twice each: the budget is each
// command's own, and success clears it.
func TestCommandFailsTwiceThreeTimesOver_IsNotParked(t *testing.T) {
	t.Parallel()
	url := database(t)
	failed := map[uuid.UUID]int{} // the deciding loop alone uses it
	a := accounts(&atomic.Int64{})
	handle := a.Handle
	a.Handle = func(d engine.Decision, state any, command engine.Command, out *engine.Emission) engine.Refusal {
		if failed[d.ID] < 2 {
			failed[d.ID]++
			panic("not yet")
		}
		return handle(d, state, command, out)
	}
	s := &engine.System{}
	s.AddActor(a)
	e := started(t, postgres.Config{URL: url, System: s})
	var ids []uuid.UUID
	for range 3 {
		id, err := e.Submit(within(t), command("deposit", "a", 1))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	for i, id := range ids {
		if o, err := e.Wait(within(t), id); err != nil || o.Status != engine.Accepted || o.Events[0].Version != int64(i+1) {
			t.Errorf("command %d: %+v, %v", i, o, err)
		}
	}
	checkLog(t, url)
}
