package engine

import (
	"errors"
	"fmt"
)

// Rows are the rows of a projection while a batch of events is folded. A row is
// loaded when it is first asked for and lives in memory from then on; what
// changed is written at the end, once. Not for use by several goroutines.
type Rows[K comparable, R any] struct {
	key     func(R) K
	load    func(K) (R, bool, error)
	entries map[K]*rowEntry[R]
	order   []K // as they were first touched
}

type rowEntry[R any] struct {
	row            R
	there, changed bool
}

// NewRows makes rows with a key function and a loader, which says whether the
// table has the row.
func NewRows[K comparable, R any](key func(R) K, load func(K) (R, bool, error)) *Rows[K, R] {
	return &Rows[K, R]{key: key, load: load, entries: map[K]*rowEntry[R]{}}
}

// Get returns the row of the key, and whether there is one. What it holds by
// reference is the row's own: change it through Put or Patch.
func (r *Rows[K, R]) Get(key K) (R, bool) {
	e := r.entry(key)
	return e.row, e.there
}

// Put inserts the row, or replaces the one with its key.
func (r *Rows[K, R]) Put(row R) {
	r.set(r.key(row), rowEntry[R]{row, true, true})
}

// Patch changes the row of the key, and says whether there is one. It panics
// when change alters the key.
func (r *Rows[K, R]) Patch(key K, change func(row *R)) bool {
	e := r.entry(key)
	if !e.there {
		return false
	}
	change(&e.row)
	if r.key(e.row) != key {
		panic(fmt.Errorf("patch of row %v changed its key: delete it and put another", key))
	}
	e.changed = true
	return true
}

// Delete removes the row of the key, if there is one.
func (r *Rows[K, R]) Delete(key K) {
	r.set(key, rowEntry[R]{changed: true})
}

// Changes lists what is to be written, in the order in which rows were first
// touched.
func (r *Rows[K, R]) Changes() (puts []R, deletes []K) {
	for _, key := range r.order {
		switch e := r.entries[key]; {
		case e.changed && e.there:
			puts = append(puts, e.row)
		case e.changed:
			deletes = append(deletes, key)
		}
	}
	return puts, deletes
}

// rowLoadError leaves a projector's method through a panic, so that Get and
// Patch need no error that every projector would have to hand on.
type rowLoadError struct{ err error }

func (e rowLoadError) Error() string { return e.err.Error() }

func (r *Rows[K, R]) entry(key K) *rowEntry[R] {
	if e, ok := r.entries[key]; ok {
		return e
	}
	row, there, err := r.load(key)
	if err != nil {
		panic(rowLoadError{fmt.Errorf("load row %v: %w", key, err)})
	}
	return r.set(key, rowEntry[R]{row: row, there: there})
}

// set replaces a row without asking the database for it.
func (r *Rows[K, R]) set(key K, entry rowEntry[R]) *rowEntry[R] {
	if _, ok := r.entries[key]; !ok {
		r.order = append(r.order, key)
	}
	r.entries[key] = &entry
	return &entry
}

// GuardRows runs a projector. A row that could not be loaded comes back as the
// loader's error, a panic of the projector as a *PanicError.
func GuardRows(run func() error) (err error) {
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		var load rowLoadError
		if cause, ok := r.(error); ok && errors.As(cause, &load) {
			err = load.err
			return
		}
		err = newPanicError(r)
	}()
	return run()
}
