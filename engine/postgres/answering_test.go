package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// answerer is a bank whose account reacts to the outcomes of what it sent: it
// deposits what its own balance was, to tell what it saw.
func answerer(panics int64) *engine.System {
	s := &engine.System{}
	a := accounts(&atomic.Int64{})
	var tried atomic.Int64
	seen := func(state any, to string, out *engine.Dispatch) {
		if tried.Add(1) <= panics {
			panic("the answer fails")
		}
		out.Send("bank.account", to, deposit{Amount: state.(*account).Balance}, "")
	}
	a.Reactions = []engine.Reaction{{
		Name: "bank.account.on_deposited", Events: []string{"bank.account.deposited"},
		Run: func(context.Context, engine.Meta, any, engine.Event, *engine.Dispatch) error { return nil },
		Refused: func(_ context.Context, m engine.Meta, state any, refused engine.RefusedCommand, out *engine.Dispatch) error {
			if refused.Refusal.Code != "overdrawn" || refused.Event != engine.Event(deposited{Amount: 3}) || refused.Command != engine.Command(withdraw{Amount: 100}) {
				return fmt.Errorf("%+v", refused)
			}
			seen(state, "refusals-of-"+m.Stream.ID, out)
			return nil
		},
		Parked: func(_ context.Context, m engine.Meta, state any, parked engine.ParkedMessage, out *engine.Dispatch) error {
			seen(state, "failures-of-"+m.Stream.ID, out)
			return nil
		},
	}}
	s.AddActor(a)
	return s
}

// sentByReaction puts a command into the inbox as the reaction to an event.
func sentByReaction(tb testing.TB, url, verb, data, account string, cause int64) uuid.UUID {
	tb.Helper()
	id := uuid.New()
	err := sql(tb, url, `INSERT INTO backstory.inbox (id, slot, type, stream, data, by, correlation, causation, reaction, cause)
		SELECT $1, $2, $3, $4, $5, by, correlation, id, 'bank.account.on_deposited', position FROM backstory.events WHERE position = $6`,
		id, slotOf("bank.account/"+account), "bank.account."+verb, "bank.account/"+account, []byte(data), cause)
	if err != nil {
		tb.Fatal(err)
	}
	return id
}

func TestReactionAnswersOutcomes_WithTheStateItHad(t *testing.T) {
	url := database(t)
	e := started(t, postgres.Config{URL: url, System: answerer(2)}) // and is tried again
	settled(t, e, command("deposit", "a", 2))
	cause := settled(t, e, command("deposit", "a", 3)).Position()
	settled(t, e, command("deposit", "a", 30)) // later: the reaction had not seen it
	settled(t, e, command("open", "b", 0))
	id := sentByReaction(t, url, "withdraw", `{"Amount":100}`, "b", cause)
	if o, err := e.Wait(within(t), id); err != nil || o.Status != engine.Refused {
		t.Fatalf("%+v, %v", o, err)
	}
	balance := func(account string) int64 {
		s, err := e.State(within(t), accountID(account), 0)
		if err != nil {
			return -1
		}
		return s.State.(*bankAccount).Balance
	}
	eventually(t, "the answer arrives", func() bool { return balance("refusals-of-a") == 5 })
	id = sentByReaction(t, url, "explode", `{"Times":-1}`, "b", cause)
	if o, err := e.Wait(within(t), id); err != nil || o.Status != engine.Failed {
		t.Fatalf("%+v, %v", o, err)
	}
	eventually(t, "the answer to the failure arrives", func() bool { return balance("failures-of-a") == 5 })
}

// bankAccount is the state, where its name is taken.
type bankAccount = account

