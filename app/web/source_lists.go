package web

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/generated/todos/types"
	"github.com/backstory-go/backstory/generated/todosdb"
)

func (which listQuery) status() types.Status {
	if which.Archived {
		return types.StatusArchived
	}
	return types.StatusActive
}

// begin is the place after which the page begins, for the database.
func (which listQuery) begin() place {
	if which.After == (place{}) {
		return place{latest, uuid.Max}
	}
	return which.After
}

func (s engineSource) lists(ctx context.Context, which listQuery) (page listPage, err error) {
	rows, err := s.rows(ctx, which)
	if err == nil && which.After != (place{}) && which.Find == "" {
		page.Before, err = s.before(ctx, which)
	}
	if err != nil {
		return page, fmt.Errorf("read the %s lists: %w", which.status(), err)
	}
	page.More = len(rows) > which.Most
	for _, row := range rows[:min(len(rows), which.Most)] {
		page.Lists = append(page.Lists, listing{
			ID: row.ID.String(), Name: row.Name, Archived: which.Archived, Members: row.Members,
			Items: row.ItemCount, Done: row.DoneCount, UpdatedAt: row.UpdatedAt,
		})
	}
	return page, nil
}

// rows reads one list more than the page has.
func (s engineSource) rows(ctx context.Context, which listQuery) (rows []todosdb.TodosListings, err error) {
	db, begin, status, most := todosdb.New(s.client.DB()), which.begin(), string(which.status()), int64(which.Most)+1
	terms := engine.SearchTerms(which.Find)
	switch {
	case which.Find == "":
		return db.ListingsAfter(ctx, todosdb.ListingsAfterParams{Status: status, UpdatedAt: begin.At, ID: begin.ID, Most: most})
	case which.Common:
		return db.ListingsCommonSearchAfter(ctx, todosdb.ListingsCommonSearchAfterParams{
			Status: status, UpdatedAt: begin.At, ID: begin.ID, Terms: terms, Most: most,
		})
	}
	found, err := db.ListingsSearchAfter(ctx, todosdb.ListingsSearchAfterParams{
		Status: status, UpdatedAt: begin.At, ID: begin.ID, Terms: terms, Most: most,
	})
	for _, row := range found {
		rows = append(rows, todosdb.TodosListings(row))
	}
	return rows, err
}

// before is where the page before begins.
func (s engineSource) before(ctx context.Context, which listQuery) (place, error) {
	rows, err := todosdb.New(s.client.DB()).ListingsPageBefore(ctx, todosdb.ListingsPageBeforeParams{
		Status: string(which.status()), UpdatedAt: which.After.At, ID: which.After.ID, PageSize: int64(which.Most),
	})
	if err != nil || len(rows) == 0 {
		return place{}, err
	}
	return place{rows[0].UpdatedAt, rows[0].ID}, nil
}

func (s engineSource) tally(ctx context.Context, which listQuery) (tally, error) {
	db, status := todosdb.New(s.client.DB()), string(which.status())
	var n int64
	var err error
	if which.Find == "" {
		n, err = db.ListingsCount(ctx, todosdb.ListingsCountParams{Status: status, Most: mostCounted + 1})
	} else {
		n, err = db.ListingsSearchCount(ctx, todosdb.ListingsSearchCountParams{Status: status, Terms: engine.SearchTerms(which.Find), Most: mostCounted + 1})
	}
	if err != nil {
		return 0, fmt.Errorf("count the %s lists: %w", which.status(), err)
	}
	return tally(n), nil
}

// place is where the list stands among others.
func (l listing) place() place {
	id, err := uuid.Parse(l.ID)
	if err != nil {
		return place{}
	}
	return place{l.UpdatedAt, id}
}
