package todos_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/generated/todos/list"
	"github.com/backstory-go/backstory/generated/todos/types"
)

// Versions of groceries: 1 created, 2 confirmed, 3 milk, 4 eggs, 5 soap.

func restores() []decisionCase {
	requested := list.NameRequested{Name: "Shop", ReservationID: second}
	confirmed := list.NameConfirmed{Name: "Shop", ReservationID: second, Previous: engine.Some(list.Previous{Name: "Groceries", ReservationID: first})}
	return []decisionCase{
		{"what is there already", groceries(), list.Restore{Version: 5}, nil},
		{"new items go", groceries(), list.Restore{Version: 4}, []engine.Event{list.ItemRemoved{ID: soap}}},
		{"removed items come back where they stood", groceries(list.ItemDone{ID: eggs}, list.ItemRemoved{ID: eggs, Done: true}), list.Restore{Version: 6}, []engine.Event{
			list.ItemAdded{ID: eggs, Text: "Eggs", Before: engine.Some(soap)}, list.ItemDone{ID: eggs}}},
		{"texts and checks", groceries(list.ItemTextUpdated{ID: milk, Text: "Oat milk"}, list.ItemDone{ID: milk}), list.Restore{Version: 5}, []engine.Event{
			list.ItemTextUpdated{ID: milk, Text: "Milk"}, list.ItemUndone{ID: milk}}},
		{"the order", groceries(list.ItemsReordered{ID: soap, Before: engine.Some(milk)}), list.Restore{Version: 5}, []engine.Event{list.ItemsReordered{ID: soap}}},
		{"another name is asked for", groceries(requested, confirmed), list.Restore{Version: 5}, []engine.Event{list.NameRequested{Name: "Groceries", ReservationID: engine.GivenID(1)}}},
		{"another spelling", groceries(list.NameUpdated{Name: "GROCERIES"}), list.Restore{Version: 5}, []engine.Event{list.NameUpdated{Name: "Groceries"}}},
	}
}

func TestRestore(t *testing.T) { decide(t, restores()) }

func undos() []decisionCase {
	confirmed := list.NameConfirmed{Name: "Shop", ReservationID: second, Previous: engine.Some(list.Previous{Name: "Groceries", ReservationID: first})}
	return []decisionCase{
		{"an item added", groceries(), list.Undo{Version: 4}, []engine.Event{list.ItemRemoved{ID: eggs}}},
		{"an item added, and removed since", groceries(list.ItemRemoved{ID: eggs}), list.Undo{Version: 4}, nil},
		{"an item removed", groceries(list.ItemRemoved{ID: milk}), list.Undo{Version: 6}, []engine.Event{list.ItemAdded{ID: milk, Text: "Milk", Before: engine.Some(eggs)}}},
		{"the last item removed", groceries(list.ItemDone{ID: soap}, list.ItemRemoved{ID: soap, Done: true}), list.Undo{Version: 7}, []engine.Event{list.ItemAdded{ID: soap, Text: "Soap"}, list.ItemDone{ID: soap}}},
		{"an item checked", groceries(list.ItemDone{ID: milk}), list.Undo{Version: 6}, []engine.Event{list.ItemUndone{ID: milk}}},
		{"an item checked, and unchecked since", groceries(list.ItemDone{ID: milk}, list.ItemUndone{ID: milk}), list.Undo{Version: 6}, nil},
		{"an item unchecked", groceries(list.ItemDone{ID: milk}, list.ItemUndone{ID: milk}), list.Undo{Version: 7}, []engine.Event{list.ItemDone{ID: milk}}},
		{"a text", groceries(list.ItemTextUpdated{ID: milk, Text: "Oat milk"}), list.Undo{Version: 6}, []engine.Event{list.ItemTextUpdated{ID: milk, Text: "Milk"}}},
		{"a text that was changed since", groceries(list.ItemTextUpdated{ID: milk, Text: "a"}, list.ItemTextUpdated{ID: milk, Text: "b"}), list.Undo{Version: 6}, nil},
		{"a move", groceries(list.ItemsReordered{ID: milk}), list.Undo{Version: 6}, []engine.Event{list.ItemsReordered{ID: milk, Before: engine.Some(eggs)}}},
		{"a move whose neighbour is gone", groceries(list.ItemsReordered{ID: milk}, list.ItemRemoved{ID: eggs}), list.Undo{Version: 6}, []engine.Event{list.ItemsReordered{ID: milk, Before: engine.Some(soap)}}},
		{"a rename", groceries(list.NameRequested{Name: "Shop", ReservationID: second}, confirmed), list.Undo{Version: 7}, []engine.Event{list.NameRequested{Name: "Groceries", ReservationID: engine.GivenID(1)}}},
		{"a spelling", groceries(list.NameUpdated{Name: "GROCERIES"}), list.Undo{Version: 6}, []engine.Event{list.NameUpdated{Name: "Groceries"}}},
		{"a rename that was renamed since", groceries(list.NameRequested{Name: "Shop", ReservationID: second}, confirmed, list.NameUpdated{Name: "SHOP"}), list.Undo{Version: 7}, nil},
		{"a check, while another item is being expanded", groceries(list.ItemDone{ID: milk}, expanding), list.Undo{Version: 6}, []engine.Event{list.ItemUndone{ID: milk}}},
		{"an archived list", groceries(list.Archived{}), list.Undo{Version: 6}, []engine.Event{list.Unarchived{}}},
		{"a restored list", groceries(list.Archived{}, list.Unarchived{}), list.Undo{Version: 7}, []engine.Event{list.Archived{}}},
	}
}

