// Package decide decides about visits and bills.
package decide

import (
	"context"

	"github.com/backstory-go/backstory/engine"
	"github.com/google/uuid"

	"example.com/systems/clinic/generated/billing"
	billingids "example.com/systems/clinic/generated/billing/ids"
	"example.com/systems/clinic/generated/billing/invoice"
	"example.com/systems/clinic/generated/booking/diary"
	"example.com/systems/clinic/generated/booking/ids"
	"example.com/systems/clinic/generated/booking/types"
	"example.com/systems/clinic/generated/booking/visit"
)

type Visit struct{}

func (Visit) Book(_ engine.Decision, _ *visit.State, cmd visit.Book, emit visit.BookEmitter) {
	emit.Booked(visit.Booked{Patient: cmd.Patient, Day: cmd.Day, Minutes: cmd.Minutes, Reason: cmd.Reason, Notes: cmd.Notes})
}

func (Visit) Move(_ engine.Decision, s *visit.State, cmd visit.Move, emit visit.MoveEmitter) visit.MoveRefusal {
	switch {
	case s.Status == visit.StateStatusDone:
		return visit.VisitOver{}
	case s.Day == cmd.Day:
		return visit.SameDay{}
	}
	emit.Moved(visit.Moved{Day: cmd.Day})
	return nil
}

func (Visit) Finish(_ engine.Decision, s *visit.State, cmd visit.Finish, emit visit.FinishEmitter) visit.FinishRefusal {
	if s.Status == visit.StateStatusDone {
		return visit.VisitOver{}
	}
	emit.Finished(visit.Finished{Treatments: cmd.Treatments, Minutes: s.Minutes})
	return nil
}

func (Visit) Booked(_ engine.Meta, s *visit.State, e visit.Booked) {
	s.Patient, s.Day, s.Minutes, s.Status = e.Patient, e.Day, e.Minutes, visit.StateStatusBooked
}
func (Visit) Moved(_ engine.Meta, s *visit.State, e visit.Moved) {
	s.Day, s.Status = e.Day, visit.StateStatusMoved
}
func (Visit) Finished(_ engine.Meta, s *visit.State, _ visit.Finished) {
	s.Status = visit.StateStatusDone
}

func (Visit) UpcastBookedV1(e visit.BookedV1) visit.BookedV2 {
	return visit.BookedV2{Patient: e.Patient, Day: e.Day, Minutes: int64(min(e.Hours*60, 1<<40))}
}

func (Visit) UpcastBookedV2(e visit.BookedV2) visit.BookedV3 {
	return visit.BookedV3{Patient: e.Patient, Day: e.Day, Minutes: e.Minutes, Reason: types.ReasonNew{Complaint: "unknown"}}
}

type Diary struct{}

func (Diary) Booked(m engine.Meta, rows *diary.Rows, e visit.Booked) {
	rows.Put(diary.Row{Visit: uuid.MustParse(m.Stream.ID), Day: e.Day, Patient: e.Patient, Minutes: e.Minutes})
}
func (Diary) Moved(m engine.Meta, rows *diary.Rows, e visit.Moved) {
	rows.Patch(uuid.MustParse(m.Stream.ID), func(row *diary.Row) { row.Day = e.Day })
}
func (Diary) Finished(m engine.Meta, rows *diary.Rows, _ visit.Finished) {
	rows.Patch(uuid.MustParse(m.Stream.ID), func(row *diary.Row) { row.Done = true })
}

type Invoice struct{}

func (Invoice) Issue(_ engine.Decision, _ *invoice.State, cmd invoice.Issue, emit invoice.IssueEmitter) {
	emit.Issued(invoice.Issued{Visit: cmd.Visit, Total: cmd.Total})
}
func (Invoice) Pay(_ engine.Decision, s *invoice.State, _ invoice.Pay, emit invoice.PayEmitter) invoice.PayRefusal {
	if s.Paid {
		return invoice.PaidAlready{}
	}
	emit.Paid(invoice.Paid{})
	return nil
}
func (Invoice) Remind(_ engine.Decision, s *invoice.State, _ invoice.Remind, emit invoice.RemindEmitter) invoice.RemindRefusal {
	if s.Paid {
		return invoice.PaidAlready{}
	}
	emit.Reminded(invoice.Reminded{Count: s.Reminders + 1})
	return nil
}
func (Invoice) Issued(_ engine.Meta, s *invoice.State, e invoice.Issued) {
	s.Visit, s.Total = uuid.UUID(e.Visit), e.Total
}
func (Invoice) Reminded(_ engine.Meta, s *invoice.State, e invoice.Reminded) { s.Reminders = e.Count }
func (Invoice) Paid(_ engine.Meta, s *invoice.State, _ invoice.Paid)         { s.Paid = true }

type Clerk struct{}

func (Clerk) OnFinished(_ context.Context, m engine.Meta, e visit.Finished, dispatch billing.ClerkOnFinishedDispatcher) error {
	of, err := ids.ParseVisit(m.Stream.ID)
	if err == nil {
		dispatch.Invoice.Issue(billingids.Invoice(m.ID), invoice.Issue{Visit: of, Total: e.Minutes * 100})
	}
	return err
}

func (Clerk) OnIssued(_ context.Context, m engine.Meta, _ invoice.Issued, dispatch billing.ClerkOnIssuedDispatcher) error {
	id, err := billingids.ParseInvoice(m.Stream.ID)
	if err == nil {
		dispatch.Invoice.Remind(id, invoice.Remind{})
	}
	return err
}
