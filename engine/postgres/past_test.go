package postgres_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// goBack brings the balance back to what it was at a version.
type goBack struct{ Version int64 }

func (goBack) MessageType() string { return "bank.account.go_back" }

type noVersion struct{}

func (noVersion) Code() string    { return "no_version" }
func (noVersion) Message() string { return "There is no such version." }
func (noVersion) Field() string   { return "version" }

// timeTravel is a bank whose accounts can go back; before lets a test meddle
// with each decision.
func timeTravel(every int, before func(in engine.Decision)) *engine.System {
	actor := accounts(&atomic.Int64{})
	actor.SnapshotEvery = every
	actor.Commands = append(actor.Commands, engine.CommandType{Type: "bank.account.go_back", Past: true, Decode: decode[goBack]})
	others := actor.Handle
	actor.Handle = func(in engine.Decision, state any, command engine.Command, out *engine.Emission) engine.Refusal {
		c, ok := command.(goBack)
		if !ok {
			return others(in, state, command, out)
		}
		before(in)
		if refusal := decideGoBack(in, state.(*account), engine.PastOf[*account](out), c, out); refusal != nil {
			return refusal
		}
		return nil
	}
	s := &engine.System{}
	s.AddActor(actor)
	s.AddProjection(balances(ddl, "1"))
	return s
}

// decideGoBack reads the past in both ways, which must agree.
func decideGoBack(in engine.Decision, state *account, past engine.Past[*account], cmd goBack, out *engine.Emission) engine.Refusal {
	then, ok := past.At(cmd.Version)
	if !ok {
		return noVersion{}
	}
	change, next := int64(0), cmd.Version+1
	for m, event := range past.Events(cmd.Version+1, in.Version+100) {
		if m.Version != next {
			panic(fmt.Sprintf("version %d, want %d", m.Version, next))
		}
		next++
		switch e := event.(type) {
		case deposited:
			change += e.Amount
		case withdrawn:
			change -= e.Amount
		}
	}
	if next != in.Version+1 || then.Balance+change != state.Balance {
		panic(fmt.Sprintf("read to %d of %d: %d and %d are not %d", next-1, in.Version, then.Balance, change, state.Balance))
	}
	then.Balance, then.Seen = -1, append(then.Seen[:0], -1) // a copy, whose change nobody sees
	if change >= 0 {
		out.Emit(withdrawn{Amount: change})
	} else {
		out.Emit(deposited{Amount: -change})
	}
	return nil
}

func back(stream string, version int64) engine.Submission {
	data, _ := json.Marshal(goBack{version})
	return engine.Submission{ID: uuid.Must(uuid.NewV7()), Type: "bank.account.go_back", StreamID: stream, By: "tester", Data: data}
}

func TestPast(t *testing.T) {
	t.Parallel()
	for _, every := range []int{-1, 10} {
		url := database(t)
		deposits(t, url, "a", 1_234)
		e := started(t, postgres.Config{URL: url, System: timeTravel(every, func(engine.Decision) {})})
		for i, version := range []int64{1_234, 1_233, 1, 0, 617, 1_200, 1_238} {
			if o := settled(t, e, back("a", version)); o.Status != engine.Accepted || o.Events[0].Version != int64(1_235+i) {
				t.Fatalf("back to %d: %+v", version, o)
			}
			want := sum(version)
			if version > 1_234 {
				want = 0 // the fourth command went there
			}
			if got, err := e.State(within(t), accountID("a"), 0); err != nil || got.State.(*account).Balance != want {
				t.Errorf("back to %d: %+v, %v, want %d", version, got.State, err, want)
			}
		}
		for _, version := range []int64{-1, 1_242, 1 << 40} {
			if o := settled(t, e, back("a", version)); o.Status != engine.Refused || o.Refusal.Code != "no_version" {
				t.Errorf("back to %d: %+v", version, o)
			}
		}
		if o := settled(t, e, back("never", 0)); o.Refusal == nil || o.Refusal.Code != engine.CodeNotFound {
			t.Errorf("%+v", o)
		}
	}
}

// Commands of one stream that are taken together: what the earlier ones lead to
// is the later ones' past.
func TestPast_OfCommandsInOneBatch(t *testing.T) {
	t.Parallel()
	url := database(t)
	e, stop := run(t, postgres.Config{URL: url, System: timeTravel(2, func(engine.Decision) {}), Roles: []postgres.Role{postgres.RoleWeb}})
	var ids []uuid.UUID
	for _, s := range []engine.Submission{command("deposit", "a", 5), command("deposit", "a", 7), back("a", 1), back("a", 2), command("deposit", "a", 1), back("a", 5), back("a", 6)} {
		id, err := e.Submit(within(t), s)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	stop()
	e = started(t, postgres.Config{URL: url, System: timeTravel(2, func(engine.Decision) {})})
	for i, id := range ids {
		if o, err := e.Wait(within(t), id); err != nil || o.Status != engine.Accepted || o.Events[0].Version != int64(i+1) {
			t.Errorf("command %d: %+v, %v", i, o, err)
		}
	}
	want := []int64{5, 12, 5, 12, 13, 13, 13}
	for i, balance := range want {
		if got, err := e.State(within(t), accountID("a"), int64(i+1)); err != nil || got.State.(*account).Balance != balance {
			t.Errorf("version %d: %+v, %v, want %d", i+1, got.State, err, balance)
		}
	}
}

// A past that cannot be read just now is no fault of the handler.
func TestPast_FaultsOfTheSurroundings_AreNotCounted(t *testing.T) {
	t.Parallel()
	url := database(t)
	deposits(t, url, "a", 30)
	var tries atomic.Int64
	cut := func(in engine.Decision) {
		if in.Attempt != 1 {
			panic(fmt.Sprintf("attempt %d", in.Attempt))
		}
		if tries.Add(1) <= 5 {
			conn := connect(t, url)
			defer conn.Close(context.Background())
			_, err := conn.Exec(within(t), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
			if err != nil {
				t.Error(err)
			}
		}
	}
	e := started(t, postgres.Config{URL: url, System: timeTravel(10, cut)})
	if o := settled(t, e, back("a", 4)); o.Status != engine.Accepted {
		t.Fatalf("%+v", o)
	}
	if n := tries.Load(); n < 2 {
		t.Errorf("%d tries: the past was read over cut connections", n)
	}
}

// A past that the handler cannot be given at all fails its command alone.
func TestPast_ThatCannotBeDecoded_FailsTheCommand(t *testing.T) {
	t.Parallel()
	url := database(t)
	deposits(t, url, "a", 30)
	system := timeTravel(10, func(engine.Decision) {})
	e := openEngine(t, postgres.Config{URL: url, System: system})
	checkState(t, e, "a", 0, 30)
	e.Close() // waits until the snapshots are written
	if err := sql(t, url, `ALTER TABLE backstory.events DISABLE TRIGGER USER; UPDATE backstory.events SET type = 'bank.account.gone' WHERE version = 15`); err != nil {
		t.Fatal(err)
	}
	e = started(t, postgres.Config{URL: url, System: system})
	if o := settled(t, e, back("a", 29)); o.Status != engine.Accepted {
		t.Errorf("%+v", o)
	}
	if o := settled(t, e, back("a", 16)); o.Status != engine.Failed {
		t.Errorf("%+v", o)
	}
	if o := settled(t, e, command("deposit", "a", 1)); o.Status != engine.Accepted {
		t.Errorf("%+v", o)
	}
}
