package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// Events implements engine.Client.
func (e *Engine) Events(ctx context.Context, stream engine.StreamID, after int64, limit int) ([]engine.Recorded, error) {
	list, err := readStream(ctx, e.reads, stream.String(), after, limit)
	if err != nil {
		return nil, fault(ctx, err, "events of %s", stream)
	}
	if len(list) == 0 || list[0].Meta.Version > after+1 {
		if err := archivedAfter(ctx, e.reads, stream.String(), after); err != nil {
			return nil, fault(ctx, err, "events of %s after %d", stream, after)
		}
	}
	decoded := make([]engine.Recorded, len(list))
	for i, r := range list {
		if decoded[i], err = r.decoded(e.system); err != nil {
			return nil, fmt.Errorf("events of %s: version %d: %w", stream, r.Meta.Version, err)
		}
	}
	return decoded, nil
}

func readStream(ctx context.Context, db engine.DBTX, stream string, after int64, limit int) ([]*record, error) {
	rows, err := db.Query(ctx, enginedb.StreamRead, stream, after, int32(limit))
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
	if len(list) > 0 && list[0].Meta.Position > after+1 {
		return nil, fmt.Errorf("read the log after %d: %w", after, engine.ErrArchived)
	}
	return e.decodedAll(list), nil
}

// Head implements engine.Log.
func (e *Engine) Head(ctx context.Context) (int64, error) {
	head, err := enginedb.New(e.reads).LogPosition(ctx)
	return head, fault(ctx, err, "read the head of the log")
}
