package todos_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/app/todos"
	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/generated/todos/list"
)

// Versions of groceries: 1 created, 2 confirmed, 3 milk, 4 eggs, 5 soap.

func TestRestore(t *testing.T) {
	requested := list.NameRequested{Name: "Shop", ReservationID: second}
	confirmed := list.NameConfirmed{Name: "Shop", ReservationID: second, Previous: engine.Some(list.Previous{Name: "Groceries", ReservationID: first})}
	cases := []struct {
		name    string
		given   []engine.Event
		version int64
		then    []engine.Event
	}{
		{"what is there already", groceries(), 5, nil},
		{"new items go", groceries(), 4, []engine.Event{list.ItemRemoved{ID: soap}}},
		{"removed items come back where they stood", groceries(list.ItemDone{ID: eggs}, list.ItemRemoved{ID: eggs, Done: true}), 6, []engine.Event{
			list.ItemAdded{ID: eggs, Text: "Eggs", Before: engine.Some(soap)}, list.ItemDone{ID: eggs}}},
		{"texts and checks", groceries(list.ItemTextUpdated{ID: milk, Text: "Oat milk"}, list.ItemDone{ID: milk}), 5, []engine.Event{
			list.ItemTextUpdated{ID: milk, Text: "Milk"}, list.ItemUndone{ID: milk}}},
		{"the order", groceries(list.ItemsReordered{ID: soap, Before: engine.Some(milk)}), 5, []engine.Event{list.ItemsReordered{ID: soap}}},
		{"another name is asked for", groceries(requested, confirmed), 5, []engine.Event{list.NameRequested{Name: "Groceries", ReservationID: engine.GivenID(1)}}},
		{"another spelling", groceries(list.NameUpdated{Name: "GROCERIES"}), 5, []engine.Event{list.NameUpdated{Name: "Groceries"}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			list.Given(t, todos.List{}, c.given...).When(list.Restore{Version: c.version}).Then(c.then...)
		})
	}
}

func TestUndo(t *testing.T) {
	confirmed := list.NameConfirmed{Name: "Shop", ReservationID: second, Previous: engine.Some(list.Previous{Name: "Groceries", ReservationID: first})}
	cases := []struct {
		name    string
		given   []engine.Event
		version int64
		then    []engine.Event
	}{
		{"an item added", groceries(), 4, []engine.Event{list.ItemRemoved{ID: eggs}}},
		{"an item added, and removed since", groceries(list.ItemRemoved{ID: eggs}), 4, nil},
		{"an item removed", groceries(list.ItemRemoved{ID: milk}), 6, []engine.Event{list.ItemAdded{ID: milk, Text: "Milk", Before: engine.Some(eggs)}}},
		{"the last item removed", groceries(list.ItemDone{ID: soap}, list.ItemRemoved{ID: soap, Done: true}), 7, []engine.Event{list.ItemAdded{ID: soap, Text: "Soap"}, list.ItemDone{ID: soap}}},
		{"an item checked", groceries(list.ItemDone{ID: milk}), 6, []engine.Event{list.ItemUndone{ID: milk}}},
		{"an item checked, and unchecked since", groceries(list.ItemDone{ID: milk}, list.ItemUndone{ID: milk}), 6, nil},
		{"an item unchecked", groceries(list.ItemDone{ID: milk}, list.ItemUndone{ID: milk}), 7, []engine.Event{list.ItemDone{ID: milk}}},
		{"a text", groceries(list.ItemTextUpdated{ID: milk, Text: "Oat milk"}), 6, []engine.Event{list.ItemTextUpdated{ID: milk, Text: "Milk"}}},
		{"a text that was changed since", groceries(list.ItemTextUpdated{ID: milk, Text: "a"}, list.ItemTextUpdated{ID: milk, Text: "b"}), 6, nil},
		{"a move", groceries(list.ItemsReordered{ID: milk}), 6, []engine.Event{list.ItemsReordered{ID: milk, Before: engine.Some(eggs)}}},
		{"a move whose neighbour is gone", groceries(list.ItemsReordered{ID: milk}, list.ItemRemoved{ID: eggs}), 6, []engine.Event{list.ItemsReordered{ID: milk, Before: engine.Some(soap)}}},
		{"a rename", groceries(list.NameRequested{Name: "Shop", ReservationID: second}, confirmed), 7, []engine.Event{list.NameRequested{Name: "Groceries", ReservationID: engine.GivenID(1)}}},
		{"a spelling", groceries(list.NameUpdated{Name: "GROCERIES"}), 6, []engine.Event{list.NameUpdated{Name: "Groceries"}}},
		{"an archived list", groceries(list.Archived{}), 6, []engine.Event{list.Unarchived{}}},
		{"a restored list", groceries(list.Archived{}, list.Unarchived{}), 7, []engine.Event{list.Archived{}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			list.Given(t, todos.List{}, c.given...).When(list.Undo{Version: c.version}).Then(c.then...)
		})
	}
}

func TestPast_Refusals(t *testing.T) {
	again := uuid.MustParse("0190a000-0000-7000-8000-000000000009")
	cases := []struct {
		name  string
		given []engine.Event
		when  list.GivenCommand
		then  engine.Refusal
	}{
		{"restore what never was", groceries(), list.Restore{Version: 6}, list.NoSuchVersion{}},
		{"restore an archived list", groceries(list.Archived{}), list.Restore{Version: 3}, list.NotActive{}},
		{"restore while an item is being expanded", groceries(expanding), list.Restore{Version: 3}, list.ItemExpanding{}},
		{"undo what never was", groceries(), list.Undo{Version: 6}, list.NoSuchVersion{}},
		{"undo the beginning", groceries(), list.Undo{Version: 1}, list.CannotUndo{}},
		{"undo the first name", groceries(), list.Undo{Version: 2}, list.CannotUndo{}},
		{"undo on an archived list", groceries(list.Archived{}), list.Undo{Version: 3}, list.NotActive{}},
		{"undo an archiving that is over", groceries(list.Archived{}, list.Unarchived{}), list.Undo{Version: 6}, list.CannotUndo{}},
		{"undo the addition of an item that is being expanded", groceries(expanding), list.Undo{Version: 4}, list.ItemExpanding{}},
		{"undo a removal whose text is there again", groceries(list.ItemRemoved{ID: milk}, list.ItemAdded{ID: again, Text: "milk"}), list.Undo{Version: 6}, list.TextTaken{}},
		{"undo an edit whose text is another's by now", groceries(list.ItemTextUpdated{ID: milk, Text: "Oat milk"}, list.ItemAdded{ID: again, Text: "milk"}), list.Undo{Version: 6}, list.TextTaken{}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			list.Given(t, todos.List{}, c.given...).When(c.when).ThenRefused(c.then)
		})
	}
}
