package engine

import (
	"context"
	"slices"
)

// Table is how a projection's rows are read, folded and written. It is generated.
// Load, Put and Delete take any number of keys or rows in one round trip.
type Table[K comparable, R any] struct {
	KeyOf   func(R) K
	Project func(m Meta, rows *Rows[K, R], event Event) // events of other types are passed over
	Load    func(ctx context.Context, db DBTX, list []K) ([]R, error)
	Put     func(ctx context.Context, db DBTX, list []R) error
	Delete  func(ctx context.Context, db DBTX, list []K) error

	// Canonical makes two keys of one row equal in Go, too. nil: they are.
	Canonical func(K) K
}

// ApplyRows folds a batch into a table and writes what changed: Projection.Apply.
func ApplyRows[K comparable, R any](ctx context.Context, db DBTX, table Table[K, R], batch []Recorded) error {
	f := NewFolding(table)
	if err := f.Apply(ctx, db, batch); err != nil {
		return err
	}
	return f.Write(ctx, db)
}

// NewFolding makes a projection's Fold.
func NewFolding[K comparable, R any](table Table[K, R]) Folding {
	f := &fold[K, R]{table: table}
	f.Forget()
	return f
}

type fold[K comparable, R any] struct {
	table  Table[K, R]
	rows   *Rows[K, R]
	afresh bool // the table counts as empty

	written *seenKeys[K] // of the rows in a table that was empty; nil: it may have others
}

// mostForesights is how often a batch is looked through for keys. Keys that are
// only known from other rows cost a look for each level; what lies deeper than
// that is loaded key by key, so that no projector makes it quadratic.
const mostForesights = 3

// Apply implements Folding.
func (f *fold[K, R]) Apply(ctx context.Context, db DBTX, batch []Recorded) error {
	looks := 0
	rest := batch
	f.rows.load = func(key K) ([]K, []R, error) {
		keys := []K{key}
		if f.absent(key) {
			return keys, nil, nil
		}
		if looks++; looks <= mostForesights {
			keys = f.foresee(key, rest)
		}
		found, err := f.table.Load(ctx, db, slices.DeleteFunc(slices.Clone(keys), f.absent))
		return keys, found, err
	}
	return GuardRows(func() error {
		for i, r := range batch {
			rest = batch[i:]
			f.table.Project(r.Meta, f.rows, r.Event)
		}
		return nil
	})
}

// absent says that the table has no row of the key. It may have none otherwise, too.
func (f *fold[K, R]) absent(key K) bool {
	return f.afresh || f.written != nil && !f.written.has(f.rows.clean(key))
}

// foresee tells which rows a batch will ask for, by letting the projector run over
// it without any row: what it would change is not kept, only what it asks for.
func (f *fold[K, R]) foresee(key K, batch []Recorded) []K {
	scout := f.rows.scout()
	scout.miss(key)
	for _, r := range batch {
		_ = GuardRows(func() error { // without its rows it may well fail
			f.table.Project(r.Meta, scout, r.Event)
			return nil
		})
	}
	return scout.order
}

// Write implements Folding.
func (f *fold[K, R]) Write(ctx context.Context, db DBTX) error {
	return GuardRows(func() error {
		puts, deletes := f.rows.Changes()
		if len(deletes) > 0 {
			if err := f.table.Delete(ctx, db, deletes); err != nil {
				return err
			}
		}
		if len(puts) > 0 {
			if f.written != nil {
				f.written.add(f.rows.order) // with those deleted, which does no harm
			}
			if err := f.table.Put(ctx, db, puts); err != nil {
				return err
			}
		}
		f.rows.written()
		return nil
	})
}

// Rows implements Folding.
func (f *fold[K, R]) Rows() int { return len(f.rows.entries) }

// Forget implements Folding.
func (f *fold[K, R]) Forget() { f.rows = newRows(f.table.KeyOf, f.table.Canonical) }

// Empty implements Folding.
func (f *fold[K, R]) Empty() {
	f.Forget()
	f.written = newSeenKeys[K]()
}

// Afresh implements Folding.
func (f *fold[K, R]) Afresh() {
	f.Forget()
	f.afresh = true
}
