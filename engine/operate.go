package engine

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// ConsumerCommands is the name under which operators find commands that failed:
// the keys of this consumer are streams.
const ConsumerCommands = "commands"

// Operator is what dashboards and CLIs use to run a system beyond its Client. Its
// methods may be called at the same time from anywhere, in every process, whether
// it works or not.
type Operator interface {
	// Status reads what the database's processes are doing, in one snapshot.
	Status(ctx context.Context) (SystemStatus, error)

	// Recent reads messages backward, newest first, before a place (zero: from the
	// newest), at most limit: events, the commands that were decided, and those that
	// wait to be. It looks through a bounded part of them: an answer that is shorter
	// than limit may be followed by more, before Next.
	Recent(ctx context.Context, of RecentFilter, before RecentPlace, limit int) (Recent, error)

	// Traffic counts the events after a position, in at most span positions of the
	// log. Go on after Upto until it does not grow.
	Traffic(ctx context.Context, after, span int64) (Traffic, error)

	// Parked lists what was given up, in the order of consumer and key, at most
	// limit and after the last one of the page before (zero: from the start).
	Parked(ctx context.Context, of ParkedFilter, after ParkedKey, limit int) ([]ParkedKey, error)

	// ParkedMessages lists the messages that wait behind a parked key, in their
	// order: the first is the one that failed. ErrNotFound: the key is not parked.
	ParkedMessages(ctx context.Context, consumer, key string, limit int) ([]WaitingMessage, error)

	// ParkedFirst reads the message that failed of each key, in the order of the
	// keys; its ID is zero where there is none any more.
	ParkedFirst(ctx context.Context, keys []ParkedKey) ([]WaitingMessage, error)

	// RetryParked lets parked messages be tried again, each key in its order, and
	// says how many keys those are, at most limit. Call it until it answers 0.
	RetryParked(ctx context.Context, of ParkedFilter, limit int) (int, error)

	// DiscardParked drops the message that failed of every matching key, at most
	// limit, for that consumer only; what waits behind it is tried next.
	DiscardParked(ctx context.Context, of ParkedFilter, limit int) (int, error)

	// Scheduled lists the commands that are due later, the next one first, at most
	// limit and after the last one of the page before (zero: from the start).
	Scheduled(ctx context.Context, after ScheduledCommand, limit int) ([]ScheduledCommand, error)

	// CancelScheduled gives up a command that is not due yet: its outcome is
	// Cancelled. ErrNotFound: none is scheduled under the id, or it is due already.
	CancelScheduled(ctx context.Context, id uuid.UUID) error

	// PauseConsumer lets a consumer rest at its checkpoint until ResumeConsumer.
	// Others go on. ErrNotFound: there is none of that name.
	PauseConsumer(ctx context.Context, name string) error
	ResumeConsumer(ctx context.Context, name string) error

	// ResizeConsumer changes the number of slots that a consumer's keys are spread
	// over, while it runs. It returns when the new slots are in place.
	ResizeConsumer(ctx context.Context, name string, slots int) error

	// Rebuild folds a projection's whole log into a table beside the live one, and
	// swaps them; no reaction runs, and readers see the one or the other. report
	// hears of its progress; nil: nobody does. Ended early, the same program's next
	// call goes on where it was. The name may be a reactor's with state: then the
	// processes that work fold its states anew, while its reactions wait. What was
	// given up (see BuildStatus) begins again. ErrNotFound: there is neither.
	Rebuild(ctx context.Context, name string, report func(Progress)) error

	// RecomputeKey folds the events of one key anew and replaces the rows that they
	// lead to, while everything else goes on. It is for projections whose rows each
	// depend on one key only: the stream, or what the order of events depends on.
	RecomputeKey(ctx context.Context, projection, key string) error

	// RowsAt gives read a database in which the projection's table, and nothing
	// else, is as it was at a position of the log. ErrNotFound: no such projection.
	RowsAt(ctx context.Context, projection string, position int64, read func(context.Context, DBTX) error) error

	// PositionAt is the last position of the log at a time; 0: nothing was stored yet.
	PositionAt(ctx context.Context, at time.Time) (int64, error)
}

// ScheduledCommand is a command that is due later.
type ScheduledCommand struct {
	ID          uuid.UUID       `json:"id"`
	Type        string          `json:"type"`
	Stream      string          `json:"stream"`
	Due         time.Time       `json:"due"`
	By          string          `json:"by"`
	Reaction    string          `json:"reaction"` // that sent it
	Correlation uuid.UUID       `json:"correlation"`
	Causation   uuid.UUID       `json:"causation"`
	Data        json.RawMessage `json:"data"`
}

// ParkedFilter chooses parked keys. Empty fields choose all.
type ParkedFilter struct {
	Consumer string
	Key      string
	Before   time.Time // parked then or earlier, for what changes in chunks: what failed again meanwhile is another case
}

// ParkedKey is a key of a consumer whose messages wait behind one that failed.
type ParkedKey struct {
	Consumer string    `json:"consumer"`
	Key      string    `json:"key"`
	Position int64     `json:"position"` // of the event that failed; 0 for a command
	Command  uuid.UUID `json:"command,omitzero"`
	Attempts int       `json:"attempts"`
	FirstAt  time.Time `json:"first_at"` // of the first failed try
	ParkedAt time.Time `json:"parked_at"`
	Error    string    `json:"error"`
}

// WaitingMessage is a message behind a parked key.
type WaitingMessage struct {
	ID       uuid.UUID       `json:"id"`
	Type     string          `json:"type"`
	Stream   string          `json:"stream"`
	Position int64           `json:"position,omitzero"` // of an event
	At       time.Time       `json:"at"`
	Data     json.RawMessage `json:"data"`
}
