package postgres

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
)

// floorRows are a projection's rows on their way from one floor to the next.
type floorRows struct {
	p    *engine.Projection
	fold engine.Folding
	left map[int64]bool // events that may be left out
}

// apply folds a page of the log.
func (f *floorRows) apply(ctx context.Context, tx pgx.Tx, system *engine.System, list []*record) error {
	var batch []engine.Recorded
	for _, r := range list {
		if !slices.Contains(f.p.Events, r.Type) {
			continue
		}
		event, err := r.decoded(system)
		switch may := f.left[r.Meta.Position]; {
		case err != nil && !may:
			return unfolded(r.Meta.Position, err)
		case err != nil:
		case may:
			if err := f.fold.Apply(ctx, tx, batch); err != nil {
				return err
			}
			batch = nil
			if err := f.try(ctx, tx, event); err != nil {
				return err
			}
		default:
			batch = append(batch, event)
		}
	}
	return f.fold.Apply(ctx, tx, batch)
}

// try folds an event that was discarded, or leaves it out.
func (f *floorRows) try(ctx context.Context, tx pgx.Tx, event engine.Recorded) error {
	if err := f.fold.Write(ctx, tx); err != nil {
		return err
	}
	err := pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
		if err := f.fold.Apply(ctx, tx, []engine.Recorded{event}); err != nil {
			return err
		}
		return f.fold.Write(ctx, tx)
	})
	if err == nil || !blames(ctx, err) {
		return err
	}
	f.fold.Forget()
	return nil
}
