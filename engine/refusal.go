package engine

// Refusal is a declared reason for which a decider does not do what a command
// wishes. It is an outcome, not an error. Generated refusals implement it.
type Refusal interface {
	Code() string    // e.g. not_active
	Message() string // a sentence for a person
	Field() string   // the command's property whose field shows it, or ""
}

// The refusals that every command may meet, whatever its schema declares.
const (
	CodeNotFound      = "not_found"      // the stream has no event, and the command does not create it
	CodeAlreadyExists = "already_exists" // the stream has events, and the command creates it
	CodeInvalid       = "invalid"        // the data breaks the command's schema
	CodeChanged       = "changed"        // the stream is past the if_version that was given
	CodeIDReused      = "id_reused"      // another command was submitted under this id
	CodeExpired       = "expired"        // the id is older than outcomes are kept
	CodeOutOfRange    = "out_of_range"   // a number outside int64 or float64
)

// BuiltinRefusal is a refusal made by the engine, not by a decider.
type BuiltinRefusal struct {
	code, message string
}

// NewBuiltinRefusal makes a refusal with one of the built-in codes.
func NewBuiltinRefusal(code, message string) BuiltinRefusal { return BuiltinRefusal{code, message} }

// Code implements Refusal.
func (r BuiltinRefusal) Code() string { return r.code }

// Message implements Refusal.
func (r BuiltinRefusal) Message() string { return r.message }

// Field implements Refusal.
func (r BuiltinRefusal) Field() string { return "" }
