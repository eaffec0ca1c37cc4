package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// State implements engine.Client: it folds the stream's events.
func (e *Engine) State(ctx context.Context, stream engine.StreamID, version int64) (engine.StreamState, error) {
	actor, ok := e.system.Actor(stream.Type)
	if !ok {
		return engine.StreamState{}, fmt.Errorf("state of %s: %w", stream, engine.ErrNotFound)
	}
	sql := enginedb.New(e.reads)
	head, err := sql.StreamVersion(ctx, enginedb.StreamVersionParams{Stream: stream.String()})
	if err != nil {
		return engine.StreamState{}, fault(ctx, err, "state of %s", stream)
	}
	if version == 0 {
		version = head
	}
	if head == 0 || version < 0 || version > head {
		return engine.StreamState{}, fmt.Errorf("state of %s at %d of %d: %w", stream, version, head, engine.ErrNotFound)
	}
	out := engine.StreamState{Stream: stream, Head: head}
	s := &snapshot{stream: stream.String(), actor: actor, state: actor.NewState()}
	for s.version < version {
		list, err := e.readStream(ctx, stream, s.version, int(min(version-s.version, page)))
		if err != nil {
			return engine.StreamState{}, fault(ctx, err, "state of %s", stream)
		}
		if len(list) == 0 {
			return engine.StreamState{}, fmt.Errorf("state of %s at %d: %w", stream, version, engine.ErrNotFound)
		}
		if err := s.fold(e.system, list); err != nil {
			return engine.StreamState{}, fmt.Errorf("state of %s after %d: %w", stream, s.version, err)
		}
		out.At = list[len(list)-1].Meta.At
	}
	out.Version, out.State = s.version, s.state
	return out, nil
}

// Events implements engine.Client.
func (e *Engine) Events(ctx context.Context, stream engine.StreamID, after int64, limit int) ([]engine.Recorded, error) {
	list, err := e.readStream(ctx, stream, after, limit)
	if err != nil {
		return nil, fault(ctx, err, "events of %s", stream)
	}
	decoded := make([]engine.Recorded, len(list))
	for i, r := range list {
		if decoded[i], err = r.decoded(e.system); err != nil {
			return nil, fmt.Errorf("events of %s: version %d: %w", stream, r.Meta.Version, err)
		}
	}
	return decoded, nil
}

func (e *Engine) readStream(ctx context.Context, stream engine.StreamID, after int64, limit int) ([]*record, error) {
	rows, err := e.reads.Query(ctx, enginedb.StreamRead, stream.String(), after, int32(limit))
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (*record, error) {
		r, err := pgx.RowToStructByPos[enginedb.EventReadRow](row)
		if err != nil {
			return nil, err
		}
		return recordOf(r)
	})
}

// ReadLog implements engine.Log.
func (e *Engine) ReadLog(ctx context.Context, after int64, limit int) ([]engine.Recorded, error) {
	list, err := readLog(ctx, enginedb.New(e.reads), after, limit)
	if err != nil {
		return nil, fault(ctx, err, "read the log after %d", after)
	}
	return e.decodedAll(list), nil
}

// Head implements engine.Log.
func (e *Engine) Head(ctx context.Context) (int64, error) {
	head, err := enginedb.New(e.reads).LogPosition(ctx)
	return head, fault(ctx, err, "read the head of the log")
}
