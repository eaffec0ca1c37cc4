package postgres_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
)

// The system of these tests: accounts whose balance only a decider knows, and a
// table of balances. Written by hand in the shape that codegen writes.

type account struct {
	Balance int64
	Seen    []int64 // versions folded, to catch a fold that skips or repeats
}

type (
	open     struct{}
	deposit  struct{ Amount int64 }
	withdraw struct{ Amount int64 }
	explode  struct {
		Times int64 // how often the decider panics before it deposits 1; negative: for ever
	}
	poison struct{} // decides an event that PostgreSQL refuses to store

	opened    struct{}
	deposited struct {
		Amount int64  `json:"amount"`
		Note   string `json:"note,omitempty"`
	}
	withdrawn struct {
		Amount int64 `json:"amount"`
	}
)

func (open) MessageType() string      { return "bank.account.open" }
func (deposit) MessageType() string   { return "bank.account.deposit" }
func (withdraw) MessageType() string  { return "bank.account.withdraw" }
func (explode) MessageType() string   { return "bank.account.explode" }
func (poison) MessageType() string    { return "bank.account.poison" }
func (opened) MessageType() string    { return "bank.account.opened" }
func (deposited) MessageType() string { return "bank.account.deposited" }
func (withdrawn) MessageType() string { return "bank.account.withdrawn" }
func (opened) SchemaVersion() int     { return 1 }
func (deposited) SchemaVersion() int  { return 1 }
func (withdrawn) SchemaVersion() int  { return 1 }

type overdrawn struct {
	Balance int64 `json:"balance"`
}

func (overdrawn) Code() string    { return "overdrawn" }
func (overdrawn) Message() string { return "There is not enough money." }
func (overdrawn) Field() string   { return "amount" }

// ddl is the table of balances. A suffix in the projection's hash rebuilds it.
const ddl = `CREATE TABLE bank_balances (id text PRIMARY KEY, balance bigint NOT NULL, version bigint NOT NULL);
CREATE INDEX bank_balances_balance ON bank_balances (balance);`

// bank makes a fresh system. Panics are counted per system.
func bank() *engine.System {
	s := bankWith()
	s.AddProjection(balances(ddl, "1"))
	return s
}

// bankWith is a bank without its projection.
func bankWith() *engine.System {
	s := &engine.System{}
	s.AddActor(accounts(&atomic.Int64{}))
	return s
}

func accounts(panics *atomic.Int64) engine.Actor {
	return engine.Actor{
		Type: "bank.account", StateHash: "1",
		ParseID: func(id string) (string, error) {
			if strings.ContainsAny(id, " /") {
				return "", errors.New("must not contain blanks")
			}
			return strings.ToLower(id), nil
		},
		NewState: func() any { return &account{} },
		CloneState: func(state any) any {
			s := *state.(*account)
			s.Seen = slices.Clone(s.Seen)
			return &s
		},
		EncodeState: func(state any) ([]byte, error) { return json.Marshal(state) },
		DecodeState: func(data []byte) (any, error) {
			s := &account{}
			return s, json.Unmarshal(data, s)
		},
		Commands: []engine.CommandType{
			{Type: "bank.account.open", Creates: engine.CreatesYes, Decode: decode[open]},
			{Type: "bank.account.deposit", Creates: engine.CreatesOrUpdates, Decode: decode[deposit]},
			{Type: "bank.account.withdraw", Creates: engine.CreatesNo, Decode: decode[withdraw]},
			{Type: "bank.account.explode", Creates: engine.CreatesOrUpdates, Decode: decode[explode]},
			{Type: "bank.account.poison", Creates: engine.CreatesOrUpdates, Decode: decode[poison]},
			{Type: "bank.account.seize", Creates: engine.CreatesOrUpdates, Internal: true, Decode: decode[withdraw]},
		},
		Events: []engine.EventType{
			{Type: "bank.account.opened", Version: 1, Decode: stored[opened], Check: accept},
			{Type: "bank.account.deposited", Version: 1, Decode: stored[deposited], Check: accept, Tags: noteTags},
			{Type: "bank.account.withdrawn", Version: 1, Decode: stored[withdrawn], Check: accept},
		},
		Evolve: evolve,
		Handle: func(_ engine.Decision, state any, command engine.Command, out *engine.Emission) engine.Refusal {
			return handle(state.(*account), command, out, panics)
		},
	}
}

