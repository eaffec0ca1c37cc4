package engine

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// System is the set of registered components. Generated Register functions fill
// it; adapters run it. The zero value is ready to use.
type System struct {
	actors      map[string]*Actor
	projections map[string]*Projection
	reactors    map[string]*Reactor
	commands    map[string]*Actor
	events      map[string]*EventType
	faults      []error
}

// AddActor registers an actor. A type that is registered twice is reported by Validate.
func (s *System) AddActor(a Actor) {
	if s.actors == nil {
		s.actors, s.commands, s.events = map[string]*Actor{}, map[string]*Actor{}, map[string]*EventType{}
	}
	if _, ok := s.actors[a.Type]; ok {
		s.faults = append(s.faults, fmt.Errorf("actor %s is registered twice", a.Type))
		return
	}
	actor := a.Prepare()
	s.actors[actor.Type] = actor
	for i := range actor.Commands {
		s.commands[actor.Commands[i].Type] = actor
	}
	for i := range actor.Events {
		s.events[actor.Events[i].Type] = &actor.Events[i]
	}
}

// AddProjection registers a projection. A name that is registered twice is
// reported by Validate.
func (s *System) AddProjection(p Projection) {
	if s.projections == nil {
		s.projections = map[string]*Projection{}
	}
	if _, ok := s.projections[p.Name]; ok {
		s.faults = append(s.faults, fmt.Errorf("projection %s is registered twice", p.Name))
		return
	}
	s.projections[p.Name] = &p
}

// Validate joins everything that is wrong with the registrations.
func (s *System) Validate() error {
	faults := slices.Clone(s.faults)
	for _, a := range s.Actors() {
		if a.Boundary == nil {
			continue
		}
		for _, t := range a.Boundary.Foreign {
			if _, ok := s.events[t.Type]; !ok {
				faults = append(faults, fmt.Errorf("actor %s folds %s, which no registered actor emits", a.Type, t.Type))
			}
		}
	}
	return errors.Join(faults...)
}

// Actor finds an actor by its type.
func (s *System) Actor(typ string) (*Actor, bool) {
	a, ok := s.actors[typ]
	return a, ok
}

// Actors lists the actors by type.
func (s *System) Actors() []*Actor { return sorted(s.actors) }

// Projection finds a projection by its name.
func (s *System) Projection(name string) (*Projection, bool) {
	p, ok := s.projections[name]
	return p, ok
}

// Projections lists the projections by name.
func (s *System) Projections() []*Projection { return sorted(s.projections) }

// ActorOf finds the actor that decides about commands of the type.
func (s *System) ActorOf(command string) (*Actor, bool) {
	a, ok := s.commands[command]
	return a, ok
}

// Decode makes an event of a stored row. An unknown type is an *UnknownEventError.
func (s *System) Decode(typ string, version int, data []byte) (Event, error) {
	return s.DecodeBy(StoredDecoder(), typ, version, data)
}

// DecodeBy is Decode with the caller's decoder.
func (s *System) DecodeBy(d *Decoder, typ string, version int, data []byte) (Event, error) {
	t, ok := s.events[typ]
	if !ok {
		return nil, &UnknownEventError{Type: typ, Version: version}
	}
	event, err := t.Decode(d, data, version)
	if err != nil {
		return nil, fmt.Errorf("decode %s version %d: %w", typ, version, err)
	}
	return event, nil
}

// UnknownEventError means that the log holds an event that no schema describes.
type UnknownEventError struct {
	Type    string
	Version int
}

// Error says what to do.
func (e *UnknownEventError) Error() string {
	return fmt.Sprintf("the log holds %s (schema version %d), which no schema describes: bring its file back, with \"x-retired\": true if nothing emits it any more", e.Type, e.Version)
}

func sorted[T any](m map[string]*T) []*T {
	list := make([]*T, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		list = append(list, m[k])
	}
	return list
}
