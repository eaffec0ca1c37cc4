// Package decide decides about vehicles and what is done to them.
package decide

import (
	"context"

	"github.com/backstory-go/backstory/engine"

	"example.com/systems/fleet/generated/tracking/ids"
	"example.com/systems/fleet/generated/tracking/types"
	"example.com/systems/fleet/generated/tracking/vehicle"
	"example.com/systems/fleet/generated/tracking/vehicles"
	"example.com/systems/fleet/generated/workshop"
	workshopids "example.com/systems/fleet/generated/workshop/ids"
	"example.com/systems/fleet/generated/workshop/job"
	"example.com/systems/fleet/generated/workshop/planner"
)

// Interval is how far a vehicle goes between services.
const Interval = 30_000

type Vehicle struct{}

func (Vehicle) Register(_ engine.Decision, s *vehicle.State, cmd vehicle.Register, emit vehicle.RegisterEmitter) {
	if s.Plate != cmd.Plate {
		emit.Registered(vehicle.Registered{Plate: cmd.Plate})
	}
}

func (Vehicle) Report(_ engine.Decision, s *vehicle.State, cmd vehicle.Report, emit vehicle.ReportEmitter) vehicle.ReportRefusal {
	km := s.Km
	for _, reading := range cmd.Readings {
		if odometer, ok := reading.(types.ReadingOdometer); ok {
			if odometer.Km < km {
				return vehicle.OdometerRunsBack{Km: km}
			}
			km = odometer.Km
		}
	}
	for _, reading := range cmd.Readings {
		due := false
		if odometer, ok := reading.(types.ReadingOdometer); ok {
			due = odometer.Km-s.ServicedKm >= Interval
		}
		emit.Measured(vehicle.Measured{Reading: reading, Due: due})
	}
	return nil
}

func (Vehicle) Service(_ engine.Decision, s *vehicle.State, cmd vehicle.Service, emit vehicle.ServiceEmitter) {
	emit.Serviced(vehicle.Serviced{JobID: cmd.JobID, Km: s.Km})
}

func (Vehicle) Registered(_ engine.Meta, s *vehicle.State, e vehicle.Registered) { s.Plate = e.Plate }
func (Vehicle) Measured(_ engine.Meta, s *vehicle.State, e vehicle.Measured) {
	s.Last = e.Reading
	if odometer, ok := e.Reading.(types.ReadingOdometer); ok {
		s.Km = odometer.Km
	}
}
func (Vehicle) Serviced(_ engine.Meta, s *vehicle.State, e vehicle.Serviced) { s.ServicedKm = e.Km }

func (Vehicle) Sold(_ engine.Meta, s *vehicle.State, e vehicle.Sold) { s.Sold = e.Price > 0 }

func (Vehicle) UpcastMeasuredV1(e vehicle.MeasuredV1) vehicle.MeasuredV2 {
	return vehicle.MeasuredV2{Reading: types.ReadingOdometer{Km: e.Km}}
}

type Vehicles struct{}

func (Vehicles) Registered(m engine.Meta, rows *vehicles.Rows, e vehicle.Registered) {
	if _, ok := rows.Get(m.Stream.ID); !ok {
		rows.Put(vehicles.Row{Vin: m.Stream.ID})
	}
	rows.Patch(m.Stream.ID, func(row *vehicles.Row) { row.Plate = e.Plate })
}

func (Vehicles) Measured(m engine.Meta, rows *vehicles.Rows, e vehicle.Measured) {
	rows.Patch(m.Stream.ID, func(row *vehicles.Row) {
		switch reading := e.Reading.(type) {
		case types.ReadingOdometer:
			row.Km = reading.Km
		case types.ReadingFuel:
			row.Litres = engine.Some(reading.Litres)
		case types.ReadingPosition:
			row.Latitude = engine.Some(reading.Latitude)
		}
	})
}

type Job struct{}

func (Job) Plan(_ engine.Decision, _ *job.State, cmd job.Plan, emit job.PlanEmitter) {
	emit.Planned(job.Planned{Vehicle: cmd.Vehicle, Km: cmd.Km})
}
func (Job) Finish(_ engine.Decision, s *job.State, _ job.Finish, emit job.FinishEmitter) job.FinishRefusal {
	of, err := ids.ParseVehicle(s.Vehicle)
	if err != nil || s.Done {
		return job.DoneAlready{}
	}
	emit.Finished(job.Finished{Vehicle: of})
	return nil
}
func (Job) Planned(_ engine.Meta, s *job.State, e job.Planned)   { s.Vehicle = e.Vehicle.String() }
func (Job) Finished(_ engine.Meta, s *job.State, _ job.Finished) { s.Done = true }

type Planner struct{}

func (Planner) Planned(_ engine.Meta, s *planner.State, _ job.Planned) { s.Jobs++ }

func (Planner) OnMeasured(_ context.Context, m engine.Meta, s *planner.State, e vehicle.Measured, dispatch workshop.PlannerOnMeasuredDispatcher) error {
	of, err := ids.ParseVehicle(m.Stream.ID)
	if odometer, ok := e.Reading.(types.ReadingOdometer); ok && err == nil && e.Due && s.Jobs == 0 {
		dispatch.Job.Plan(workshopids.Job(m.ID), job.Plan{Vehicle: of, Km: odometer.Km})
	}
	return err
}

func (Planner) OnFinished(_ context.Context, m engine.Meta, _ *planner.State, e job.Finished, dispatch workshop.PlannerOnFinishedDispatcher) error {
	id, err := workshopids.ParseJob(m.Stream.ID)
	if err == nil {
		dispatch.Vehicle.Service(e.Vehicle, vehicle.Service{JobID: id})
	}
	return err
}
