package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/backstory-go/backstory/app/bench"
)

// benchRows are what `app bench` measures, some of them.
var benchRows = []string{
	"append, 1 event, 1 callers", "append, 1 event, 32 callers", "append, 1 event, 256 callers", "append, 10 events, 8 callers",
	"append, 1 event, 4 processes × 64 callers", "commands, 32 submitters that wait", "commands, 32 submitters that wait, projected",
	"commands, 256 submitters that wait, projected", "click to patch at 50/s, median", "click to patch at 50/s, p99",
	"read a stream of 100 events, decoded and folded", "every open tab of one list patched", "memory of an open tab", "idle process",
	"rebuild of a projection", "startup until ready",
}

// Nothing is measured for nobody, and no database is made for it.
func TestBench_OnlyMatchesNoRow_NamesTheRows(t *testing.T) {
	t.Setenv("DATABASE_URL", "postgres://127.0.0.1:1/nobody_listens")
	for _, asked := range []string{"nothing-matches", "^APPEND", "["} {
		r := app(t, "bench", "--only", asked)
		r.ends(exitUsage, "--only", asked)
		for _, work := range benchRows {
			if asked != "[" && !strings.Contains(r.err+"\n", "\n  "+work+"\n") {
				t.Errorf("--only %q: row %q is not named in: %s", asked, work, r.err)
			}
		}
	}
	app(t, "bench", "--only", "idle").ends(exitUnreachable)
}

func TestBench_Quick_EveryRowIsThere(t *testing.T) {
	useDatabase(t)
	t.Setenv(runAsApp, "1") // for the processes that it starts
	var report bench.Report
	app(t, "bench", "--quick", "--json").ends(exitOK).into(&report)
	if report.PostgreSQL == "" || report.CPUs == 0 || report.Rounds != 1 {
		t.Errorf("%+v", report)
	}
	for _, work := range benchRows {
		if !slices.ContainsFunc(report.Rows, func(r bench.Row) bool { return r.Work == work && r.Unit != "" && r.Target != "" }) {
			t.Errorf("there is no row %q", work)
		}
	}
	for _, r := range report.Rows {
		if mayBeNothing := strings.HasPrefix(r.Work, "idle") || strings.HasPrefix(r.Work, "memory"); r.Own.Median <= 0 && !mayBeNothing {
			t.Errorf("nothing was measured: %+v", r)
		}
	}
	var text strings.Builder
	if err := report.Print(&text); err != nil || !strings.Contains(text.String(), "startup until ready") {
		t.Errorf("%v: %s", err, text.String())
	}
}
