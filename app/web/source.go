package web

import (
	"context"
	"time"
)

// The streams and projections that pages read.
const (
	listActor          = "todos.list"
	listingsProjection = "todos.listings"

	restoreCommand = listActor + ".restore"
	undoCommand    = listActor + ".undo"
	archiveCommand = listActor + ".archive"
	deleteCommand  = listActor + ".delete"
	removeCommand  = listActor + ".remove_item"
	itemDuplicated = listActor + ".item_duplicated"
)

// source is where pages read the domain from. It is an interface for one reason:
// tests show pages of lists that need no database.
type source interface {
	// lists reads a page of the lists that are not deleted, the last changed first.
	lists(ctx context.Context, which listQuery) (listPage, error)
	// tally counts them, wherever the page begins.
	tally(ctx context.Context, which listQuery) (tally, error)
	// list folds a list up to a version; 0: all of it.
	list(ctx context.Context, id string, version int64) (todoList, error)
	// names reads what lists are called by now, by id; those that have no name, or are
	// deleted, are not in it.
	names(ctx context.Context, ids []string) (map[string]string, error)
}

// listing is a list on the home page.
type listing struct {
	ID, Name    string
	Archived    bool
	Members     []string
	Items, Done int64
	UpdatedAt   time.Time
}

// todoList is a list at a version.
type todoList struct {
	ID, Name      string
	Status        string
	Wanted        string // the name that was asked for and is not confirmed yet; or ""
	Items         []todoItem
	Duplicated    string // the item whose text somebody tried to use again; or ""
	Version, Head int64
	At            time.Time // of Version
}

// todoItem is an item of a list.
type todoItem struct {
	ID, Text  string
	Done      bool
	Expanding bool     // is being split into smaller ones: nobody can change it
	Services  []string // where it was announced
	Failed    []string // where it could not be announced

	Unexpanded string // why it was given back when it was to be split; "": it was not, or is dealt with
}

func (l todoList) active() bool { return l.Status == "active" }

func (l todoList) done() (n int) {
	for _, item := range l.Items {
		if item.Done {
			n++
		}
	}
	return n
}
