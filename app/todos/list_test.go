package todos_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/app/todos"
	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/generated/todos/list"
	"github.com/backstory-go/backstory/generated/todos/types"
)

var (
	milk = uuid.MustParse("0190a000-0000-7000-8000-000000000001")
	eggs = uuid.MustParse("0190a000-0000-7000-8000-000000000002")
	soap = uuid.MustParse("0190a000-0000-7000-8000-000000000003")
)

// The reservations of names.
var (
	first  = uuid.MustParse("0190a000-0000-7000-8000-0000000000a1")
	second = uuid.MustParse("0190a000-0000-7000-8000-0000000000a2")
)

// groceries is an active list with three open items: milk, eggs, soap.
func groceries(more ...engine.Event) []engine.Event {
	return append([]engine.Event{
		list.Created{Name: "Groceries", ReservationID: first},
		list.NameConfirmed{Name: "Groceries", ReservationID: first},
		list.ItemAdded{ID: milk, Text: "Milk"},
		list.ItemAdded{ID: eggs, Text: "Eggs"},
		list.ItemAdded{ID: soap, Text: "Soap"},
	}, more...)
}

var (
	expanding   = list.ExpansionStarted{ID: eggs, Text: "Eggs"}
	announced   = list.ItemDispatched{ID: eggs, Service: "Slack"}
	unannounced = list.ItemDispatchFailed{ID: eggs, Service: "Slack"}
)

func listDecisions() []decisionCase {
	return []decisionCase{
		{"add", groceries(), list.AddItem{Text: "Bread"}, []engine.Event{list.ItemAdded{ID: engine.GivenID(1), Text: "Bread"}}},
		{"a text that is there already, whatever its case", groceries(), list.AddItem{Text: "mILK"}, []engine.Event{list.ItemDuplicated{ID: milk, Text: "mILK"}}},
		{"edit", groceries(), list.UpdateItemText{ID: milk, Text: "Oat milk"}, []engine.Event{list.ItemTextUpdated{ID: milk, Text: "Oat milk"}}},
		{"the same text changes nothing", groceries(), list.UpdateItemText{ID: milk, Text: "Milk"}, nil},
		{"another case is no duplicate of itself", groceries(), list.UpdateItemText{ID: milk, Text: "MILK"}, []engine.Event{list.ItemTextUpdated{ID: milk, Text: "MILK"}}},
		{"edit into another item's text", groceries(), list.UpdateItemText{ID: milk, Text: "eggs"}, []engine.Event{list.ItemDuplicated{ID: eggs, Text: "eggs"}}},
		{"check", groceries(), list.ToggleItem{ID: eggs}, []engine.Event{list.ItemDone{ID: eggs}}},
		{"uncheck", groceries(list.ItemDone{ID: eggs}), list.ToggleItem{ID: eggs}, []engine.Event{list.ItemUndone{ID: eggs}}},
		{"check an open item", groceries(), list.ToggleItem{ID: eggs, Done: engine.Some(true)}, []engine.Event{list.ItemDone{ID: eggs}}},
		{"check an item that somebody else has checked", groceries(list.ItemDone{ID: eggs}), list.ToggleItem{ID: eggs, Done: engine.Some(true)}, nil},
		{"reopen a done item", groceries(list.ItemDone{ID: eggs}), list.ToggleItem{ID: eggs, Done: engine.Some(false)}, []engine.Event{list.ItemUndone{ID: eggs}}},
		{"reopen an item that somebody else has reopened", groceries(), list.ToggleItem{ID: eggs, Done: engine.Some(false)}, nil},
		{"what is being expanded and is so already", groceries(expanding), list.ToggleItem{ID: eggs, Done: engine.Some(false)}, nil},
		{"delete an open item", groceries(), list.RemoveItem{ID: eggs}, []engine.Event{list.ItemRemoved{ID: eggs}}},
		{"delete a done item", groceries(list.ItemDone{ID: eggs}), list.RemoveItem{ID: eggs}, []engine.Event{list.ItemRemoved{ID: eggs, Done: true}}},
		{"move in front", groceries(), list.ReorderItems{ID: soap, Before: engine.Some(milk)}, []engine.Event{list.ItemsReordered{ID: soap, Before: engine.Some(milk)}}},
		{"move to the end", groceries(), list.ReorderItems{ID: milk}, []engine.Event{list.ItemsReordered{ID: milk}}},
		{"move to where it stands", groceries(), list.ReorderItems{ID: milk, Before: engine.Some(eggs)}, nil},
		{"move the last one to the end", groceries(), list.ReorderItems{ID: soap}, nil},
		{"move in front of itself", groceries(), list.ReorderItems{ID: soap, Before: engine.Some(soap)}, nil},
		{"expand", groceries(), list.ExpandItem{ID: milk}, []engine.Event{list.ExpansionStarted{ID: milk, Text: "Milk"}}},
		{"replace by smaller items, where it stood", groceries(expanding), list.ReplaceItem{ID: eggs, Lines: []string{"Brown eggs", "MILK", "White eggs"}}, []engine.Event{
			list.ItemAdded{ID: engine.GivenID(1), Text: "Brown eggs", Before: engine.Some(eggs)},
			list.ItemAdded{ID: engine.GivenID(2), Text: "White eggs", Before: engine.Some(eggs)},
			list.ItemRemoved{ID: eggs},
		}},
		{"replace by nothing new", groceries(expanding), list.ReplaceItem{ID: eggs, Lines: []string{"milk", "eggs"}}, []engine.Event{list.ExpansionEnded{ID: eggs, Reason: types.ReasonEmpty}}},
		{"give an item back", groceries(expanding), list.EndExpansion{ID: eggs, Reason: types.ReasonFailed}, []engine.Event{list.ExpansionEnded{ID: eggs, Reason: types.ReasonFailed}}},
		{"give an item of a deleted list back", groceries(expanding, list.Archived{}, list.Deleted{}), list.EndExpansion{ID: eggs, Reason: types.ReasonFailed}, nil},
		{"give an item back that is not being expanded", groceries(), list.EndExpansion{ID: eggs, Reason: types.ReasonFailed}, nil},
		{"note an announcement", groceries(), list.NotifyDispatched{ID: eggs, Service: "Slack"}, []engine.Event{list.ItemDispatched{ID: eggs, Service: "Slack"}}},
		{"note an announcement once", groceries(announced), list.NotifyDispatched{ID: eggs, Service: "Slack"}, nil},
		{"note a failed announcement", groceries(), list.NotifyFailed{ID: eggs, Service: "Slack"}, []engine.Event{list.ItemDispatchFailed{ID: eggs, Service: "Slack"}}},
		{"note a failed announcement once", groceries(unannounced), list.NotifyFailed{ID: eggs, Service: "Slack"}, nil},
		{"an announcement mends a failed one", groceries(announced, unannounced), list.NotifyDispatched{ID: eggs, Service: "Slack"}, []engine.Event{list.ItemDispatched{ID: eggs, Service: "Slack"}}},
		{"archive", groceries(), list.Archive{}, []engine.Event{list.Archived{}}},
		{"restore", groceries(list.Archived{}), list.Unarchive{}, []engine.Event{list.Unarchived{}}},
		{"delete an archived list", groceries(list.Archived{}), list.Delete{}, []engine.Event{list.Deleted{}}},
	}
}

