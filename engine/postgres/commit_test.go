package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// cutTwice runs do with the answer to a COMMIT lost, and with the COMMIT lost, some
// times each, and checks that each was.
func cutTwice(t *testing.T, c *cutter, query string, do func(n int)) {
	t.Helper()
	for n := range 6 {
		c.next(query, n%2 == 0)
		do(n)
		eventually(t, "the connection was cut", func() bool { return c.cuts.Load() == int64(n+1) })
	}
}

func TestCommitWithoutAnswer_CommandPastTheInbox(t *testing.T) {
	t.Parallel()
	direct := database(t)
	c, url := newCutter(t, direct)
	e := started(t, postgres.Config{URL: url})
	settled(t, e, command("open", "a", 0))
	cutTwice(t, c, "EventInsert", func(int) { settledOnce(t, e, command("deposit", "a", 1)) })
	if n := one[int64](t, direct, `SELECT count(*) FROM backstory.events`); n != 7 {
		t.Errorf("%d events, want 7", n)
	}
	refused := command("withdraw", "a", 100)
	c.next("OutcomeInsert", true)
	if o := settled(t, e, refused); o.Status != engine.Refused || o.Refusal.Code != "overdrawn" {
		t.Errorf("%+v", o)
	}
	caughtUp(t, e)
	checkLog(t, direct)
	checkBalances(t, direct)
}

// settledOnce submits and expects one event, however often it is asked.
func settledOnce(t *testing.T, e engine.Client, s engine.Submission) {
	t.Helper()
	for range 2 {
		if o := settled(t, e, s); o.Status != engine.Accepted || len(o.Events) != 1 {
			t.Errorf("%+v", o)
		}
	}
	s.Data = []byte(`{"Amount":77}`)
	if _, err := e.Submit(within(t), s); !errors.Is(err, engine.ErrIDReused) {
		t.Errorf("another body under the same id: %v", err)
	}
}

func TestCommitWithoutAnswer_CommandsOfTheInbox(t *testing.T) {
	t.Parallel()
	direct := database(t)
	c, url := newCutter(t, direct)
	web := started(t, postgres.Config{URL: direct, Roles: []postgres.Role{postgres.RoleWeb}})
	worker := started(t, postgres.Config{URL: url})
	settled(t, web, command("open", "a", 0))
	cutTwice(t, c, "InboxDelete", func(n int) {
		var ids []uuid.UUID
		for range 5 { // decided on each other
			s := command("deposit", "a", 1)
			if _, err := web.Submit(within(t), s); err != nil {
				t.Fatal(err)
			}
			ids = append(ids, s.ID)
		}
		for _, id := range ids {
			if o, err := web.Wait(within(t), id); err != nil || o.Status != engine.Accepted || len(o.Events) != 1 {
				t.Errorf("%+v, %v", o, err)
			}
		}
	})
	if n := one[int64](t, direct, `SELECT count(*) FROM backstory.events`); n != 31 {
		t.Errorf("%d events, want 31", n)
	}
	eventually(t, "the inbox is empty", func() bool { return one[int64](t, direct, `SELECT count(*) FROM backstory.inbox`) == 0 })
	caughtUp(t, worker)
	checkLog(t, direct)
	checkBalances(t, direct)
}

func TestCommitWithoutAnswer_Append(t *testing.T) {
	t.Parallel()
	direct := database(t)
	c, url := newCutter(t, direct)
	e := openEngine(t, postgres.Config{URL: url})
	defer e.Close()
	cutTwice(t, c, "EventInsert", func(n int) {
		stored, err := e.Append(within(t), appendOf("a", int64(2*n), 2))
		if err != nil || stored.Version != int64(2*n+2) || stored.Position != int64(3*n+1) || stored.At.IsZero() {
			t.Errorf("%+v, %v", stored, err)
		}
		free := appendOf("b", engine.AnyVersion, 1)
		if _, err := e.Append(within(t), free); err != nil {
			t.Error(err)
		}
		if _, err := e.Append(within(t), free); err != nil { // it knows its own events
			t.Error(err)
		}
	})
	if n := one[int64](t, direct, `SELECT count(*) FROM backstory.events`); n != 18 {
		t.Errorf("%d events, want 18", n)
	}
	checkLog(t, direct)
}