func evolve(meta engine.Meta, state any, event engine.Event) {
	s := state.(*account)
	s.Seen = append(s.Seen, meta.Version)
	if len(s.Seen) > 8 {
		s.Seen = s.Seen[len(s.Seen)-8:]
	}
	switch e := event.(type) {
	case deposited:
		s.Balance += e.Amount
	case withdrawn:
		s.Balance -= e.Amount
	}
}

func handle(s *account, command engine.Command, out *engine.Emission, panics *atomic.Int64) engine.Refusal {
	switch c := command.(type) {
	case open:
		out.Emit(opened{})
	case deposit:
		out.Emit(deposited{Amount: c.Amount})
	case withdraw:
		if s.Balance < c.Amount {
			return overdrawn{s.Balance}
		}
		out.Emit(withdrawn{Amount: c.Amount})
	case explode:
		if n := panics.Add(1); c.Times < 0 || n <= c.Times {
			panic(fmt.Sprintf("boom %d", n))
		}
		out.Emit(deposited{Amount: 1})
	case poison:
		out.Emit(deposited{Amount: 1, Note: "a NUL byte in a tag: \x00"})
	}
	return nil
}

func noteTags(e engine.Event) []string {
	if d, ok := e.(deposited); ok && d.Note != "" {
		return []string{d.Note}
	}
	return nil
}

func accept([]byte) error { return nil }

func decode[C engine.Command](data []byte) (engine.Command, error) {
	var c C
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return nil, &engine.FaultsError{Faults: []engine.Fault{{Message: err.Error()}}}
	}
	return c, nil
}

func stored[E engine.Event](_ *engine.Decoder, data []byte, _ int) (engine.Event, error) {
	var e E
	err := json.Unmarshal(data, &e)
	return e, err
}

// balances is a table of one row an account.
func balances(ddl, hash string) engine.Projection {
	return tallies(ddl, hash, &work{})
}

// work counts what a projection does to its table.
type work struct{ loads, keys, puts, rows atomic.Int64 }

type balance struct {
	ID               string
	Balance, Version int64
}

// tallies is balances, whose work is counted.
func tallies(ddl, hash string, w *work) engine.Projection {
	table := engine.Table[string, balance]{
		KeyOf:   func(b balance) string { return b.ID },
		Project: projectBalance,
		Load: func(ctx context.Context, db engine.DBTX, ids []string) ([]balance, error) {
			w.loads.Add(1)
			w.keys.Add(int64(len(ids)))
			rows, err := db.Query(ctx, `SELECT id, balance, version FROM bank_balances WHERE id = ANY($1::text[])`, ids)
			if err != nil {
				return nil, err
			}
			return pgx.CollectRows(rows, pgx.RowToStructByPos[balance])
		},
		Put: func(ctx context.Context, db engine.DBTX, list []balance) error {
			w.puts.Add(1)
			w.rows.Add(int64(len(list)))
			_, err := db.Exec(ctx, `INSERT INTO bank_balances (id, balance, version)
				SELECT unnest($1::text[]), unnest($2::bigint[]), unnest($3::bigint[])
				ON CONFLICT (id) DO UPDATE SET balance = excluded.balance, version = excluded.version`,
				engine.Column(list, func(b balance) string { return b.ID }),
				engine.Column(list, func(b balance) int64 { return b.Balance }),
				engine.Column(list, func(b balance) int64 { return b.Version }))
			return err
		},
		Delete: func(context.Context, engine.DBTX, []string) error { return errors.New("accounts stay") },
	}
	return engine.Projection{
		Name: "bank.balances", Table: "bank_balances", DDL: ddl, Hash: hash,
		Events: []string{"bank.account.opened", "bank.account.deposited", "bank.account.withdrawn"},
		Apply: func(ctx context.Context, db engine.DBTX, batch []engine.Recorded) error {
			return engine.ApplyRows(ctx, db, table, batch)
		},
		Fold: func() engine.Folding { return engine.NewFolding(table) },
	}
}

func projectBalance(m engine.Meta, rows *engine.Rows[string, balance], event engine.Event) {
	b, _ := rows.Get(m.Stream.ID)
	b.ID, b.Version = m.Stream.ID, m.Version
	switch e := event.(type) {
	case deposited:
		b.Balance += e.Amount
	case withdrawn:
		b.Balance -= e.Amount
	}
	rows.Put(b)
}
