package postgres_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// quickRetries lets tests retry and park without waiting.
var quickRetries = postgres.ConsumerConfig{Attempts: 3, FirstPause: time.Millisecond, MostPause: 2 * time.Millisecond}

var errHandler = errors.New("the handler fails")

func TestReactions_SendCommandsOnce(t *testing.T) {
	t.Parallel()
	url := database(t)
	e := started(t, noting(url, hooks{}))
	settled(t, e, command("open", "a", 0))
	s := command("deposit", "a", 5)
	first := settled(t, e, s)
	settled(t, e, command("withdraw", "a", 2))
	settled(t, e, command("deposit", "a", 5))
	reacted(t, url)
	var sent engine.Outcome
	eventually(t, "the ledger's command is decided", func() bool {
		list, err := e.Commands(within(t), engine.StreamID{Type: "bank.ledger", ID: "a"}, time.Time{}, 10)
		if err != nil || len(list) != 2 {
			return false
		}
		sent = list[1]
		return true
	})
	if sent.By != "tester" || sent.Correlation != s.ID || sent.Causation != first.Events[0].ID {
		t.Errorf("sent by %q, correlation %s, causation %s; want tester, %s, %s", sent.By, sent.Correlation, sent.Causation, s.ID, first.Events[0].ID)
	}
	if got := one[string](t, url, `SELECT reaction || ' ' || cause FROM backstory.outcomes WHERE id = $1`, sent.ID); got != "bank.account.on_deposited 2" {
		t.Errorf("sent from %q", got)
	}
	checkLog(t, url)
}

