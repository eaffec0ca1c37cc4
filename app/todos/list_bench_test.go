package todos_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/app/todos"
	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/generated/todos/list"
)

// What every event of a command, a read and a rebuild costs in memory: decoded,
// folded, and the state cloned for a decision.

var storedItem = []byte(`{"id":"0190a000-0000-7000-8000-000000000001","text":"Milk for the week"}`)

func BenchmarkItemAdded_Decoded(b *testing.B) {
	d := engine.LogDecoder()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := list.DecodeStoredItemAdded(d, storedItem, 1); err != nil {
			b.Fatal(err)
		}
	}
}

// Decoding an event makes its text, and nothing for itself.
func TestItemAdded_Decoded_MakesItsTextOnly(t *testing.T) {
	d := engine.LogDecoder()
	made := testing.AllocsPerRun(100, func() {
		if _, err := list.DecodeStoredItemAdded(d, storedItem, 1); err != nil {
			t.Error(err)
		}
	})
	if made > 1 {
		t.Errorf("%.0f allocations", made)
	}
}

// BenchmarkItemAdded_ByEncodingJSON is the limit that decoding is held against.
func BenchmarkItemAdded_ByEncodingJSON(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		var event list.ItemAdded
		if err := json.Unmarshal(storedItem, &event); err != nil {
			b.Fatal(err)
		}
	}
}

// tenItems is the state of a list with ten items.
func tenItems() *list.State {
	state := list.NewState()
	for i := range 10 {
		todos.List{}.ItemAdded(engine.Meta{}, state, list.ItemAdded{ID: uuid.NewMD5(uuid.Nil, []byte{byte(i)}), Text: fmt.Sprint("Item ", i)})
	}
	return state
}

func BenchmarkItemDone_Folded(b *testing.B) {
	state := tenItems()
	id := state.Items[9].ID
	b.ReportAllocs()
	for b.Loop() {
		todos.List{}.ItemDone(engine.Meta{}, state, list.ItemDone{ID: id})
	}
}

func BenchmarkListOfTen_Cloned(b *testing.B) {
	state := tenItems()
	b.ReportAllocs()
	for b.Loop() {
		state.Clone()
	}
}
