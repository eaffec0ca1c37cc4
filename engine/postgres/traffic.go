package postgres

import (
	"context"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// Traffic implements engine.Operator.
func (e *Engine) Traffic(ctx context.Context, after, span int64) (engine.Traffic, error) {
	sql := enginedb.New(e.reads)
	head, err := sql.LogPosition(ctx)
	if err != nil {
		return engine.Traffic{}, fault(ctx, err, "count the traffic")
	}
	counted := engine.Traffic{Upto: max(after, min(head, after+span))}
	if counted.Upto == after {
		return counted, nil
	}
	rows, err := sql.TrafficCount(ctx, enginedb.TrafficCountParams{After: after, Upto: counted.Upto})
	if err != nil {
		return engine.Traffic{}, fault(ctx, err, "count the traffic")
	}
	for _, row := range rows {
		counted.Counts = append(counted.Counts, engine.TrafficCount{Event: row.Type, Command: row.Command, Events: row.Events, Commands: row.Commands})
	}
	return counted, nil
}
