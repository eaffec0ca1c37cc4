package engine

import (
	"fmt"
	"iter"
)

// PastReader reads a stream as it was before a decision. It belongs to one
// decision; versions that it is asked for are at most the decision's, so what it
// reads can never change. Its errors are *PastErrors by the time that Decide
// returns them.
type PastReader interface {
	// StateAt folds the stream up to a version, from 0 (before the first event).
	// The state is the caller's own.
	StateAt(version int64) (any, error)

	// Events hands in the events of the versions from first to last, in order and
	// decoded, until do says false.
	Events(first, last int64, do func(Recorded) bool) error
}

// Past is what a handler of a command with x-past is given of its stream's past.
// S is the actor's *State.
type Past[S any] struct {
	reader  PastReader
	version int64
}

// PastOf is the past of the decision that out belongs to.
func PastOf[S any](out *Emission) Past[S] {
	if out.past == nil {
		panic(fmt.Errorf("%s reads its stream's past, which whoever decides did not give", out.command))
	}
	return Past[S]{out.past, out.meta.Version}
}

// At is the state after the event of a version, a deep copy; at 0 the state
// before the first event. It says false when the stream had no such version when
// the command was decided.
func (p Past[S]) At(version int64) (state S, ok bool) {
	if version < 0 || version > p.version {
		return state, false
	}
	found, err := p.reader.StateAt(version)
	if err != nil {
		panic(&PastError{fmt.Errorf("the state at version %d: %w", version, err)})
	}
	return found.(S), true
}

// Events yields the events of the versions from first to last, both included, as
// far as the stream had them when the command was decided. They are read in pages,
// so that a long past needs no memory.
func (p Past[S]) Events(first, last int64) iter.Seq2[Meta, Event] {
	first, last = max(first, 1), min(last, p.version)
	return func(yield func(Meta, Event) bool) {
		if first > last {
			return
		}
		err := p.reader.Events(first, last, func(r Recorded) bool { return yield(r.Meta, r.Event) })
		if err != nil {
			panic(&PastError{fmt.Errorf("the events from version %d to %d: %w", first, last, err)})
		}
	}
}

// PastError means that a decider's past could not be read. Whether that is a fault
// of the surroundings, or of the stream, its cause tells; it is none of the handler.
type PastError struct{ Err error }

// Error says what was read.
func (e *PastError) Error() string { return "read the past: " + e.Err.Error() }

// Unwrap gives the cause.
func (e *PastError) Unwrap() error { return e.Err }
