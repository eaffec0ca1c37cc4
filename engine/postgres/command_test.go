package postgres_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

func TestSubmit_RefusesWhatNoSchemaAllows(t *testing.T) {
	url := database(t)
	e := openEngine(t, postgres.Config{URL: url})
	defer e.Close()
	bad := command("deposit", "a", 1)
	bad.Data = json.RawMessage(`{"Amuont":1}`)
	for name, c := range map[string]struct {
		s       engine.Submission
		err     error
		pointer string
	}{
		"unknown":  {command("fly", "a", 0), engine.ErrUnknownCommand, ""},
		"internal": {command("seize", "a", 0), engine.ErrUnknownCommand, ""},
		"data":     {bad, nil, ""},
		"id":       {command("open", "a b", 0), nil, "/stream_id"},
		"no id":    {command("open", "", 0), nil, "/stream_id"},
		"long id":  {command("open", strings.Repeat("x", 501), 0), nil, "/stream_id"},
	} {
		_, err := e.Submit(within(t), c.s)
		faults, ok := errors.AsType[*engine.FaultsError](err)
		switch {
		case c.err != nil && !errors.Is(err, c.err):
			t.Errorf("%s: %v", name, err)
		case c.err == nil && (!ok || faults.Faults[0].Pointer != c.pointer):
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := one[int64](t, url, `SELECT count(*) FROM backstory.inbox`); n != 0 {
		t.Errorf("%d commands were stored", n)
	}
}

func TestSubmit_SameIDAnswersTheSame(t *testing.T) {
	url := database(t)
	e := openEngine(t, postgres.Config{URL: url})
	s := command("deposit", "a", 5)
	submit := func(e *postgres.Engine, change func(*engine.Submission), want error) {
		t.Helper()
		again := s
		if change != nil {
			change(&again)
		}
		id, err := e.Submit(within(t), again)
		if !errors.Is(err, want) || err == nil && id != s.ID {
			t.Errorf("%s, %v, want %v", id, err, want)
		}
	}
	others := []func(*engine.Submission){
		func(s *engine.Submission) { s.Data = json.RawMessage(`{"Amount":6}`) },
		func(s *engine.Submission) { s.StreamID = "b" },
		func(s *engine.Submission) { s.By = "somebody else" },
		func(s *engine.Submission) { s.Type = "bank.account.withdraw" },
	}
	same := func(s *engine.Submission) { s.Data, s.StreamID = json.RawMessage(` { "Amount" : 5 } `), "A" }
	round := func(e *postgres.Engine) {
		submit(e, same, nil)
		for _, other := range others {
			submit(e, other, engine.ErrIDReused)
		}
	}
	submit(e, nil, nil)
	round(e) // while it waits
	e.Close()
	e = started(t, postgres.Config{URL: url})
	if o := settled(t, e, s); len(o.Events) != 1 {
		t.Fatalf("%+v", o)
	}
	round(e) // decided
	if n := one[int64](t, url, `SELECT count(*) FROM backstory.events`); n != 1 {
		t.Errorf("%d events, want 1", n)
	}
}

// Whoever submits again while the command is being decided can put its row back:
// the decider finds the outcome under the lock.
func TestSubmit_AgainWhileItIsDecided(t *testing.T) {
	url := database(t)
	e := started(t, postgres.Config{URL: url})
	var group sync.WaitGroup
	for range 8 {
		s := command("deposit", "a", 1)
		for range 12 {
			group.Go(func() {
				for range 10 {
					if o := settled(t, e, s); o.Status != engine.Accepted || len(o.Events) != 1 {
						t.Errorf("%+v", o)
					}
				}
			})
		}
	}
	group.Wait()
	if n := one[int64](t, url, `SELECT count(*) FROM backstory.events`); n != 8 {
		t.Errorf("%d events, want 8", n)
	}
}

func TestSubmit_RowPutBackAfterTheOutcomeIsDropped(t *testing.T) {
	url := database(t)
	e := started(t, postgres.Config{URL: url})
	s := command("deposit", "a", 1)
	settled(t, e, s)
	err := sql(t, url, `INSERT INTO backstory.inbox (id, slot, type, stream, data, by, correlation, causation)
		SELECT id, $1, type, stream, data, by, correlation, causation FROM backstory.outcomes`, slotOf("bank.account/a"))
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the row is dropped", func() bool { return one[int64](t, url, `SELECT count(*) FROM backstory.inbox`) == 0 })
	if n := one[int64](t, url, `SELECT count(*) FROM backstory.events`); n != 1 {
		t.Errorf("%d events, want 1", n)
	}
	if o := settled(t, e, command("deposit", "a", 1)); o.Status != engine.Accepted {
		t.Errorf("the stream goes on: %+v", o)
	}
}

func TestSubmit_OverloadedQueue(t *testing.T) {
	url := database(t)
	e := openEngine(t, postgres.Config{URL: url, MaxPending: 5})
	defer e.Close()
	for range 5 {
		if _, err := e.Submit(within(t), command("deposit", "a", 1)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := e.Submit(within(t), command("deposit", "a", 1)); !errors.Is(err, engine.ErrOverloaded) {
		t.Errorf("%v", err)
	}
	worker := started(t, postgres.Config{URL: url})
	eventually(t, "the queue is decided", func() bool { return one[int64](t, url, `SELECT count(*) FROM backstory.inbox`) == 0 })
	eventually(t, "there is room", func() bool { _, err := e.Submit(within(t), command("deposit", "a", 1)); return err == nil })
	caughtUp(t, worker)
}

func TestCommandsOfOneStream_ChainInOneBatch(t *testing.T) {
	url := database(t)
	web := openEngine(t, postgres.Config{URL: url, Roles: []postgres.Role{postgres.RoleWeb}})
	defer web.Close()
	// The second and the third are only right on the result of the first.
	list := []engine.Submission{command("open", "a", 0), command("deposit", "a", 10), command("withdraw", "a", 7), command("withdraw", "a", 7)}
	for _, s := range list {
		if _, err := web.Submit(within(t), s); err != nil {
			t.Fatal(err)
		}
	}
	started(t, postgres.Config{URL: url})
	for i, want := range []engine.Status{engine.Accepted, engine.Accepted, engine.Accepted, engine.Refused} {
		if o, err := web.Wait(within(t), list[i].ID); err != nil || o.Status != want {
			t.Errorf("%d: %s, %v, want %s", i, o.Status, err, want)
		}
	}
	if n := one[int64](t, url, `SELECT count(DISTINCT decided_at) FROM backstory.outcomes`); n != 1 {
		t.Errorf("decided in %d batches, want 1", n)
	}
	checkLog(t, url)
}

// The worker's cached state is made old behind its back, over and over.
func TestOldVersion_IsDecidedAgain(t *testing.T) {
	url := database(t)
	e := started(t, postgres.Config{URL: url})
	other := openEngine(t, postgres.Config{URL: url})
	defer other.Close()
	for i := range 20 {
		if _, err := other.Append(within(t), appendOf("a", engine.AnyVersion, 1)); err != nil {
			t.Fatal(err)
		}
		// Only who has seen the deposit can allow this.
		if o := settled(t, e, command("withdraw", "a", 1)); o.Status != engine.Accepted {
			t.Fatalf("%d: %+v %+v", i, o, o.Refusal)
		}
	}
	checkLog(t, url)
}

func TestIfVersion_RefusesWhatIsChanged(t *testing.T) {
	url := database(t)
	e := started(t, postgres.Config{URL: url})
	settled(t, e, command("deposit", "a", 1))
	at := func(v int64) engine.Submission {
		s := command("deposit", "a", 1)
		s.IfVersion = &v
		return s
	}
	if o := settled(t, e, at(1)); o.Status != engine.Accepted {
		t.Errorf("%+v", o)
	}
	for _, v := range []int64{0, 1} {
		if o := settled(t, e, at(v)); o.Status != engine.Refused || o.Refusal.Code != engine.CodeChanged {
			t.Errorf("at %d: %+v", v, o)
		}
	}
}

func TestPanic_IsRetriedThenParkedAlone(t *testing.T) {
	url := database(t)
	e := started(t, postgres.Config{URL: url})
	if o := settled(t, e, command("explode", "a", 2)); o.Status != engine.Accepted {
		t.Errorf("the third try succeeds: %+v", o)
	}
	bad, later := command("explode", "b", -1), command("deposit", "b", 1)
	for _, s := range []engine.Submission{bad, later} {
		if _, err := e.Submit(within(t), s); err != nil {
			t.Fatal(err)
		}
	}
	before := time.Now()
	if o := settled(t, e, command("deposit", "c", 1)); o.Status != engine.Accepted || time.Since(before) > 2*time.Second {
		t.Errorf("another stream is held up: %+v after %s", o, time.Since(before))
	}
	if o, err := e.Wait(within(t), bad.ID); err != nil || o.Status != engine.Failed || !strings.Contains(o.Error, "boom") {
		t.Errorf("%+v, %v", o, err)
	}
	if o, err := e.Wait(within(t), later.ID); err != nil || o.Status != engine.Accepted {
		t.Errorf("the stream goes on: %+v, %v", o, err)
	}
	checkLog(t, url)
}

func TestUnstorableDecision_FailsAlone(t *testing.T) {
	url := database(t)
	e := started(t, postgres.Config{URL: url})
	release := holdLog(t, url)
	bad := command("poison", "a", 0)
	list := []engine.Submission{command("deposit", "x", 1), bad, command("deposit", "y", 1), command("deposit", "a", 1)}
	for _, s := range list {
		if _, err := e.Submit(within(t), s); err != nil {
			t.Fatal(err)
		}
	}
	release()
	for _, s := range list {
		want := engine.Accepted
		if s.ID == bad.ID {
			want = engine.Failed
		}
		if o, err := e.Wait(within(t), s.ID); err != nil || o.Status != want {
			t.Errorf("%s %s: %+v, %v", s.Type, s.StreamID, o, err)
		}
	}
	checkLog(t, url)
}

func TestOutcome_FromAnotherProcess(t *testing.T) {
	url := database(t)
	web := started(t, postgres.Config{URL: url, Roles: []postgres.Role{postgres.RoleWeb}})
	idle := openEngine(t, postgres.Config{URL: url, Roles: []postgres.Role{postgres.RoleWeb}}) // never runs
	defer idle.Close()
	if _, err := web.Outcome(within(t), uuid.New()); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("never submitted: %v", err)
	}
	s := command("deposit", "a", 3)
	if _, err := idle.Submit(within(t), s); err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if o, err := web.Wait(short, s.ID); !errors.Is(err, context.DeadlineExceeded) || o.Status != engine.Pending {
		t.Errorf("nobody decides: %+v, %v", o, err)
	}
	changed := web.Hub().Subscribe("bank.account/a")
	defer changed.Close()
	worker := started(t, postgres.Config{URL: url, Roles: []postgres.Role{postgres.RoleWorker}})
	for _, e := range []*postgres.Engine{web, idle, worker} {
		o, err := e.Wait(within(t), s.ID)
		if err != nil || o.Status != engine.Accepted || len(o.Events) != 1 || string(o.Events[0].Data) != `{"amount":3}` {
			t.Errorf("%+v, %v", o, err)
		}
		if err := e.Projected(within(t), "bank.balances", o.Position()); err != nil {
			t.Error(err)
		}
	}
	select {
	case <-changed.Changed():
	case <-time.After(patience):
		t.Error("the other process's hub did not tell")
	}
	if err := web.Projected(within(t), "bank.nothing", 1); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("unknown projection: %v", err)
	}
}

func TestReads_StateEventsCommands(t *testing.T) {
	url := database(t)
	e := started(t, postgres.Config{URL: url})
	for i := range 5 {
		settled(t, e, command("deposit", "a", int64(i+1)))
	}
	refused := settled(t, e, command("withdraw", "a", 100))
	ctx := within(t)
	for version, balance := range map[int64]int64{0: 15, 5: 15, 3: 6, 1: 1} {
		s, err := e.State(ctx, accountID("a"), version)
		if err != nil || s.State.(*account).Balance != balance || s.Head != 5 || s.At.IsZero() {
			t.Errorf("state at %d: %+v, %v", version, s, err)
		}
	}
	for _, c := range []struct {
		id      string
		version int64
	}{{"a", 6}, {"a", -1}, {"nobody", 0}} {
		if _, err := e.State(ctx, accountID(c.id), c.version); !errors.Is(err, engine.ErrNotFound) {
			t.Errorf("state of %s at %d: %v", c.id, c.version, err)
		}
	}
	events, err := e.Events(ctx, accountID("a"), 2, 2)
	if err != nil || len(events) != 2 || events[0].Meta.Version != 3 || events[1].Event != engine.Event(deposited{Amount: 4}) {
		t.Errorf("%+v, %v", events, err)
	}
	commands, err := e.Commands(ctx, accountID("a"), time.Time{}, 4)
	if err != nil || len(commands) != 4 || commands[0].ID != refused.ID || len(commands[1].Events) != 1 {
		t.Fatalf("%+v, %v", commands, err)
	}
	rest, err := e.Commands(ctx, accountID("a"), commands[3].At, 10)
	if err != nil || len(rest) != 2 {
		t.Errorf("%+v, %v", rest, err)
	}
}

// slotOf is the slot that the engine gives a stream's commands.
func slotOf(stream string) int32 {
	var h uint32 = 2166136261
	for _, b := range []byte(stream) {
		h = (h ^ uint32(b)) * 16777619
	}
	return int32(h % 64)
}

func TestLoadedStates_AreFoldsOfTheStream(t *testing.T) {
	url := database(t)
	e := started(t, postgres.Config{URL: url, CacheStreams: 3})
	for n := range 6 {
		for i := range 8 {
			settled(t, e, command("deposit", fmt.Sprintf("a%d", i), int64(n)))
		}
	}
	if o := settled(t, e, command("withdraw", "a7", 16)); o.Status != engine.Refused || string(o.Refusal.Data) != `{"balance":15}` {
		t.Errorf("%+v", o)
	}
}
