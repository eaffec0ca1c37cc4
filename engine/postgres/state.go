package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// State implements engine.Client.
func (e *Engine) State(ctx context.Context, stream engine.StreamID, version int64) (engine.StreamState, error) {
	actor, ok := e.system.Actor(stream.Type)
	if !ok || version < 0 {
		return engine.StreamState{}, fmt.Errorf("state of %s at %d: %w", stream, version, engine.ErrNotFound)
	}
	s, head, err := e.fold(ctx, actor, stateKey{stream.String(), version})
	if err != nil {
		return engine.StreamState{}, fault(ctx, err, "state of %s at %d", stream, version)
	}
	if s.version == 0 || version > s.version {
		if err := archivedAfter(ctx, e.reads, stream.String(), version); version > 0 && err != nil {
			return engine.StreamState{}, fault(ctx, err, "state of %s at %d", stream, version)
		}
		return engine.StreamState{}, fmt.Errorf("state of %s at %d of %d: %w", stream, version, head, engine.ErrNotFound)
	}
	return engine.StreamState{Stream: stream, Version: s.version, Head: head, At: s.at, State: s.state}, nil
}

// StateAt implements engine.Client.
func (e *Engine) StateAt(ctx context.Context, stream engine.StreamID, at time.Time) (engine.StreamState, error) {
	version, err := enginedb.New(e.reads).StreamVersionAt(ctx, enginedb.StreamVersionAtParams{Stream: stream.String(), At: at})
	if err != nil {
		return engine.StreamState{}, fault(ctx, err, "state of %s at %s", stream, at.Format(time.RFC3339Nano))
	}
	if version, err = e.floorAt(ctx, stream, version, at); err != nil {
		return engine.StreamState{}, fault(ctx, err, "state of %s at %s", stream, at.Format(time.RFC3339Nano))
	}
	if version == 0 {
		return engine.StreamState{}, fmt.Errorf("state of %s at %s: %w", stream, at.Format(time.RFC3339Nano), engine.ErrNotFound)
	}
	return e.State(ctx, stream, version)
}

// floorAt corrects a version found by time by what is known of the stream at the
// floor: it may have no event above, or the time may lie below.
func (e *Engine) floorAt(ctx context.Context, stream engine.StreamID, version int64, at time.Time) (int64, error) {
	rows, err := enginedb.New(e.reads).FloorStream(ctx, enginedb.FloorStreamParams{Stream: stream.String()})
	if err != nil || len(rows) == 0 {
		return version, err
	}
	if at.Before(rows[0].At) {
		return 0, &engine.ArchivedError{Version: rows[0].Version}
	}
	return max(version, rows[0].Version), nil
}

// fold makes a state for a caller to keep, from the one that was asked for last
// where the log still agrees with that. head is the stream's last version.
func (e *Engine) fold(ctx context.Context, actor *engine.Actor, key stateKey) (s *snapshot, head int64, err error) {
	known, remembered := e.states.get(key)
	if remembered {
		s = known.clone()
	} else {
		s = &snapshot{stream: key.stream, actor: actor, state: actor.NewState()}
	}
	l := &loading{snapshot: s, upto: key.version, remembered: remembered}
	if key.version > 0 {
		l.head = &head
	}
	if err := e.load(ctx, e.reads, []*loading{l}); err != nil {
		return nil, 0, err
	}
	if l.err != nil {
		return nil, 0, fmt.Errorf("after %d: %w", s.version, l.err)
	}
	if s.version > 0 && s.version >= key.version && (!remembered || s.lastID != known.lastID) {
		e.states.put(key, s.clone())
	}
	return s, max(head, s.version), nil
}
