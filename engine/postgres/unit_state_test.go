package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// A seat is taken once, or as often as the command allows, whichever booking takes it.
type (
	book struct {
		Seat string
		Most int
	}
	booked struct {
		Seat string `json:"seat"`
	}
	seatTaken struct{}
	seatState struct{ Booked int }
)

func (book) MessageType() string   { return "bank.booking.book" }
func (booked) MessageType() string { return "bank.booking.booked" }
func (booked) SchemaVersion() int  { return 1 }
func (seatTaken) Code() string     { return "taken" }
func (seatTaken) Message() string  { return "Somebody else sits there." }
func (seatTaken) Field() string    { return "seat" }

func seatTags(e engine.Event) []string { return []string{"seat:" + e.(booked).Seat} }

// bookings decide over the seat that they are about. decided is called with each
// decision.
func bookings(decided func()) *engine.System {
	s := reactive(hooks{})
	s.AddActor(engine.Actor{
		Type: "bank.booking", StateHash: "1",
		ParseID:    func(id string) (string, error) { return id, nil },
		NewState:   func() any { return &seatState{} },
		CloneState: func(state any) any { c := *state.(*seatState); return &c },
		Commands:   []engine.CommandType{{Type: "bank.booking.book", Creates: engine.CreatesOrUpdates, Decode: decode[book]}},
		Events:     []engine.EventType{{Type: "bank.booking.booked", Version: 1, Decode: stored[booked], Check: accept, Tags: seatTags}},
		Boundary: &engine.Boundary{
			Tags:  func(c engine.Command) []string { return []string{"seat:" + c.(book).Seat} },
			Prime: func(any, engine.Command) {},
		},
		Evolve: func(_ engine.Meta, state any, _ engine.Event) { state.(*seatState).Booked++ },
		Handle: func(_ engine.Decision, state any, c engine.Command, out *engine.Emission) engine.Refusal {
			decided()
			if state.(*seatState).Booked > c.(book).Most {
				return seatTaken{}
			}
			out.Emit(booked{c.(book).Seat})
			return nil
		},
	})
	return s
}

// bookingOf takes a seat that at most so many others (one number; default 0) took.
func bookingOf(seat, booking string, others ...int) engine.Submission {
	most := slices.Max(append(others, 0))
	return engine.Submission{ID: uuid.Must(uuid.NewV7()), Type: "bank.booking.book", StreamID: booking, By: "tester",
		Data: fmt.Appendf(nil, `{"Seat":%q,"Most":%d}`, seat, most)}
}

func bookingsEngine(tb testing.TB, url string, decided func()) *postgres.Engine {
	tb.Helper()
	return started(tb, postgres.Config{URL: url, System: bookings(decided), Consumer: quickRetries, Roles: []postgres.Role{postgres.RoleWeb}})
}

// A unit's decisions over a boundary see what the unit itself decided, and are not
// broken by it.
func TestUnitOverABoundary_KnowsItsOwnEvents(t *testing.T) {
	t.Parallel()
	url := database(t)
	e := bookingsEngine(t, url, func() {})
	list, err := e.RunUnit(within(t), engine.Unit{Submissions: []engine.Submission{bookingOf("1", "a"), bookingOf("1", "a", 1), bookingOf("3", "b")}})
	if err != nil || len(list) != 3 || list[1].Events[0].Version != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	for what, twice := range map[string][]engine.Submission{
		"within the unit": {bookingOf("4", "a"), bookingOf("4", "b")},
		"after another":   {bookingOf("5", "a"), bookingOf("1", "c")},
	} {
		_, err := e.RunUnit(within(t), engine.Unit{Submissions: twice})
		refused, ok := errors.AsType[*engine.UnitRefusedError](err)
		if !ok || refused.Outcome.ID != twice[1].ID || refused.Outcome.Refusal.Code != "taken" {
			t.Errorf("%s: %v", what, err)
		}
	}
	if n := one[int64](t, url, `SELECT count(*) FROM backstory.events`); n != 3 {
		t.Errorf("%d events, want 3", n)
	}
	checkLog(t, url)
}

