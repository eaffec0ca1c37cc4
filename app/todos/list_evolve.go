package todos

import (
	"slices"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/generated/todos/list"
	"github.com/backstory-go/backstory/generated/todos/types"
)

// ItemAdded folds a new item; a warning about a duplicate is over.
func (List) ItemAdded(_ engine.Meta, state *list.State, event list.ItemAdded) {
	at := len(state.Items)
	if id, ok := event.Before.Get(); ok {
		if before := indexOf(state, id); before >= 0 {
			at = before
		}
	}
	state.Items = slices.Insert(state.Items, at, list.Item{ID: event.ID, Text: event.Text})
	state.DuplicatedItem = uuid.Nil
}

// ItemDuplicated folds the warning beside the item that has the text already.
func (List) ItemDuplicated(_ engine.Meta, state *list.State, event list.ItemDuplicated) {
	state.DuplicatedItem = event.ID
}

// ItemTextUpdated folds an item's new text; a warning about a duplicate is over,
// and so is that the old text could not be split.
func (List) ItemTextUpdated(_ engine.Meta, state *list.State, event list.ItemTextUpdated) {
	if at := indexOf(state, event.ID); at >= 0 {
		state.Items[at].Text, state.Items[at].Unexpanded = event.Text, engine.Opt[types.Reason]{}
	}
	state.DuplicatedItem = uuid.Nil
}

// ItemDone folds a finished item.
func (List) ItemDone(_ engine.Meta, state *list.State, event list.ItemDone) {
	setDone(state, event.ID, true)
}

// ItemUndone folds a reopened item.
func (List) ItemUndone(_ engine.Meta, state *list.State, event list.ItemUndone) {
	setDone(state, event.ID, false)
}

// ItemRemoved folds a removed item and the warning that stood beside it.
func (List) ItemRemoved(_ engine.Meta, state *list.State, event list.ItemRemoved) {
	if at := indexOf(state, event.ID); at >= 0 {
		state.Items = slices.Delete(state.Items, at, at+1)
	}
	if state.DuplicatedItem == event.ID {
		state.DuplicatedItem = uuid.Nil
	}
}

// ItemsReordered folds an item's new place.
func (List) ItemsReordered(_ engine.Meta, state *list.State, event list.ItemsReordered) {
	from := indexOf(state, event.ID)
	if from < 0 {
		return
	}
	item := state.Items[from]
	state.Items = slices.Delete(state.Items, from, from+1)
	to := len(state.Items)
	if id, ok := event.Before.Get(); ok {
		if at := indexOf(state, id); at >= 0 {
			to = at
		}
	}
	state.Items = slices.Insert(state.Items, to, item)
}

// Archived folds that the list was put away.
func (List) Archived(_ engine.Meta, state *list.State, _ list.Archived) {
	state.Status = types.StatusArchived
}

// Unarchived folds that the list came back.
func (List) Unarchived(_ engine.Meta, state *list.State, _ list.Unarchived) {
	state.Status = types.StatusActive
}

// Deleted folds the end of the list.
func (List) Deleted(_ engine.Meta, state *list.State, _ list.Deleted) {
	state.Status = types.StatusDeleted
}

func setDone(state *list.State, id uuid.UUID, done bool) {
	if at := indexOf(state, id); at >= 0 {
		state.Items[at].Done, state.Items[at].Unexpanded = done, engine.Opt[types.Reason]{}
	}
}
