package postgres_test

import (
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// The reactive system: accounts of the bank whose deposits are noted in a ledger of
// the same id, by the actor's own reaction; and a reactor that counts deposits by
// amount, whatever the account, and tells a tally of that amount.

type (
	note struct {
		Version int64 // of the deposit in its account
		Balance int64 // of the account with it
		Attempt int64
	}
	noted struct {
		Version int64 `json:"version"`
		Balance int64 `json:"balance"`
		Attempt int64 `json:"attempt"`
	}
	tell struct{ Count int64 }
	told struct {
		Count int64 `json:"count"`
	}
)

func (note) MessageType() string  { return "bank.ledger.note" }
func (noted) MessageType() string { return "bank.ledger.noted" }
func (noted) SchemaVersion() int  { return 1 }
func (tell) MessageType() string  { return "bank.tally.tell" }
func (told) MessageType() string  { return "bank.tally.told" }
func (told) SchemaVersion() int   { return 1 }

// counts is the reactor's state.
type counts struct {
	Count   int64
	account string // of the last deposit; not stored
}

// hooks are where a test makes handlers fail. nil: they do not.
type hooks struct {
	deposited func(m engine.Meta) error // the account's reaction
	parked    func(m engine.Meta)
	evolves   func(m engine.Meta) // the reactor
	encodes   func(account string, count int64) error
	reacts    func(m engine.Meta) error
	decodes   func(deposited []byte) error
	hash      string // of the reactor's state
	calls     []string
}

func reactive(h hooks) *engine.System {
	s := &engine.System{}
	s.AddActor(reactingAccounts(h))
	s.AddActor(plainActor("bank.ledger",
		engine.CommandType{Type: "bank.ledger.note", Creates: engine.CreatesOrUpdates, Internal: true, Decode: decode[note]},
		engine.EventType{Type: "bank.ledger.noted", Version: 1, Decode: stored[noted], Check: accept},
		func(c engine.Command) engine.Event { return noted(c.(note)) }))
	s.AddActor(plainActor("bank.tally",
		engine.CommandType{Type: "bank.tally.tell", Creates: engine.CreatesOrUpdates, Internal: true, Decode: decode[tell]},
		engine.EventType{Type: "bank.tally.told", Version: 1, Decode: stored[told], Check: accept},
		func(c engine.Command) engine.Event { return told(c.(tell)) }))
	s.AddReactor(counter(h))
	s.AddProjection(balances(ddl, "1"))
	return s
}

func reactingAccounts(h hooks) engine.Actor {
	a := accounts(&atomic.Int64{})
	for i, e := range a.Events {
		if h.decodes == nil || e.Type != "bank.account.deposited" {
			continue
		}
		a.Events[i].Decode = func(d *engine.Decoder, data []byte, version int) (engine.Event, error) {
			if err := h.decodes(data); err != nil {
				return nil, err
			}
			return e.Decode(d, data, version)
		}
	}
	a.Reactions = []engine.Reaction{{
		Name: "bank.account.on_deposited", Events: []string{"bank.account.deposited"}, Calls: h.calls,
		Run: func(_ context.Context, m engine.Meta, state any, _ engine.Event, out *engine.Dispatch) error {
			if h.deposited != nil {
				if err := h.deposited(m); err != nil {
					return err
				}
			}
			s := state.(*account)
			if s.Seen[len(s.Seen)-1] != m.Version {
				return fmt.Errorf("the state is of version %v, the event of %d", s.Seen, m.Version)
			}
			out.Send("bank.ledger", m.Stream.ID, note{m.Version, s.Balance, int64(m.Attempt)}, "")
			s.Balance = -1 // it is the handler's own
			return nil
		},
		Parked: func(_ context.Context, m engine.Meta, _ any, _ engine.ParkedMessage, out *engine.Dispatch) error {
			if h.parked != nil {
				h.parked(m)
			}
			out.Send("bank.ledger", "parked", note{Version: m.Version}, "")
			return nil
		},
	}}
	return a
}

// plainActor turns each command into one event.
func plainActor(name string, command engine.CommandType, event engine.EventType, decide func(engine.Command) engine.Event) engine.Actor {
	return engine.Actor{
		Type: name, StateHash: "1",
		ParseID:    func(id string) (string, error) { return id, nil },
		NewState:   func() any { return &account{} },
		CloneState: func(state any) any { s := *state.(*account); return &s },
		Commands:   []engine.CommandType{command},
		Events:     []engine.EventType{event},
		Evolve:     func(engine.Meta, any, engine.Event) {},
		Handle: func(_ engine.Decision, _ any, command engine.Command, out *engine.Emission) engine.Refusal {
			out.Emit(decide(command))
			return nil
		},
	}
}

func counter(h hooks) engine.Reactor {
	types := []string{"bank.account.deposited"}
	return engine.Reactor{
		Type: "bank.counter", StateHash: "1" + h.hash,
		NewState:   func() any { return &counts{} },
		CloneState: func(state any) any { s := *state.(*counts); return &s },
		EncodeState: func(state any) ([]byte, error) {
			s := state.(*counts)
			if h.encodes != nil {
				if err := h.encodes(s.account, s.Count); err != nil {
					return nil, err
				}
			}
			return fmt.Appendf(nil, "%d", s.Count), nil
		},
		DecodeState: func(data []byte) (any, error) {
			n, err := strconv.ParseInt(string(data), 10, 64)
			return &counts{Count: n}, err
		},
		Evolves: types,
		Evolve: func(m engine.Meta, state any, _ engine.Event) {
			state.(*counts).account = m.Stream.ID
			if h.evolves != nil {
				h.evolves(m)
			}
			state.(*counts).Count++
		},
		Key: func(_ engine.Meta, event engine.Event) string { return strconv.FormatInt(event.(deposited).Amount, 10) },
		Reactions: []engine.Reaction{{Name: "bank.counter.on_deposited", Events: types,
			Run: func(_ context.Context, m engine.Meta, state any, event engine.Event, out *engine.Dispatch) error {
				if h.reacts != nil {
					if err := h.reacts(m); err != nil {
						return err
					}
				}
				out.Send("bank.tally", strconv.FormatInt(event.(deposited).Amount, 10), tell{state.(*counts).Count}, "")
				return nil
			}}},
	}
}

// noting is how a test's engines begin: quick to retry.
func noting(url string, h hooks) postgres.Config {
	return postgres.Config{URL: url, System: reactive(h), Consumer: quickRetries}
}

// reacted waits until every deposit was noted and told, and nothing waits.
func reacted(tb testing.TB, url string) {
	tb.Helper()
	eventually(tb, "every reaction ran", func() bool {
		return one[bool](tb, url, `SELECT
			(SELECT count(*) FROM backstory.events WHERE type = 'bank.account.deposited') = (SELECT count(*) FROM backstory.events WHERE type = 'bank.ledger.noted' AND stream <> 'bank.ledger/parked')
			AND (SELECT count(*) FROM backstory.events WHERE type = 'bank.account.deposited') = (SELECT count(*) FROM backstory.events WHERE type = 'bank.tally.told')`)
	})
	checkReactions(tb, url)
}

// checkReactions holds the ledgers against the accounts: every deposit noted once,
// in order, with the balance that it led to; and the tallies against the counts.
func checkReactions(tb testing.TB, url string) {
	tb.Helper()
	const want = `SELECT coalesce(string_agg(line, E'\n' ORDER BY stream, version), '') FROM (
		SELECT stream, version, type, substr(stream, 14) || ' ' || version || ' ' || sum(CASE type WHEN 'bank.account.deposited' THEN 1 WHEN 'bank.account.withdrawn' THEN -1 ELSE 0 END
			* coalesce((data->>'amount')::bigint, 0)) OVER (PARTITION BY stream ORDER BY version) AS line
		FROM backstory.events WHERE stream LIKE 'bank.account/%') e WHERE type = 'bank.account.deposited'`
	const got = `SELECT coalesce(string_agg(substr(stream, 13) || ' ' || (data->>'version') || ' ' || (data->>'balance'), E'\n' ORDER BY stream, version), '')
		FROM backstory.events WHERE type = 'bank.ledger.noted' AND stream <> 'bank.ledger/parked'`
	if w, g := one[string](tb, url, want), one[string](tb, url, got); w != g {
		tb.Errorf("the ledgers are not the deposits:\n%s", firstDifference(w, g))
	}
	const tallies = `SELECT coalesce(string_agg(line, E'\n' ORDER BY stream, n), '') FROM (
		SELECT stream, n, format('%s: %s came as number %s, at %s, position %s', stream, count, n, at, position) AS line, row_number() OVER (PARTITION BY stream ORDER BY abs(count - n) DESC, n) AS worst
		FROM (SELECT stream, position, at, (data->>'count')::bigint AS count, row_number() OVER (PARTITION BY stream ORDER BY version) AS n
			FROM backstory.events WHERE type = 'bank.tally.told') t WHERE count <> n) w WHERE worst <= 3`
	if wrong := one[string](tb, url, tallies); wrong != "" {
		tb.Errorf("tallies are out of order, in each stream by the most:\n%s", wrong)
	}
}

// heldKeys lists a consumer's held keys.
func heldKeys(tb testing.TB, url, consumer string) []string {
	tb.Helper()
	keys := one[[]string](tb, url, `SELECT coalesce(array_agg(key ORDER BY key), '{}') FROM backstory.held WHERE consumer = $1`, consumer)
	return slices.Clip(keys)
}

// slotOfKey is the slot of a key among n.
func slotOfKey(key string, n uint32) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(key))
	return h.Sum32() % n
}

