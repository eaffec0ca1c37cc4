package engine

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
)

// ErrConflict means that what an append was decided on has changed: its stream
// is at another version, or (then it is an ErrCondition, too) its condition is broken.
var ErrConflict = errors.New("the stream has another version")

// ErrCondition means that an event which an append's condition forbids is stored.
var ErrCondition error = conditionError{}

// ErrDuplicate means that an event of an append has an id that another event has.
var ErrDuplicate = errors.New("an event with this id is stored already")

// AnyVersion lets an append take whatever version the stream has.
const AnyVersion = -1

// Append is a set of events that are stored all or none, one after the other in
// the log, after the version that they were decided on.
type Append struct {
	Stream      StreamID
	Expected    int64      // the stream's version; AnyVersion: not checked
	If          *Condition // what must not have been stored; nil: anything may
	Events      []NewEvent
	By          string
	Correlation uuid.UUID
	Causation   uuid.UUID
}

// Appended tells where an append's events were stored.
type Appended struct {
	Position int64     // of the first event, from 1; 0: there was none
	Version  int64     // of the stream after the last event; on ErrConflict: there is now
	At       time.Time // of all its events, UTC
}

// Log is the port to the stored events. Its methods may be called at the same
// time from anywhere. What holds for every adapter; package logtest tries it:
//
//   - Order: positions are dense, 1, 2, 3, …, and follow commit order. Whoever
//     has read position p by any method has seen everything at or below p, and
//     what an append has returned, every later read sees.
//   - Versions of a stream are dense, 1, 2, 3, …, in the order of positions.
//   - Time: At never runs backwards along positions.
//   - Immutability: what is stored is never changed, and shares no memory with
//     what callers handed in or were given.
//   - Neighbours: whatever fails one append fails no other.
type Log interface {
	// Append stores the events durably before it returns, all or none of them.
	//
	// ErrConflict: the stream has another version. ErrCondition: an event that
	// matches If's query is stored after its position; two appends of which each
	// breaks the other's condition are never both stored. ErrDuplicate: an
	// event's id is taken. Then nothing was stored.
	//
	// After any other error, ctx's too, the append may be stored, or be stored
	// later. Repeat it until the answer is one of the above: an append whose
	// events are stored already, each with its id, type and data, one after the
	// other in this stream and after Expected, is answered as the first time.
	Append(ctx context.Context, a Append) (Appended, error)

	// ReadLog reads events in order after a position, at most limit. They are
	// decoded; an event that no schema describes has a nil Event.
	ReadLog(ctx context.Context, after int64, limit int) ([]Recorded, error)

	// ReadMatching is ReadLog of the events that match the query. Take Head first:
	// read to the end, it has seen every match at or below that.
	ReadMatching(ctx context.Context, q Query, after int64, limit int) ([]Recorded, error)

	// Head is the last position; 0: the log is empty.
	Head(ctx context.Context) (int64, error)
}

type conditionError struct{}

// Error says what happened; Unwrap that it is a conflict.
func (conditionError) Error() string { return "an event that the condition forbids was stored" }
func (conditionError) Unwrap() error { return ErrConflict }
