package model

import (
	"encoding/json"

	"github.com/backstory-go/backstory/codegen/source"
)

// Kind is what a Type is in Go.
type Kind int

// The kinds of the profile.
const (
	String   Kind = iota // string, with an asserted Format perhaps
	UUID                 // uuid.UUID
	DateTime             // time.Time in UTC
	Date                 // engine.Date
	Time                 // engine.Time
	Duration             // engine.Duration
	Integer              // int64
	Number               // float64
	Boolean              // bool
	Array                // []Elem
	Map                  // map[Key]Elem
	Ref                  // a Named type: struct, enum, union, or alias of a constrained scalar
	ID                   // x-ref: the id type of Actor
	Const                // a constant: no field in Go, written by the encoder
)

// Type is the resolved type of a place in a schema, with what is checked there.
type Type struct {
	Kind     Kind
	Nullable bool            // null is accepted beside the kind
	Elem     *Type           // of Array and Map
	KeyUUID  bool            // Map: keys are uuids
	Ref      *Named          // of Ref
	Actor    *Actor          // of ID
	Const    json.RawMessage // of Const: the JSON value
	// ConstName is the Go name of a Const's type where it needs one: it may be
	// absent, be null instead, or stand in a list. It is by the path, as for
	// nested objects.
	ConstName string
	Checks    Checks
	Pos       source.Pos
}

// Checks are the value constraints of a place; nil means not stated. Numbers
// are kept as JSON text, so that no bound is rounded before it is judged.
type Checks struct {
	Format                             string // asserted, of String
	Pattern                            string // RE2
	MinLength, MaxLength               *int64
	Minimum, Maximum                   *json.Number
	ExclusiveMinimum, ExclusiveMaximum *json.Number
	MultipleOf                         *json.Number
	MinItems, MaxItems                 *int64
	UniqueItems                        bool
	MinProperties, MaxProperties       *int64
	Trim                               bool // x-trim
}

// Form is what a Named type is.
type Form int

// The forms of named types.
const (
	StructForm Form = iota
	EnumForm
	UnionForm
	AliasForm // a $defs entry that is a constrained scalar, array or map: its Type is used in place
)

// Named is a type with a Go name of its own.
type Named struct {
	GoName  string
	Doc     string
	Package string // import path below the module, e.g. generated/todos/list
	Form    Form
	Object  *Object     // StructForm
	Enum    []EnumValue // EnumForm, in the order of the schema
	Union   *Union      // UnionForm
	Alias   *Type       // AliasForm
	Pos     source.Pos
}

// EnumValue is one value of a string enum.
type EnumValue struct {
	Value  string // as on the wire
	GoName string // e.g. StatusActive
}

// Union is a oneOf of objects told apart by one constant property.
type Union struct {
	Tag  string // the property
	Arms []*Arm
}

// Arm is one struct of a union.
type Arm struct {
	Value  string // the constant
	Struct *Named
}

// Additional says what happens to properties that an object does not declare.
type Additional int

// The three forms of additionalProperties.
const (
	Open   Additional = iota // accepted and dropped
	Closed                   // each is a fault
	Typed                    // kept in Extra map[string]T
)

// Object is a struct: its fields in the order of the schema file.
type Object struct {
	GoName                       string
	Doc                          string
	Fields                       []*Field
	Additional                   Additional
	Extra                        *Type // of Typed
	MinProperties, MaxProperties *int64
	Reserved                     []string
	Pos                          source.Pos

	takesAll bool // additionalProperties: true leaves nothing unevaluated
}

// Field is one property.
type Field struct {
	Name        string // on the wire
	GoName      string
	Title       string
	Doc         string
	Type        *Type
	Required    bool
	Default     json.RawMessage // nil: none
	Tag         string          // x-tag, empty: none
	Personal    bool
	RenamedFrom []string
	Pos         source.Pos
}
