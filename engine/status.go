package engine

import (
	"time"

	"github.com/google/uuid"
)

// SystemStatus is what a database's processes are doing, in one snapshot.
type SystemStatus struct {
	Epoch       string           `json:"epoch"`        // positions compare within one
	CallsPaused bool             `json:"calls_paused"` // the database is a copy that nobody adopted
	Head        int64            `json:"head"`         // last position of the log
	Processes   []ProcessStatus  `json:"processes"`
	Consumers   []ConsumerStatus `json:"consumers"`
	Commands    CommandsStatus   `json:"commands"`
	Builds      []BuildStatus    `json:"builds"` // what is folded anew
}

// BuildStatus is how far a projection is folded anew beside the live table, or the
// states of a reactor.
type BuildStatus struct {
	Projection       string  `json:"projection"` // or the reactor
	Running          bool    `json:"running"`    // false: whoever did it is gone, and the next one goes on there
	Position         int64   `json:"position"`
	Floor            int64   `json:"floor"`             // where the log begins
	RemainingSeconds float64 `json:"remaining_seconds"` // at the pace so far; 0: not known yet, or done

	// GivenUp says what to do about a handler that ended every process that folded
	// with it; "": it goes on.
	GivenUp string `json:"given_up,omitempty"`
}

// ProcessStatus is a process that works and whose heartbeat is young.
type ProcessStatus struct {
	ID        uuid.UUID `json:"id"`
	Host      string    `json:"host"`
	PID       int       `json:"pid"`
	Roles     []string  `json:"roles"`
	StartedAt time.Time `json:"started_at"`
	SeenAt    time.Time `json:"seen_at"`
}

// The statuses of a consumer.
const (
	ConsumerRunning = "running" // live processes own all its slots
	ConsumerPaused  = "paused"  // by an operator
	ConsumerStopped = "stopped" // some of its slots have no live owner
	ConsumerUnbuilt = "unbuilt" // a projection of an imported log: a process that works builds it
	ConsumerForeign = "foreign" // this program has it not, or with another definition
)

// ConsumerStatus is how far a consumer of the log has come.
type ConsumerStatus struct {
	Name       string  `json:"name"`
	Kind       string  `json:"kind"` // actor, reactor or projection
	Status     string  `json:"status"`
	Slots      int     `json:"slots"`
	Position   int64   `json:"position"`    // of its slowest slot, or before a key that is tried again
	LagEvents  int64   `json:"lag_events"`  // of the log, after the position
	LagSeconds float64 `json:"lag_seconds"` // since the first of these was stored
	Retrying   int64   `json:"retrying"`    // keys
	Parked     int64   `json:"parked"`      // keys
}

// Traffic counts the events of a part of the log.
type Traffic struct {
	Upto   int64 // the last position counted
	Counts []TrafficCount
}

// TrafficCount counts events of a type that commands of a type led to.
type TrafficCount struct {
	Event    string
	Command  string // "": its outcome was forgotten
	Events   int64
	Commands int64 // whose first event these are
}

// CommandsStatus counts the commands that are not done with.
type CommandsStatus struct {
	Pending   int64 `json:"pending"`
	Scheduled int64 `json:"scheduled"`
	Settling  int64 `json:"settling"`
	Parked    int64 `json:"parked"` // failed ones
}
