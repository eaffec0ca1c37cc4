package web

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/generated/todos/list"
	"github.com/backstory-go/backstory/generated/todosdb"
)

// engineSource reads lists from the running engine.
type engineSource struct{ client engine.Client }

func (s engineSource) list(ctx context.Context, id string, version int64) (todoList, error) {
	at, err := s.client.State(ctx, listStream(id), version)
	if err != nil {
		return todoList{}, fmt.Errorf("list %s, version %s: %w", id, strconv.FormatInt(version, 10), err)
	}
	state, ok := at.State.(*list.State)
	if !ok {
		return todoList{}, fmt.Errorf("list %s: its state is a %T", id, at.State)
	}
	l := todoList{ID: id, Name: state.Name, Status: string(state.Status), Wanted: state.Wanted.Name, Version: at.Version, Head: at.Head, At: at.At}
	if state.DuplicatedItem != uuid.Nil {
		l.Duplicated = state.DuplicatedItem.String()
	}
	l.Items = slices.Grow(l.Items, len(state.Items))
	for _, item := range state.Items {
		l.Items = append(l.Items, todoItem{ID: item.ID.String(), Text: item.Text, Done: item.Done,
			Expanding: item.Expanding, Services: item.Services, Failed: item.FailedServices,
			Unexpanded: string(item.Unexpanded.Or(""))})
	}
	return l, nil
}

func (s engineSource) names(ctx context.Context, ids []string) (map[string]string, error) {
	keys := make([]uuid.UUID, 0, len(ids))
	for _, text := range ids {
		id, err := uuid.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("list %q: %w", text, err)
		}
		keys = append(keys, id)
	}
	rows, err := todosdb.New(s.client.DB()).ListingsLoad(ctx, todosdb.ListingsLoadParams{ID: keys})
	if err != nil {
		return nil, fmt.Errorf("read the names of %d lists: %w", len(ids), err)
	}
	names := map[string]string{}
	for _, row := range rows {
		names[row.ID.String()] = row.Name
	}
	return names, nil
}
