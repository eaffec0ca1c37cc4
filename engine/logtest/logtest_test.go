package logtest_test

import (
	"context"
	"testing"
	"time"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/logtest"
)

func TestALogThatKeepsItsPromises(t *testing.T) {
	logtest.Exercise(t, func(*testing.T) engine.Log { return &memory{} })
}

func TestThroughABadConnection(t *testing.T) {
	for name, faults := range map[string]logtest.Faults{
		"fails before":        {Before: 2},
		"fails after":         {After: 2},
		"twice":               {Twice: 2},
		"late":                {Delay: 3},
		"whatever can happen": {Before: 5, After: 3, Twice: 2, Delay: 7},
	} {
		t.Run(name, func(t *testing.T) {
			logtest.Exercise(t, func(*testing.T) engine.Log { return logtest.Retrying(logtest.Faulty(&memory{}, faults)) })
		})
	}
}

// Each bug that the field has had is found by the part that is about it. A part
// that no bug fails would prove nothing: every part is here.
func TestEveryPartFailsOnALogThatBreaksItsPromise(t *testing.T) {
	bugs := map[string][]string{
		"failures leave gaps":               {"order"},
		"late commits":                      {"following", "visibility"},
		"answers before it is visible":      {"visibility"},
		"checked before the lock":           {"version race", "condition race"},
		"condition checked before the lock": {"condition race"},
		"part of an append":                 {"all or none"},
		"batch fails with its worst":        {"neighbours"},
		"duplicate is success":              {"duplicate id", "all or none"},
		"ids may repeat":                    {"duplicate id"},
		"ids alone tell repetitions":        {"duplicate id"},
		"repetition is a conflict":          {"repetition"},
		"versions ahead are taken":          {"versions", "empty"},
		"versions behind are taken":         {"versions", "version race"},
		"any version is version 0":          {"versions", "order"},
		"time runs back":                    {"time"},
		"memory is shared with the writer":  {"immutability"},
		"memory is shared with readers":     {"immutability"},
		"payloads are rewritten":            {"fields"},
		"conditions are ignored":            {"condition", "condition race"},
		"condition counts its own position": {"condition"},
		"any tag is enough":                 {"condition of both", "matching"},
		"the first item only":               {"condition of both", "matching"},
		"types are forgotten":               {"condition of both", "matching"},
		"conditions lock everything":        {"disjoint conditions", "condition"},
		"pages are not in order":            {"order", "matching"},
		"limits are ignored":                {"order", "matching"},
		"pages end early":                   {"order", "matching"},
	}
	covered := map[string]bool{}
	for bug, parts := range bugs {
		for _, name := range parts {
			covered[name] = true
			t.Run(bug+"/"+name, func(t *testing.T) {
				t.Parallel()
				check := partNamed(t, name)
				for range 5 { // a race may go well
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					err := check(ctx, &memory{bug: bug})
					cancel()
					if err != nil {
						t.Log(err)
						return
					}
				}
				t.Error("the part does not see it")
			})
		}
	}
	for _, part := range logtest.Parts() {
		if !covered[part.Name] {
			t.Errorf("no bug proves the part %q", part.Name)
		}
	}
}

func partNamed(t *testing.T, name string) func(context.Context, engine.Log) error {
	t.Helper()
	for _, part := range logtest.Parts() {
		if part.Name == name {
			return part.Check
		}
	}
	t.Fatalf("there is no part %q", name)
	return nil
}

// Without retries the faults are seen, so the wrappers do what they say.
func TestFaultsAreSeen(t *testing.T) {
	for name, faults := range map[string]logtest.Faults{"before": {Before: 2}, "after": {After: 1}} {
		if err := partNamed(t, "order")(t.Context(), logtest.Faulty(&memory{}, faults)); err == nil {
			t.Errorf("%s: nothing failed", name)
		}
	}
	if err := partNamed(t, "repetition")(t.Context(), logtest.Faulty(&memory{bug: "repetition is a conflict"}, logtest.Faults{Twice: 1})); err == nil {
		t.Error("twice: nothing failed")
	}
}
