package engine

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// Status says what became of a command.
type Status string

// The statuses of a command. Pending, Scheduled and Settling may still change.
const (
	Pending   Status = "pending"
	Scheduled Status = "scheduled"
	Settling  Status = "settling"
	Accepted  Status = "accepted"
	Refused   Status = "refused"
	Failed    Status = "failed"
	Cancelled Status = "cancelled"
)

// Final says whether the status can no longer change.
func (s Status) Final() bool {
	return s == Accepted || s == Refused || s == Failed || s == Cancelled
}

// Outcome is what became of a command, the same in Go, the API and the CLI.
type Outcome struct {
	ID      uuid.UUID      `json:"id"`
	Type    string         `json:"type"`
	Stream  StreamID       `json:"stream"`
	Status  Status         `json:"status"`
	Events  []OutcomeEvent `json:"events"`
	Refusal *RefusalInfo   `json:"refusal,omitempty"`
	Error   string         `json:"-"` // of Failed: for operators, not for the person who asked
	// Archived is how many of its events were moved out of the log; they come before
	// those in Events.
	Archived int `json:"archived,omitempty"`

	By          string          `json:"-"`
	At          time.Time       `json:"-"` // when the command was submitted
	Correlation uuid.UUID       `json:"-"`
	Causation   uuid.UUID       `json:"-"`
	Data        json.RawMessage `json:"-"` // the command's
}

// OutcomeEvent is an event that a command led to.
type OutcomeEvent struct {
	ID       uuid.UUID       `json:"id"`
	Type     string          `json:"type"`
	Position int64           `json:"position"`
	Version  int64           `json:"version"`
	At       time.Time       `json:"at"`
	Data     json.RawMessage `json:"data"`
}

// Position is that of the outcome's last event: what a reader waits for to see
// its own write. 0: the command led to no event, or all of them were archived.
func (o Outcome) Position() int64 {
	if len(o.Events) == 0 {
		return 0
	}
	return o.Events[len(o.Events)-1].Position
}

// RefusalInfo is a refusal as it is stored and shown.
type RefusalInfo struct {
	Code    string          `json:"code"`
	Message string          `json:"message"`
	At      string          `json:"at,omitempty"`   // the property whose field shows it
	Data    json.RawMessage `json:"data,omitempty"` // the refusal's own fields
}

// RefusalOf is the stored form of a refusal.
func RefusalOf(r Refusal) *RefusalInfo {
	if r == nil {
		return nil
	}
	info := &RefusalInfo{Code: r.Code(), Message: r.Message(), At: r.Field()}
	if _, builtin := r.(BuiltinRefusal); builtin {
		return info
	}
	if data, err := json.Marshal(r); err == nil && string(data) != "{}" {
		info.Data = data
	}
	return info
}
