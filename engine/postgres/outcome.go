package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// Outcome implements engine.Client.
func (e *Engine) Outcome(ctx context.Context, id uuid.UUID) (engine.Outcome, error) {
	found, err := findOutcomes(ctx, e.waiters.sql, []uuid.UUID{id})
	if err != nil {
		return engine.Outcome{}, fault(ctx, err, "outcome of %s", id)
	}
	if len(found) == 0 {
		return engine.Outcome{}, fmt.Errorf("command %s: %w", id, engine.ErrNotFound)
	}
	return found[0], nil
}

// Wait implements engine.Client. The database's faults are waited out.
func (e *Engine) Wait(ctx context.Context, id uuid.UUID) (engine.Outcome, error) {
	news, leave := e.waiters.register(id)
	defer leave()
	known, wait := e.waiters.ask(id)
	if known != nil {
		return *known, nil
	}
	last := engine.Outcome{ID: id, Status: engine.Pending}
	var settling <-chan time.Time
	for {
		select {
		case o := <-news:
			return o, nil
		case <-ctx.Done():
			return last, fmt.Errorf("wait for %s: %w", id, ctx.Err())
		case <-settling:
			return last, nil
		case <-time.After(wait):
		}
		o, err := e.Outcome(ctx, id)
		switch {
		case err == nil && o.Status.Final():
			return o, nil
		case err == nil:
			last = o
			if o.Status == engine.Settling && settling == nil {
				settling = time.After(e.within(o.Type))
			}
		case ctx.Err() == nil && !surroundings(err):
			return last, err
		}
		wait = min(max(2*wait, e.waiters.poll()), time.Second)
	}
}

// Commands implements engine.Client.
func (e *Engine) Commands(ctx context.Context, stream engine.StreamID, before time.Time, limit int) ([]engine.Outcome, error) {
	if before.IsZero() {
		before = time.Now().AddDate(1, 0, 0) // whatever the database's clock says
	}
	rows, err := e.waiters.sql.OutcomeByStream(ctx, enginedb.OutcomeByStreamParams{
		Stream: stream.String(), Before: before, Most: int32(limit)})
	if err != nil {
		return nil, fault(ctx, err, "commands of %s", stream)
	}
	found := make([]enginedb.OutcomeFindRow, len(rows))
	for i, row := range rows {
		found[i] = enginedb.OutcomeFindRow(row)
	}
	list, err := joinEvents(ctx, e.waiters.sql, found)
	return list, fault(ctx, err, "commands of %s", stream)
}

// findOutcomes reads what became of commands; unknown ids are left out.
func findOutcomes(ctx context.Context, sql *enginedb.Queries, ids []uuid.UUID) ([]engine.Outcome, error) {
	rows, err := sql.OutcomeFind(ctx, enginedb.OutcomeFindParams{Ids: ids})
	if err != nil {
		return nil, err
	}
	return joinEvents(ctx, sql, rows)
}

func joinEvents(ctx context.Context, sql *enginedb.Queries, rows []enginedb.OutcomeFindRow) ([]engine.Outcome, error) {
	list := make([]engine.Outcome, len(rows))
	var positions []int64
	index := map[uuid.UUID]int{}
	for i, row := range rows {
		o, err := outcomeOf(row)
		if err != nil {
			return nil, err
		}
		list[i], index[row.ID] = o, i
		for i := range int64(row.Events) { // a decision's events stand side by side
			positions = append(positions, row.FirstPosition+i)
		}
	}
	if len(positions) == 0 {
		return list, nil
	}
	events, err := sql.OutcomeEvents(ctx, enginedb.OutcomeEventsParams{Positions: positions})
	for _, ev := range events {
		if i, ok := index[ev.Causation]; ok {
			list[i].Events = append(list[i].Events, engine.OutcomeEvent{ID: ev.ID, Type: ev.Type, Position: ev.Position,
				Version: ev.Version, At: ev.At.UTC(), Data: ev.Data})
		}
	}
	for i, row := range rows { // an outcome is stored with its events: what is missing was archived
		list[i].Archived = int(row.Events) - len(list[i].Events)
	}
	return list, err
}

func outcomeOf(row enginedb.OutcomeFindRow) (engine.Outcome, error) {
	stream, err := engine.ParseStream(row.Stream)
	if err != nil {
		return engine.Outcome{}, fmt.Errorf("outcome %s: %w", row.ID, err)
	}
	o := engine.Outcome{ID: row.ID, Type: row.Type, Stream: stream, Status: engine.Status(row.Status),
		Events: []engine.OutcomeEvent{}, Error: row.Error, By: row.By, At: row.At.UTC(),
		Correlation: row.Correlation, Causation: row.Causation, Data: row.Data}
	if len(row.Refusal) == 0 {
		return o, nil
	}
	o.Refusal = &engine.RefusalInfo{}
	if err := json.Unmarshal(row.Refusal, o.Refusal); err != nil {
		return engine.Outcome{}, fmt.Errorf("refusal of %s: %w", row.ID, err)
	}
	return o, nil
}
