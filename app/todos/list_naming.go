package todos

import (
	"context"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	gen "github.com/backstory-go/backstory/generated/todos"
	"github.com/backstory-go/backstory/generated/todos/ids"
	"github.com/backstory-go/backstory/generated/todos/list"
	"github.com/backstory-go/backstory/generated/todos/listname"
	"github.com/backstory-go/backstory/generated/todos/types"
)

// How a list gets its name, so that no two lists ever share one: the list asks
// (created, name_requested), the name keeps itself for it (reserved), the list
// holds on (name_claimed), the name becomes final (confirmed), and only then is
// it the list's (name_confirmed). A reservation that stops half-way expires, and
// the list is told when another one has the name (name_refused), and when that could
// not be found out, or came too late (name_given_up).

// Create starts a list, which asks for its name.
func (List) Create(in engine.Decision, _ *list.State, cmd list.Create, emit list.CreateEmitter) {
	emit.Created(list.Created{Name: cmd.Name, ReservationID: in.NewID()})
}

// UpdateName asks for another name. The name that the list has already changes
// nothing; another spelling of it needs nobody's leave.
func (List) UpdateName(in engine.Decision, state *list.State, cmd list.UpdateName, emit list.UpdateNameEmitter) list.UpdateNameRefusal {
	switch {
	case !active(state):
		return list.NotActive{}
	case wants(state):
		return list.NamePending{}
	case cmd.Name == state.Name:
	case sameName(cmd.Name, state.Name):
		emit.NameUpdated(list.NameUpdated{Name: cmd.Name})
	default:
		emit.NameRequested(list.NameRequested{Name: cmd.Name, ReservationID: in.NewID()})
	}
	return nil
}

// ClaimName holds on to the name that was reserved.
func (List) ClaimName(_ engine.Decision, state *list.State, cmd list.ClaimName, emit list.ClaimNameEmitter) list.ClaimNameRefusal {
	if !wantsBy(state, cmd.ReservationID) {
		return list.NameNotWanted{}
	}
	emit.NameClaimed(list.NameClaimed{ReservationID: cmd.ReservationID})
	return nil
}

// Activate takes the name that is the list's own by now.
func (List) Activate(_ engine.Decision, state *list.State, cmd list.Activate, emit list.ActivateEmitter) list.ActivateRefusal {
	if !wantsBy(state, cmd.ReservationID) {
		return list.NameNotWanted{}
	}
	event := list.NameConfirmed{Name: state.Wanted.Name, ReservationID: cmd.ReservationID}
	if state.ReservationID != uuid.Nil {
		event.Previous = engine.Some(list.Previous{Name: state.Name, ReservationID: state.ReservationID})
	}
	emit.NameConfirmed(event)
	return nil
}

// RefuseName gives up the name that the list asked for. A name that it does not
// ask for any more changes nothing.
func (List) RefuseName(_ engine.Decision, state *list.State, cmd list.RefuseName, emit list.RefuseNameEmitter) {
	if wantsBy(state, cmd.ReservationID) {
		emit.NameRefused(list.NameRefused{Name: state.Wanted.Name, ReservationID: cmd.ReservationID})
	}
}

// GiveUpName gives up the name that the list asked for, whether another one has it or
// not. A name that it does not ask for any more changes nothing.
func (List) GiveUpName(_ engine.Decision, state *list.State, cmd list.GiveUpName, emit list.GiveUpNameEmitter) {
	if wantsBy(state, cmd.ReservationID) {
		emit.NameGivenUp(list.NameGivenUp{Name: state.Wanted.Name, ReservationID: cmd.ReservationID})
	}
}

// Created folds the start of the list.
func (List) Created(_ engine.Meta, state *list.State, event list.Created) {
	state.Name, state.Status = event.Name, types.StatusPending
	state.Wanted = list.Wanted{Name: event.Name, ReservationID: event.ReservationID}
}

// NameRequested folds that the list asks for another name.
func (List) NameRequested(_ engine.Meta, state *list.State, event list.NameRequested) {
	state.Wanted = list.Wanted{Name: event.Name, ReservationID: event.ReservationID}
}

// NameClaimed changes nothing that the list knows.
func (List) NameClaimed(engine.Meta, *list.State, list.NameClaimed) {}

// NameConfirmed folds the name; a new list is active from here on.
func (List) NameConfirmed(_ engine.Meta, state *list.State, event list.NameConfirmed) {
	state.Name, state.ReservationID, state.Wanted = event.Name, event.ReservationID, list.Wanted{}
	if state.Status == types.StatusPending {
		state.Status = types.StatusActive
	}
}

// NameRefused folds that the name is another list's.
func (List) NameRefused(_ engine.Meta, state *list.State, _ list.NameRefused) { unnamed(state) }

