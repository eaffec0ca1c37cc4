package web

import (
	"context"
	"slices"
	"testing"

	"github.com/backstory-go/backstory/engine"
)

// parking is an operator that knows what is parked, by consumer and key, and the
// types of the messages there.
type parking struct {
	engine.Operator
	keys []engine.ParkedKey
	what string
}

func (p parking) Parked(_ context.Context, of engine.ParkedFilter, _ engine.ParkedKey, _ int) ([]engine.ParkedKey, error) {
	return slices.DeleteFunc(slices.Clone(p.keys), func(k engine.ParkedKey) bool { return k.Key != of.Key }), nil
}

func (p parking) ParkedMessages(context.Context, string, string, int) ([]engine.WaitingMessage, error) {
	return []engine.WaitingMessage{{Type: p.what}}, nil
}

// TestWhatANameWaitsBehind: the reactions of the list and of the name, and the
// commands on the way to it; nothing else that is parked under the same keys.
func TestWhatANameWaitsBehind(t *testing.T) {
	const list, name = "todos.list/7", "todos.list_name/voyage"
	for what, test := range map[string]struct {
		consumer, key, typ string
		waits              bool
	}{
		"a reaction of the list":     {"todos.list", list, "todos.list.name_confirmed", true},
		"a reaction of the name":     {"todos.list_name", name, "todos.list_name.confirmed", true},
		"a command on the way":       {engine.ConsumerCommands, list, "todos.list.activate", true},
		"another command":            {engine.ConsumerCommands, list, "todos.list.toggle_item", false},
		"an announcement":            {"todos.slack_dispatcher", list, "todos.list.item_done", false},
		"a reaction of another list": {"todos.list", "todos.list/8", "todos.list.name_confirmed", false},
		"a reaction of another name": {"todos.list_name", "todos.list_name/trip", "todos.list_name.confirmed", false},
	} {
		t.Run(what, func(t *testing.T) {
			s := &Server{cfg: Config{Operator: parking{keys: []engine.ParkedKey{{Consumer: test.consumer, Key: test.key}}, what: test.typ}}}
			got, err := s.heldUp(t.Context(), todoList{ID: "7", Wanted: " VOYAGE "})
			if err != nil || got.is() != test.waits || test.waits && got.Key != test.key {
				t.Errorf("waits behind %+v: %v", got, err)
			}
		})
	}
}
