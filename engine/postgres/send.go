package postgres

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// sent is a command on its way from a reaction to its stream's inbox. Its id
// follows from the message reacted to, the reaction and the command's place among
// those sent, so a reaction that runs again sends the same.
type sent struct {
	id                     uuid.UUID
	typ, stream, by        string
	data                   []byte
	correlation, causation uuid.UUID
	reaction               string
	cause                  int64      // position of the event reacted to
	due                    *time.Time // nil: at once
}

// sentOf makes ready to store what a reaction to the message m sent. Who, the
// correlation and the cause are the message's; delays count from its time. A
// command that its own schema refuses, or a target that there is none of, is the
// handler's fault.
func sentOf(system *engine.System, reaction string, m engine.Meta, list []engine.Dispatched) ([]sent, error) {
	return sentFrom(system, reaction, reaction, m, list)
}

// sentFrom is sentOf with ids of their own space: for another handler of the same
// reaction that may answer the same message.
func sentFrom(system *engine.System, reaction, space string, m engine.Meta, list []engine.Dispatched) ([]sent, error) {
	out := make([]sent, len(list))
	for i, d := range list {
		s, err := sentOne(system, d)
		if err != nil {
			return nil, fmt.Errorf("%s sends %s to %s: %w", reaction, d.Command.MessageType(), d.Stream, err)
		}
		s.id = uuid.NewSHA1(m.ID, []byte(space+"#"+strconv.Itoa(i)))
		s.by, s.correlation, s.causation = m.By, m.Correlation, m.ID
		s.reaction, s.cause = reaction, m.Position
		if d.After != (engine.Duration{}) {
			due := d.After.After(m.At)
			s.due = &due
		}
		out[i] = s
	}
	return out, nil
}

func sentOne(system *engine.System, d engine.Dispatched) (sent, error) {
	actor, ok := system.Actor(d.Stream.Type)
	if !ok {
		return sent{}, fmt.Errorf("no actor of this type: %w", engine.ErrUnknownCommand)
	}
	kind, ok := actor.CommandType(d.Command.MessageType())
	if !ok {
		return sent{}, engine.ErrUnknownCommand
	}
	id, err := parseID(actor, d.Stream.ID)
	if err != nil {
		return sent{}, err
	}
	data, err := json.Marshal(d.Command)
	if err != nil {
		return sent{}, err
	}
	if _, err := kind.Decode(data); err != nil {
		return sent{}, err
	}
	return sent{typ: kind.Type, stream: engine.StreamID{Type: actor.Type, ID: id}.String(), data: data}, nil
}

// queueSent stores commands in the inbox; the ones that were sent before are
// passed over.
func queueSent(b *pgx.Batch, list []sent) {
	if len(list) == 0 {
		return
	}
	var p enginedb.InboxSendParams
	dues := make([]*time.Time, len(list)) // sqlc's elements cannot be NULL
	for i, s := range list {
		p.Ids = append(p.Ids, s.id)
		p.Slots = append(p.Slots, slotOf(s.stream))
		p.Types = append(p.Types, s.typ)
		p.Streams = append(p.Streams, s.stream)
		p.Data = append(p.Data, s.data)
		p.Bys = append(p.Bys, s.by)
		p.Correlations = append(p.Correlations, s.correlation)
		p.Causations = append(p.Causations, s.causation)
		p.Reactions = append(p.Reactions, s.reaction)
		p.Causes = append(p.Causes, s.cause)
		dues[i] = s.due
	}
	b.Queue(enginedb.InboxSend, p.Ids, p.Slots, p.Types, p.Streams, p.Data, p.Bys, p.Correlations, p.Causations,
		p.Reactions, p.Causes, dues)
}