// A plain append that nobody else is in the way of is one call in autocommit.
func TestCommitWithoutAnswer_AppendAlone(t *testing.T) {
	t.Parallel()
	direct := database(t)
	c, url := newCutter(t, direct)
	e := openEngine(t, postgres.Config{URL: url})
	defer e.Close()
	version := int64(0)
	cutTwice(t, c, "EventAppendAlone", func(int) {
		for cuts := c.cuts.Load(); c.cuts.Load() == cuts && !t.Failed(); { // one that meets a lost one's lock is not alone
			stored, err := e.Append(within(t), appendOf("a", version, 1))
			if version++; err != nil || stored.Version != version || stored.Position != version || stored.At.IsZero() {
				t.Errorf("%+v, %v", stored, err)
			}
		}
	})
	if n := one[int64](t, direct, `SELECT count(*) FROM backstory.events`); n != version {
		t.Errorf("%d events, want %d", n, version)
	}
	checkLog(t, direct)
}

// A commit whose wait for a replica is broken off answers COMMIT with a warning: it
// counts here, and is lost by a failover. Nobody is told that it is stored before
// the replicas have it.
func TestCommitNotReplicated_IsNoAnswer(t *testing.T) {
	t.Parallel()
	server := privateServer(t, false)
	url := createDatabase(t, server.URL("postgres"), "replicated", "template1")
	e := openEngine(t, postgres.Config{URL: url})
	defer e.Close()
	const waiting = `FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'SyncRep'`
	var asked atomic.Bool // that the probe end
	waits := func() bool { return one[int64](t, url, `SELECT count(*) `+waiting) == 1 }
	breakOff := func() {
		if n := one[int64](t, url, `SELECT count(pg_cancel_backend(pid)) `+waiting); n != 1 {
			t.Fatalf("%d commits were broken off", n)
		}
	}
	standby := func(name string) {
		for _, statement := range []string{`ALTER SYSTEM SET synchronous_standby_names = '` + name + `'`, `SELECT pg_reload_conf()`} {
			if err := sql(t, url, statement); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, do := range map[string]func() error{
		"append": func() error { _, err := e.Append(within(t), appendOf("a", engine.AnyVersion, 1)); return err },
		"submit": func() error { _, err := e.Submit(within(t), command("deposit", "b", 1)); return err },
	} {
		standby("nobody")
		heeded := make(chan struct{})
		go func() { // the server heeds it when it has read its configuration
			defer close(heeded)
			probe := connect(t, url)
			defer probe.Close(context.Background())
			for broken := false; !broken; {
				_, err := probe.Exec(within(t), `SELECT set_config('synchronous_commit', 'on', true), pg_logical_emit_message(true, 'probe', '')`)
				broken = err != nil || asked.Load()
			}
		}()
		eventually(t, "a commit waits for the replica", waits)
		asked.Store(true)
		breakOff()
		<-heeded
		asked.Store(false)
		done := make(chan error, 1)
		go func() { done <- do() }()
		for range 2 { // the second is the try that looks for the truth
			eventually(t, "the commit waits for the replica", waits)
			breakOff()
			eventually(t, "it is tried again", waits)
			select {
			case err := <-done:
				t.Fatalf("%s was answered: %v", name, err)
			default:
			}
		}
		standby("")
		if err := <-done; err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if events, inbox := one[int64](t, url, `SELECT count(*) FROM backstory.events`), one[int64](t, url, `SELECT count(*) FROM backstory.inbox`); events != 1 || inbox != 1 {
		t.Errorf("%d events and %d commands, want one of each", events, inbox)
	}
}

func TestCommitWithoutAnswer_Submission(t *testing.T) {
	t.Parallel()
	direct := database(t)
	c, url := newCutter(t, direct)
	web := started(t, postgres.Config{URL: url, Roles: []postgres.Role{postgres.RoleWeb}})
	worker := started(t, postgres.Config{URL: direct})
	var sent []engine.Submission
	cutTwice(t, c, "InboxInsert", func(n int) {
		s := command("deposit", fmt.Sprintf("a%d", n), 1)
		if _, err := web.Submit(within(t), s); err != nil {
			t.Errorf("Submit did not find the truth: %v", err)
		}
		sent = append(sent, s)
	})
	for _, s := range sent {
		settledOnce(t, web, s)
	}
	caughtUp(t, worker)
	checkLog(t, direct)
	checkBalances(t, direct)
}

func TestCommitWithoutAnswer_Consumers(t *testing.T) {
	t.Parallel()
	direct := database(t)
	c, url := newCutter(t, direct)
	e := started(t, noting(url, hooks{}))
	settled(t, e, command("open", "a", 0))
	for _, query := range []string{"SlotAdvance", "InboxSend"} {
		c.cuts.Store(0)
		cutTwice(t, c, query, func(int) {
			settled(t, e, command("deposit", "a", 1))
			eventually(t, "it was noted", func() bool { return c.cuts.Load() > 0 })
		})
	}
	reacted(t, direct)
	caughtUp(t, e)
	checkLog(t, direct)
	checkBalances(t, direct)
	if keys := heldKeys(t, direct, "bank.account"); len(keys) > 0 {
		t.Errorf("held: %v", keys)
	}
}

// A retry whose connection is lost is still under way in the database, and changes
// no checkpoint. If it went through after the runner had read anew what is held,
// what came behind on the key meanwhile would be passed by.
func TestRetryUnderWayWithoutItsConnection_PassesNothingBy(t *testing.T) {
	t.Parallel()
	direct := database(t)
	c, url := newCutter(t, direct)
	beside := "b" // an account of the same slot
	for i := 0; slotOfKey("bank.account/"+beside, 8) != slotOfKey("bank.account/a", 8); i++ {
		beside = fmt.Sprintf("b%d", i)
	}
	retried, passed := newGate(), newGate()
	cfg := noting(url, hooks{deposited: func(m engine.Meta) error {
		switch {
		case m.Stream.ID == beside:
			passed.wait()
		case m.Version == 2 && m.Attempt == 1:
			return errHandler
		case m.Version == 2 && m.Attempt == 2:
			retried.wait()
		}
		return nil
	}})
	cfg.Consumer = postgres.ConsumerConfig{Attempts: 20, FirstPause: time.Second, MostPause: 2 * time.Second}
	e := started(t, cfg)
	settled(t, e, command("open", "a", 0))
	settled(t, e, command("open", beside, 0))
	settled(t, e, command("deposit", "a", 1))
	<-retried.reached

	locked := connect(t, direct)
	lock := func(sql string) {
		if _, err := locked.Exec(within(t), sql); err != nil {
			t.Fatal(err)
		}
	}
	const held = `BEGIN; SELECT FROM backstory.held WHERE key = 'bank.account/a' FOR UPDATE`
	lock(held)
	c.next("HeldDelete", true)
	close(retried.open)
	settled(t, e, command("deposit", "a", 1)) // waits behind the one that is retried
	settled(t, e, command("deposit", beside, 1))
	<-passed.reached
	if c.cuts.Load() != 1 {
		t.Errorf("%d connections were cut", c.cuts.Load())
	}
	lock(`COMMIT`)
	lock(held) // when what waited for it has ended
	lock(`COMMIT`)
	close(passed.open)
	reacted(t, direct)
	caughtUp(t, e)
}

// gate is where a handler waits until it is opened.
type gate struct {
	once          sync.Once
	reached, open chan struct{}
}

func newGate() *gate { return &gate{reached: make(chan struct{}), open: make(chan struct{})} }

func (g *gate) wait() {
	g.once.Do(func() { close(g.reached) })
	<-g.open
}
