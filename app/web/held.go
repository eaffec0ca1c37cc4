package web

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/generated/todos/ids"
)

// nameActor is the stream of a name.
const nameActor = "todos.list_name"

// heldEvery is how often a page looks whether the name that its list asks for waits:
// that something was parked, or is tried again, is no event of the list.
const heldEvery = 2 * time.Second

// naming are the commands that lead to a name, of the list and of the name. A failed
// one ends the way; other failed commands of the two hold up nobody.
var naming = []string{listActor + ".claim_name", listActor + ".activate", nameActor + ".reserve", nameActor + ".confirm"}

// heldUp is the parked key that a name waits behind. The zero value: it waits for none.
type heldUp struct{ engine.ParkedKey }

// is says whether there is one.
func (h heldUp) is() bool { return h.Consumer != "" }

// path leads administrators to it.
func (h heldUp) path() string { return "/system#" + keyID(h.ParkedKey) }

// heldUp finds what the name that the list asks for waits behind: a message of the list
// or of the name that was given up.
func (s *Server) heldUp(ctx context.Context, l todoList) (heldUp, error) {
	if s.cfg.Operator == nil {
		return heldUp{}, nil
	}
	keys := []engine.StreamID{listStream(l.ID)}
	if name, err := ids.ParseListName(l.Wanted); err == nil {
		keys = append(keys, engine.StreamID{Type: nameActor, ID: name.String()})
	}
	for _, key := range keys {
		parked, err := s.cfg.Operator.Parked(ctx, engine.ParkedFilter{Key: key.String()}, engine.ParkedKey{}, parkedPage)
		if err != nil {
			return heldUp{}, fmt.Errorf("what %s waits behind: %w", key, err)
		}
		for _, p := range parked {
			if holds, err := s.holds(ctx, p); err != nil || holds {
				return heldUp{p}, err
			}
		}
	}
	return heldUp{}, nil
}

// holds says whether a parked key of a list or a name is on the way to a name.
func (s *Server) holds(ctx context.Context, p engine.ParkedKey) (bool, error) {
	if p.Consumer != engine.ConsumerCommands {
		return p.Consumer == listActor || p.Consumer == nameActor, nil
	}
	waiting, err := s.cfg.Operator.ParkedMessages(ctx, p.Consumer, p.Key, parkedPage)
	if err != nil && !errors.Is(err, engine.ErrNotFound) { // it was retried meanwhile
		return false, err
	}
	return slices.ContainsFunc(waiting, func(m engine.WaitingMessage) bool { return slices.Contains(naming, m.Type) }), nil
}
