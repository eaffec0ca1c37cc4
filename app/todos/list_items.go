package todos

import (
	"slices"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/generated/todos/list"
	"github.com/backstory-go/backstory/generated/todos/types"
)

// ExpandItem asks for an item to be split into smaller ones.
func (List) ExpandItem(_ engine.Decision, state *list.State, cmd list.ExpandItem, emit list.ExpandItemEmitter) list.ExpandItemRefusal {
	if !active(state) {
		return list.NotActive{}
	}
	at := indexOf(state, cmd.ID)
	switch {
	case at < 0:
		return list.ItemNotFound{}
	case state.Items[at].Expanding:
		return list.ItemExpanding{}
	}
	emit.ExpansionStarted(list.ExpansionStarted{ID: cmd.ID, Text: state.Items[at].Text})
	return nil
}

// ReplaceItem puts the smaller items in the place of the expanded one. Texts that
// stand on the list already are left out; when nothing is left, the item stays.
func (List) ReplaceItem(in engine.Decision, state *list.State, cmd list.ReplaceItem, emit list.ReplaceItemEmitter) list.ReplaceItemRefusal {
	if !active(state) {
		return list.NotActive{}
	}
	at := indexOf(state, cmd.ID)
	if at < 0 || !state.Items[at].Expanding {
		return list.ItemNotFound{}
	}
	done, added := state.Items[at].Done, 0
	for _, text := range cmd.Lines {
		if _, twin := sameText(state, text, uuid.Nil); !twin {
			emit.ItemAdded(list.ItemAdded{ID: in.NewID(), Text: text, Before: engine.Some(cmd.ID)})
			added++
		}
	}
	if added == 0 {
		emit.ExpansionEnded(list.ExpansionEnded{ID: cmd.ID, Reason: types.ReasonEmpty})
		return nil
	}
	emit.ItemRemoved(list.ItemRemoved{ID: cmd.ID, Done: done})
	return nil
}

// EndExpansion gives the item back, if it is still being expanded and the list
// was not deleted meanwhile.
func (List) EndExpansion(_ engine.Decision, state *list.State, cmd list.EndExpansion, emit list.EndExpansionEmitter) {
	if at := indexOf(state, cmd.ID); at >= 0 && state.Items[at].Expanding && state.Status != types.StatusDeleted {
		emit.ExpansionEnded(list.ExpansionEnded{ID: cmd.ID, Reason: cmd.Reason})
	}
}

// NotifyDispatched notes where the item was announced, once for each service.
func (List) NotifyDispatched(_ engine.Decision, state *list.State, cmd list.NotifyDispatched, emit list.NotifyDispatchedEmitter) list.NotifyDispatchedRefusal {
	at := indexOf(state, cmd.ID)
	if at < 0 || state.Status == types.StatusDeleted {
		return list.ItemNotFound{}
	}
	item := state.Items[at]
	if !slices.Contains(item.Services, cmd.Service) || slices.Contains(item.FailedServices, cmd.Service) {
		emit.ItemDispatched(list.ItemDispatched{ID: cmd.ID, Service: cmd.Service})
	}
	return nil
}

// NotifyFailed notes where the item could not be announced.
func (List) NotifyFailed(_ engine.Decision, state *list.State, cmd list.NotifyFailed, emit list.NotifyFailedEmitter) list.NotifyFailedRefusal {
	at := indexOf(state, cmd.ID)
	if at < 0 || state.Status == types.StatusDeleted {
		return list.ItemNotFound{}
	}
	if !slices.Contains(state.Items[at].FailedServices, cmd.Service) {
		emit.ItemDispatchFailed(list.ItemDispatchFailed{ID: cmd.ID, Service: cmd.Service})
	}
	return nil
}

// ExpansionStarted folds that the item is being split.
func (List) ExpansionStarted(_ engine.Meta, state *list.State, event list.ExpansionStarted) {
	if at := indexOf(state, event.ID); at >= 0 {
		state.Items[at].Expanding, state.Items[at].Unexpanded = true, engine.Opt[types.Reason]{}
	}
}

// ExpansionEnded folds that the item was given back, and why.
func (List) ExpansionEnded(_ engine.Meta, state *list.State, event list.ExpansionEnded) {
	if at := indexOf(state, event.ID); at >= 0 {
		state.Items[at].Expanding, state.Items[at].Unexpanded = false, engine.Some(event.Reason)
	}
}

// ItemDispatched folds where the item was announced; a failure there is mended.
func (List) ItemDispatched(_ engine.Meta, state *list.State, event list.ItemDispatched) {
	at := indexOf(state, event.ID)
	if at < 0 {
		return
	}
	item := &state.Items[at]
	if !slices.Contains(item.Services, event.Service) {
		item.Services = append(item.Services, event.Service)
	}
	item.FailedServices = slices.DeleteFunc(item.FailedServices, func(s string) bool { return s == event.Service })
}

// ItemDispatchFailed folds where the item could not be announced.
func (List) ItemDispatchFailed(_ engine.Meta, state *list.State, event list.ItemDispatchFailed) {
	if at := indexOf(state, event.ID); at >= 0 {
		state.Items[at].FailedServices = append(state.Items[at].FailedServices, event.Service)
	}
}
