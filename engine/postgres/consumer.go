package postgres

import (
	"hash/fnv"
	"slices"

	"github.com/backstory-go/backstory/engine"
)

// The kinds of consumers.
const (
	kindActor      = "actor"
	kindReactor    = "reactor"
	kindProjection = "projection"
)

// consumer is somebody who follows the log: an actor or a reactor with its
// reactions, or a projection. What it is does not change while it runs.
type consumer struct {
	system *engine.System
	name   string
	kind   string
	hash   string // of a projection's definition, or of a reactor's state
	types  map[string]bool
	policy ConsumerConfig

	projection *engine.Projection
	actor      *engine.Actor
	reactor    *engine.Reactor
	reactions  map[string][]*engine.Reaction // by event type
	key        func(engine.Meta, engine.Event) string
	byStream   bool // without key; else there is one key for all, ""
}

// consumersOf lists whoever follows the log in a system.
func consumersOf(cfg Config) []*consumer {
	var list []*consumer
	for _, a := range cfg.System.Actors() {
		if len(a.Reactions) > 0 {
			c := &consumer{name: a.Type, kind: kindActor, actor: a, byStream: true}
			c.react(a.Reactions)
			list = append(list, c)
		}
	}
	for _, r := range cfg.System.Reactors() {
		c := &consumer{name: r.Type, kind: kindReactor, reactor: r, key: r.Key, byStream: r.Key == nil}
		c.react(r.Reactions)
		if r.Evolve != nil {
			c.hash = r.StateHash
			c.follow(r.Evolves)
		}
		list = append(list, c)
	}
	for _, p := range cfg.System.Projections() {
		c := &consumer{name: p.Name, kind: kindProjection, hash: p.Hash, projection: p, key: p.Key, byStream: p.Key == nil && p.ByStream}
		c.follow(p.Events)
		list = append(list, c)
	}
	for _, c := range list {
		c.system, c.policy = cfg.System, cfg.consumer(c)
	}
	return list
}

func (c *consumer) follow(types []string) {
	if c.types == nil {
		c.types = map[string]bool{}
	}
	for _, t := range types {
		c.types[t] = true
	}
}

func (c *consumer) react(reactions []engine.Reaction) {
	c.reactions = map[string][]*engine.Reaction{}
	for i := range reactions {
		c.follow(reactions[i].Events)
		for _, t := range reactions[i].Events {
			c.reactions[t] = append(c.reactions[t], &reactions[i])
		}
	}
}

// ident is how a definition is told from another of the same name.
func (c *consumer) ident() string { return c.name + " " + c.hash }

// standardSlots is how many slots a consumer begins with. Several are for keys
// that share no row; the rows of a projection that is ordered by stream may be
// shared by streams.
func (c *consumer) standardSlots() int {
	if c.kind == kindProjection && c.key == nil {
		return 1
	}
	return 8
}

// stateful says whether it is a reactor with state.
func (c *consumer) stateful() bool { return c.reactor != nil && c.reactor.Evolve != nil }

// folds says whether the consumer's own state follows events of a type.
func (c *consumer) folds(typ string) bool {
	return c.stateful() && slices.Contains(c.reactor.Evolves, typ)
}

// concerns says whether the consumer handles the event. One of an actor's own
// streams that no schema describes counts: the state after it is not known.
func (c *consumer) concerns(r *record) bool {
	if c.types[r.Type] {
		return true
	}
	if c.actor == nil || r.Meta.Stream.Type != c.actor.Type {
		return false
	}
	_, known := c.actor.EventType(r.Type)
	return !known
}

// message is an event on its way through a consumer.
type message struct {
	*record
	event   engine.Recorded
	err     error // it cannot be decoded, or has no key
	key     string
	attempt int  // from 1
	quiet   bool // its reactions ran, in a unit or before its key's state was folded anew: it is only folded
}

// message decodes what a consumer handles.
func (c *consumer) message(r *record) *message {
	event, err := r.decoded(c.system)
	return c.messageOf(r, event, err)
}

// messageOf is message for what is decoded. What has no key is kept in the order of
// its stream.
func (c *consumer) messageOf(r *record, event engine.Recorded, err error) *message {
	m := &message{record: r, event: event, err: err, attempt: 1}
	switch {
	case c.byStream, c.key != nil && err != nil:
		m.key = r.Meta.Stream.String()
	case c.key != nil:
		if m.key, m.err = keyOf(c.key, m.event); m.err != nil {
			m.key = r.Meta.Stream.String()
		}
	}
	return m
}

func keyOf(key func(engine.Meta, engine.Event) string, event engine.Recorded) (text string, err error) {
	err = guard(func() error {
		text = plainText(key(event.Meta, event.Event))
		return nil
	})
	return text, err
}

// shard is the slot of a key among n.
func shard(key string, n int32) int32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(key))
	return int32(h.Sum32() % uint32(max(n, 1)))
}
