package bank_test

import (
	"testing"
	"time"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/localpg/pgtest"
	"github.com/google/uuid"

	"example.com/systems/bank/decide"
	"example.com/systems/bank/generated/fraud"
	"example.com/systems/bank/generated/fraud/case_"
	"example.com/systems/bank/generated/ledger"
	"example.com/systems/bank/generated/ledger/account"
	"example.com/systems/bank/generated/ledger/types"
	"example.com/systems/bank/generated/ledgerdb"
	"example.com/systems/rig"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func system() *engine.System {
	s := &engine.System{}
	ledger.Register(s, decide.Account{}, decide.Balances{})
	fraud.Register(s, decide.Case{}, decide.Desk{})
	return s
}

func TestProperties(t *testing.T) {
	account.Properties(t, decide.Account{})
	case_.Properties(t, decide.Case{})
}

func TestGoldens(t *testing.T) { rig.Goldens(t, system()) }

func TestRun(t *testing.T) {
	r := rig.Start(t, system())
	const shown = "ledger.balances"
	ids := []string{uuid.NewString(), uuid.NewString(), uuid.NewString()}
	for i, id := range ids {
		r.Accepted(id, account.Open{Owner: "Ann", Currency: account.OpenCurrencyEur}, "")
		r.Accepted(id, account.Deposit{Amount: int64(i+1) * 1_000_000, Origin: types.OriginCash{Desk: "1"}}, shown)
	}
	refused := r.Send(ids[0], account.Withdraw{Amount: 1_000_001, Origin: types.OriginCash{Desk: "1"}}, "")
	if refused.Refusal == nil || refused.Refusal.Code != "overdrawn" || refused.Refusal.At != "amount" || string(refused.Refusal.Data) != `{"balance":1000000}` {
		t.Errorf("got %+v", refused.Refusal)
	}
	// An account of the time before currencies.
	older := engine.StreamID{Type: "ledger.account", ID: uuid.NewString()}
	r.Stored(older, "ledger.account.opened", 1, `{"owner":"Bob"}`, shown)
	if state, err := r.State(t.Context(), older, 0); err != nil || state.State.(*account.State).Currency != "EUR" {
		t.Errorf("got %+v, %v", state, err)
	}
	queries := ledgerdb.New(r.DB())
	page := ledgerdb.BalancesBetweenParams{Currency: "EUR", BalanceMin: 1_000_000, MovedAtBelow: time.Now().Add(time.Hour)}
	first, err := queries.BalancesBetween(t.Context(), page)
	page.PageOffset = 2
	second, err2 := queries.BalancesBetween(t.Context(), page)
	if err != nil || err2 != nil || len(first) != 2 || len(second) != 1 || first[0].ID.String() != ids[2] || second[0].ID.String() != ids[0] {
		t.Errorf("got %+v, %+v, %v, %v", first, second, err, err2)
	}
	if rich, err := queries.BalancesRich(t.Context()); err != nil || len(rich) != 3 {
		t.Errorf("got %+v, %v", rich, err)
	}
}

// TestReactions goes from one context to the other and back, twice: the second
// time the account that is to be blocked is closed already.
func TestReactions(t *testing.T) {
	r := rig.Start(t, system())
	const shown = "ledger.balances"
	id := uuid.NewString()
	cash := types.OriginCash{Desk: "1"}
	r.Accepted(id, account.Open{Owner: "Ann", Currency: account.OpenCurrencyEur}, "")
	r.Accepted(id, account.Deposit{Amount: 3 * decide.Large, Origin: cash}, "")
	small := r.Accepted(id, account.Withdraw{Amount: 1, Origin: cash}, "")
	first := r.Followed(r.Accepted(id, account.Withdraw{Amount: decide.Large, Origin: cash}, "").ID, "fraud.case.suspect")
	second := r.Followed(r.Accepted(id, account.Withdraw{Amount: decide.Large, Origin: cash}, "").ID, "fraud.case.suspect")
	if first.Status != engine.Accepted || second.Status != engine.Accepted || first.Stream == second.Stream {
		t.Fatalf("got %+v, %+v", first, second)
	}
	// One reaction takes a stream's events in order: this one is behind it.
	if told, err := r.Conversation(t.Context(), small.ID, 10); err != nil || len(told) != 1 {
		t.Errorf("a small withdrawal led to %+v, %v", told, err)
	}
	blocked := r.Followed(r.Accepted(first.Stream.ID, case_.Confirm{}, "").ID, "ledger.account.block")
	if err := r.Projected(t.Context(), shown, blocked.Position()); err != nil || blocked.Stream.ID != id {
		t.Fatalf("got %+v, %v", blocked, err)
	}
	if rich, err := ledgerdb.New(r.DB()).BalancesRich(t.Context()); err != nil || len(rich) != 0 {
		t.Errorf("a closed account is shown: %+v, %v", rich, err)
	}
	confirmed := r.Accepted(second.Stream.ID, case_.Confirm{}, "")
	if refused := r.Followed(confirmed.ID, "ledger.account.block"); refused.Refusal == nil || refused.Refusal.Code != "account_closed" {
		t.Errorf("got %+v", refused)
	}
	r.Followed(confirmed.ID, "fraud.case.shelve")
	if state, err := r.State(t.Context(), second.Stream, 0); err != nil || state.State.(*case_.State).Shelved != "account_closed" {
		t.Errorf("got %+v, %v", state, err)
	}
}
