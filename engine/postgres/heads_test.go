package postgres_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// crowd deposits at the same time until stopped, so that flights wait for each other
// and judge by what they know. Each depositor has an account of its own.
func crowd(t *testing.T, e *postgres.Engine) (stop func()) {
	var over atomic.Bool
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for !over.Load() && t.Context().Err() == nil {
				if o := settled(t, e, command("deposit", fmt.Sprintf("crowd%d", i), 1)); o.Status != engine.Accepted {
					t.Errorf("%+v", o)
				}
			}
		})
	}
	return func() { over.Store(true); group.Wait() }
}

// replaceClear lets what refuses plain flights do something else.
func replaceClear(t *testing.T, url, body string) {
	t.Helper()
	for _, statement := range []string{`CREATE SEQUENCE IF NOT EXISTS backstory.cleared`,
		`CREATE OR REPLACE FUNCTION backstory.require_none(rivals bigint) RETURNS void LANGUAGE plpgsql AS $$ BEGIN ` + body + ` END $$`} {
		if err := sql(t, url, statement); err != nil {
			t.Fatal(err)
		}
	}
}

func cleared(t *testing.T, url string) int64 {
	return one[int64](t, url, `SELECT last_value FROM backstory.cleared`)
}

func TestPlainFlights_NothingIsAskedOfWhatIsKnown(t *testing.T) {
	url := database(t)
	replaceClear(t, url, `PERFORM nextval('backstory.cleared');`)
	e := started(t, postgres.Config{URL: url})
	stop := crowd(t, e)
	eventually(t, "flights do without asking", func() bool { return cleared(t, url) > 20 })
	stop()
	if early := one[int64](t, url, decidedEarly); early != 0 {
		t.Errorf("%d were decided before they were submitted", early)
	}
	caughtUp(t, e)
	checkLog(t, url)
	checkBalances(t, url)
}

func TestPlainFlights_Refused_AskAndStore(t *testing.T) {
	url := database(t)
	replaceClear(t, url, `PERFORM nextval('backstory.cleared'); RAISE EXCEPTION 'no' USING ERRCODE = 'BS002';`)
	e := started(t, postgres.Config{URL: url})
	stop := crowd(t, e)
	eventually(t, "flights are refused", func() bool { return cleared(t, url) > 3 })
	stop()
	caughtUp(t, e)
	checkLog(t, url)
	checkBalances(t, url)
}

func TestPlainFlights_DoNotOvertakeTheInbox(t *testing.T) {
	url := database(t)
	e := started(t, postgres.Config{URL: url})
	settled(t, e, command("open", "a", 0))
	stop := crowd(t, e)
	defer stop()
	for range 30 {
		insertWaiting(t, url, uuid.New(), "a", nil)
		if o := settled(t, e, command("withdraw", "a", 5)); o.Status != engine.Accepted {
			t.Fatalf("what waited before it was not decided before it: %+v", o.Refusal)
		}
	}
	if early := one[int64](t, url, decidedEarly); early != 0 {
		t.Errorf("%d were decided before they were submitted", early)
	}
}

func TestPlainFlights_SubmittedAgain_StoredOnce(t *testing.T) {
	url := database(t)
	e := started(t, postgres.Config{URL: url})
	stop := crowd(t, e)
	for range 20 {
		s := command("deposit", "a", 1)
		first := settled(t, e, s)
		if again := settled(t, e, s); again.Position() != first.Position() {
			t.Errorf("at %d, submitted again at %d", first.Position(), again.Position())
		}
		s.StreamID = "b"
		if _, err := e.Submit(within(t), s); !errors.Is(err, engine.ErrIDReused) {
			t.Errorf("%v", err)
		}
	}
	stop()
	if n := one[int64](t, url, `SELECT count(*) FROM backstory.events WHERE stream = 'bank.account/a'`); n != 20 {
		t.Errorf("%d events of 20 commands", n)
	}
	checkLog(t, url)
}
