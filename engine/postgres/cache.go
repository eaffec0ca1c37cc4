package postgres

import (
	"container/list"
	"sync"
	"time"

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
	at      time.Time  // of lastID
	keep    *snapshots // gets the states worth keeping; nil: none
}

// fold applies stored events, with what is known of them now that they are stored.
func (s *snapshot) fold(system *engine.System, records []*record) error {
	for _, r := range records {
		event, err := r.decoded(system)
		if err != nil {
			return err
		}
		if err := s.apply(event); err != nil {
			return err
		}
	}
	return nil
}

// apply folds the stream's next event.
func (s *snapshot) apply(event engine.Recorded) error {
	if err := evolve(s.actor, event, s.state); err != nil {
		return err
	}
	s.version, s.lastID, s.at = event.Meta.Version, event.Meta.ID, event.Meta.At
	s.keep.offer(s)
	return nil
}

// clone is a snapshot whose state is nobody else's.
func (s *snapshot) clone() *snapshot {
	c := *s
	c.state = s.actor.CloneState(s.state)
	return &c
}

// reset goes back to before the first event.
func (s *snapshot) reset() {
	s.state, s.version, s.lastID, s.at = s.actor.NewState(), 0, uuid.Nil, time.Time{}
}

// lru keeps what was used last. It belongs to one goroutine.
type lru[K comparable, V any] struct {
	most  int
	byUse *list.List // of lruItem, the last used first
	known map[K]*list.Element
}

type lruItem[K comparable, V any] struct {
	key   K
	value V
}

func newLRU[K comparable, V any](most int) lru[K, V] {
	return lru[K, V]{most: most, byUse: list.New(), known: map[K]*list.Element{}}
}

func (c *lru[K, V]) get(key K) (value V, ok bool) {
	at, ok := c.known[key]
	if !ok {
		return value, false
	}
	c.byUse.MoveToFront(at)
	return at.Value.(lruItem[K, V]).value, true
}

func (c *lru[K, V]) set(key K, value V) {
	c.drop(key)
	c.known[key] = c.byUse.PushFront(lruItem[K, V]{key, value})
	for c.byUse.Len() > c.most {
		c.drop(c.byUse.Back().Value.(lruItem[K, V]).key)
	}
}

func (c *lru[K, V]) drop(key K) {
	if at, ok := c.known[key]; ok {
		c.byUse.Remove(at)
		delete(c.known, key)
	}
}

// cache keeps the states of the streams that a loop decided about last. It
// belongs to one goroutine.
type cache struct{ lru[string, *snapshot] }

func newCache(most int) *cache { return &cache{newLRU[string, *snapshot](most)} }

func (c *cache) put(s *snapshot) { c.set(s.stream, s) }

// states keeps what callers of State asked for last, for all of them: pages ask
// for the same again and again. What it holds is never changed, and is held
// against the log each time it is used.
type states struct {
	mu    sync.Mutex
	known lru[stateKey, *snapshot]
}

// stateKey is a stream and the version that is asked for; 0: the last.
type stateKey struct {
	stream  string
	version int64
}

func newStates(most int) *states { return &states{known: newLRU[stateKey, *snapshot](most)} }

func (c *states) reset(most int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known = newLRU[stateKey, *snapshot](most)
}

func (c *states) get(key stateKey) (*snapshot, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.known.get(key)
}

func (c *states) put(key stateKey, s *snapshot) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known.set(key, s)
}
