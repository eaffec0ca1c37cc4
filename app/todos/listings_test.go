package todos_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/app/todos"
	"github.com/backstory-go/backstory/engine"
	gen "github.com/backstory-go/backstory/generated/todos"
	"github.com/backstory-go/backstory/generated/todos/list"
	"github.com/backstory-go/backstory/generated/todos/listings"
	"github.com/backstory-go/backstory/generated/todos/types"
)

func TestListings(t *testing.T) {
	id := uuid.UUID(holder)
	row := func(change func(*listings.Row)) listings.Row {
		r := listings.Row{ID: id, Name: "Groceries", SearchWords: "groceries", Status: types.StatusActive, Members: []string{}, ItemCount: 3, CreatedAt: engine.GivenNow(), UpdatedAt: engine.GivenNow()}
		change(&r)
		return r
	}
	cases := []struct {
		name   string
		events []engine.Event
		want   func(*listings.Row)
	}{
		{"a list with three items", nil, func(*listings.Row) {}},
		{"done ones are counted", []engine.Event{list.ItemDone{ID: milk}, list.ItemDone{ID: eggs}, list.ItemUndone{ID: eggs}}, func(r *listings.Row) { r.DoneCount = 1 }},
		{"a removed one counts no longer", []engine.Event{list.ItemDone{ID: milk}, list.ItemRemoved{ID: milk, Done: true}}, func(r *listings.Row) { r.ItemCount = 2 }},
		{"a name on its way does not show", []engine.Event{list.NameUpdated{Name: "GROCERIES"}}, func(r *listings.Row) { r.Name = "GROCERIES" }},
		{"another name", []engine.Event{list.NameConfirmed{Name: "Shop", ReservationID: second}}, func(r *listings.Row) { r.Name, r.SearchWords = "Shop", "shop" }},
		{"archived", []engine.Event{list.Archived{}}, func(r *listings.Row) { r.Status = types.StatusArchived }},
		{"and back", []engine.Event{list.Archived{}, list.Unarchived{}}, func(*listings.Row) {}},
		{"who took part", []engine.Event{engine.By("ada", list.ItemDone{ID: milk}), engine.By("bob", list.ItemUndone{ID: milk}), engine.By("ada", list.ExpansionStarted{ID: milk, Text: "Milk"})},
			func(r *listings.Row) { r.Members = []string{"ada", "bob"} }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			gen.GivenListings(t, todos.Listings{}, groceries(c.events...)[1:]...).ThenRow(id, row(c.want))
		})
	}
	t.Run("deleted", func(t *testing.T) {
		gen.GivenListings(t, todos.Listings{}, groceries(list.Archived{}, list.Deleted{})[1:]...).ThenNoRow(id)
	})
}
