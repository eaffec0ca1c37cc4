package engine

import (
	"errors"
	"fmt"
	"slices"
)

// Condition is a dynamic consistency boundary: an append with it is stored only
// if no event that matches the query was stored after the position.
type Condition struct {
	Query Query
	After int64 // 0: none may be stored at all
}

// Query asks for the events that match any of its items. An empty one matches
// nothing.
type Query []QueryItem

// QueryItem matches the events that are of any of the types and carry all of the
// tags. One of the two may be empty: then it leaves the choice open. An item with
// tags costs what it finds, however long the log; one without reads all of the
// log after the position that is asked for.
type QueryItem struct {
	Types []string // e.g. todos.list.created
	Tags  []string // as Tag writes them
}

// Validate joins what is wrong with a query.
func (q Query) Validate() error {
	var faults []error
	for i, item := range q {
		if len(item.Types) == 0 && len(item.Tags) == 0 {
			faults = append(faults, fmt.Errorf("query item %d has neither types nor tags: it would match everything", i))
		}
	}
	return errors.Join(faults...)
}

// Matches says whether an event of the type that carries the tags is asked for.
func (q Query) Matches(typ string, tags []string) bool {
	return slices.ContainsFunc(q, func(item QueryItem) bool { return item.Matches(typ, tags) })
}

// Matches says whether an event of the type that carries the tags is asked for.
func (i QueryItem) Matches(typ string, tags []string) bool {
	if len(i.Types) == 0 && len(i.Tags) == 0 || len(i.Types) > 0 && !slices.Contains(i.Types, typ) {
		return false
	}
	return !slices.ContainsFunc(i.Tags, func(tag string) bool { return !slices.Contains(tags, tag) })
}
