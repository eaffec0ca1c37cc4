package engine

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
)

// ErrConflict means that the stream is not at the version that an append expected.
var ErrConflict = errors.New("the stream has another version")

// ErrDuplicate means that an event of an append has an id that is stored already.
var ErrDuplicate = errors.New("an event with this id is stored already")

// AnyVersion lets an append take whatever version the stream has.
const AnyVersion = -1

// Append is a set of events that are stored all or none, one after the other in
// the log, after the version that they were decided on.
type Append struct {
	Stream      StreamID
	Expected    int64 // the stream's version; AnyVersion: not checked
	Events      []NewEvent
	By          string
	Correlation uuid.UUID
	Causation   uuid.UUID
}

// Appended tells where an append's events were stored.
type Appended struct {
	Position int64     // of the first event, from 1; 0: there was none
	Version  int64     // of the stream after the last event
	At       time.Time // of all its events, UTC
}

// Log is the port to the stored events. Its methods may be called at the same
// time from anywhere. What holds for every adapter:
//
//   - Positions are dense, 1, 2, 3, …, and follow commit order: whoever has read
//     position p has seen everything at or below p.
//   - Versions of a stream are dense, 1, 2, 3, …, in the order of positions.
//   - At never runs backwards along positions.
//   - What is stored is never changed.
type Log interface {
	// Append stores the events durably before it returns. ErrConflict: the stream
	// has another version. ErrDuplicate: an event's id is taken. In both cases
	// nothing was stored. After ctx's error the append may still be stored.
	Append(ctx context.Context, a Append) (Appended, error)

	// ReadLog reads events in order after a position, at most limit. They are
	// decoded; an event that no schema describes has a nil Event.
	ReadLog(ctx context.Context, after int64, limit int) ([]Recorded, error)

	// Head is the last position; 0: the log is empty.
	Head(ctx context.Context) (int64, error)
}
