package todos

import (
	"slices"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/generated/todos/list"
	"github.com/backstory-go/backstory/generated/todos/listings"
	"github.com/backstory-go/backstory/generated/todos/types"
)

// Listings projects the home page's table: one row per list that has its name
// and is not deleted.
type Listings struct{}

var _ listings.Projector = Listings{}

// NameConfirmed starts the list's row, or shows its new name.
func (Listings) NameConfirmed(m engine.Meta, rows *listings.Rows, event list.NameConfirmed) {
	if _, there := rows.Get(listID(m)); !there {
		rows.Put(listings.Row{ID: listID(m), Status: types.StatusActive, Members: []string{}, CreatedAt: m.At, UpdatedAt: m.At})
	}
	touch(m, rows, func(row *listings.Row) { named(row, event.Name) })
}

// NameUpdated shows the new spelling of the name.
func (Listings) NameUpdated(m engine.Meta, rows *listings.Rows, event list.NameUpdated) {
	touch(m, rows, func(row *listings.Row) { named(row, event.Name) })
}

func named(row *listings.Row, name string) {
	row.Name, row.SearchWords = name, engine.SearchWords(name)
}

// ItemAdded counts the item.
func (Listings) ItemAdded(m engine.Meta, rows *listings.Rows, _ list.ItemAdded) {
	touch(m, rows, func(row *listings.Row) { row.ItemCount++ })
}

// ItemDuplicated notes who tried; nothing is counted.
func (Listings) ItemDuplicated(m engine.Meta, rows *listings.Rows, _ list.ItemDuplicated) {
	touch(m, rows, func(*listings.Row) {})
}

// ItemTextUpdated notes who changed the list and when.
func (Listings) ItemTextUpdated(m engine.Meta, rows *listings.Rows, _ list.ItemTextUpdated) {
	touch(m, rows, func(*listings.Row) {})
}

// ItemDone counts the item as done.
func (Listings) ItemDone(m engine.Meta, rows *listings.Rows, _ list.ItemDone) {
	touch(m, rows, func(row *listings.Row) { row.DoneCount++ })
}

// ItemUndone counts the item as open.
func (Listings) ItemUndone(m engine.Meta, rows *listings.Rows, _ list.ItemUndone) {
	touch(m, rows, func(row *listings.Row) { row.DoneCount-- })
}

// ItemRemoved counts the item no longer, nor as done if it was.
func (Listings) ItemRemoved(m engine.Meta, rows *listings.Rows, event list.ItemRemoved) {
	touch(m, rows, func(row *listings.Row) {
		row.ItemCount--
		if event.Done {
			row.DoneCount--
		}
	})
}

// ExpansionStarted notes who changed the list and when.
func (Listings) ExpansionStarted(m engine.Meta, rows *listings.Rows, _ list.ExpansionStarted) {
	touch(m, rows, func(*listings.Row) {})
}

// ExpansionEnded notes when the item was given back.
func (Listings) ExpansionEnded(m engine.Meta, rows *listings.Rows, _ list.ExpansionEnded) {
	touch(m, rows, func(*listings.Row) {})
}

// ItemDispatched notes when the item was announced.
func (Listings) ItemDispatched(m engine.Meta, rows *listings.Rows, _ list.ItemDispatched) {
	touch(m, rows, func(*listings.Row) {})
}

// ItemsReordered notes who changed the list and when.
func (Listings) ItemsReordered(m engine.Meta, rows *listings.Rows, _ list.ItemsReordered) {
	touch(m, rows, func(*listings.Row) {})
}

// Archived moves the list to the archive.
func (Listings) Archived(m engine.Meta, rows *listings.Rows, _ list.Archived) {
	touch(m, rows, func(row *listings.Row) { row.Status = types.StatusArchived })
}

// Unarchived brings the list back.
func (Listings) Unarchived(m engine.Meta, rows *listings.Rows, _ list.Unarchived) {
	touch(m, rows, func(row *listings.Row) { row.Status = types.StatusActive })
}

// Deleted removes the list's row.
func (Listings) Deleted(m engine.Meta, rows *listings.Rows, _ list.Deleted) {
	rows.Delete(listID(m))
}

// touch changes the list's row and notes who did it and when.
func touch(m engine.Meta, rows *listings.Rows, change func(*listings.Row)) {
	rows.Patch(listID(m), func(row *listings.Row) {
		change(row)
		row.UpdatedAt = m.At
		if m.By != "" && !slices.Contains(row.Members, m.By) {
			row.Members = append(slices.Clip(row.Members), m.By)
		}
	})
}

// listID is the identity of the list whose stream the event stands in. The
// engine checked it when the command came in.
func listID(m engine.Meta) uuid.UUID { return uuid.MustParse(m.Stream.ID) }
