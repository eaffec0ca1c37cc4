package todos

import (
	"context"

	"github.com/backstory-go/backstory/engine"
	gen "github.com/backstory-go/backstory/generated/todos"
	"github.com/backstory-go/backstory/generated/todos/ids"
	"github.com/backstory-go/backstory/generated/todos/list"
	"github.com/backstory-go/backstory/generated/todos/listname"
)

// ListName decides who holds one name, and folds its events. See list_naming.go
// for the way that a list gets its name.
type ListName struct{}

var (
	_ listname.Decider      = ListName{}
	_ listname.Evolver      = ListName{}
	_ gen.ListNameReactions = ListName{}
)

// Reserve keeps the name for a list. The same reservation again changes nothing.
func (ListName) Reserve(_ engine.Decision, state *listname.State, cmd listname.Reserve, emit listname.ReserveEmitter) listname.ReserveRefusal {
	switch {
	case !state.Held:
		emit.Reserved(listname.Reserved{ListID: cmd.ListID, ReservationID: cmd.ReservationID})
	case state.ReservationID != cmd.ReservationID:
		return listname.Taken{}
	}
	return nil
}

// Confirm makes a reservation final, unless it is over.
func (ListName) Confirm(_ engine.Decision, state *listname.State, cmd listname.Confirm, emit listname.ConfirmEmitter) listname.ConfirmRefusal {
	switch {
	case !state.Held || state.ReservationID != cmd.ReservationID:
		return listname.NotReserved{}
	case !state.Confirmed:
		emit.Confirmed(listname.Confirmed{ListID: state.ListID, ReservationID: cmd.ReservationID})
	}
	return nil
}

// Expire frees the name when this reservation still waits to be confirmed.
func (ListName) Expire(_ engine.Decision, state *listname.State, cmd listname.Expire, emit listname.ExpireEmitter) {
	if state.Held && !state.Confirmed && state.ReservationID == cmd.ReservationID {
		emit.Expired(listname.Expired{ReservationID: cmd.ReservationID})
	}
}

// Release frees the name when it is held by this reservation.
func (ListName) Release(_ engine.Decision, state *listname.State, cmd listname.Release, emit listname.ReleaseEmitter) {
	if state.Held && state.ReservationID == cmd.ReservationID {
		emit.Released(listname.Released{ReservationID: cmd.ReservationID})
	}
}

// Reserved folds who holds the name for now.
func (ListName) Reserved(_ engine.Meta, state *listname.State, event listname.Reserved) {
	*state = listname.State{ListID: event.ListID, ReservationID: event.ReservationID, Held: true}
}

// Confirmed folds that the name is the list's.
func (ListName) Confirmed(_ engine.Meta, state *listname.State, _ listname.Confirmed) {
	state.Confirmed = true
}

// Expired folds that the name is free.
func (ListName) Expired(_ engine.Meta, state *listname.State, _ listname.Expired) {
	*state = listname.State{}
}

// Released folds that the name is free.
func (ListName) Released(_ engine.Meta, state *listname.State, _ listname.Released) {
	*state = listname.State{}
}

// OnReserved tells the list, and sees to it that a reservation which is never
// confirmed ends.
func (ListName) OnReserved(_ context.Context, m engine.Meta, _ *listname.State, event listname.Reserved, dispatch gen.ListNameOnReservedDispatcher) error {
	name, err := ids.ParseListName(m.Stream.ID)
	if err != nil {
		return err
	}
	dispatch.List.ClaimName(event.ListID, list.ClaimName{ReservationID: event.ReservationID})
	dispatch.ListName.Expire(name, listname.Expire{ReservationID: event.ReservationID})
	return nil
}

// OnReservedRefused frees the name at once: the list does not want it any more.
func (ListName) OnReservedRefused(_ context.Context, m engine.Meta, state *listname.State, _ engine.RefusedCommand, dispatch gen.ListNameOnReservedRefusedDispatcher) error {
	name, err := ids.ParseListName(m.Stream.ID)
	if err != nil {
		return err
	}
	dispatch.ListName.Expire(name, listname.Expire{ReservationID: state.ReservationID})
	return nil
}

// OnReservedParked frees the name: nobody could tell the list.
func (ListName) OnReservedParked(_ context.Context, m engine.Meta, state *listname.State, _ engine.ParkedMessage, dispatch gen.ListNameOnReservedParkedDispatcher) error {
	name, err := ids.ParseListName(m.Stream.ID)
	if err != nil {
		return err
	}
	dispatch.ListName.Expire(name, listname.Expire{ReservationID: state.ReservationID})
	return nil
}

// OnConfirmed tells the list that the name is its own.
func (ListName) OnConfirmed(_ context.Context, _ engine.Meta, state *listname.State, event listname.Confirmed, dispatch gen.ListNameOnConfirmedDispatcher) error {
	dispatch.List.Activate(state.ListID, list.Activate{ReservationID: event.ReservationID})
	return nil
}

// OnConfirmedRefused frees the name: the list was deleted, or gave the name up.
func (ListName) OnConfirmedRefused(_ context.Context, m engine.Meta, state *listname.State, _ engine.RefusedCommand, dispatch gen.ListNameOnConfirmedRefusedDispatcher) error {
	name, err := ids.ParseListName(m.Stream.ID)
	if err != nil {
		return err
	}
	dispatch.ListName.Release(name, listname.Release{ReservationID: state.ReservationID})
	return nil
}
