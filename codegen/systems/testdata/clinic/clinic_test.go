package clinic_test

import (
	"testing"
	"time"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/localpg/pgtest"
	"github.com/google/uuid"

	"example.com/systems/clinic/decide"
	"example.com/systems/clinic/generated/billing"
	"example.com/systems/clinic/generated/billing/invoice"
	"example.com/systems/clinic/generated/booking"
	"example.com/systems/clinic/generated/booking/types"
	"example.com/systems/clinic/generated/booking/visit"
	"example.com/systems/clinic/generated/bookingdb"
	"example.com/systems/rig"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func system() *engine.System {
	s := &engine.System{}
	booking.Register(s, decide.Diary{}, decide.Visit{})
	billing.Register(s, decide.Clerk{}, decide.Invoice{})
	return s
}

func TestProperties(t *testing.T) {
	visit.Properties(t, decide.Visit{})
	invoice.Properties(t, decide.Invoice{})
}

func TestGoldens(t *testing.T) { rig.Goldens(t, system()) }

func day(t *testing.T, text string) engine.Date {
	t.Helper()
	d, err := engine.ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestRun(t *testing.T) {
	r := rig.Start(t, system())
	const shown = "booking.diary"
	control := types.ReasonControl{Since: day(t, "2026-01-05")}
	ann, bob := uuid.NewString(), uuid.NewString()
	r.Accepted(ann, visit.Book{Patient: " Ann ", Day: day(t, "2026-03-01"), Minutes: 30, Reason: control, Notes: engine.Some([]string{"knee"})}, "")
	r.Accepted(bob, visit.Book{Patient: "Bob", Day: day(t, "2026-03-02"), Minutes: 15, Reason: types.ReasonEmergency{}}, "")
	r.Accepted(ann, visit.Move{Day: day(t, "2026-03-03")}, "")
	if same := r.Send(ann, visit.Move{Day: day(t, "2026-03-03")}, ""); same.Refusal == nil || same.Refusal.Code != "same_day" {
		t.Errorf("got %+v", same)
	}
	r.Accepted(bob, visit.Finish{Treatments: map[string]int64{"plaster": 2}}, shown)
	// Two visits of earlier times: in hours, then without a reason.
	for version, data := range map[int]string{1: `{"patient":"Cy","day":"2025-01-01","hours":1.5}`, 2: `{"patient":"Di","day":"2025-01-02","minutes":45}`} {
		stream := engine.StreamID{Type: "booking.visit", ID: uuid.NewString()}
		r.Stored(stream, "booking.visit.booked", version, data, shown)
		want := map[int]int64{1: 90, 2: 45}[version]
		if state, err := r.State(t.Context(), stream, 0); err != nil || state.State.(*visit.State).Minutes != want {
			t.Errorf("version %d: %+v, %v", version, state, err)
		}
	}
	queries := bookingdb.New(r.DB())
	march, err := queries.DiaryOfDays(t.Context(), bookingdb.DiaryOfDaysParams{DayMin: day(t, "2026-03-02"), DayBelow: day(t, "2026-03-04")})
	if err != nil || len(march) != 2 || march[0].Patient != "Bob" || march[1].Patient != "Ann" || march[1].Visit.String() != ann {
		t.Errorf("got %+v, %v", march, err)
	}
	named, err := queries.DiaryNamed(t.Context(), bookingdb.DiaryNamedParams{PatientLike: "%n%", DoneNot: true})
	if err != nil || len(named) != 1 || named[0].Minutes != 30 {
		t.Errorf("got %+v, %v", named, err)
	}
}

// TestReactions bills a visit of the other context a second later, and reminds a
// month later again.
func TestReactions(t *testing.T) {
	r := rig.Start(t, system())
	id := uuid.NewString()
	r.Accepted(id, visit.Book{Patient: "Bob", Day: day(t, "2026-03-02"), Minutes: 15, Reason: types.ReasonEmergency{}}, "")
	finished := r.Accepted(id, visit.Finish{Treatments: map[string]int64{"plaster": 2}}, "")
	issued := r.Followed(finished.ID, "billing.invoice.issue")
	if issued.Status != engine.Accepted || issued.Events[0].At.Sub(finished.Events[0].At) < time.Second {
		t.Fatalf("got %+v", issued)
	}
	state, err := r.State(t.Context(), issued.Stream, 0)
	if err != nil {
		t.Fatal(err)
	}
	if bill := state.State.(*invoice.State); bill.Total != 1500 || bill.Visit.String() != id {
		t.Errorf("got %+v", bill)
	}
	remind := r.Planned(finished.ID, "billing.invoice.remind")
	list, err := r.Scheduled(t.Context(), engine.ScheduledCommand{}, 10)
	if err != nil || len(list) != 1 || list[0].ID != remind.ID || remind.Stream != issued.Stream || !list[0].Due.Equal(issued.Events[0].At.AddDate(0, 0, 30)) {
		t.Errorf("planned %+v, %v", list, err)
	}
}
