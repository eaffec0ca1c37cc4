package postgres

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// handled says that a consumer need not handle an event: its reactions ran in the
// unit that stored it. The mark commits with the event, so whoever reads marks
// after the event has all of them.
type handled struct {
	consumer string
	event    uuid.UUID
}

// queueHandled writes a unit's marks, and leaves them on the events that this
// process follows from memory.
func (f *flight) queueHandled(b *pgx.Batch) {
	if len(f.handled) == 0 {
		return
	}
	records := make(map[uuid.UUID]*record, len(f.records))
	for _, r := range f.records {
		records[r.Meta.ID] = r
	}
	var p enginedb.HandledInsertParams
	for _, h := range f.handled {
		r := records[h.event]
		r.handled = append(r.handled, h.consumer)
		p.Positions, p.Consumers = append(p.Positions, r.Meta.Position), append(p.Consumers, h.consumer)
	}
	b.Queue(enginedb.HandledInsert, p.Positions, p.Consumers)
}

// readMarked reads stored events in order, with who handled them already.
func readMarked(ctx context.Context, sql *enginedb.Queries, after int64, most int) ([]*record, error) {
	list, err := readLog(ctx, sql, after, most)
	if err != nil || len(list) == 0 {
		return list, err
	}
	marks, err := sql.HandledBetween(ctx, enginedb.HandledBetweenParams{After: list[0].Meta.Position - 1, Upto: list[len(list)-1].Meta.Position})
	if err != nil {
		return nil, err
	}
	for _, m := range marks {
		r := list[m.Position-list[0].Meta.Position] // positions are dense
		r.handled = append(r.handled, m.Consumer)
	}
	return list, nil
}

// handledAmong are the positions of rows that a consumer need not handle.
func handledAmong(ctx context.Context, sql *enginedb.Queries, c *consumer, rows []enginedb.HeldScanRow) (map[int64]bool, error) {
	if len(rows) == 0 {
		return nil, nil //nolint:nilnil // no row, no mark
	}
	marks, err := sql.HandledBetween(ctx, enginedb.HandledBetweenParams{After: rows[0].Position - 1, Upto: rows[len(rows)-1].Position})
	if err != nil {
		return nil, err
	}
	done := map[int64]bool{}
	for _, m := range marks {
		if m.Consumer == c.name {
			done[m.Position] = true
		}
	}
	return done, nil
}