// What another process stores with the tag, between the decision and the lock,
// breaks the unit's condition: it is decided again.
func TestUnitOverABoundary_IsBrokenByOthers(t *testing.T) {
	t.Parallel()
	url := database(t)
	other := openEngine(t, postgres.Config{URL: url, System: bookings(func() {})})
	t.Cleanup(other.Close)
	decisions := 0
	e := bookingsEngine(t, url, func() {
		if decisions++; decisions > 1 {
			return
		}
		id := uuid.New()
		a := engine.Append{Stream: engine.StreamID{Type: "bank.booking", ID: "other"}, By: "tester", Correlation: id, Causation: id,
			Events: []engine.NewEvent{{ID: id, Event: booked{"1"}, Data: []byte(`{"seat":"1"}`), Tags: []string{"seat:1"}}}}
		if _, err := other.Append(within(t), a); err != nil {
			t.Error(err)
		}
	})
	_, err := e.RunUnit(within(t), engine.Unit{Submissions: []engine.Submission{bookingOf("1", "a")}})
	if _, ok := errors.AsType[*engine.UnitRefusedError](err); !ok || decisions != 2 {
		t.Errorf("%v after %d decisions", err, decisions)
	}
	if n := one[int64](t, url, `SELECT count(*) FROM backstory.events`); n != 1 {
		t.Errorf("%d events", n)
	}
}

func TestUnitsOverABoundary_RaceForSeats(t *testing.T) {
	t.Parallel()
	url := database(t)
	var group sync.WaitGroup
	var won, lost atomic.Int64
	const seats, rivals = 5, 4
	for i := range rivals {
		e := bookingsEngine(t, url, func() {})
		group.Go(func() {
			for seat := range seats {
				_, err := e.RunUnit(within(t), engine.Unit{Submissions: []engine.Submission{
					bookingOf(fmt.Sprint("own", i, seat), fmt.Sprint("b", i)), bookingOf(fmt.Sprint(seat), fmt.Sprint("b", i))}})
				if _, refused := errors.AsType[*engine.UnitRefusedError](err); refused {
					lost.Add(1)
				} else if err != nil {
					t.Error(err)
				} else {
					won.Add(1)
				}
			}
		})
	}
	group.Wait()
	if won.Load() != seats || lost.Load() != seats*(rivals-1) {
		t.Errorf("%d won, %d were refused", won.Load(), lost.Load())
	}
	if n := one[int64](t, url, `SELECT count(*) FROM backstory.events`); n != 2*seats {
		t.Errorf("%d events, want %d: nothing of a refused unit", n, 2*seats)
	}
	checkLog(t, url)
}

// countUnit is deposits whose counting is part of the unit.
func countUnit(commands ...engine.Submission) engine.Unit {
	return engine.Unit{Submissions: commands, Inside: []string{"bank.account", "bank.ledger", "bank.counter", "bank.tally"}}
}

// toldCounts lists what a tally was told, in its order.
func toldCounts(tb testing.TB, url string, amount int) []int64 {
	tb.Helper()
	return one[[]int64](tb, url, `SELECT coalesce(array_agg((data->>'count')::bigint ORDER BY version), '{}') FROM backstory.events
		WHERE type = 'bank.tally.told' AND stream = 'bank.tally/' || $1::int`, amount)
}

