package postgres

import (
	"context"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// ParkedFirst implements engine.Operator, by one statement: a key is held by the
// message that failed, and tells where it stands.
func (e *Engine) ParkedFirst(ctx context.Context, keys []engine.ParkedKey) ([]engine.WaitingMessage, error) {
	list := make([]engine.WaitingMessage, len(keys))
	positions, ids := []int64{}, []uuid.UUID{}
	for _, k := range keys {
		if k.Position > 0 {
			positions = append(positions, k.Position)
		} else {
			ids = append(ids, k.Command)
		}
	}
	if len(keys) == 0 {
		return list, nil
	}
	rows, err := enginedb.New(e.reads).ParkedFirst(ctx, enginedb.ParkedFirstParams{Positions: positions, Ids: ids})
	if err != nil {
		return nil, fault(ctx, err, "read what is parked first")
	}
	events, commands := map[int64]engine.WaitingMessage{}, map[uuid.UUID]engine.WaitingMessage{}
	for _, r := range rows {
		m := engine.WaitingMessage{ID: r.ID, Type: r.Type, Stream: r.Stream, Position: r.Position, At: r.At.UTC(), Data: r.Data}
		if events[r.Position] = m; r.Position == 0 {
			commands[r.ID] = m
		}
	}
	for i, k := range keys {
		if list[i] = events[k.Position]; k.Position == 0 {
			list[i] = commands[k.Command]
		}
	}
	return list, nil
}
