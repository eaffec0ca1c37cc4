package behaviour

import (
	"strings"
	"testing"

	"github.com/backstory-go/backstory/codegen/emit/testdata/thin/expected/generated/todos/list"
	"github.com/backstory-go/backstory/codegen/emit/testdata/thin/expected/generated/todos/types"
	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/enginetest"
)

func TestPropertiesHold(t *testing.T) { list.Properties(t, lists{}) }

func FuzzMessages(f *testing.F) { list.Fuzz[*testing.T](f, lists{}) }

// forgetful folds by what it remembers itself, so that no two folds are the same.
type forgetful struct {
	lists
	folds *int
}

func (f forgetful) ItemAdded(_ engine.Meta, state *list.State, event list.ItemAdded) {
	*f.folds++
	state.Items = append(state.Items, list.Item{ID: event.ID, Text: strings.Repeat("x", *f.folds)})
}

// TestPropertiesFail breaks one property after the other.
func TestPropertiesFail(t *testing.T) {
	calls, folds := 0, 0
	message := func(schema string) func(engine.TB) {
		return func(t engine.TB) {
			enginetest.Properties(t, list.Describe(lists{}), []enginetest.Message{{Type: "todos.list.add_item", Schema: schema}})
		}
	}
	tests := []struct {
		name string
		test func(engine.TB)
		want string
	}{
		{"a decoder that refuses too much", message(`{"type":"object","properties":{"text":{"type":"string"}},"required":["text"]}`), "an instance of the schema is refused: /text"},
		{"a decoder that accepts too much", message(`{"type":"object","properties":{"text":{"type":"string","minLength":3,"maxLength":9}},"required":["text"]}`), "(/text: too short) is not refused"},
		{"a type that is too wide", message(`{"type":"object","properties":{"text":{"enum":["a","b"]}},"required":["text"]}`), "(/text: a value that is not listed) is not refused"},
		{"a schema that nothing fits", message(`{"type":"object","properties":{"text":{"type":"string","pattern":"^a$","minLength":2}},"required":["text"]}`), `add whole valid instances as "examples"`},
		{"two results", func(t engine.TB) {
			list.Properties(t, lists{spoil: func(state *list.State, _ list.AddItem) {
				if calls++; calls%2 == 0 {
					state.Status = types.StatusArchived
				}
			}})
		}, "decided twice with different results"},
		{"a changed state", func(t engine.TB) {
			list.Properties(t, lists{spoil: func(state *list.State, _ list.AddItem) { state.Name = "spoilt" }})
		}, "the state is not what the events fold to"},
		{"folds that differ", func(t engine.TB) { list.Properties(t, forgetful{folds: &folds}) }, "the state is not what the events fold to"},
		{"a panic", func(t engine.TB) {
			list.Properties(t, lists{spoil: func(*list.State, list.AddItem) { panic("no") }})
		}, "handler panicked: no"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := failure(test.test); !strings.Contains(got, test.want) {
				t.Errorf("want %q in:\n%s", test.want, got)
			}
		})
	}
}
