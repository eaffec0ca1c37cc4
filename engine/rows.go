package engine

import (
	"errors"
	"fmt"
)

// Rows are the rows of a projection while events are folded. A row is loaded when
// it is first asked for, with those that the events after will ask for, and lives
// in memory from then on; what changed is written at the end, once. A projector
// must be a pure function of its arguments: it may also be called to learn which
// rows it asks for, with none to be found. Not for use by several goroutines.
type Rows[K comparable, R any] struct {
	key       func(R) K
	canonical func(K) K // nil: as it is

	// load reads the row of a key, and of others that will be asked for. It says
	// which keys it looked for.
	load func(K) ([]K, []R, error)

	entries map[K]*rowEntry[R]
	order   []K // those that changed, as they first did; of a scout those that are missing

	scouted *Rows[K, R] // whose missing keys this one only gathers in order; nil: this one folds
}

type rowEntry[R any] struct {
	row            R
	there, changed bool
}

func newRows[K comparable, R any](key func(R) K, canonical func(K) K) *Rows[K, R] {
	return &Rows[K, R]{key: key, canonical: canonical, entries: map[K]*rowEntry[R]{}}
}

// Get returns the row of the key, and whether there is one. What it holds by
// reference is the row's own: change it through Put or Patch.
func (r *Rows[K, R]) Get(key K) (R, bool) {
	e := r.entry(key)
	return e.row, e.there
}

// note notes that an entry is to be written.
func (r *Rows[K, R]) note(key K, e *rowEntry[R]) {
	if !e.changed {
		e.changed = true
		r.order = append(r.order, key)
	}
}

// Put inserts the row, or replaces the one with its key.
func (r *Rows[K, R]) Put(row R) { r.change(r.key(row), row, true) }

// Patch changes the row of the key, and says whether there is one. It panics
// when change alters the key.
func (r *Rows[K, R]) Patch(key K, change func(row *R)) bool {
	e := r.entry(key)
	if !e.there {
		return false
	}
	change(&e.row)
	if r.clean(r.key(e.row)) != r.clean(key) {
		panic(fmt.Errorf("patch of row %v changed its key: delete it and put another", key))
	}
	r.note(r.clean(key), e)
	return true
}

// Delete removes the row of the key, if there is one.
func (r *Rows[K, R]) Delete(key K) {
	var none R
	r.change(key, none, false)
}

// Changes lists what is to be written, in the order in which rows were first
// changed. It takes no longer the more rows are in memory.
func (r *Rows[K, R]) Changes() (puts []R, deletes []K) {
	for _, key := range r.order {
		if e := r.entries[key]; e.there {
			puts = append(puts, e.row)
		} else {
			deletes = append(deletes, key)
		}
	}
	return puts, deletes
}

// written notes that the table has what changed.
func (r *Rows[K, R]) written() {
	for _, key := range r.order {
		r.entries[key].changed = false
	}
	r.order = r.order[:0]
}

// rowLoadError leaves a projector's method through a panic, so that Get and
// Patch need no error that every projector would have to hand on.
type rowLoadError struct{ err error }

func (e rowLoadError) Error() string { return e.err.Error() }

func (r *Rows[K, R]) clean(key K) K {
	if r.canonical == nil {
		return key
	}
	return r.canonical(key)
}

func (r *Rows[K, R]) entry(key K) *rowEntry[R] {
	key = r.clean(key)
	if e, ok := r.entries[key]; ok {
		return e
	}
	if r.scouted != nil {
		r.miss(key)
		return &rowEntry[R]{}
	}
	keys, found, err := r.load(key)
	if err != nil {
		panic(rowLoadError{fmt.Errorf("load row %v: %w", key, err)})
	}
	for _, k := range keys {
		r.entries[r.clean(k)] = &rowEntry[R]{}
	}
	for _, row := range found {
		r.entries[r.clean(r.key(row))] = &rowEntry[R]{row: row, there: true}
	}
	return r.entries[key]
}

// change replaces a row without asking the database for it.
func (r *Rows[K, R]) change(key K, row R, there bool) {
	key = r.clean(key)
	e := r.entries[key]
	if e == nil {
		e = &rowEntry[R]{}
		r.entries[key] = e
	}
	if r.scouted != nil {
		return // known from here on: not to be loaded
	}
	e.row, e.there = row, there
	r.note(key, e)
}

// scout makes rows that are never there, and gather in order which keys are asked
// for that r does not know. Not even rows that r knows are shown: what a projector
// does to them by reference would stay.
func (r *Rows[K, R]) scout() *Rows[K, R] {
	scout := newRows(r.key, r.canonical)
	scout.scouted = r
	return scout
}

func (r *Rows[K, R]) miss(key K) {
	if _, known := r.scouted.entries[key]; !known {
		r.order = append(r.order, key)
	}
	r.entries[key] = &rowEntry[R]{}
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
