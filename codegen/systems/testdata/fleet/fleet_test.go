package fleet_test

import (
	"testing"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/localpg/pgtest"

	"example.com/systems/fleet/decide"
	"example.com/systems/fleet/generated/tracking"
	"example.com/systems/fleet/generated/tracking/types"
	"example.com/systems/fleet/generated/tracking/vehicle"
	"example.com/systems/fleet/generated/trackingdb"
	"example.com/systems/fleet/generated/workshop"
	"example.com/systems/fleet/generated/workshop/job"
	"example.com/systems/rig"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func system() *engine.System {
	s := &engine.System{}
	tracking.Register(s, decide.Vehicle{}, decide.Vehicles{})
	workshop.Register(s, decide.Job{}, decide.Planner{})
	return s
}

func TestProperties(t *testing.T) {
	vehicle.Properties(t, decide.Vehicle{})
	job.Properties(t, decide.Job{})
}

func TestGoldens(t *testing.T) { rig.Goldens(t, system()) }

func TestRun(t *testing.T) {
	r := rig.Start(t, system())
	const shown = "tracking.vehicles"
	r.Accepted(" WBA-1 ", vehicle.Register{Plate: "B-1"}, "") // all write the same stream
	r.Accepted("wba-1", vehicle.Report{Readings: []types.Reading{
		types.ReadingOdometer{Km: 12_000}, types.ReadingFuel{Litres: 40.5, Warnings: engine.Some([]types.ReadingFuelWarning{types.ReadingFuelWarningLow})},
		types.ReadingPosition{Latitude: 52.5, Longitude: 13.4},
	}}, "")
	r.Accepted("wba-2", vehicle.Register{Plate: "B-22"}, "")
	r.Accepted("wba-2", vehicle.Report{Readings: []types.Reading{types.ReadingOdometer{Km: 31_000}}}, shown)
	back := r.Send("wba-2", vehicle.Report{Readings: []types.Reading{types.ReadingOdometer{Km: 30_000}}}, "")
	if back.Refusal == nil || string(back.Refusal.Data) != `{"km":31000}` {
		t.Errorf("got %+v", back)
	}
	// What was measured before there were other readings.
	r.Stored(engine.StreamID{Type: "tracking.vehicle", ID: "wba-1"}, "tracking.vehicle.measured", 1, `{"km":13000}`, shown)
	state, err := r.State(t.Context(), engine.StreamID{Type: "tracking.vehicle", ID: "wba-1"}, 0)
	if err != nil || state.State.(*vehicle.State).Km != 13_000 || state.State.(*vehicle.State).Last != (types.ReadingOdometer{Km: 13_000}) {
		t.Errorf("got %+v, %v", state, err)
	}
	// What nobody decides any more.
	r.Stored(engine.StreamID{Type: "tracking.vehicle", ID: "wba-1"}, "tracking.vehicle.sold", 1, `{"price":9900.5}`, "")
	state, err = r.State(t.Context(), engine.StreamID{Type: "tracking.vehicle", ID: "wba-1"}, 0)
	if err != nil || !state.State.(*vehicle.State).Sold {
		t.Errorf("got %+v, %v", state, err)
	}
	queries := trackingdb.New(r.DB())
	worn, err := queries.VehiclesWorn(t.Context(), trackingdb.VehiclesWornParams{KmMin: 13_000, KmMax: 31_000})
	if err != nil || len(worn) != 2 || worn[0].Vin != "wba-2" || worn[1].Km != 13_000 || worn[1].Litres == nil || *worn[1].Litres != 40.5 {
		t.Errorf("got %+v, %v", worn, err)
	}
	unknown, err := queries.VehiclesUnknownTank(t.Context())
	if err != nil || len(unknown) != 1 || unknown[0].Vin != "wba-2" {
		t.Errorf("got %+v, %v", unknown, err)
	}
	plates, err := queries.VehiclesByPlate(t.Context(), trackingdb.VehiclesByPlateParams{PlateIn: []string{"B-22", "X-1"}})
	one, err2 := queries.VehiclesAt(t.Context(), trackingdb.VehiclesAtParams{Plate: "B-1"})
	if err != nil || err2 != nil || len(plates) != 1 || one.Vin != "wba-1" {
		t.Errorf("got %+v, %+v, %v, %v", plates, one, err, err2)
	}
}

// TestReactions services a vehicle that has gone far: planned in the other
// context, once, and noted in this one when it is done.
func TestReactions(t *testing.T) {
	r := rig.Start(t, system())
	r.Accepted("wba-2", vehicle.Register{Plate: "B-22"}, "")
	report := r.Accepted("wba-2", vehicle.Report{Readings: []types.Reading{types.ReadingOdometer{Km: 31_000}, types.ReadingOdometer{Km: 31_500}}}, "")
	planned := r.Followed(report.ID, "workshop.job.plan")
	if planned.Status != engine.Accepted {
		t.Fatalf("got %+v", planned)
	}
	finished := r.Accepted(planned.Stream.ID, job.Finish{}, "")
	serviced := r.Followed(finished.ID, "tracking.vehicle.service")
	if serviced.Status != engine.Accepted || serviced.Stream.ID != "wba-2" {
		t.Fatalf("got %+v", serviced)
	}
	state, err := r.State(t.Context(), serviced.Stream, 0)
	if err != nil || state.State.(*vehicle.State).ServicedKm != 31_500 {
		t.Errorf("got %+v, %v", state, err)
	}
}