func TestListDecisions(t *testing.T) { decide(t, listDecisions()) }

func listRefusals() []refusalCase {
	archived := groceries(list.Archived{})
	deleted := groceries(list.Archived{}, list.Deleted{})
	missing := uuid.MustParse("0190a000-0000-7000-8000-0000000000ff")
	return []refusalCase{
		{"add to an archived list", archived, list.AddItem{Text: "x"}, list.NotActive{}},
		{"edit on an archived list", archived, list.UpdateItemText{ID: milk, Text: "x"}, list.NotActive{}},
		{"check on an archived list", archived, list.ToggleItem{ID: milk}, list.NotActive{}},
		{"remove from an archived list", archived, list.RemoveItem{ID: milk}, list.NotActive{}},
		{"reorder an archived list", archived, list.ReorderItems{ID: milk}, list.NotActive{}},
		{"archive an archived list", archived, list.Archive{}, list.NotActive{}},
		{"restore an active list", groceries(), list.Unarchive{}, list.NotArchived{}},
		{"delete an active list", groceries(), list.Delete{}, list.NotArchived{}},
		{"add to a deleted list", deleted, list.AddItem{Text: "x"}, list.NotActive{}},
		{"restore a deleted list", deleted, list.Unarchive{}, list.NotArchived{}},
		{"delete a deleted list", deleted, list.Delete{}, list.NotArchived{}},
		{"edit a missing item", groceries(), list.UpdateItemText{ID: missing, Text: "x"}, list.ItemNotFound{}},
		{"check a missing item", groceries(), list.ToggleItem{ID: missing}, list.ItemNotFound{}},
		{"remove a missing item", groceries(), list.RemoveItem{ID: missing}, list.ItemNotFound{}},
		{"remove an item twice", groceries(list.ItemRemoved{ID: milk}), list.RemoveItem{ID: milk}, list.ItemNotFound{}},
		{"reorder a missing item", groceries(), list.ReorderItems{ID: missing}, list.ItemNotFound{}},
		{"expand on an archived list", archived, list.ExpandItem{ID: milk}, list.NotActive{}},
		{"expand a missing item", groceries(), list.ExpandItem{ID: missing}, list.ItemNotFound{}},
		{"expand an item twice", groceries(expanding), list.ExpandItem{ID: eggs}, list.ItemExpanding{}},
		{"check an item that is being expanded", groceries(expanding), list.ToggleItem{ID: eggs}, list.ItemExpanding{}},
		{"make done what is being expanded", groceries(expanding), list.ToggleItem{ID: eggs, Done: engine.Some(true)}, list.ItemExpanding{}},
		{"make a missing item done", groceries(), list.ToggleItem{ID: missing, Done: engine.Some(true)}, list.ItemNotFound{}},
		{"leave an item of an archived list open", archived, list.ToggleItem{ID: milk, Done: engine.Some(false)}, list.NotActive{}},
		{"edit an item that is being expanded", groceries(expanding), list.UpdateItemText{ID: eggs, Text: "x"}, list.ItemExpanding{}},
		{"remove an item that is being expanded", groceries(expanding), list.RemoveItem{ID: eggs}, list.ItemExpanding{}},
		{"replace an item on an archived list", groceries(expanding, list.Archived{}), list.ReplaceItem{ID: eggs, Lines: []string{"x"}}, list.NotActive{}},
		{"replace an item that is not being expanded", groceries(), list.ReplaceItem{ID: eggs, Lines: []string{"x"}}, list.ItemNotFound{}},
		{"note an announcement of a missing item", groceries(), list.NotifyDispatched{ID: missing, Service: "Slack"}, list.ItemNotFound{}},
		{"note a failed announcement of a missing item", groceries(), list.NotifyFailed{ID: missing, Service: "Slack"}, list.ItemNotFound{}},
		{"note an announcement on a deleted list", deleted, list.NotifyDispatched{ID: milk, Service: "Slack"}, list.ItemNotFound{}},
		{"note a failed announcement on a deleted list", deleted, list.NotifyFailed{ID: milk, Service: "Slack"}, list.ItemNotFound{}},
		{"expand on a deleted list", deleted, list.ExpandItem{ID: milk}, list.NotActive{}},
		{"rename a deleted list", deleted, list.UpdateName{Name: "x"}, list.NotActive{}},
		{"archive a deleted list", deleted, list.Archive{}, list.NotActive{}},
		{"check on a deleted list", deleted, list.ToggleItem{ID: milk}, list.NotActive{}},
		{"edit on a deleted list", deleted, list.UpdateItemText{ID: milk, Text: "x"}, list.NotActive{}},
		{"remove from a deleted list", deleted, list.RemoveItem{ID: milk}, list.NotActive{}},
		{"reorder a deleted list", deleted, list.ReorderItems{ID: milk}, list.NotActive{}},
		{"reorder in front of a missing item", groceries(), list.ReorderItems{ID: milk, Before: engine.Some(missing)}, list.ItemNotFound{}},
	}
}