// A key goes on behind its last message, where another key's may stand. A process
// that ends when it has counted the next try, and no more, leaves just that.
func TestTryCountedBehindAMessage_TakesNoOtherKeys(t *testing.T) {
	t.Parallel()
	url := database(t)
	e, stop := run(t, noting(url, hooks{}))
	settled(t, e, command("deposit", "a", 1))
	reacted(t, url)
	caughtUp(t, e)
	if err := e.PauseConsumer(within(t), "bank.counter"); err != nil {
		t.Fatal(err)
	}
	stop() // the next one rests from the start
	e, stop = run(t, noting(url, hooks{}))
	of2 := settled(t, e, command("deposit", "a", 2)).Position()
	settled(t, e, command("deposit", "a", 1))
	stop()
	if err := sql(t, url, fmt.Sprintf(`INSERT INTO backstory.held (consumer, key, slot, from_position, attempts, next_at)
		VALUES ('bank.counter', '1', %d, %d, 1, clock_timestamp())`, slotOfKey("1", 8), of2)); err != nil {
		t.Fatal(err)
	}
	e = started(t, noting(url, hooks{}))
	if err := e.ResumeConsumer(within(t), "bank.counter"); err != nil {
		t.Fatal(err)
	}
	reacted(t, url)
	caughtUp(t, e)
}
