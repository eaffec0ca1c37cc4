package postgres_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// scheduleDeposits schedules n deposits of 1, spread over accounts, all due at the
// same instant.
func scheduleDeposits(tb testing.TB, url string, n, accounts int, in string) {
	tb.Helper()
	for a := range accounts {
		stream := "bank.account/s" + string(rune('a'+a))
		err := sql(tb, url, `INSERT INTO backstory.inbox (id, slot, type, stream, data, by, correlation, causation, due)
			SELECT i, $1, 'bank.account.deposit', $2, '{"Amount":1}', 'tester', i, i, date_trunc('second', now()) + $4::text::interval
			FROM (SELECT gen_random_uuid() AS i FROM generate_series(1, $3)) g`, slotOf(stream), stream, n/accounts, in)
		if err != nil {
			tb.Fatal(err)
		}
	}
}

const decidedEarly = `SELECT count(*) FROM backstory.outcomes WHERE decided_at < at`

func TestTenThousandDueAtOnce_NoneEarlyNoneLost(t *testing.T) {
	url := database(t)
	const n, accounts = 10_000, 20
	first, stop := run(t, postgres.Config{URL: url})
	settled(t, first, command("open", "other", 0))
	scheduleDeposits(t, url, n, accounts, "3 seconds")
	if n := one[int64](t, url, `SELECT count(*) FROM backstory.outcomes WHERE type = 'bank.account.deposit'`); n != 0 {
		t.Errorf("%d were decided before they were due", n)
	}
	if s, err := first.Status(within(t)); err != nil || s.Commands.Scheduled != n || s.Commands.Pending != 0 {
		t.Errorf("%+v, %v", s.Commands, err)
	}
	eventually(t, "some are decided", func() bool {
		return one[int64](t, url, `SELECT count(*) FROM backstory.outcomes WHERE type = 'bank.account.deposit'`) > 0
	})
	// Meanwhile others are served.
	start := time.Now()
	settled(t, first, command("deposit", "other", 1))
	t.Logf("a command amid them took %s", time.Since(start))
	stop() // amid the work
	second := started(t, postgres.Config{URL: url})
	eventually(t, "all are decided", func() bool {
		return one[int64](t, url, `SELECT count(*) FROM backstory.outcomes WHERE type = 'bank.account.deposit'`) == n+1
	})
	if early := one[int64](t, url, decidedEarly); early != 0 {
		t.Errorf("%d were decided early", early)
	}
	if left := one[int64](t, url, `SELECT count(*) FROM backstory.inbox`); left != 0 {
		t.Errorf("%d are left", left)
	}
	caughtUp(t, second)
	checkLog(t, url)
	checkBalances(t, url)
}

func TestScheduled_WaitsOverRestartsAndIsListedAndCancelled(t *testing.T) {
	url := database(t)
	_, stop := run(t, postgres.Config{URL: url})
	scheduleDeposits(t, url, 3, 1, "1 hour")
	id := uuid.New()
	due := time.Now().Add(time.Minute)
	insertWaiting(t, url, id, "b", &due)
	stop()
	e := started(t, postgres.Config{URL: url})
	var ids []uuid.UUID
	for last := (engine.ScheduledCommand{}); ; {
		page, err := e.Scheduled(within(t), last, 3)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page {
			if c.Due.Before(last.Due) {
				t.Errorf("%s before %s", last.Due, c.Due)
			}
			ids, last = append(ids, c.ID), c
		}
		if len(page) < 3 {
			break
		}
	}
	if len(ids) != 4 || ids[0] != id {
		t.Fatalf("listed %v", ids)
	}
	if o, err := e.Outcome(within(t), id); err != nil || o.Status != engine.Scheduled {
		t.Errorf("%+v, %v", o, err)
	}
	waited := make(chan engine.Outcome, 1)
	go func() {
		o, _ := e.Wait(within(t), id)
		waited <- o
	}()
	if err := e.CancelScheduled(within(t), id); err != nil {
		t.Fatal(err)
	}
	if o := <-waited; o.Status != engine.Cancelled {
		t.Errorf("%+v", o)
	}
	for _, id := range []uuid.UUID{id, uuid.New()} {
		if err := e.CancelScheduled(within(t), id); !errors.Is(err, engine.ErrNotFound) {
			t.Errorf("%v", err)
		}
	}
	if s, err := e.Status(within(t)); err != nil || s.Commands.Scheduled != 3 {
		t.Errorf("%+v, %v", s.Commands, err)
	}
}

// What is due sooner than what was next is not waited past.
func TestScheduled_IsDecidedSoonAfterItIsDue(t *testing.T) {
	url := database(t)
	e := started(t, postgres.Config{URL: url})
	settled(t, e, command("open", "a", 0))
	id := uuid.New()
	due := time.Now().Add(700 * time.Millisecond)
	insertWaiting(t, url, id, "a", &due)
	o, err := e.Wait(within(t), id)
	if err != nil || o.Status != engine.Accepted || o.Events[0].At.Before(due.Truncate(time.Microsecond)) || o.At.Sub(due).Abs() > time.Millisecond {
		t.Errorf("due %s: %+v, %v", due, o, err)
	}
}