func TestListRefusals(t *testing.T) { refuse(t, listRefusals()) }

// TestWarnings: what a page warns of is over when it is dealt with, and not before.
func TestWarnings(t *testing.T) {
	twin := list.ItemDuplicated{ID: milk, Text: "MILK"}
	ended := list.ExpansionEnded{ID: milk, Reason: types.ReasonFailed}
	cases := []struct {
		name      string
		events    []engine.Event
		twin      uuid.UUID
		unsplit   types.Reason
		expanding bool
	}{
		{"a duplicate", []engine.Event{twin}, milk, "", false},
		{"another item is removed", []engine.Event{twin, list.ItemRemoved{ID: eggs}}, milk, "", false},
		{"the duplicated item is removed", []engine.Event{twin, list.ItemRemoved{ID: milk}}, uuid.Nil, "", false},
		{"another text is added", []engine.Event{twin, list.ItemAdded{ID: uuid.Max, Text: "Bread"}}, uuid.Nil, "", false},
		{"a text is changed", []engine.Event{twin, list.ItemTextUpdated{ID: eggs, Text: "Bread"}}, uuid.Nil, "", false},
		{"an item was given back", []engine.Event{list.ExpansionStarted{ID: milk, Text: "Milk"}, ended}, uuid.Nil, types.ReasonFailed, false},
		{"it is tried again", []engine.Event{ended, list.ExpansionStarted{ID: milk, Text: "Milk"}}, uuid.Nil, "", true},
		{"its text is another", []engine.Event{ended, list.ItemTextUpdated{ID: milk, Text: "Bread"}}, uuid.Nil, "", false},
		{"it is done", []engine.Event{ended, list.ItemDone{ID: milk}}, uuid.Nil, "", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			state, ok := list.Given(t, todos.List{}, groceries(c.events...)...).When(list.ReorderItems{ID: soap}).State().(*list.State)
			if !ok || state.DuplicatedItem != c.twin {
				t.Fatalf("the duplicated item is %v, want %v", state.DuplicatedItem, c.twin)
			}
			for _, item := range state.Items {
				if item.ID == milk && (item.Unexpanded.Or("") != c.unsplit || item.Expanding != c.expanding) {
					t.Errorf("given back for %q, being split: %t", item.Unexpanded.Or(""), item.Expanding)
				}
			}
		})
	}
}

// TestListProperties holds messages, decisions and folding against the schemas.
func TestListProperties(t *testing.T) { list.Properties(t, todos.List{}) }

func FuzzListMessages(f *testing.F) { list.Fuzz[*testing.T](f, todos.List{}) }
