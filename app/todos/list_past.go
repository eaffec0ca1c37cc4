package todos

import (
	"slices"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/generated/todos/list"
	"github.com/backstory-go/backstory/generated/todos/types"
)

// changes are the events that both restore and undo lead with.
type changes interface {
	ItemAdded(list.ItemAdded)
	ItemDone(list.ItemDone)
	ItemRemoved(list.ItemRemoved)
	ItemTextUpdated(list.ItemTextUpdated)
	ItemUndone(list.ItemUndone)
	ItemsReordered(list.ItemsReordered)
	NameRequested(list.NameRequested)
	NameUpdated(list.NameUpdated)
}

// Restore makes items and name what they were at a version. A name that differs
// is asked for like any other.
func (List) Restore(in engine.Decision, state *list.State, past list.Past, cmd list.Restore, emit list.RestoreEmitter) list.RestoreRefusal {
	then, ok := past.At(cmd.Version)
	switch {
	case !ok:
		return list.NoSuchVersion{}
	case !active(state):
		return list.NotActive{}
	case slices.ContainsFunc(state.Items, func(item list.Item) bool { return item.Expanding }):
		return list.ItemExpanding{}
	case then.Name != state.Name && wants(state):
		return list.NamePending{}
	}
	restoreItems(state, then, emit)
	restoreName(in, state, then.Name, emit)
	return nil
}

// restoreItems leads from the items of state, which follows every event, to those
// of then.
func restoreItems(state, then *list.State, emit changes) {
	for _, item := range slices.Clone(state.Items) {
		if indexOf(then, item.ID) < 0 {
			emit.ItemRemoved(list.ItemRemoved{ID: item.ID, Done: item.Done})
		}
	}
	for i := len(then.Items) - 1; i >= 0; i-- { // from the last one, so that each one's successor stands already
		restoreItem(state, then.Items[i], following(then, i), emit)
	}
}

// restoreItem makes one item what it was, in front of next or at the end.
func restoreItem(state *list.State, item list.Item, next engine.Opt[uuid.UUID], emit changes) {
	at := indexOf(state, item.ID)
	if at < 0 {
		emit.ItemAdded(list.ItemAdded{ID: item.ID, Text: item.Text, Before: next})
		at = indexOf(state, item.ID)
	}
	if state.Items[at].Text != item.Text {
		emit.ItemTextUpdated(list.ItemTextUpdated{ID: item.ID, Text: item.Text})
	}
	switch now := state.Items[at].Done; {
	case item.Done && !now:
		emit.ItemDone(list.ItemDone{ID: item.ID})
	case !item.Done && now:
		emit.ItemUndone(list.ItemUndone{ID: item.ID})
	}
	if !standsBefore(state, at, next) {
		emit.ItemsReordered(list.ItemsReordered{ID: item.ID, Before: next})
	}
}

// following is the item after the one at an index, if there is one.
func following(state *list.State, at int) engine.Opt[uuid.UUID] {
	if at+1 < len(state.Items) {
		return engine.Some(state.Items[at+1].ID)
	}
	return engine.Opt[uuid.UUID]{}
}

// standsBefore says whether the item at an index stands in front of next, or is
// the last one when there is none.
func standsBefore(state *list.State, at int, next engine.Opt[uuid.UUID]) bool {
	return following(state, at).Or(uuid.Nil) == next.Or(uuid.Nil)
}

func restoreName(in engine.Decision, state *list.State, name string, emit changes) {
	switch {
	case name == state.Name:
	case sameName(name, state.Name):
		emit.NameUpdated(list.NameUpdated{Name: name})
	default:
		emit.NameRequested(list.NameRequested{Name: name, ReservationID: in.NewID()})
	}
}

// Undo takes back what one version changed, as far as it still stands. What
// somebody has changed again since is left alone.
func (List) Undo(in engine.Decision, state *list.State, past list.Past, cmd list.Undo, emit list.UndoEmitter) list.UndoRefusal {
	before, ok := past.At(cmd.Version - 1)
	var what engine.Event
	for _, event := range past.Events(cmd.Version, cmd.Version) {
		what = event
	}
	if !ok || what == nil {
		return list.NoSuchVersion{}
	}
	switch event := what.(type) {
	case list.Archived:
		return undoArchived(state, emit)
	case list.Unarchived:
		if !active(state) {
			return list.NotActive{}
		}
		emit.Archived(list.Archived{})
		return nil
	case list.NameConfirmed:
		return undoName(in, state, event.Name, before.Name, emit)
	case list.NameUpdated:
		return undoName(in, state, event.Name, before.Name, emit)
	}
	if !active(state) {
		return list.NotActive{}
	}
	return undoItem(state, before, what, emit)
}

