package postgres

import (
	"container/list"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
)

// snapshot is a stream's state after its event lastID at version. It is valid
// for as long as the stream has no other last event, which the sequencer checks
// under the lock.
type snapshot struct {
	stream  string
	actor   *engine.Actor
	state   any
	version int64
	lastID  uuid.UUID
}

// fold applies stored events, with what is known of them now that they are stored.
func (s *snapshot) fold(system *engine.System, records []*record) error {
	for _, r := range records {
		event, err := r.decoded(system)
		if err != nil {
			return err
		}
		if err := evolve(s.actor, event, s.state); err != nil {
			return err
		}
		s.version, s.lastID = r.Meta.Version, r.Meta.ID
	}
	return nil
}

// cache keeps the states of the streams that were used last. It belongs to one
// goroutine.
type cache struct {
	most  int
	byUse *list.List // of *snapshot, the last used first
	known map[string]*list.Element
}

func newCache(most int) *cache {
	return &cache{most: most, byUse: list.New(), known: map[string]*list.Element{}}
}

func (c *cache) get(stream string) (*snapshot, bool) {
	at, ok := c.known[stream]
	if !ok {
		return nil, false
	}
	c.byUse.MoveToFront(at)
	return at.Value.(*snapshot), true
}

func (c *cache) put(s *snapshot) {
	c.drop(s.stream)
	c.known[s.stream] = c.byUse.PushFront(s)
	for c.byUse.Len() > c.most {
		c.drop(c.byUse.Back().Value.(*snapshot).stream)
	}
}

func (c *cache) drop(stream string) {
	if at, ok := c.known[stream]; ok {
		c.byUse.Remove(at)
		delete(c.known, stream)
	}
}
