package postgres_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// clerk asks for a loan of each sum when an account is opened, all in the loan that
// is called like the account. It answers a refusal with a deposit of the limit. The
// answer fails as often as fails says.
func clerk(fails int64, sums ...int64) *engine.System {
	s := loans("PT30S")
	var failed atomic.Int64
	s.AddReactor(engine.Reactor{Type: "bank.clerk", Reactions: []engine.Reaction{{
		Name: "bank.clerk.on_opened", Events: []string{"bank.account.opened"},
		Run: func(_ context.Context, m engine.Meta, _ any, _ engine.Event, out *engine.Dispatch) error {
			for _, sum := range sums {
				out.Send("bank.loan", m.Stream.ID, ask{sum}, "")
			}
			return nil
		},
		Refused: func(_ context.Context, m engine.Meta, _ any, refused engine.RefusedCommand, out *engine.Dispatch) error {
			if failed.Add(1) <= fails {
				return errors.New("the answer fails")
			}
			if refused.Refusal.Code != "denied" || refused.Event != engine.Event(opened{}) || refused.Stream.Type != "bank.loan" {
				return errors.New("the answer is asked about something else")
			}
			out.Send("bank.account", "refused-"+m.Stream.ID, deposit{Amount: 1}, "")
			return nil
		},
		Parked: func(_ context.Context, m engine.Meta, _ any, _ engine.ParkedMessage, out *engine.Dispatch) error {
			out.Send("bank.account", "parked-"+m.Stream.ID, deposit{Amount: 1}, "")
			return nil
		},
	}}})
	return s
}

// loansAsked waits until the account's loan has as many commands, and gives the
// correlation that they share.
func loansAsked(tb testing.TB, e *postgres.Engine, account string, n int) engine.Outcome {
	tb.Helper()
	var list []engine.Outcome
	eventually(tb, "the loans are asked for", func() bool {
		var err error
		list, err = e.Commands(within(tb), engine.StreamID{Type: "bank.loan", ID: account}, time.Time{}, 10)
		return err == nil && len(list) == n
	})
	return list[0]
}

func balanceOf(tb testing.TB, e *postgres.Engine, account string) int64 {
	s, err := e.State(within(tb), accountID(account), 0)
	if err != nil {
		return -1
	}
	return s.State.(*bankAccount).Balance
}

// The refusal comes by an append of a process that decides nothing: so what is
// answered is seen in the inbox, written by the refusal's transaction.
func TestSettlingRefusal_IsAnsweredInItsTransaction(t *testing.T) {
	t.Parallel()
	url := database(t)
	worker, stop := run(t, postgres.Config{URL: url, System: clerk(0, 9)})
	settled(t, worker, command("open", "a", 0))
	asked := loansAsked(t, worker, "a", 1)
	stop()
	web := openEngine(t, postgres.Config{URL: url, System: clerk(0, 9), Roles: []postgres.Role{postgres.RoleWeb}})
	t.Cleanup(web.Close)
	answers(t, web, "a", "denied", asked.Correlation)
	if o, err := web.Outcome(within(t), asked.ID); err != nil || o.Status != engine.Refused || string(o.Refusal.Data) != `{"limit":5}` {
		t.Fatalf("%+v, %v", o, err)
	}
	if n := one[int64](t, url, `SELECT count(*) FROM backstory.inbox i JOIN backstory.outcomes o ON i.xmin = o.xmin
		WHERE o.id = $1 AND i.stream = 'bank.account/refused-a' AND i.reaction = 'bank.clerk.on_opened'`, asked.ID); n != 1 {
		t.Errorf("%d answers were written with the refusal, want 1", n)
	}
	last := started(t, postgres.Config{URL: url, System: clerk(0, 9)})
	eventually(t, "the answer is decided", func() bool { return balanceOf(t, last, "refused-a") == 1 })
	checkLog(t, url)
}

// A decision refuses a loan that was asked for earlier, and itself: both are
// answered, once each, though the handler fails twice.
func TestSettlingRefusal_ByADecision(t *testing.T) {
	t.Parallel()
	url := database(t)
	e := started(t, postgres.Config{URL: url, System: clerk(2, 9, 2)})
	settled(t, e, command("open", "a", 0))
	loansAsked(t, e, "a", 2)
	eventually(t, "both refusals are answered", func() bool { return balanceOf(t, e, "refused-a") == 2 })
	eventually(t, "nothing waits", func() bool { return one[int64](t, url, `SELECT count(*) FROM backstory.inbox`) == 0 })
	if n := one[int64](t, url, `SELECT count(*) FROM backstory.outcomes WHERE type = 'bank.loan.ask' AND status = 'refused'`); n != 2 {
		t.Errorf("%d loans are refused, want 2", n)
	}
	if b := balanceOf(t, e, "refused-a"); b != 2 {
		t.Errorf("%d answers", b)
	}
	checkLog(t, url)
}

// A handler that cannot answer fails the command that it is about, not who brought
// the refusal.
func TestSettlingRefusal_ThatCannotBeAnswered(t *testing.T) {
	t.Parallel()
	url := database(t)
	e := started(t, postgres.Config{URL: url, System: clerk(1_000, 9)})
	settled(t, e, command("open", "a", 0))
	asked := loansAsked(t, e, "a", 1)
	answers(t, e, "a", "denied", asked.Correlation)
	if o, err := e.Outcome(within(t), asked.ID); err != nil || o.Status != engine.Failed || o.Error == "" || o.Refusal != nil {
		t.Errorf("%+v, %v", o, err)
	}
	if list, err := e.Parked(within(t), engine.ParkedFilter{}, engine.ParkedKey{}, 10); err != nil || len(list) != 1 || list[0].Command != asked.ID {
		t.Errorf("parked: %+v, %v", list, err)
	}
	eventually(t, "the failure is answered", func() bool { return balanceOf(t, e, "parked-a") == 1 })
	checkLog(t, url)
}

// In a unit the reaction has not been stored yet: it answers with what the unit
// knows, and what it sends is decided in the unit.
func TestSettlingRefusal_InAUnit(t *testing.T) {
	t.Parallel()
	url := database(t)
	e := openEngine(t, postgres.Config{URL: url, System: clerk(0, 9, 2)})
	t.Cleanup(e.Close)
	list, err := e.RunUnit(within(t), engine.Unit{Submissions: []engine.Submission{command("open", "a", 0)}, Inside: []string{"bank.clerk", "bank.loan", "bank.account"}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range list {
		got = append(got, o.Type+" "+string(o.Status))
	}
	want := []string{"bank.account.open accepted", "bank.loan.ask refused", "bank.loan.ask refused", "bank.account.deposit accepted", "bank.account.deposit accepted"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if b := balanceOf(t, e, "refused-a"); b != 2 {
		t.Errorf("%d answers", b)
	}
	if n := one[int64](t, url, `SELECT count(*) FROM backstory.inbox`); n != 0 {
		t.Errorf("%d commands wait", n)
	}
	checkLog(t, url)
}
