package postgres

import (
	"context"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// recentSpan is how many positions one page of Recent looks through.
const recentSpan = 20_000

// Recent implements engine.Operator.
func (e *Engine) Recent(ctx context.Context, of engine.RecentFilter, before int64, limit int) (engine.Recent, error) {
	sql := enginedb.New(e.reads)
	if before <= 0 {
		head, err := sql.LogPosition(ctx)
		if err != nil {
			return engine.Recent{}, fault(ctx, err, "recent events")
		}
		before = head + 1
	}
	downTo := max(before-recentSpan, 1)
	rows, err := sql.RecentEvents(ctx, enginedb.RecentEventsParams{
		Before: before, DownTo: downTo, Type: of.Type, Stream: of.Stream, By: of.By, Most: int32(limit)})
	if err != nil {
		return engine.Recent{}, fault(ctx, err, "recent events")
	}
	page := engine.Recent{Events: make([]engine.Recorded, len(rows)), Next: downTo}
	for i, row := range rows {
		r, err := recordOf(enginedb.EventReadRow(row))
		if err != nil {
			return engine.Recent{}, err
		}
		page.Events[i] = r.Recorded
	}
	if len(rows) == limit && limit > 0 {
		page.Next = rows[limit-1].Position
	}
	if page.Next <= 1 {
		page.Next = 0
	}
	return page, nil
}