// Three engines, 40 accounts, all at once: each key's order must hold.
func TestReactions_KeepTheOrderOfEachKey(t *testing.T) {
	t.Parallel()
	url := database(t)
	var engines []*postgres.Engine
	for range 3 {
		engines = append(engines, started(t, noting(url, hooks{})))
	}
	var group sync.WaitGroup
	for i := range 12 {
		group.Go(func() {
			for n := range 25 {
				if _, err := engines[i%3].Submit(within(t), command("deposit", fmt.Sprintf("a%d", (i*7+n)%40), int64(n%5+1))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	eventually(t, "all are decided", func() bool {
		return one[int64](t, url, `SELECT count(*) FROM backstory.events WHERE type = 'bank.account.deposited'`) == 300
	})
	reacted(t, url)
	caughtUp(t, engines[0])
	checkLog(t, url)
	checkBalances(t, url)
}

func TestReactionFailsTwiceThreeTimesOver_IsNotParked(t *testing.T) {
	t.Parallel()
	url := database(t)
	var mu sync.Mutex
	failed := map[int64]int{}
	e := started(t, noting(url, hooks{deposited: func(m engine.Meta) error {
		mu.Lock()
		defer mu.Unlock()
		if failed[m.Version] < 2 {
			failed[m.Version]++
			if m.Attempt != failed[m.Version] {
				t.Errorf("attempt %d is told to be %d", failed[m.Version], m.Attempt)
			}
			return errHandler
		}
		return nil
	}}))
	for range 3 {
		settled(t, e, command("deposit", "a", 1))
	}
	reacted(t, url)
	eventually(t, "nothing is held", func() bool { return len(heldKeys(t, url, "bank.account")) == 0 })
	for version, n := range failed {
		if n != 2 {
			t.Errorf("the deposit of version %d failed %d times", version, n)
		}
	}
}

func TestPoisonOnOneOf1000Streams_HoldsUpNobody(t *testing.T) {
	t.Parallel()
	url := database(t)
	var poisoned atomic.Bool
	poisoned.Store(true)
	var answers atomic.Int64
	e := started(t, noting(url, hooks{
		deposited: func(m engine.Meta) error {
			if m.Stream.ID == "a500" && poisoned.Load() {
				panic("poison")
			}
			return nil
		},
		parked: func(engine.Meta) { answers.Add(1) },
	}))
	for i := range 1_000 {
		if _, err := e.Submit(within(t), command("deposit", fmt.Sprintf("a%d", i), 1)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := e.Submit(within(t), command("deposit", "a500", 1)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the others are noted", func() bool {
		return one[int64](t, url, `SELECT count(*) FROM backstory.events WHERE type = 'bank.ledger.noted' AND stream <> 'bank.ledger/parked'`) == 999
	})
	eventually(t, "the one is parked, and answered", func() bool {
		list, err := e.Parked(within(t), engine.ParkedFilter{}, engine.ParkedKey{}, 10)
		return err == nil && len(list) == 1 && list[0].Key == "bank.account/a500" && list[0].Attempts == 3 &&
			strings.Contains(list[0].Error, "poison") && one[int64](t, url, `SELECT count(*) FROM backstory.events WHERE stream = 'bank.ledger/parked'`) == 1
	})
	waiting, err := e.ParkedMessages(within(t), "bank.account", "bank.account/a500", 10)
	if err != nil || len(waiting) != 2 || waiting[0].Position >= waiting[1].Position {
		t.Errorf("%+v, %v", waiting, err)
	}
	poisoned.Store(false)
	if n, err := e.RetryParked(within(t), engine.ParkedFilter{Consumer: "bank.account"}, 10); n != 1 || err != nil {
		t.Errorf("%d keys are tried again, %v", n, err)
	}
	eventually(t, "all are noted", func() bool {
		return one[int64](t, url, `SELECT count(*) FROM backstory.events WHERE type = 'bank.ledger.noted' AND stream <> 'bank.ledger/parked'`) == 1_001
	})
	checkReactions(t, url)
	if answers.Load() != 1 {
		t.Errorf("the parked message was answered %d times", answers.Load())
	}
}

func TestParkedMessageDiscarded_LetsTheNextGoOn(t *testing.T) {
	t.Parallel()
	url := database(t)
	e := started(t, noting(url, hooks{deposited: func(m engine.Meta) error {
		if m.Version <= 2 {
			return errHandler
		}
		return nil
	}}))
	for range 4 {
		settled(t, e, command("deposit", "a", 1))
	}
	for version := range 2 {
		eventually(t, "the message is parked", func() bool {
			list, err := e.Parked(within(t), engine.ParkedFilter{Key: "bank.account/a"}, engine.ParkedKey{}, 10)
			if err != nil || len(list) != 1 {
				return false
			}
			waiting, err := e.ParkedMessages(within(t), "bank.account", "bank.account/a", 10)
			return err == nil && len(waiting) == 4-version
		})
		wellFormed(t, e)
		if n, err := e.DiscardParked(within(t), engine.ParkedFilter{Key: "bank.account/a"}, 10); n != 1 || err != nil {
			t.Fatalf("%d keys, %v", n, err)
		}
	}
	eventually(t, "the others are noted", func() bool {
		return one[string](t, url, `SELECT coalesce(string_agg(data->>'version', ' ' ORDER BY version), '') FROM backstory.events WHERE stream = 'bank.ledger/a'`) == "3 4"
	})
	eventually(t, "nothing is held", func() bool { return len(heldKeys(t, url, "bank.account")) == 0 })
}

func TestUnknownEventType_ParksItsKeyOnly(t *testing.T) {
	t.Parallel()
	url := database(t)
	e := started(t, noting(url, hooks{}))
	settled(t, e, command("deposit", "a", 1))
	a := appendOf("a", 1, 0)
	a.Events = []engine.NewEvent{{ID: command("open", "", 0).ID, Event: removed{}, Data: []byte(`{}`)}}
	if _, err := e.Append(within(t), a); err != nil {
		t.Fatal(err)
	}
	settled(t, e, command("deposit", "b", 1))
	eventually(t, "the other account is noted", func() bool {
		return one[int64](t, url, `SELECT count(*) FROM backstory.events WHERE stream = 'bank.ledger/b'`) == 1
	})
	eventually(t, "the key is parked with what to do", func() bool {
		list, err := e.Parked(within(t), engine.ParkedFilter{Consumer: "bank.account"}, engine.ParkedKey{}, 10)
		return err == nil && len(list) == 1 && list[0].Key == "bank.account/a" && strings.Contains(list[0].Error, "bring its file back")
	})
}

type removed struct{}

func (removed) MessageType() string { return "bank.account.removed" }
func (removed) SchemaVersion() int  { return 1 }

// Every try of a handler during an outage would use up the budget many times over.
func TestOutage_ParksNothing(t *testing.T) {
	t.Parallel()
	server := privateServer(t, false)
	url := server.URL("postgres")
	cfg := noting(url, hooks{})
	cfg.Consumer.Attempts = 2
	e := started(t, cfg)
	settled(t, e, command("deposit", "a", 1))
	for range 3 {
		s := command("deposit", "a", 1)
		if _, err := e.Submit(within(t), s); err != nil {
			t.Fatal(err)
		}
		if err := server.Restart(within(t)); err != nil {
			t.Fatal(err)
		}
	}
	reacted(t, url)
	if keys := heldKeys(t, url, "bank.account"); len(keys) > 0 {
		t.Errorf("held: %v", keys)
	}
}

func TestPausedConsumer_HoldsUpNobody(t *testing.T) {
	t.Parallel()
	url := database(t)
	e := started(t, noting(url, hooks{}))
	if err := e.PauseConsumer(within(t), "bank.account"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the pause is heard of", func() bool {
		settled(t, e, command("deposit", "a", 1))
		caughtUp(t, e)
		return one[bool](t, url, `SELECT (SELECT count(*) FROM backstory.events WHERE type = 'bank.account.deposited')
			> (SELECT count(*) + 3 FROM backstory.events WHERE type = 'bank.ledger.noted')`)
	})
	eventually(t, "others went on", func() bool {
		return one[bool](t, url, `SELECT (SELECT count(*) FROM backstory.events WHERE type = 'bank.account.deposited')
			= (SELECT count(*) FROM backstory.events WHERE type = 'bank.tally.told')`)
	})
	if err := e.ResumeConsumer(within(t), "bank.account"); err != nil {
		t.Fatal(err)
	}
	reacted(t, url)
	if err := e.PauseConsumer(within(t), "bank.nobody"); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("%v", err)
	}
}

func TestSlots_MoveWhenProcessesComeAndGo(t *testing.T) {
	t.Parallel()
	url := database(t)
	const owners = `SELECT count(DISTINCT owner) FROM backstory.slots s JOIN backstory.workers w ON w.id = s.owner WHERE consumer = 'bank.account'`
	const free = `SELECT count(*) FROM backstory.slots s WHERE NOT EXISTS (SELECT 1 FROM backstory.workers w WHERE w.id = s.owner)`
	first, stop := run(t, noting(url, hooks{}))
	eventually(t, "one has all", func() bool { return one[int64](t, url, free) == 0 })
	second := started(t, noting(url, hooks{}))
	eventually(t, "both have some", func() bool { return one[int64](t, url, owners) == 2 && one[int64](t, url, free) == 0 })
	for i := range 20 {
		settled(t, first, command("deposit", fmt.Sprintf("a%d", i), 1))
	}
	reacted(t, url)
	start := time.Now()
	stop()
	eventually(t, "the other has all", func() bool { return one[int64](t, url, owners) == 1 && one[int64](t, url, free) == 0 })
	t.Logf("taken over after %s", time.Since(start))
	settled(t, second, command("deposit", "a1", 1))
	reacted(t, url)
}

func TestResizeConsumer_WhileItRuns(t *testing.T) {
	t.Parallel()
	url := database(t)
	var poisoned atomic.Bool
	poisoned.Store(true)
	h := hooks{deposited: func(m engine.Meta) error {
		if m.Stream.ID == "a3" && poisoned.Load() {
			return errHandler
		}
		return nil
	}}
	e := started(t, noting(url, h))
	other := started(t, noting(url, h))
	done := make(chan struct{})
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-done:
					return
				default:
					settled(t, e, command("deposit", fmt.Sprintf("a%d", (n+i)%10), int64(i+1)))
				}
			}
		})
	}
	eventually(t, "one is parked", func() bool {
		list, err := e.Parked(within(t), engine.ParkedFilter{}, engine.ParkedKey{}, 10)
		return err == nil && len(list) == 1
	})
	for _, n := range []int{3, 12} {
		for _, name := range []string{"bank.account", "bank.counter", "bank.balances"} {
			if err := other.ResizeConsumer(within(t), name, n); err != nil {
				t.Fatal(err)
			}
			if got := one[int64](t, url, `SELECT count(*) FROM backstory.slots WHERE consumer = $1`, name); got != int64(n) {
				t.Errorf("%s has %d slots, want %d", name, got, n)
			}
		}
	}
	close(done)
	group.Wait()
	poisoned.Store(false)
	if _, err := e.RetryParked(within(t), engine.ParkedFilter{}, 10); err != nil {
		t.Fatal(err)
	}
	reacted(t, url)
	caughtUp(t, e)
	checkBalances(t, url)
	if err := e.ResizeConsumer(within(t), "bank.nobody", 2); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("%v", err)
	}
}

