package logtest

import (
	"context"
	"testing"
	"time"

	"github.com/backstory-go/backstory/engine"
)

// patience bounds each part; none takes it on a log that works.
const patience = time.Minute

// Part tries one promise on an empty log of its own.
type Part struct {
	Name  string
	Check func(ctx context.Context, log engine.Log) error
}

// Parts lists all parts. A log that passes them keeps the port's promises as far
// as they can be seen from outside; durability cannot.
func Parts() []Part {
	return []Part{
		{"empty", empty},
		{"fields", fields},
		{"order", order},
		{"visibility", visibility},
		{"following", following},
		{"versions", versions},
		{"version race", versionRace},
		{"all or none", allOrNone},
		{"duplicate id", duplicateID},
		{"repetition", repetition},
		{"neighbours", neighbours},
		{"time", times},
		{"immutability", immutability},
		{"condition", condition},
		{"condition of both", conditionItems},
		{"condition race", conditionRace},
		{"disjoint conditions", disjoint},
		{"matching", matching},
	}
}

// Exercise runs every part on a log that open makes, which must be empty and stay
// usable until the subtest ends.
func Exercise(t *testing.T, open func(t *testing.T) engine.Log) {
	t.Helper()
	for _, part := range Parts() {
		t.Run(part.Name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			if err := part.Check(ctx, open(t)); err != nil {
				t.Error(err)
			}
		})
	}
}
