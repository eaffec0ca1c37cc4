package postgres

import (
	"context"
	"runtime/debug"

	"github.com/backstory-go/backstory/engine"
)

// keptRows is how many rows of a projection stay in memory while its whole log is
// folded; then they are written and forgotten. A row is written about as often as
// that memory was full, not once for every page that changes it: within one
// transaction each version of a row lengthens the way to the next.
const keptRows = 20_000

// folding is a projection's fold over the whole log. Panics of the user's
// projector are errors.
func folding(p *engine.Projection) engine.Folding {
	if p.Fold != nil {
		return guarded{p.Fold()}
	}
	return guarded{unkept{p}}
}

// unkept applies each batch for itself.
type unkept struct{ p *engine.Projection }

// Apply implements engine.Folding: it writes at once.
func (u unkept) Apply(ctx context.Context, db engine.DBTX, batch []engine.Recorded) error {
	return u.p.Apply(ctx, db, batch)
}

// Write implements engine.Folding.
func (unkept) Write(context.Context, engine.DBTX) error { return nil }

// Rows implements engine.Folding.
func (unkept) Rows() int { return 0 }

// Forget implements engine.Folding.
func (unkept) Forget() {}

// Empty implements engine.Folding.
func (unkept) Empty() {}

// Afresh implements engine.Folding. It cannot be done: see RecomputeKey.
func (unkept) Afresh() {}

type guarded struct{ engine.Folding }

// Apply implements engine.Folding.
func (g guarded) Apply(ctx context.Context, db engine.DBTX, batch []engine.Recorded) error {
	return guard(func() error { return g.Folding.Apply(ctx, db, batch) })
}

// Write implements engine.Folding.
func (g guarded) Write(ctx context.Context, db engine.DBTX) error {
	return guard(func() error { return g.Folding.Write(ctx, db) })
}

// guard turns a panic of the user's code into an error.
func guard(do func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &engine.PanicError{Value: r, Stack: debug.Stack()}
		}
	}()
	return do()
}

// spill writes and forgets rows when too many are in memory, or at the end.
func spill(ctx context.Context, f engine.Folding, db engine.DBTX, most int) error {
	if f.Rows() <= most {
		return nil
	}
	if err := f.Write(ctx, db); err != nil {
		return err
	}
	f.Forget()
	return nil
}
