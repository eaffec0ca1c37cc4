package web

import (
	"reflect"
	"testing"
)

func TestDifferences(t *testing.T) {
	item := func(id, text string, done bool) todoItem { return todoItem{ID: id, Text: text, Done: done} }
	a, b, c := item("a", "Milk", false), item("b", "Eggs", false), item("c", "Soap", false)
	cases := []struct {
		name         string
		older, newer todoList
		want         []difference
	}{
		{"nothing", todoList{Name: "x", Items: []todoItem{a, b}}, todoList{Name: "x", Items: []todoItem{a, b}}, nil},
		{"the name", todoList{Name: "x"}, todoList{Name: "y"}, []difference{{"name", "y", "x"}}},
		{"items come and go", todoList{Items: []todoItem{a, b}}, todoList{Items: []todoItem{b, c}}, []difference{{"added", "Soap", ""}, {"removed", "Milk", ""}}},
		{"text and check of one item", todoList{Items: []todoItem{a}}, todoList{Items: []todoItem{item("a", "Oat milk", true)}}, []difference{{"changed", "Oat milk", "Milk"}, {"done", "Oat milk", ""}}},
		{"reopened", todoList{Items: []todoItem{item("a", "Milk", true)}}, todoList{Items: []todoItem{a}}, []difference{{"open", "Milk", ""}}},
		{"one item moved, not the two that it passed", todoList{Items: []todoItem{a, b, c}}, todoList{Items: []todoItem{c, a, b}}, []difference{{"moved", "Soap", ""}}},
		{"a new item in between moves nobody", todoList{Items: []todoItem{a, b}}, todoList{Items: []todoItem{a, c, b}}, []difference{{"added", "Soap", ""}}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			if got := differences(tc.older, tc.newer); !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}
