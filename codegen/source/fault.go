package source

import (
	"cmp"
	"slices"
	"strings"
)

// Fault is one thing wrong with the schemas: where, which rule, what, and what
// to write instead.
type Fault struct {
	Pos     Pos
	Code    string // stable, e.g. BS1012
	Message string // one sentence without a full stop
	Remedy  string // one sentence that says what to write instead
}

// Faults are everything wrong that one run found. A non-empty Faults is an
// error; hand it on with Err, so that no fault does not become a non-nil error.
type Faults []Fault

// Code explains one kind of fault; docs/errors.md is made from these.
type Code struct {
	ID          string // BS1012
	Name        string // short, e.g. "unknown keyword"
	Explanation string // why the rule exists
	Remedy      string // what to do in general
}

// Add appends a fault.
func (f *Faults) Add(pos Pos, code, message, remedy string) {
	*f = append(*f, Fault{Pos: pos, Code: code, Message: message, Remedy: remedy})
}

// Sorted returns the faults by position, then code and message, each once.
func (f Faults) Sorted() Faults {
	out := slices.Clone(f)
	slices.SortStableFunc(out, Fault.Compare)
	return slices.CompactFunc(out, func(a, b Fault) bool { return a.Compare(b) == 0 })
}

// Compare orders faults by position, then code and message: below zero when f
// comes before g.
func (f Fault) Compare(g Fault) int {
	return cmp.Or(f.Pos.Compare(g.Pos), strings.Compare(f.Code, g.Code), strings.Compare(f.Message, g.Message))
}

// Err returns the faults as an error, nil when there are none.
func (f Faults) Err() error {
	if len(f) == 0 {
		return nil
	}
	return f
}

// Error lists the faults, one a line, without the source lines; Render shows
// those too.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, fault := range f {
		lines[i] = fault.Pos.String() + ": " + fault.Code + " " + fault.Message
	}
	return strings.Join(lines, "\n")
}
