package model_test

import (
	"slices"
	"testing"
)

// A former name of an event is read from the nearest scope outward, as every name.
func TestFormerNamesOfEvents(t *testing.T) {
	files := load(t, "testdata/base/schemas")
	files["todos/list/events/filed.json"] = []byte(`{"$schema": "../../../dialect/event.json", "type": "object",
		"x-renamed-from": ["put_away", "lists.put_away", "tasks.list.put_away"]}`)
	_, system, faults := build(files)
	if system == nil {
		t.Fatal(faults)
	}
	want := []string{"todos.list.put_away", "todos.lists.put_away", "tasks.list.put_away"}
	for _, c := range system.Contexts {
		for _, a := range c.Actors {
			for _, e := range a.Events {
				if e.Type == "todos.list.filed" && !slices.Equal(e.RenamedFrom, want) {
					t.Errorf("got %v, want %v", e.RenamedFrom, want)
				} else if e.Type == "todos.list.filed" {
					return
				}
			}
		}
	}
	t.Error("the event is not there")
}
