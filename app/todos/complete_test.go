package todos_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/app/todos"
	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/generated/todos/list"
	"github.com/backstory-go/backstory/generated/todos/listname"
)

// decisionCase is a command to a list and the events that it leads to.
type decisionCase struct {
	name  string
	given []engine.Event
	when  list.GivenCommand
	then  []engine.Event
}

func decide(t *testing.T, cases []decisionCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			list.Given(t, todos.List{}, c.given...).When(c.when).Then(c.then...)
		})
	}
}

// refusalCase is a command to a list that is refused.
type refusalCase struct {
	name  string
	given []engine.Event
	when  list.GivenCommand
	then  engine.Refusal
}

func refuse(t *testing.T, cases []refusalCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			list.Given(t, todos.List{}, c.given...).When(c.when).ThenRefused(c.then)
		})
	}
}

// TestEveryOutcomeHasItsCase: whatever the schemas say that a command can lead to,
// each event and each refusal, the tables of these tests have a case of.
func TestEveryOutcomeHasItsCase(t *testing.T) {
	proven := map[string]bool{}
	for _, c := range slices.Concat(listDecisions(), namingDecisions(), restores(), undos()) {
		for _, event := range c.then {
			proven[c.when.MessageType()+" leads to "+event.MessageType()] = true
		}
	}
	for _, c := range slices.Concat(listRefusals(), namingRefusals(), pastRefusals()) {
		proven[c.when.MessageType()+" is refused as "+c.then.Code()] = true
	}
	for _, c := range nameCases() {
		for _, event := range c.then {
			proven[c.when.MessageType()+" leads to "+event.MessageType()] = true
		}
		if c.refused != nil {
			proven[c.when.MessageType()+" is refused as "+c.refused.Code()] = true
		}
	}
	declared := map[string]bool{}
	for _, command := range slices.Concat(list.CommandTypes(), listname.CommandTypes()) {
		for _, event := range command.Emits {
			declared[command.Type+" leads to "+event] = true
		}
		for _, refusal := range command.Refusals {
			declared[command.Type+" is refused as "+refusal.Code] = true
		}
	}
	if len(declared) < 60 {
		t.Errorf("the schemas declare %d outcomes only", len(declared))
	}
	for _, outcome := range slices.Sorted(maps.Keys(declared)) {
		if !proven[outcome] {
			t.Errorf("no case: %s", outcome)
		}
	}
}

// TestWhatAStateTakes goes through every command that people send, in every state
// in which a list cannot be changed.
func TestWhatAStateTakes(t *testing.T) {
	commands := []list.GivenCommand{
		list.UpdateName{Name: "Shop"}, list.AddItem{Text: "Bread"}, list.UpdateItemText{ID: milk, Text: "Oat milk"}, list.ToggleItem{ID: milk},
		list.RemoveItem{ID: milk}, list.ReorderItems{ID: milk}, list.ExpandItem{ID: milk}, list.Archive{}, list.Unarchive{}, list.Delete{},
		list.Undo{Version: 3}, list.Restore{Version: 3},
	}
	for _, public := range list.CommandTypes() {
		known := slices.ContainsFunc(commands, func(c list.GivenCommand) bool { return c.MessageType() == public.Type })
		if !known && !public.Internal && public.Creates == engine.CreatesNo {
			t.Errorf("%s is not tried", public.Type)
		}
	}
	// One that waits has items, which cannot be: the state alone has to refuse.
	items := []engine.Event{list.ItemAdded{ID: milk, Text: "Milk"}, list.ItemAdded{ID: eggs, Text: "Eggs"}}
	states := map[string]struct {
		given []engine.Event
		takes []string
	}{
		"waits for its first name": {append(asked[:1:1], items...), nil},
		"was refused its name":     {append(append(asked[:1:1], items...), list.NameRefused{Name: "Groceries", ReservationID: first}), nil},
		"archived":                 {groceries(list.Archived{}), []string{"todos.list.unarchive", "todos.list.delete"}},
		"deleted":                  {groceries(list.Archived{}, list.Deleted{}), nil},
	}
	for name, state := range states {
		for _, command := range commands {
			t.Run(name+", "+command.MessageType(), func(t *testing.T) {
				result := list.Given(t, todos.List{}, state.given...).When(command)
				switch kind := command.MessageType(); {
				case slices.Contains(state.takes, kind):
					if result.State().(*list.State).Status == list.Given(t, todos.List{}, state.given...).When(list.ReorderItems{ID: uuid.Max}).State().(*list.State).Status {
						t.Error("it changed nothing")
					}
				case kind == "todos.list.unarchive" || kind == "todos.list.delete":
					result.ThenRefused(list.NotArchived{})
				default:
					result.ThenRefused(list.NotActive{})
				}
			})
		}
	}
}

// TestRefusalsAreWordedForAPerson: whole sentences.
func TestRefusalsAreWordedForAPerson(t *testing.T) {
	for _, command := range slices.Concat(list.CommandTypes(), listname.CommandTypes()) {
		for _, refusal := range command.Refusals {
			if text := refusal.Text; len(text) < 15 || text[len(text)-1] != '.' || text[0] < 'A' || text[0] > 'Z' {
				t.Errorf("%s is refused as %s: %q", command.Type, refusal.Code, text)
			}
		}
	}
}