func TestUndo(t *testing.T) { decide(t, undos()) }

func pastRefusals() []refusalCase {
	again := uuid.MustParse("0190a000-0000-7000-8000-000000000009")
	third := uuid.MustParse("0190a000-0000-7000-8000-0000000000a3")
	requested := list.NameRequested{Name: "Shop", ReservationID: second}
	confirmed := list.NameConfirmed{Name: "Shop", ReservationID: second, Previous: engine.Some(list.Previous{Name: "Groceries", ReservationID: first})}
	return []refusalCase{
		{"restore what never was", groceries(), list.Restore{Version: 6}, list.NoSuchVersion{}},
		{"restore an archived list", groceries(list.Archived{}), list.Restore{Version: 3}, list.NotActive{}},
		{"restore while an item is being expanded", groceries(expanding), list.Restore{Version: 3}, list.ItemExpanding{}},
		{"undo what never was", groceries(), list.Undo{Version: 6}, list.NoSuchVersion{}},
		{"undo the beginning", groceries(), list.Undo{Version: 1}, list.CannotUndo{}},
		{"undo the first name", groceries(), list.Undo{Version: 2}, list.CannotUndo{}},
		{"undo on an archived list", groceries(list.Archived{}), list.Undo{Version: 3}, list.NotActive{}},
		{"undo an archiving that is over", groceries(list.Archived{}, list.Unarchived{}), list.Undo{Version: 6}, list.CannotUndo{}},
		{"undo the addition of an item that is being expanded", groceries(expanding), list.Undo{Version: 4}, list.ItemExpanding{}},
		{"undo the check of an item that is being expanded", groceries(list.ItemDone{ID: eggs}, expanding), list.Undo{Version: 6}, list.ItemExpanding{}},
		{"undo the uncheck of an item that is being expanded", groceries(list.ItemDone{ID: eggs}, list.ItemUndone{ID: eggs}, expanding), list.Undo{Version: 7}, list.ItemExpanding{}},
		{"undo an edit of an item that is being expanded", groceries(list.ItemTextUpdated{ID: eggs, Text: "Brown eggs"}, expanding), list.Undo{Version: 6}, list.ItemExpanding{}},
		{"undo the end of an archiving on a list that is archived again", groceries(list.Archived{}, list.Unarchived{}, list.Archived{}), list.Undo{Version: 7}, list.NotActive{}},
		{"undo that a list was archived, once it is deleted", groceries(list.Archived{}, list.Deleted{}), list.Undo{Version: 6}, list.CannotUndo{}},
		{"undo a rename on an archived list", groceries(requested, confirmed, list.Archived{}), list.Undo{Version: 7}, list.NotActive{}},
		{"undo a rename while another one waits", groceries(requested, confirmed, list.NameRequested{Name: "Stall", ReservationID: third}), list.Undo{Version: 7}, list.NamePending{}},
		{"undo what was only asked for", groceries(requested, confirmed), list.Undo{Version: 6}, list.CannotUndo{}},
		{"undo a warning", groceries(list.ItemDuplicated{ID: milk, Text: "MILK"}), list.Undo{Version: 6}, list.CannotUndo{}},
		{"undo that an item was expanded", groceries(expanding, list.ExpansionEnded{ID: eggs, Reason: types.ReasonEmpty}), list.Undo{Version: 6}, list.CannotUndo{}},
		{"restore a name while another one waits", groceries(requested, confirmed, list.NameRequested{Name: "Stall", ReservationID: third}), list.Restore{Version: 5}, list.NamePending{}},
		{"restore a deleted list", groceries(list.Archived{}, list.Deleted{}), list.Restore{Version: 3}, list.NotActive{}},
		{"undo a removal whose text is there again", groceries(list.ItemRemoved{ID: milk}, list.ItemAdded{ID: again, Text: "milk"}), list.Undo{Version: 6}, list.TextTaken{}},
		{"undo an edit whose text is another's by now", groceries(list.ItemTextUpdated{ID: milk, Text: "Oat milk"}, list.ItemAdded{ID: again, Text: "milk"}), list.Undo{Version: 6}, list.TextTaken{}},
	}
}

func TestPast_Refusals(t *testing.T) { refuse(t, pastRefusals()) }