func TestParkedCommands_ListRetryDiscard(t *testing.T) {
	url := database(t)
	e, stop := run(t, postgres.Config{URL: url})
	var ids []uuid.UUID
	for _, account := range []string{"a", "b", "a"} {
		s := command("explode", account, -1)
		ids = append(ids, s.ID)
		if o := settled(t, e, s); o.Status != engine.Failed {
			t.Fatalf("%+v", o)
		}
	}
	ctx := within(t)
	commands := engine.ParkedFilter{Consumer: engine.ConsumerCommands}
	keys, err := e.Parked(ctx, engine.ParkedFilter{}, engine.ParkedKey{}, 10)
	if err != nil || len(keys) != 2 || keys[0].Key != "bank.account/a" || keys[0].Command != ids[0] || keys[0].Error == "" {
		t.Fatalf("%+v, %v", keys, err)
	}
	if keys, err = e.Parked(ctx, commands, keys[0], 10); err != nil || len(keys) != 1 || keys[0].Key != "bank.account/b" {
		t.Errorf("the next page: %+v, %v", keys, err)
	}
	if list, err := e.ParkedMessages(ctx, engine.ConsumerCommands, "bank.account/a", 10); err != nil || len(list) != 2 || list[0].ID != ids[0] || list[1].ID != ids[2] {
		t.Errorf("%+v, %v", list, err)
	}
	if n, err := e.DiscardParked(ctx, engine.ParkedFilter{Key: "bank.account/b"}, 10); err != nil || n != 1 {
		t.Errorf("discarded %d, %v", n, err)
	}
	stop()
	e = started(t, postgres.Config{URL: url, System: answerer(0)}) // a program that is mended
	if err := sql(t, url, `UPDATE backstory.outcomes SET data = '{"Times":0}' WHERE status = 'failed'`); err != nil {
		t.Fatal(err)
	}
	if n, err := e.RetryParked(ctx, commands, 10); err != nil || n != 1 {
		t.Errorf("retried %d, %v", n, err)
	}
	var positions []int64
	for i, want := range []engine.Status{engine.Accepted, engine.Failed, engine.Accepted} {
		o, err := e.Wait(within(t), ids[i])
		if err != nil || o.Status != want {
			t.Errorf("%d: %+v, %v", i, o, err)
		}
		positions = append(positions, o.Position())
	}
	if positions[0] >= positions[2] {
		t.Errorf("they were retried out of order: %v", positions)
	}
	if s, err := e.Status(ctx); err != nil || s.Commands.Parked != 0 {
		t.Errorf("%+v, %v", s.Commands, err)
	}
	checkLog(t, url)
}

func TestOutcomeRetention_OldIDsAreExpired(t *testing.T) {
	url := database(t)
	e, stop := run(t, postgres.Config{URL: url})
	young, old := command("deposit", "a", 1), command("deposit", "a", 1)
	old.ID = madeAt(time.Now().Add(-48 * time.Hour))
	for _, s := range []engine.Submission{young, old} {
		settled(t, e, s)
	}
	stop()
	if err := sql(t, url, `UPDATE backstory.outcomes SET decided_at = now() - interval '47 hours' WHERE id = $1`, old.ID); err != nil {
		t.Fatal(err)
	}
	e = started(t, postgres.Config{URL: url, OutcomeRetention: 24 * time.Hour})
	eventually(t, "the old outcome is forgotten", func() bool {
		_, err := e.Outcome(within(t), old.ID)
		return errors.Is(err, engine.ErrNotFound)
	})
	if _, err := e.Submit(within(t), old); !errors.Is(err, engine.ErrExpired) {
		t.Errorf("%v", err)
	}
	if o := settled(t, e, young); o.Status != engine.Accepted {
		t.Errorf("%+v", o)
	}
	if n := one[int64](t, url, `SELECT count(*) FROM backstory.events`); n != 2 {
		t.Errorf("%d events, want 2", n)
	}
}

// madeAt is a UUIDv7 of a time.
func madeAt(at time.Time) uuid.UUID {
	id := uuid.Must(uuid.NewV7())
	ms := at.UnixMilli()
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	return id
}
