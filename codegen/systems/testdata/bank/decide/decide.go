// Package decide decides about accounts and cases of fraud.
package decide

import (
	"context"

	"github.com/backstory-go/backstory/engine"
	"github.com/google/uuid"

	"example.com/systems/bank/generated/fraud/case_"
	fraudids "example.com/systems/bank/generated/fraud/ids"
	"example.com/systems/bank/generated/ledger/account"
	"example.com/systems/bank/generated/ledger/balances"
	"example.com/systems/bank/generated/ledger/ids"

	"example.com/systems/bank/generated/fraud"
)

// Large is what is looked into.
const Large = 1_000_000

type Account struct{}

func (Account) Open(_ engine.Decision, _ *account.State, cmd account.Open, emit account.OpenEmitter) {
	emit.Opened(account.Opened{Owner: cmd.Owner, Currency: account.OpenedCurrency(cmd.Currency)})
}

func (Account) Deposit(_ engine.Decision, s *account.State, cmd account.Deposit, emit account.DepositEmitter) account.DepositRefusal {
	if s.Closed {
		return account.AccountClosed{}
	}
	emit.Deposited(account.Deposited{Amount: cmd.Amount, Origin: cmd.Origin})
	return nil
}

func (Account) Withdraw(_ engine.Decision, s *account.State, cmd account.Withdraw, emit account.WithdrawEmitter) account.WithdrawRefusal {
	if s.Closed {
		return account.AccountClosed{}
	}
	if s.Balance < cmd.Amount {
		return account.Overdrawn{Balance: s.Balance}
	}
	emit.Withdrawn(account.Withdrawn{Amount: cmd.Amount, Origin: cmd.Origin})
	return nil
}

func (Account) Block(_ engine.Decision, s *account.State, cmd account.Block, emit account.BlockEmitter) account.BlockRefusal {
	if s.Closed {
		return account.AccountClosed{}
	}
	emit.Closed(account.Closed{CaseID: cmd.CaseID})
	return nil
}

func (Account) Opened(_ engine.Meta, s *account.State, e account.Opened) {
	s.Owner, s.Currency = e.Owner, string(e.Currency)
}
func (Account) Deposited(_ engine.Meta, s *account.State, e account.Deposited) { s.Balance += e.Amount }
func (Account) Withdrawn(_ engine.Meta, s *account.State, e account.Withdrawn) { s.Balance -= e.Amount }
func (Account) Closed(_ engine.Meta, s *account.State, _ account.Closed)       { s.Closed = true }

func (Account) UpcastOpenedV1(e account.OpenedV1) account.OpenedV2 {
	return account.OpenedV2{Owner: e.Owner, Currency: account.OpenedCurrencyEur}
}

type Balances struct{}

func (Balances) Opened(m engine.Meta, rows *balances.Rows, e account.Opened) {
	rows.Put(balances.Row{ID: uuid.MustParse(m.Stream.ID), Currency: string(e.Currency), MovedAt: m.At})
}
func (Balances) Deposited(m engine.Meta, rows *balances.Rows, e account.Deposited) {
	move(m, rows, e.Amount)
}
func (Balances) Withdrawn(m engine.Meta, rows *balances.Rows, e account.Withdrawn) {
	move(m, rows, -e.Amount)
}
func (Balances) Closed(m engine.Meta, rows *balances.Rows, _ account.Closed) {
	rows.Patch(uuid.MustParse(m.Stream.ID), func(row *balances.Row) { row.Closed = true })
}

func move(m engine.Meta, rows *balances.Rows, amount int64) {
	rows.Patch(uuid.MustParse(m.Stream.ID), func(row *balances.Row) {
		row.Balance += amount
		row.MovedAt = m.At
	})
}

type Case struct{}

func (Case) Suspect(_ engine.Decision, _ *case_.State, cmd case_.Suspect, emit case_.SuspectEmitter) {
	emit.Suspected(case_.Suspected{Account: cmd.Account, Amount: cmd.Amount})
}
func (Case) Confirm(_ engine.Decision, s *case_.State, _ case_.Confirm, emit case_.ConfirmEmitter) {
	emit.Confirmed(case_.Confirmed{Account: ids.Account(s.Account)})
}
func (Case) Shelve(_ engine.Decision, _ *case_.State, cmd case_.Shelve, emit case_.ShelveEmitter) {
	emit.Shelved(case_.Shelved{Why: cmd.Why})
}
func (Case) Suspected(_ engine.Meta, s *case_.State, e case_.Suspected) {
	s.Account = uuid.UUID(e.Account)
}
func (Case) Confirmed(_ engine.Meta, s *case_.State, _ case_.Confirmed) { s.Confirmed = true }
func (Case) Shelved(_ engine.Meta, s *case_.State, e case_.Shelved)     { s.Shelved = e.Why }

type Desk struct{}

func (Desk) OnWithdrawn(_ context.Context, m engine.Meta, e account.Withdrawn, dispatch fraud.DeskOnWithdrawnDispatcher) error {
	of, err := ids.ParseAccount(m.Stream.ID)
	if err == nil && e.Amount >= Large {
		dispatch.Case.Suspect(fraudids.Case(m.ID), case_.Suspect{Account: of, Amount: e.Amount})
	}
	return err
}

func (Desk) OnConfirmed(_ context.Context, m engine.Meta, e case_.Confirmed, dispatch fraud.DeskOnConfirmedDispatcher) error {
	id, err := fraudids.ParseCase(m.Stream.ID)
	if err == nil {
		dispatch.Account.Block(e.Account, account.Block{CaseID: id})
	}
	return err
}

func (Desk) OnConfirmedRefused(_ context.Context, m engine.Meta, refused engine.RefusedCommand, dispatch fraud.DeskOnConfirmedRefusedDispatcher) error {
	id, err := fraudids.ParseCase(m.Stream.ID)
	if err == nil {
		dispatch.Case.Shelve(id, case_.Shelve{Why: refused.Refusal.Code})
	}
	return err
}
