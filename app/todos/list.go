package todos

import (
	"strings"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	gen "github.com/backstory-go/backstory/generated/todos"
	"github.com/backstory-go/backstory/generated/todos/list"
	"github.com/backstory-go/backstory/generated/todos/types"
)

// List decides about one todo list and folds its events.
type List struct{}

// The compiler names here what a change of the schemas asks for.
var (
	_ list.Decider      = List{}
	_ list.Evolver      = List{}
	_ gen.ListReactions = List{}
)

// AddItem adds an item, or notes that its text stands on the list already.
func (List) AddItem(in engine.Decision, state *list.State, cmd list.AddItem, emit list.AddItemEmitter) list.AddItemRefusal {
	if !active(state) {
		return list.NotActive{}
	}
	if twin, ok := sameText(state, cmd.Text, uuid.Nil); ok {
		emit.ItemDuplicated(list.ItemDuplicated{ID: twin, Text: cmd.Text})
		return nil
	}
	emit.ItemAdded(list.ItemAdded{ID: in.NewID(), Text: cmd.Text})
	return nil
}

// UpdateItemText changes an item's text, or notes that another item has it already.
func (List) UpdateItemText(_ engine.Decision, state *list.State, cmd list.UpdateItemText, emit list.UpdateItemTextEmitter) list.UpdateItemTextRefusal {
	if !active(state) {
		return list.NotActive{}
	}
	at := indexOf(state, cmd.ID)
	if at < 0 {
		return list.ItemNotFound{}
	}
	if state.Items[at].Expanding {
		return list.ItemExpanding{}
	}
	if twin, ok := sameText(state, cmd.Text, cmd.ID); ok {
		emit.ItemDuplicated(list.ItemDuplicated{ID: twin, Text: cmd.Text})
		return nil
	}
	if cmd.Text != state.Items[at].Text {
		emit.ItemTextUpdated(list.ItemTextUpdated{ID: cmd.ID, Text: cmd.Text})
	}
	return nil
}

// ToggleItem marks an item as done, or as open again. Whoever says which means what
// they saw: two who check the same item at once leave it done.
func (List) ToggleItem(_ engine.Decision, state *list.State, cmd list.ToggleItem, emit list.ToggleItemEmitter) list.ToggleItemRefusal {
	if !active(state) {
		return list.NotActive{}
	}
	at := indexOf(state, cmd.ID)
	if at < 0 {
		return list.ItemNotFound{}
	}
	item := state.Items[at]
	switch done := cmd.Done.Or(!item.Done); {
	case done == item.Done:
	case item.Expanding:
		return list.ItemExpanding{}
	case done:
		emit.ItemDone(list.ItemDone{ID: cmd.ID})
	default:
		emit.ItemUndone(list.ItemUndone{ID: cmd.ID})
	}
	return nil
}

// RemoveItem takes an item off the list.
func (List) RemoveItem(_ engine.Decision, state *list.State, cmd list.RemoveItem, emit list.RemoveItemEmitter) list.RemoveItemRefusal {
	if !active(state) {
		return list.NotActive{}
	}
	at := indexOf(state, cmd.ID)
	if at < 0 {
		return list.ItemNotFound{}
	}
	if state.Items[at].Expanding {
		return list.ItemExpanding{}
	}
	emit.ItemRemoved(list.ItemRemoved{ID: cmd.ID, Done: state.Items[at].Done})
	return nil
}

// ReorderItems moves an item in front of another one, or to the end. Where it
// stands already changes nothing.
func (List) ReorderItems(_ engine.Decision, state *list.State, cmd list.ReorderItems, emit list.ReorderItemsEmitter) list.ReorderItemsRefusal {
	if !active(state) {
		return list.NotActive{}
	}
	from, before := indexOf(state, cmd.ID), len(state.Items)
	if id, ok := cmd.Before.Get(); ok {
		before = indexOf(state, id)
	}
	if from < 0 || before < 0 {
		return list.ItemNotFound{}
	}
	if before != from && before != from+1 {
		emit.ItemsReordered(list.ItemsReordered{ID: cmd.ID, Before: cmd.Before})
	}
	return nil
}

// Archive puts an active list away.
func (List) Archive(_ engine.Decision, state *list.State, _ list.Archive, emit list.ArchiveEmitter) list.ArchiveRefusal {
	if !active(state) {
		return list.NotActive{}
	}
	emit.Archived(list.Archived{})
	return nil
}

// Unarchive makes an archived list active again.
func (List) Unarchive(_ engine.Decision, state *list.State, _ list.Unarchive, emit list.UnarchiveEmitter) list.UnarchiveRefusal {
	if state.Status != types.StatusArchived {
		return list.NotArchived{}
	}
	emit.Unarchived(list.Unarchived{})
	return nil
}

// Delete removes an archived list for good.
func (List) Delete(_ engine.Decision, state *list.State, _ list.Delete, emit list.DeleteEmitter) list.DeleteRefusal {
	if state.Status != types.StatusArchived {
		return list.NotArchived{}
	}
	emit.Deleted(list.Deleted{})
	return nil
}

func active(state *list.State) bool { return state.Status == types.StatusActive }

// indexOf finds an item's place, -1 when it is not on the list.
func indexOf(state *list.State, id uuid.UUID) int {
	for i := range state.Items {
		if state.Items[i].ID == id {
			return i
		}
	}
	return -1
}

// sameText finds another item whose text is the same to a person: ignoring case
// and surrounding space.
func sameText(state *list.State, text string, except uuid.UUID) (uuid.UUID, bool) {
	for _, item := range state.Items {
		if item.ID != except && strings.EqualFold(strings.TrimSpace(item.Text), strings.TrimSpace(text)) {
			return item.ID, true
		}
	}
	return uuid.Nil, false
}
