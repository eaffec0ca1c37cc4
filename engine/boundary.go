package engine

import "slices"

// Boundary makes an actor decide over everything that carries one of a command's
// tags, in whichever stream it lies, instead of over one stream: a dynamic
// consistency boundary. It is generated.
//
// Such an actor has no state between commands: what it decides on is made for
// each, by StateFor and a fold of what Query finds. Its streams still have
// versions, which x-creates is about; folded alone, a stream shows what it says
// for itself.
type Boundary struct {
	Foreign []EventType                    // events of other actors that are folded, too; without Decode
	Tags    func(command Command) []string // what the decision rests on
	Prime   func(state any, command Command)
}

// Query asks for the events that a decision about the command rests on.
func (a *Actor) Query(command Command) Query {
	types := make([]string, 0, len(a.Events)+len(a.Boundary.Foreign))
	for _, list := range [][]EventType{a.Events, a.Boundary.Foreign} {
		for i := range list {
			types = append(types, list[i].Type)
		}
	}
	var q Query
	for _, tag := range a.Boundary.Tags(command) {
		q = append(q, QueryItem{Types: types, Tags: []string{tag}})
	}
	return q
}

// StateFor is the state that a decision about the command begins with, before any
// event: a boundary's has the command's properties of the same names.
func (a *Actor) StateFor(command Command) any {
	state := a.NewState()
	if a.Boundary != nil {
		a.Boundary.Prime(state, command)
	}
	return state
}

// foldedType finds an event that the actor folds, its own or another's.
func (a *Actor) foldedType(name string) (*EventType, bool) {
	if own, ok := a.EventType(name); ok || a.Boundary == nil {
		return own, ok
	}
	i := slices.IndexFunc(a.Boundary.Foreign, func(t EventType) bool { return t.Type == name })
	if i < 0 {
		return nil, false
	}
	return &a.Boundary.Foreign[i], true
}

// scope says which events a decision's state is folded from.
func (a *Actor) scope(command Command) func(tags []string) bool {
	if a.Boundary == nil {
		return func([]string) bool { return true }
	}
	within := a.Boundary.Tags(command)
	return func(tags []string) bool {
		return slices.ContainsFunc(tags, func(tag string) bool { return slices.Contains(within, tag) })
	}
}
