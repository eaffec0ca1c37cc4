package engine

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// Command is a generated command struct: a wish sent to one stream.
type Command interface {
	MessageType() string // e.g. todos.list.add_item
}

// Event is a generated event struct at its current version: a fact.
type Event interface {
	MessageType() string // e.g. todos.list.item_added
	SchemaVersion() int  // from 1
}

// Meta is what is known of a message beside its data. In a decision it describes
// the command; in an evolver, projector or reaction the event.
type Meta struct {
	ID          uuid.UUID // of the message
	Correlation uuid.UUID // of the first message of the conversation
	Causation   uuid.UUID // of the message that caused this one; a first command causes itself
	Stream      StreamID
	Version     int64     // of the event in its stream, from 1; for a command that of the stream before it
	Position    int64     // of the event in the log, from 1; 0 while it is not stored
	At          time.Time // UTC; when the event was stored, or the command became due
	By          string    // who, inherited along causation
	Attempt     int       // from 1: which try of handling this is
}

// IdempotencyKey is stable over every attempt to handle the message: hand it to
// systems outside, so that they can drop repetitions.
func (m Meta) IdempotencyKey() string { return m.ID.String() }

// Recorded is an event as it stands in the log.
type Recorded struct {
	Meta          Meta
	Type          string
	SchemaVersion int             // the version it was stored with
	Data          json.RawMessage // as stored
	Event         Event           // decoded and upcast; nil when only the row was asked for
}

// MarshalJSON writes the event as `app export` and the API do.
func (r Recorded) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Kind          string          `json:"kind"`
		Position      int64           `json:"position"`
		ID            uuid.UUID       `json:"id"`
		Stream        StreamID        `json:"stream"`
		Version       int64           `json:"version"`
		Type          string          `json:"type"`
		SchemaVersion int             `json:"schema_version"`
		At            time.Time       `json:"at"`
		By            string          `json:"by"`
		Correlation   uuid.UUID       `json:"correlation"`
		Causation     uuid.UUID       `json:"causation"`
		Data          json.RawMessage `json:"data"`
	}{"event", r.Meta.Position, r.Meta.ID, r.Meta.Stream, r.Meta.Version, r.Type, r.SchemaVersion,
		r.Meta.At, r.Meta.By, r.Meta.Correlation, r.Meta.Causation, r.Data})
}
