package lint

import (
	"cmp"
	"slices"
	"strings"

	"github.com/backstory-go/backstory/codegen/source"
)

// Level is how bad a finding is.
type Level string

// The levels, worst first.
const (
	Error   Level = "error"   // lint fails
	Warning Level = "warning" // probably not what was meant
	Note    Level = "note"    // something could not be looked at
)

// Finding is one thing that does not make sense.
type Finding struct {
	Level   Level
	Pos     source.Pos // in a schema, or in a Go file; relative to the project
	Schema  source.Pos // where the schemas declare it, when Pos is in a Go file; else zero
	Code    string     // stable, e.g. BS2001
	Message string     // one sentence without a full stop
	Remedy  string     // what to write instead
}

// Failed says whether one of the findings is an error.
func Failed(findings []Finding) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool { return f.Level == Error })
}

// sorted orders findings by place, then code and message, each once.
func sorted(findings []Finding) []Finding {
	slices.SortStableFunc(findings, compare)
	return slices.CompactFunc(findings, func(a, b Finding) bool { return compare(a, b) == 0 })
}

func compare(a, b Finding) int {
	return cmp.Or(a.Pos.Compare(b.Pos), strings.Compare(a.Code, b.Code), strings.Compare(a.Message, b.Message))
}
