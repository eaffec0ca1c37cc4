package postgres_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// insertWaiting puts a deposit into the inbox past the engine, with no notice.
func insertWaiting(tb testing.TB, url string, id uuid.UUID, account string, due *time.Time) {
	tb.Helper()
	err := sql(tb, url, `INSERT INTO backstory.inbox (id, slot, type, stream, data, by, correlation, causation, due)
		VALUES ($1, $2, 'bank.account.deposit', $3, '{"Amount":5}', 'tester', $1, $1, $4)`,
		id, slotOf("bank.account/"+account), "bank.account/"+account, due)
	if err != nil {
		tb.Fatal(err)
	}
}

func TestCommandDecidedHere_NeedsNoInbox(t *testing.T) {
	url := database(t)
	e := started(t, postgres.Config{URL: url})
	settled(t, e, command("deposit", "a", 1)) // from now on the database's clock is known
	before := one[int64](t, url, `SELECT last_value FROM backstory.inbox_seq_seq`)
	for range 5 {
		if o := settled(t, e, command("deposit", "a", 1)); o.Status != engine.Accepted || o.At.After(o.Events[0].At) {
			t.Errorf("%+v", o)
		}
	}
	if after := one[int64](t, url, `SELECT last_value FROM backstory.inbox_seq_seq`); after != before {
		t.Errorf("%d rows of the inbox were written", after-before)
	}
	checkLog(t, url)
}

func TestCommandDecidedHere_DoesNotOvertake(t *testing.T) {
	url := database(t)
	e := started(t, postgres.Config{URL: url})
	settled(t, e, command("open", "a", 0))
	for range 5 {
		insertWaiting(t, url, uuid.New(), "a", nil)
		if o := settled(t, e, command("withdraw", "a", 5)); o.Status != engine.Accepted {
			t.Fatalf("what waited before it was not decided before it: %+v", o.Refusal)
		}
	}
	checkLog(t, url)
}

func TestCommandDecidedHere_RespectsWaitingIDs(t *testing.T) {
	url := database(t)
	e := started(t, postgres.Config{URL: url})
	settled(t, e, command("open", "a", 0))
	s, due := command("deposit", "a", 1), time.Now().Add(time.Hour)
	insertWaiting(t, url, s.ID, "b", &due)
	if _, err := e.Submit(within(t), s); !errors.Is(err, engine.ErrIDReused) {
		t.Errorf("%v", err)
	}
	if n := one[int64](t, url, `SELECT count(*) FROM backstory.inbox`); n != 1 {
		t.Errorf("%d rows wait, want the one that had the id", n)
	}
}

// A fault of the handler sends the command to the inbox, where it is retried.
func TestCommandDecidedHere_FaultsAreRetriedFromTheInbox(t *testing.T) {
	url := database(t)
	e := started(t, postgres.Config{URL: url})
	settled(t, e, command("open", "a", 0))
	s := command("explode", "a", -1)
	if _, err := e.Submit(within(t), s); err != nil {
		t.Fatal(err)
	}
	if o, err := e.Outcome(within(t), s.ID); err != nil || o.Status.Final() && o.Status != engine.Failed {
		t.Errorf("acknowledged, then %+v, %v", o, err)
	}
	if o, err := e.Wait(within(t), s.ID); err != nil || o.Status != engine.Failed {
		t.Errorf("%+v, %v", o, err)
	}
	checkLog(t, url)
}
