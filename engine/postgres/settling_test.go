package postgres_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// A loan is asked for, and granted or denied by a later event.
type (
	ask    struct{ Sum int64 }
	asked  struct{}
	answer struct {
		Limit int64 `json:"limit"`
		Verb  string
	}
)

func (ask) MessageType() string      { return "bank.loan.ask" }
func (asked) MessageType() string    { return "bank.loan.asked" }
func (a answer) MessageType() string { return "bank.loan." + a.Verb }
func (asked) SchemaVersion() int     { return 1 }
func (answer) SchemaVersion() int    { return 1 }

func loans(within string) *engine.System {
	s := bank()
	s.AddActor(engine.Actor{
		Type: "bank.loan", StateHash: "1",
		ParseID:    func(id string) (string, error) { return id, nil },
		NewState:   func() any { return &struct{}{} },
		CloneState: func(state any) any { return state },
		Commands: []engine.CommandType{{Type: "bank.loan.ask", Creates: engine.CreatesOrUpdates, Decode: decode[ask], Settles: &engine.Settles{
			Accepted: []string{"bank.loan.granted"},
			Refused: []engine.SettledRefusal{{Event: "bank.loan.denied", Data: []string{"limit"},
				Refusal: engine.RefusalType{Code: "denied", Text: "It is too much.", At: "sum"}}},
			Within: within,
		}}},
		Events: []engine.EventType{
			{Type: "bank.loan.asked", Version: 1, Decode: stored[asked], Check: accept},
			{Type: "bank.loan.granted", Version: 1, Decode: stored[answer], Check: accept},
			{Type: "bank.loan.denied", Version: 1, Decode: stored[answer], Check: accept},
		},
		Evolve: func(engine.Meta, any, engine.Event) {},
		Handle: func(_ engine.Decision, _ any, command engine.Command, out *engine.Emission) engine.Refusal {
			out.Emit(asked{})
			switch command.(ask).Sum {
			case 1: // so little that it is granted at once
				out.Emit(answer{Verb: "granted"})
			case 2:
				out.Emit(answer{Verb: "denied", Limit: 7})
			}
			return nil
		},
	})
	return s
}

func askFor(sum int64, loan string) engine.Submission {
	data, _ := json.Marshal(ask{sum})
	return engine.Submission{ID: uuid.Must(uuid.NewV7()), Type: "bank.loan.ask", StreamID: loan, Data: data, By: "tester"}
}

// answers stores an event with the command's correlation.
func answers(tb testing.TB, e *postgres.Engine, loan, verb string, correlation uuid.UUID) {
	tb.Helper()
	a := engine.Append{Stream: engine.StreamID{Type: "bank.loan", ID: loan}, Expected: engine.AnyVersion, By: "tester",
		Correlation: correlation, Causation: correlation}
	// An event that is nobody's outcome comes first.
	a.Events = []engine.NewEvent{{ID: uuid.New(), Event: asked{}, Data: json.RawMessage(`{}`)},
		{ID: uuid.New(), Event: answer{Verb: verb}, Data: json.RawMessage(`{"limit": 5, "secret": 1}`)}}
	if _, err := e.Append(within(tb), a); err != nil {
		tb.Fatal(err)
	}
}

func TestSettling_TheFirstAnswerWithTheCorrelationSettles(t *testing.T) {
	url := database(t)
	worker := started(t, postgres.Config{URL: url, System: loans("PT30S")})
	web := started(t, postgres.Config{URL: url, System: loans("PT30S"), Roles: []postgres.Role{postgres.RoleWeb}})
	for verb, want := range map[string]engine.Status{"granted": engine.Accepted, "denied": engine.Refused} {
		s, other := askFor(9, verb), askFor(9, verb)
		for _, s := range []engine.Submission{s, other} {
			if _, err := web.Submit(within(t), s); err != nil {
				t.Fatal(err)
			}
		}
		waited := make(chan engine.Outcome, 2)
		for _, e := range []*postgres.Engine{worker, web} {
			go func() {
				o, _ := e.Wait(within(t), s.ID)
				waited <- o
			}()
		}
		eventually(t, "both settle", func() bool {
			status, err := web.Status(within(t))
			return err == nil && status.Commands.Settling >= 2
		})
		answers(t, worker, verb, verb, uuid.New()) // somebody else's
		answers(t, worker, "elsewhere", verb, s.ID)
		if o, err := web.Outcome(within(t), s.ID); err != nil || o.Status != engine.Settling || len(o.Events) != 1 {
			t.Fatalf("%+v, %v", o, err)
		}
		answers(t, worker, verb, verb, s.ID)
		answers(t, worker, verb, "granted", s.ID) // too late
		for range 2 {
			o := <-waited
			if o.Status != want || len(o.Events) != 1 {
				t.Errorf("%s: %+v", verb, o)
			}
			if want == engine.Refused && (o.Refusal == nil || o.Refusal.Code != "denied" || o.Refusal.At != "sum" || string(o.Refusal.Data) != `{"limit":5}`) {
				t.Errorf("%+v", o.Refusal)
			}
		}
		if o, err := web.Outcome(within(t), other.ID); err != nil || o.Status != engine.Settling {
			t.Errorf("the other command: %+v, %v", o, err)
		}
	}
}

func TestSettling_InTheSameTransaction(t *testing.T) {
	url := database(t)
	e := started(t, postgres.Config{URL: url, System: loans("PT30S")})
	if o := settled(t, e, askFor(1, "a")); o.Status != engine.Accepted || len(o.Events) != 2 {
		t.Errorf("%+v", o)
	}
	if o := settled(t, e, askFor(2, "a")); o.Status != engine.Refused || len(o.Events) != 2 || string(o.Refusal.Data) != `{"limit":7}` {
		t.Errorf("%+v", o)
	}
	checkLog(t, url)
}

func TestSettling_NobodyWaitsLongerThanTheSchemaSays(t *testing.T) {
	url := database(t)
	e := started(t, postgres.Config{URL: url, System: loans("PT1S")})
	start := time.Now()
	if o := settled(t, e, askFor(9, "a")); o.Status != engine.Settling || time.Since(start) < time.Second {
		t.Errorf("%+v after %s", o, time.Since(start))
	}
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	s := askFor(9, "a")
	if _, err := e.Submit(within(t), s); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Wait(short, s.ID); !errors.Is(err, short.Err()) || short.Err() == nil {
		t.Errorf("whoever waits a shorter time: %v", err)
	}
}
