package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Errors that callers of a Client branch on.
var (
	ErrUnknownCommand = errors.New("unknown command")        // no schema has it, or it is internal and came from outside
	ErrNotFound       = errors.New("not found")              // no such stream, command or version
	ErrIDReused       = errors.New("id was used before")     // another command was submitted under this id
	ErrExpired        = errors.New("id is too old")          // older than outcomes are kept: what it led to may be forgotten
	ErrOverloaded     = errors.New("too many commands wait") // submit again later
	ErrUnavailable    = errors.New("the database is unreachable")
	ErrArchived       = errors.New("it was moved out of the log by an archive")
)

// ArchivedError is an ErrArchived that tells from where on a stream can be read.
type ArchivedError struct {
	Version int64 // the last one that was moved out; 0: not known
}

// Error tells the version.
func (e *ArchivedError) Error() string {
	return fmt.Sprintf("up to version %d: %v", e.Version, ErrArchived)
}

// Is makes it an ErrArchived.
func (e *ArchivedError) Is(target error) bool { return target == ErrArchived }

// Submission is a command on its way in.
type Submission struct {
	ID        uuid.UUID // idempotency key; zero: a new UUIDv7
	Type      string    // todos.list.add_item
	StreamID  string    // the identity within the actor; normalised by Submit
	Data      json.RawMessage
	By        string
	IfVersion *int64 // refused with `changed` when the stream is past it; nil: not checked
}

// Client is what pages, APIs and CLIs use of a running engine. Its methods may
// be called at the same time from anywhere.
type Client interface {
	// Submit stores the command durably and returns its id at once; it is decided
	// in the background. Data that breaks the schema is a *FaultsError and stores
	// nothing. Submitted again under the same id, it answers with the same id.
	Submit(ctx context.Context, s Submission) (uuid.UUID, error)

	// Outcome tells what became of a command until now; ErrNotFound: never submitted.
	Outcome(ctx context.Context, id uuid.UUID) (Outcome, error)

	// Wait is Outcome once it is final, or as it stands when ctx ends (then with
	// ctx's error). A command that settles with a later event is waited for as long
	// as its schema says (default 10 s); then it is returned as Settling.
	Wait(ctx context.Context, id uuid.UUID) (Outcome, error)

	// State folds a stream up to a version (0: all of it). ErrNotFound when the
	// stream has no event, or not that version.
	State(ctx context.Context, stream StreamID, version int64) (StreamState, error)

	// StateAt folds a stream up to its last event at a time or before it.
	// ErrNotFound when it had none by then.
	StateAt(ctx context.Context, stream StreamID, at time.Time) (StreamState, error)

	// Events reads a stream forward, decoded, after a version.
	Events(ctx context.Context, stream StreamID, after int64, limit int) ([]Recorded, error)

	// Commands reads the decided commands of a stream, newest first, before a
	// time (zero: now).
	Commands(ctx context.Context, stream StreamID, before time.Time, limit int) ([]Outcome, error)

	// Conversation reads the commands that share the correlation of a message (a
	// command's or an event's id), each with its events, in the order of time, at
	// most limit. ErrNotFound: no such message.
	Conversation(ctx context.Context, message uuid.UUID, limit int) ([]Outcome, error)

	// Projected waits until the projection has seen the position; it returns
	// ctx's error when that takes too long.
	Projected(ctx context.Context, projection string, position int64) error

	// DB runs the reading queries of projections.
	DB() DBTX

	// Hub tells which streams and projections changed.
	Hub() *Hub
}

// StreamState is a stream's state at a version.
type StreamState struct {
	Stream  StreamID
	Version int64     // of the last event folded
	Head    int64     // version of the stream's last event
	At      time.Time // of the last event folded
	State   any       // *list.State and the like: a copy of one's own
}
