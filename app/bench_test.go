package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/backstory-go/backstory/app/bench"
)

func TestBench_Quick_EveryRowIsThere(t *testing.T) {
	useDatabase(t)
	t.Setenv(runAsApp, "1") // for the processes that it starts
	var report bench.Report
	app(t, "bench", "--quick", "--json").ends(exitOK).into(&report)
	if report.PostgreSQL == "" || report.CPUs == 0 || report.Rounds != 1 {
		t.Errorf("%+v", report)
	}
	for _, work := range []string{
		"append, 1 event, 1 callers", "append, 1 event, 32 callers", "append, 1 event, 256 callers", "append, 10 events, 8 callers",
		"append, 1 event, 4 processes × 64 callers", "commands, 32 submitters that wait", "commands, 32 submitters that wait, projected",
		"commands, 256 submitters that wait, projected", "click to patch at 50/s, median", "click to patch at 50/s, p99",
		"read a stream of 100 events, decoded and folded", "every open tab of one list patched", "memory of an open tab", "idle process",
		"rebuild of a projection", "startup until ready",
	} {
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
