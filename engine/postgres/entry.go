package postgres

import (
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// Verdicts of the sequencer on an entry that was not stored.
var (
	errDecided   = errors.New("the command was decided already")
	errElsewhere = errors.New("the command is not waiting, or another process is deciding it")
)

// entry is one append on its way into the log: the events of one decision, all
// or none, and with a command its outcome.
type entry struct {
	stream      engine.StreamID
	name        string    // stream.String()
	version     int64     // that it was decided on; engine.AnyVersion: not checked
	lastID      uuid.UUID // of the event at version; zero: not checked
	forbids     engine.Query
	checked     int64 // nothing that forbids asks for was stored up to here
	events      []engine.NewEvent
	by          string
	correlation uuid.UUID
	causation   uuid.UUID

	command *enginedb.InboxTakeRow // nil: a plain append
	decoded engine.Command         // nil: not yet
	direct  bool                   // the command has no row in the inbox
	ahead   bool                   // and does not wait for those that its stream has there: a unit's
	status  engine.Status
	refusal *engine.RefusalInfo
	failure string
	sends   []sent  // what reactions answer to the outcome
	answers answers // what they answer to refusals of others that its events bring

	unsure bool          // an earlier COMMIT of it may have succeeded
	done   func(verdict) // called once
}

// verdict is what became of an entry.
type verdict struct {
	err      error
	status   engine.Status // of its command, and the refusal: the entry's, or what an event of the batch made of it
	refusal  *engine.RefusalInfo
	stored   []*record // with positions, versions and time
	appended engine.Appended
}

// weight is an entry's share of a batch.
func (e *entry) weight() (events, bytes int) {
	for i := range e.events {
		bytes += len(e.events[i].Data)
	}
	if e.command != nil {
		bytes += len(e.command.Data)
	}
	return len(e.events), bytes
}

// bounds of one batch under the order lock.
const (
	mostAppends = 256
	mostEvents  = 1_000
	mostBytes   = 1 << 20
)

// room counts what a batch still takes. The first entry always fits.
type room struct{ appends, events, bytes int }

func (r *room) fits(e *entry) bool {
	events, bytes := e.weight()
	first := r.appends == 0
	if !first && (r.appends+1 > mostAppends || r.events+events > mostEvents || r.bytes+bytes > mostBytes) {
		return false
	}
	r.appends, r.events, r.bytes = r.appends+1, r.events+events, r.bytes+bytes
	return true
}

// outcome is what waiters are told of an entry with a command.
func (e *entry) outcome(v verdict) engine.Outcome {
	c := e.command
	o := engine.Outcome{
		ID: c.ID, Type: c.Type, Stream: e.stream, Status: v.status, Refusal: v.refusal, Error: e.failure,
		By: c.By, At: c.At.UTC(), Correlation: c.Correlation, Causation: c.Causation, Data: c.Data,
		Events: make([]engine.OutcomeEvent, 0, len(v.stored)),
	}
	for _, r := range v.stored {
		o.Events = append(o.Events, engine.OutcomeEvent{ID: r.Meta.ID, Type: r.Type,
			Position: r.Meta.Position, Version: r.Meta.Version, At: r.Meta.At, Data: r.Data})
	}
	return o
}

// records are the entry's events as they will stand in the log.
func (e *entry) records(first, version int64, at time.Time) []*record {
	list := make([]*record, len(e.events))
	for i, n := range e.events {
		list[i] = &record{Recorded: engine.Recorded{
			Meta: engine.Meta{ID: n.ID, Correlation: e.correlation, Causation: e.causation, Stream: e.stream,
				Version: version + int64(i) + 1, Position: first + int64(i), At: at, By: e.by, Attempt: 1},
			Type: n.Event.MessageType(), SchemaVersion: n.Event.SchemaVersion(), Data: n.Data,
		}, tags: n.Tags}
	}
	return list
}