// A unit's reactor has the state of all that happened before, though its consumer
// has not come so far, or holds the key. Later the consumer reacts to what is
// earlier, and folds what the unit did without reacting to it.
func TestUnitWithAReactorsState(t *testing.T) {
	t.Parallel()
	for _, parked := range []bool{false, true} {
		t.Run(fmt.Sprintf("parked=%t", parked), func(t *testing.T) {
			t.Parallel()
			url := unitDatabase(t)
			var broken atomic.Bool
			broken.Store(parked)
			cfg := noting(url, hooks{})
			cfg.System = failingCounter(&broken)
			cfg.Roles = []postgres.Role{postgres.RoleWeb}
			e := started(t, cfg)
			cfg.Roles = nil
			for i := range 2 {
				if _, err := e.Append(within(t), depositOf("a", int64(i), 5)); err != nil {
					t.Fatal(err)
				}
			}
			if parked {
				started(t, cfg)
				parkedOne(t, e)
				broken.Store(false)
			}
			if _, err := e.RunUnit(within(t), countUnit(command("deposit", "b", 5), command("deposit", "c", 5), command("deposit", "c", 6))); err != nil {
				t.Fatal(err)
			}
			if got := toldCounts(t, url, 5); !slices.Equal(got, []int64{3, 4}) {
				t.Errorf("the unit's reactor counted %v, want 3 and 4", got)
			}
			if parked {
				if n, err := e.RetryParked(within(t), engine.ParkedFilter{}, 10); n != 1 || err != nil {
					t.Fatal(n, err)
				}
			} else {
				started(t, cfg)
			}
			settled(t, e, command("deposit", "d", 5))
			eventually(t, "all are told", func() bool { return len(toldCounts(t, url, 5)) == 5 })
			if got := toldCounts(t, url, 5); !slices.Equal(got, []int64{3, 4, 1, 2, 5}) {
				t.Errorf("told %v", got)
			}
			if n := one[string](t, url, `SELECT convert_from(state, 'UTF8') FROM backstory.reactor_states WHERE reactor = 'bank.counter' AND key = '5'`); n != "5" {
				t.Errorf("the stored state is %s", n)
			}
			eventually(t, "the marks are forgotten", func() bool { return one[int64](t, url, `SELECT count(*) FROM backstory.handled`) == 0 })
			checkLog(t, url)
		})
	}
}

func depositOf(account string, version, amount int64) engine.Append {
	a := appendOf(account, version, 1)
	a.Events[0].Event, a.Events[0].Data = deposited{Amount: amount}, fmt.Appendf(nil, `{"amount":%d}`, amount)
	return a
}

// failingCounter is a reactive system whose counter does not react while broken.
func failingCounter(broken *atomic.Bool) *engine.System {
	s := reactive(hooks{})
	for _, r := range s.Reactors() {
		run := r.Reactions[0].Run
		r.Reactions[0].Run = func(ctx context.Context, m engine.Meta, state any, event engine.Event, out *engine.Dispatch) error {
			if broken.Load() {
				return errHandler
			}
			return run(ctx, m, state, event, out)
		}
	}
	return s
}

// Units and plain commands count the same, from three engines of which all follow
// the log: each count is told once, so each reaction had the state of its event.
func TestUnitsWithAReactorsState_BesideItsConsumer(t *testing.T) {
	t.Parallel()
	url := unitDatabase(t) // with one deposit of 1
	const each = 15
	var group sync.WaitGroup
	for i := range 3 {
		e := started(t, noting(url, hooks{}))
		group.Go(func() {
			for n := range each {
				account := fmt.Sprintf("a%d-%d", i, n%4)
				if _, err := e.Submit(within(t), command("deposit", account, 1)); err != nil {
					t.Error(err)
				}
				if err := untilUnmoved(t, e, countUnit(command("deposit", fmt.Sprintf("u%d-%d", i, n%4), 1))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	want := make([]int64, 1+2*3*each)
	for i := range want {
		want[i] = int64(i + 1)
	}
	eventually(t, "all are told", func() bool { return len(toldCounts(t, url, 1)) >= len(want) })
	got := toldCounts(t, url, 1)
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("told %v", got)
	}
	checkLog(t, url)
}

// untilUnmoved repeats a unit that lost too many races, under the same ids.
func untilUnmoved(tb testing.TB, e *postgres.Engine, u engine.Unit) (err error) {
	tb.Helper()
	eventually(tb, "the unit is stored", func() bool {
		_, err = e.RunUnit(within(tb), u)
		return !errors.Is(err, engine.ErrConflict)
	})
	return err
}
