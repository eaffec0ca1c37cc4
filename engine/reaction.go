package engine

import (
	"context"
	"fmt"
)

// Reaction describes a reaction to the engine. It is generated; the functions
// close over the user's handlers.
type Reaction struct {
	Name       string   // e.g. todos.list.on_name_confirmed
	Events     []string // the types that it runs after
	Dispatches []string // the types of the commands that it may send, also when one is refused or parked
	Calls      []string // external systems that it calls

	// Run reacts to an event. state is folded up to and including it; nil for a
	// reactor without state.
	Run func(ctx context.Context, m Meta, state any, event Event, out *Dispatch) error

	// Refused answers the refusal of a command that Run sent; nil: nobody does.
	Refused func(ctx context.Context, m Meta, state any, refused RefusedCommand, out *Dispatch) error

	// Parked answers that the message was parked; nil: nobody does.
	Parked func(ctx context.Context, m Meta, state any, parked ParkedMessage, out *Dispatch) error
}

// RefusedCommand is a command of a reaction that was refused.
type RefusedCommand struct {
	Stream  StreamID
	Command Command
	Refusal RefusalInfo
	Event   Event // that the reaction ran after
}

// ParkedMessage is a command of a reaction, or the reaction's own event, that
// failed for good.
type ParkedMessage struct {
	Stream  StreamID
	Command Command // nil: the reaction itself failed
	Error   string
	Event   Event // that the reaction ran after; nil when it cannot be decoded
}

// Reactor describes an automation over events of any component. It is generated.
type Reactor struct {
	Type        string // e.g. todos.welcome
	StateHash   string // of the state's schema
	NewState    func() any
	CloneState  func(state any) any
	EncodeState func(state any) ([]byte, error)
	DecodeState func(data []byte) (any, error)
	Evolves     []string                                  // event types folded into the state
	Evolve      func(meta Meta, state any, event Event)   // nil: no state, as the four above
	Key         func(meta Meta, event Event) (key string) // of its state and order; nil: the stream
	Reactions   []Reaction
}

// Dispatch collects what a reaction sends. Generated dispatchers are the only
// ones to hold it.
type Dispatch struct {
	sent []Dispatched
}

// Dispatched is a command that a reaction sent.
type Dispatched struct {
	Stream  StreamID
	Command Command
	After   Duration // zero: at once
}

// Send sends a command to a stream, after an ISO 8601 duration ("": at once).
func (d *Dispatch) Send(actor, id string, command Command, after string) {
	d.sent = append(d.sent, Dispatched{StreamID{actor, id}, command, Duration{after}})
}

// Sent lists what was sent, in order.
func (d *Dispatch) Sent() []Dispatched { return d.sent }

// AddReactor registers a reactor. A type that is registered twice is reported by
// Validate.
func (s *System) AddReactor(r Reactor) {
	if s.reactors == nil {
		s.reactors = map[string]*Reactor{}
	}
	if _, ok := s.reactors[r.Type]; ok {
		s.faults = append(s.faults, fmt.Errorf("reactor %s is registered twice", r.Type))
		return
	}
	s.reactors[r.Type] = &r
}

// Reactors lists the reactors by type.
func (s *System) Reactors() []*Reactor { return sorted(s.reactors) }
