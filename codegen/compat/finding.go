package compat

import (
	"slices"
	"strings"

	"github.com/backstory-go/backstory/codegen/model"
	"github.com/backstory-go/backstory/codegen/source"
)

// Set is a set of rules: who must still understand whom.
type Set string

// The three rule sets.
const (
	Log     Set = "LOG"     // today's code reads every stored version
	Rolling Set = "ROLLING" // yesterday's code reads today's events
	API     Set = "API"     // today's server accepts yesterday's commands
)

// Level says how bad a change is under a rule set.
type Level int

// The levels, from good to bad.
const (
	Fine    Level = iota // nothing to say
	Warning              // understood, but not as it was meant then
	Break                // not understood, or misunderstood
)

// Side is one of the two compared states of the schemas. A Side without a System
// has no schemas.
type Side struct {
	Tree   *source.Tree
	System *model.System
}

// Finding is one change that someone would not survive. Its position is in the
// new schemas, or names the old file when there is no new one; its message
// begins with the rule sets.
type Finding struct {
	source.Fault
	Sets  []Set // those under which it has the level, in the order LOG, ROLLING, API
	Level Level // Warning or Break
}

// Findings are all that one comparison found, sorted by position.
type Findings []Finding

// Break says whether any of the findings is more than a warning.
func (f Findings) Break() bool {
	return slices.ContainsFunc(f, func(one Finding) bool { return one.Level == Break })
}

// Under returns the findings that break a rule set.
func (f Findings) Under(set Set) Findings {
	var out Findings
	for _, one := range f {
		if one.Level == Break && slices.Contains(one.Sets, set) {
			out = append(out, one)
		}
	}
	return out
}

// Faults are the findings as faults of the schemas, warnings among them.
func (f Findings) Faults() source.Faults {
	faults := make(source.Faults, len(f))
	for i, one := range f {
		faults[i] = one.Fault
	}
	return faults
}

func (f Findings) sorted() Findings {
	slices.SortStableFunc(f, func(a, b Finding) int { return a.Compare(b.Fault) })
	return slices.CompactFunc(f, func(a, b Finding) bool { return a.Compare(b.Fault) == 0 })
}

// prefix is how a message names the sets: "LOG and ROLLING", "API, a warning".
func prefix(sets []Set, level Level) string {
	words := make([]string, len(sets))
	for i, set := range sets {
		words[i] = string(set)
	}
	text := strings.Join(words, ", ")
	if len(words) > 1 {
		text = strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
	}
	if level == Warning {
		text += ", a warning"
	}
	return text
}