func undoArchived(state *list.State, emit list.UndoEmitter) list.UndoRefusal {
	if state.Status != types.StatusArchived {
		return list.CannotUndo{}
	}
	emit.Unarchived(list.Unarchived{})
	return nil
}

func undoName(in engine.Decision, state *list.State, name, before string, emit list.UndoEmitter) list.UndoRefusal {
	switch {
	case !active(state):
		return list.NotActive{}
	case wants(state):
		return list.NamePending{}
	case name == before:
		return list.CannotUndo{} // the list's first name
	case name == state.Name:
		restoreName(in, state, before, emit)
	}
	return nil
}

// undoItem takes back a change of one item.
func undoItem(state, before *list.State, what engine.Event, emit list.UndoEmitter) list.UndoRefusal {
	switch event := what.(type) {
	case list.ItemAdded:
		return undoAdded(state, event, emit)
	case list.ItemRemoved:
		return undoRemoved(state, before, event, emit)
	case list.ItemTextUpdated:
		return undoText(state, before, event, emit)
	case list.ItemDone:
		return undoChecked(state, event.ID, true, emit)
	case list.ItemUndone:
		return undoChecked(state, event.ID, false, emit)
	case list.ItemsReordered:
		if at := indexOf(state, event.ID); at >= 0 {
			if next := survivor(state, before, event.ID); !standsBefore(state, at, next) {
				emit.ItemsReordered(list.ItemsReordered{ID: event.ID, Before: next})
			}
		}
		return nil
	}
	return list.CannotUndo{}
}

func undoAdded(state *list.State, event list.ItemAdded, emit list.UndoEmitter) list.UndoRefusal {
	at := indexOf(state, event.ID)
	if at < 0 {
		return nil
	}
	if state.Items[at].Expanding {
		return list.ItemExpanding{}
	}
	emit.ItemRemoved(list.ItemRemoved{ID: event.ID, Done: state.Items[at].Done})
	return nil
}

// undoChecked takes back that an item was marked as done, or as open again.
func undoChecked(state *list.State, id uuid.UUID, done bool, emit list.UndoEmitter) list.UndoRefusal {
	at := indexOf(state, id)
	switch {
	case at < 0 || state.Items[at].Done != done:
		return nil
	case state.Items[at].Expanding:
		return list.ItemExpanding{}
	case done:
		emit.ItemUndone(list.ItemUndone{ID: id})
	default:
		emit.ItemDone(list.ItemDone{ID: id})
	}
	return nil
}

func undoRemoved(state, before *list.State, event list.ItemRemoved, emit list.UndoEmitter) list.UndoRefusal {
	was := indexOf(before, event.ID)
	if was < 0 || indexOf(state, event.ID) >= 0 {
		return nil
	}
	item := before.Items[was]
	if _, twin := sameText(state, item.Text, item.ID); twin {
		return list.TextTaken{}
	}
	emit.ItemAdded(list.ItemAdded{ID: item.ID, Text: item.Text, Before: survivor(state, before, item.ID)})
	if item.Done {
		emit.ItemDone(list.ItemDone{ID: item.ID})
	}
	return nil
}

func undoText(state, before *list.State, event list.ItemTextUpdated, emit list.UndoEmitter) list.UndoRefusal {
	at, was := indexOf(state, event.ID), indexOf(before, event.ID)
	if at < 0 || was < 0 || state.Items[at].Text != event.Text {
		return nil
	}
	if state.Items[at].Expanding {
		return list.ItemExpanding{}
	}
	text := before.Items[was].Text
	if _, twin := sameText(state, text, event.ID); twin {
		return list.TextTaken{}
	}
	emit.ItemTextUpdated(list.ItemTextUpdated{ID: event.ID, Text: text})
	return nil
}

// survivor is the first item after another one, as they stood before, that is
// still on the list.
func survivor(state, before *list.State, id uuid.UUID) engine.Opt[uuid.UUID] {
	for i := indexOf(before, id) + 1; i < len(before.Items); i++ {
		if next := before.Items[i].ID; next != id && indexOf(state, next) >= 0 {
			return engine.Some(next)
		}
	}
	return engine.Opt[uuid.UUID]{}
}