func TestReactorStateOfAnotherShape_IsFoldedAnew(t *testing.T) {
	t.Parallel()
	url := database(t)
	e, stop := run(t, noting(url, hooks{}))
	for i := range 7 {
		settled(t, e, command("deposit", fmt.Sprintf("a%d", i), int64(i%2+1)))
	}
	reacted(t, url)
	stop()
	if err := sql(t, url, `UPDATE backstory.reactor_states SET state = '100'`); err != nil {
		t.Fatal(err)
	}
	newer := started(t, noting(url, hooks{hash: "another"}))
	settled(t, newer, command("deposit", "a", 1))
	reacted(t, url)
	if n := one[int64](t, url, `SELECT count(*) FROM backstory.events WHERE type = 'bank.tally.told'`); n != 8 {
		t.Errorf("%d tallies: folding the states anew must run no reaction", n)
	}
}

// The projection's own rows: one that cannot be applied holds its key only.
func TestProjectionPoison_HoldsItsKeyOnly(t *testing.T) {
	t.Parallel()
	url := database(t)
	s := &engine.System{}
	s.AddActor(accounts(&atomic.Int64{}))
	p := balances(ddl+"ALTER TABLE bank_balances ADD CHECK (id <> 'a13' OR balance <= 1);", "1")
	p.ByStream = true
	s.AddProjection(p)
	e := started(t, postgres.Config{URL: url, System: s, Consumer: quickRetries})
	for range 2 {
		for i := range 40 {
			if _, err := e.Submit(within(t), command("deposit", fmt.Sprintf("a%d", i), 1)); err != nil {
				t.Fatal(err)
			}
		}
	}
	eventually(t, "all others are projected and the one is parked", func() bool {
		list, err := e.Parked(within(t), engine.ParkedFilter{Consumer: "bank.balances"}, engine.ParkedKey{}, 10)
		return err == nil && len(list) == 1 && list[0].Key == "bank.account/a13" &&
			one[int64](t, url, `SELECT sum(balance)::bigint FROM bank_balances`) == 79
	})
	if err := sql(t, url, `ALTER TABLE bank_balances DROP CONSTRAINT bank_balances_check`); err != nil {
		t.Fatal(err)
	}
	if _, err := e.RetryParked(within(t), engine.ParkedFilter{}, 10); err != nil {
		t.Fatal(err)
	}
	eventually(t, "nothing is held", func() bool { return len(heldKeys(t, url, "bank.balances")) == 0 })
	checkBalances(t, url)
}
