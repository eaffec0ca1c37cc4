package model

import (
	"encoding/json"

	"github.com/backstory-go/backstory/codegen/source"
)

// System is everything the schemas describe: resolved, checked, named and
// sorted. Emitters read it and nothing else.
type System struct {
	Module   string     // module path that the generated code belongs to
	Contexts []*Context // by name
}

// Context is a bounded context: one folder below schemas/.
type Context struct {
	Name        string // as in the schemas, e.g. todos
	Package     string // Go package name: Name without "_"
	Types       []*Named
	Actors      []*Actor
	Projections []*Projection
	Reactors    []*Reactor
}

// Component is what actors, projections and reactors share.
type Component struct {
	Context *Context
	Name    string // e.g. list_name
	GoName  string // e.g. ListName
	Package string // e.g. listname
	Lane    string // x-system, may be empty
	Doc     string // description, else title, may be empty
	Types   []*Named
	Pos     source.Pos
}

// Type is the component's full name, e.g. todos.list_name.
func (c *Component) Type() string { return c.Context.Name + "." + c.Name }

// Actor decides commands into events; its identity is a stream.
type Actor struct {
	Component
	ID            Identity
	State         *Object
	Commands      []*Command // by name
	Events        []*Event   // by name, current versions; Event.Older holds the others
	Refusals      []*Refusal // every code of the component once, by code
	Reactions     []*Reaction
	SnapshotEvery int           // 0: the engine's default
	Evolves       []*Event      // foreign events folded by a boundary actor
	Boundary      []BoundaryTag // empty: an ordinary actor
}

// BoundaryTag names a tag and the command properties that give its value.
type BoundaryTag struct {
	Tag        string
	Properties []string
}

// Identity is x-id.
type Identity struct {
	Type      *Type    // a string-like type
	Normalize []string // trim, fold
	Composite []string // properties of the creating command; empty: a plain identity
}

// Message is what commands and events share.
type Message struct {
	Name     string // add_item
	GoName   string // AddItem
	Type     string // todos.list.add_item
	Doc      string
	Body     *Object
	Pos      source.Pos
	Schema   json.RawMessage // the file as it stands, for contracts and exports
	Examples []json.RawMessage
}

// Creates says how a command treats a stream without events.
type Creates int

// The values of x-creates.
const (
	CreatesNo        Creates = iota // refused with not_found when the stream has no event
	CreatesYes                      // refused with already_exists when it has
	CreatesOrUpdates                // either
)

// Command is a wish sent to one stream of its actor.
type Command struct {
	Message
	Actor    *Actor
	Emits    []*Event   // in the order of the schema
	Rejects  []*Refusal // in the order of the schema
	Creates  Creates
	Internal bool
	Past     bool
	Settles  *Settles
}

// Settles is x-settles: the outcome of a command comes with a later event.
type Settles struct {
	Accepted []*Event
	Refused  []SettledRefusal
	Within   string // ISO 8601 duration
}

// SettledRefusal pairs a refusal with the event that brings it.
type SettledRefusal struct {
	Refusal *Refusal
	Event   *Event
}

// Refusal is a declared reason for which a command may be refused.
type Refusal struct {
	Code   string  // not_active
	GoName string  // NotActive
	Text   string  // a sentence for a person
	At     string  // the property whose field shows it, may be empty
	Data   *Object // fields of the refusal, nil: none
	Pos    source.Pos
}

// Event is a fact of its actor, at its current version.
type Event struct {
	Message
	Actor       *Actor
	Version     int
	Retired     bool
	RenamedFrom []string
	Older       []*Event // ascending versions
}

// Reaction runs after an event was stored and may dispatch commands.
type Reaction struct {
	Name                          string // as in the schema or derived, e.g. on_item_added
	GoName                        string // OnItemAdded
	On                            []*Event
	Dispatches                    []Dispatch
	OnRefused                     []*Command
	OnParked                      []*Command
	AnswersRefused, AnswersParked bool // the keyword was present, even as []
	Calls                         []string
	Doc                           string
	Pos                           source.Pos
}

// Dispatch is one command that a reaction may send.
type Dispatch struct {
	Command *Command
	After   string // ISO 8601 duration, empty: at once
}

// Projection is a read model: one table.
type Projection struct {
	Component
	Table    string // todos_listings
	Row      *Object
	Key      []*Field
	Projects []*Event // in the order of the schema
	Indexes  [][]*Field
	Searches []*Field // whose words are indexed
	Queries  []*Query // by name
}

// Query is one of a projection's x-queries.
type Query struct {
	Name, GoName string
	Where        []Condition
	Order        []Ordering
	Limit        int // 0: none; adds paging
	One          bool
	Pos          source.Pos
}

// Condition is one term of a query's where.
type Condition struct {
	Field *Field
	Op    string          // =, !=, <, <=, >, >=, in, like, search, is_null
	Value json.RawMessage // nil: a parameter
}

// Ordering is one term of a query's order.
type Ordering struct {
	Field *Field
	Desc  bool
}

// Reactor is an automation over events of any component.
type Reactor struct {
	Component
	State     *Object // nil: no state of its own
	Evolves   []*Event
	Key       map[string]string // event type → property, "$stream" for the stream
	Reactions []*Reaction
}
