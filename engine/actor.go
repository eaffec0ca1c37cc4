package engine

// Creates says how a command treats a stream that has no event.
type Creates int

// The values of x-creates.
const (
	CreatesNo        Creates = iota // refused with not_found
	CreatesYes                      // wanted; refused with already_exists when it has events
	CreatesOrUpdates                // either
)

// CommandType describes a command to the engine. It is generated.
type CommandType struct {
	Type     string
	GoName   string
	Doc      string
	Creates  Creates
	Internal bool                               // only reactions may send it
	Emits    []string                           // the types of the events that it can lead to
	Past     bool                               // its handler reads the stream's past
	Decode   func(data []byte) (Command, error) // strict: the error is a *FaultsError
	StreamID func(Command) string               // of an actor whose identity is made of the command's properties; nil: any
	Fields   []Field                            // for forms
	Refusals []RefusalType
	Settles  *Settles // nil: the outcome is known at once
}

// Settles says that the outcome of a command comes with a later event of its
// stream: the first of these with the command's correlation.
type Settles struct {
	Accepted []string // the types of the events that accept the command
	Refused  []SettledRefusal
	Within   string // ISO 8601: how long whoever waits is kept waiting; "": the engine's default
}

// SettledRefusal is a refusal that an event brings.
type SettledRefusal struct {
	Event   string // its type
	Refusal RefusalType
	Data    []string // the fields of the refusal, which are the event's of the same names
}

// RefusalType describes a declared refusal.
type RefusalType struct {
	Code, Text, At string
}

// EventType describes an event to the engine. It is generated.
type EventType struct {
	Type    string
	Version int // the current one
	Retired bool
	Doc     string
	Decode  func(d *Decoder, data []byte, version int) (Event, error) // with a StoredDecoder: tolerant, upcast to the current version; keeps nothing of data
	Check   func(data []byte) error                                   // strict: the error is a *FaultsError
	Tags    func(Event) []string                                      // nil: none
}

func (t *EventType) tags(event Event) []string {
	if t.Tags == nil {
		return nil
	}
	return t.Tags(event)
}

// Actor describes an actor and its handlers to the engine. It is generated; the
// functions close over the user's handlers and convert without reflection.
type Actor struct {
	Type          string // e.g. todos.list
	StateHash     string // of the state's schema: caches of another are void
	SnapshotEvery int    // events from one snapshot to the next; 0: the engine's default, 200; negative: none
	ParseID       func(id string) (string, error)
	NewState      func() any
	CloneState    func(state any) any // a deep copy
	EncodeState   func(state any) ([]byte, error)
	DecodeState   func(data []byte) (any, error)
	Commands      []CommandType                           // by type
	Events        []EventType                             // by type
	Evolve        func(meta Meta, state any, event Event) // its own, and a boundary's foreign ones
	Handle        func(in Decision, state any, command Command, out *Emission) Refusal
	Reactions     []Reaction
	Boundary      *Boundary // nil: decides over its own stream alone

	commands map[string]*CommandType
	events   map[string]*EventType
}

// CommandType finds one of the actor's commands.
func (a *Actor) CommandType(name string) (*CommandType, bool) {
	t, ok := a.commands[name]
	return t, ok
}

// EventType finds one of the actor's events.
func (a *Actor) EventType(name string) (*EventType, bool) {
	t, ok := a.events[name]
	return t, ok
}

// Prepare makes the actor usable: it indexes the types. Systems and tests call
// it once, before anything else.
func (a *Actor) Prepare() *Actor {
	a.commands, a.events = map[string]*CommandType{}, map[string]*EventType{}
	for i := range a.Commands {
		a.commands[a.Commands[i].Type] = &a.Commands[i]
	}
	for i := range a.Events {
		a.events[a.Events[i].Type] = &a.Events[i]
	}
	return a
}

// Field describes one property of a command to forms and pages.
type Field struct {
	Name      string
	Label     string // title, else the name in words
	Doc       string // what it is, for people; or ""
	Kind      string // string, integer, number, boolean, array, object
	Format    string // of strings: uuid, date, email, …; else ""
	Required  bool
	MinLength int64  // code points
	MaxLength int64  // code points; 0: no bound
	Trim      bool   // white space at both ends is cut before anything is judged
	Min, Max  string // of integers and numbers, in decimal, themselves allowed; "": no bound
	Pattern   string // in ECMAScript, for the flag v and not anchored (HTML anchors its own); or ""
	Enum      []string
}
