package engine

import (
	"fmt"
	"strings"
)

// Fault is one thing that is wrong with a message's data.
type Fault struct {
	Pointer string `json:"pointer"` // RFC 6901, into the data
	Code    string `json:"code,omitempty"`
	Message string `json:"message"` // for a person, to be read after the field's name: "is required"
}

// The codes of faults.
const (
	FaultSyntax     = "syntax"     // not JSON
	FaultEncoding   = "encoding"   // not Unicode
	FaultDuplicate  = "duplicate"  // a property is given twice
	FaultRequired   = "required"   // a property is missing
	FaultUndeclared = "undeclared" // a property that the schema does not have
	FaultType       = "type"       // text where a number is wanted, and the like
	FaultFormat     = "format"     // not an email address, a date, …
	FaultPattern    = "pattern"
	FaultEnum       = "enum"
	FaultConst      = "const"
	FaultTooShort   = "too_short"
	FaultTooLong    = "too_long"
	FaultTooSmall   = "too_small"
	FaultTooLarge   = "too_large"
	FaultMultiple   = "multiple_of"
	FaultTooFew     = "too_few"
	FaultTooMany    = "too_many"
	FaultNotUnique  = "not_unique"
	FaultOutOfRange = CodeOutOfRange // a number outside int64 or float64
)

// FaultsError is everything that is wrong with a message's data.
type FaultsError struct {
	Faults []Fault
}

// Error lists the faults in one line.
func (e *FaultsError) Error() string {
	parts := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		parts[i] = fmt.Sprintf("%s: %s", pointerOrRoot(f.Pointer), f.Message)
	}
	return strings.Join(parts, "; ")
}

func pointerOrRoot(p string) string {
	if p == "" {
		return "(data)"
	}
	return p
}

// faultOf is an error of one fault at the root.
func faultOf(code, message string) error {
	return &FaultsError{Faults: []Fault{{Code: code, Message: message}}}
}
