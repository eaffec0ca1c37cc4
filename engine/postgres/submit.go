package postgres

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
)

// mostIDBytes bounds a stream's identity: it is a key of three indexes.
const mostIDBytes = 500

// Submit implements engine.Client.
func (e *Engine) Submit(ctx context.Context, s engine.Submission) (uuid.UUID, error) {
	l, err := e.letter(s)
	if err != nil {
		return uuid.Nil, err
	}
	if e.cfg.expired(l) {
		return uuid.Nil, fmt.Errorf("submit %s: %w", l.id, engine.ErrExpired)
	}
	full, err := e.inbox.full(ctx)
	if err != nil {
		return uuid.Nil, fault(ctx, err, "submit %s", s.Type)
	}
	if full {
		return uuid.Nil, fmt.Errorf("submit %s: %w", s.Type, engine.ErrOverloaded)
	}
	start := e.begun()
	e.waiters.expect(l.id)
	if d := e.direct(l); d != nil {
		switch err := d.await(ctx); {
		case err == nil:
			e.traceSubmitted(ctx, l, start)
			return l.id, nil
		case errors.Is(err, errDecided):
			return l.id, e.sameAsBefore(ctx, l)
		case ctx.Err() != nil:
			return uuid.Nil, fault(ctx, err, "submit %s %s", s.Type, l.id)
		}
	}
	if err := e.inbox.put(ctx, l); err != nil {
		return uuid.Nil, fault(ctx, err, "submit %s %s", s.Type, l.id)
	}
	if !l.inserted {
		return l.id, e.sameAsBefore(ctx, l)
	}
	e.traceSubmitted(ctx, l, start)
	return l.id, nil
}

// letter checks a submission against the system and makes it ready to be stored.
func (e *Engine) letter(s engine.Submission) (*letter, error) {
	actor, ok := e.system.ActorOf(s.Type)
	if !ok {
		return nil, fmt.Errorf("submit %q: %w", s.Type, engine.ErrUnknownCommand)
	}
	kind, ok := actor.CommandType(s.Type)
	if !ok || kind.Internal {
		return nil, fmt.Errorf("submit %q: %w", s.Type, engine.ErrUnknownCommand)
	}
	if len(s.Data) == 0 {
		s.Data = json.RawMessage("{}")
	}
	if !utf8.Valid(s.Data) {
		return nil, oneFault("", "is not valid UTF-8")
	}
	command, err := kind.Decode(s.Data)
	if err != nil {
		return nil, fmt.Errorf("submit %s: %w", s.Type, err)
	}
	id, err := streamOf(actor, kind, s.StreamID, command)
	if err != nil {
		return nil, err
	}
	l := &letter{id: s.ID, typ: s.Type, stream: engine.StreamID{Type: actor.Type, ID: id}.String(),
		by: plainText(s.By), data: s.Data, ifVersion: -1, command: command, done: make(chan error, 1)}
	if s.IfVersion != nil {
		l.ifVersion = max(*s.IfVersion, 0)
	}
	if l.id == uuid.Nil {
		l.id = e.cfg.NewID()
	}
	return l, nil
}

// streamOf is the identity that a command goes to. One that is made of the
// command's properties may be left out, and must agree with them.
func streamOf(actor *engine.Actor, kind *engine.CommandType, id string, command engine.Command) (string, error) {
	if kind.StreamID == nil {
		return parseID(actor, id)
	}
	own := kind.StreamID(command)
	parsed, err := parseID(actor, cmp.Or(id, own))
	if err == nil && parsed != own {
		return "", oneFault("/stream_id", "is not what the properties say: "+own)
	}
	return parsed, err
}

func parseID(actor *engine.Actor, id string) (string, error) {
	parsed, err := actor.ParseID(id)
	if err != nil {
		if _, ok := errors.AsType[*engine.FaultsError](err); ok {
			return "", err
		}
		return "", oneFault("/stream_id", err.Error())
	}
	switch {
	case parsed == "":
		return "", oneFault("/stream_id", "is missing")
	case len(parsed) > mostIDBytes:
		return "", oneFault("/stream_id", fmt.Sprintf("is longer than %d bytes", mostIDBytes))
	case plainText(parsed) != parsed:
		return "", oneFault("/stream_id", "is not valid text")
	}
	return parsed, nil
}

func oneFault(pointer, message string) error {
	return &engine.FaultsError{Faults: []engine.Fault{{Pointer: pointer, Code: engine.CodeInvalid, Message: message}}}
}

// sameAsBefore compares a submission with the command that has its id.
func (e *Engine) sameAsBefore(ctx context.Context, l *letter) error {
	o, err := e.Outcome(ctx, l.id)
	if err != nil {
		return fmt.Errorf("submit %s again: %w", l.id, err)
	}
	if l.same(o) {
		return nil
	}
	return fmt.Errorf("submit %s: %w", l.id, engine.ErrIDReused)
}

// same says whether an outcome is that of the command.
func (l *letter) same(o engine.Outcome) bool {
	return o.Type == l.typ && o.Stream.String() == l.stream && o.By == l.by && sameJSON(o.Data, l.data)
}

// sameJSON compares values, not their spelling: a client may order its keys anew
// when it sends again.
func sameJSON(a, b []byte) bool {
	return bytes.Equal(a, b) || reflect.DeepEqual(jsonValue(a), jsonValue(b))
}

func jsonValue(data []byte) (value any) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return string(data)
	}
	return value
}