// NameGivenUp folds that the name could not be reserved.
func (List) NameGivenUp(_ engine.Meta, state *list.State, _ list.NameGivenUp) { unnamed(state) }

// unnamed folds that the list does not get the name. A new list never begins.
func unnamed(state *list.State) {
	state.Wanted = list.Wanted{}
	if state.Status == types.StatusPending {
		state.Status = types.StatusRefused
	}
}

// NameUpdated folds another spelling of the name.
func (List) NameUpdated(_ engine.Meta, state *list.State, event list.NameUpdated) {
	state.Name = event.Name
}

// ReserveName asks the name to keep itself for the list.
func (List) ReserveName(_ context.Context, m engine.Meta, state *list.State, _ gen.ListReserveNameEvent, dispatch gen.ListReserveNameDispatcher) error {
	name, err := ids.ParseListName(state.Wanted.Name)
	if err != nil {
		return err
	}
	dispatch.ListName.Reserve(name, listname.Reserve{ListID: ids.List(listID(m)), ReservationID: state.Wanted.ReservationID})
	return nil
}

// ReserveNameRefused tells the list that another one has the name.
func (List) ReserveNameRefused(_ context.Context, m engine.Meta, state *list.State, _ engine.RefusedCommand, dispatch gen.ListReserveNameRefusedDispatcher) error {
	dispatch.List.RefuseName(ids.List(listID(m)), list.RefuseName{ReservationID: state.Wanted.ReservationID})
	return nil
}

// ReserveNameParked gives the name up, so that the list is not left waiting.
func (List) ReserveNameParked(_ context.Context, m engine.Meta, state *list.State, _ engine.ParkedMessage, dispatch gen.ListReserveNameParkedDispatcher) error {
	dispatch.List.GiveUpName(ids.List(listID(m)), list.GiveUpName{ReservationID: state.Wanted.ReservationID})
	return nil
}

// ConfirmName makes the reservation final.
func (List) ConfirmName(_ context.Context, _ engine.Meta, state *list.State, event list.NameClaimed, dispatch gen.ListConfirmNameDispatcher) error {
	name, err := ids.ParseListName(state.Wanted.Name)
	if err != nil {
		return err
	}
	dispatch.ListName.Confirm(name, listname.Confirm{ReservationID: event.ReservationID})
	return nil
}

// ConfirmNameRefused tells the list that its reservation was over by then.
func (List) ConfirmNameRefused(_ context.Context, m engine.Meta, state *list.State, _ engine.RefusedCommand, dispatch gen.ListConfirmNameRefusedDispatcher) error {
	dispatch.List.GiveUpName(ids.List(listID(m)), list.GiveUpName{ReservationID: state.Wanted.ReservationID})
	return nil
}

// ConfirmNameParked gives the name up; its reservation expires.
func (List) ConfirmNameParked(_ context.Context, m engine.Meta, state *list.State, _ engine.ParkedMessage, dispatch gen.ListConfirmNameParkedDispatcher) error {
	dispatch.List.GiveUpName(ids.List(listID(m)), list.GiveUpName{ReservationID: state.Wanted.ReservationID})
	return nil
}

// FreeOldName frees the name that the list had before.
func (List) FreeOldName(_ context.Context, _ engine.Meta, _ *list.State, event list.NameConfirmed, dispatch gen.ListFreeOldNameDispatcher) error {
	previous, ok := event.Previous.Get()
	if !ok {
		return nil
	}
	name, err := ids.ParseListName(previous.Name)
	if err != nil {
		return err
	}
	dispatch.ListName.Release(name, listname.Release{ReservationID: previous.ReservationID})
	return nil
}

// FreeName frees the name of a deleted list.
func (List) FreeName(_ context.Context, _ engine.Meta, state *list.State, _ list.Deleted, dispatch gen.ListFreeNameDispatcher) error {
	name, err := ids.ParseListName(state.Name)
	if err != nil {
		return err
	}
	dispatch.ListName.Release(name, listname.Release{ReservationID: state.ReservationID})
	return nil
}

func wants(state *list.State) bool { return state.Wanted.ReservationID != uuid.Nil }

// wantsBy says whether a reservation is the one that the list waits for. A
// deleted list waits for nothing.
func wantsBy(state *list.State, reservation uuid.UUID) bool {
	return state.Status != types.StatusDeleted && wants(state) && state.Wanted.ReservationID == reservation
}

// sameName says whether two names are one to the names' own streams.
func sameName(a, b string) bool {
	x, errX := ids.ParseListName(a)
	y, errY := ids.ParseListName(b)
	return errX == nil && errY == nil && x == y
}
