package postgres_test

import (
	"testing"

	"github.com/backstory-go/backstory/engine/postgres"
)

// reads is what the sessions of a database have read of the engine's tables so
// far, as the statistics tell: they lag by up to a second.
type reads struct{ beats, rows, blocks float64 }

func readsOf(tb testing.TB, url string) (r reads) {
	tb.Helper()
	list := one[[]float64](tb, url, `SELECT array[
		(SELECT n_tup_ins + n_tup_upd FROM pg_stat_user_tables WHERE schemaname = 'backstory' AND relname = 'workers'),
		(SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) FROM pg_stat_user_tables WHERE schemaname = 'backstory'),
		(SELECT sum(heap_blks_read + heap_blks_hit + coalesce(idx_blks_read + idx_blks_hit, 0)) FROM pg_statio_user_tables WHERE schemaname = 'backstory')]::float8[]`)
	return reads{list[0], list[1], list[2]}
}

// per is what a process reads per heartbeat.
type per struct{ rows, blocks float64 }

// flatter tells whether a process that reads p does not read notably more than
// one that reads of a short log: an index has a level or two more.
func (p per) flatter(few per) bool {
	return p.rows <= 1.3*few.rows+20 && p.blocks <= 1.5*few.blocks+40
}

// idle runs a process on a database of n events that have all been decided and
// projected, and returns what begins a window of the watch: it tells what was
// read per heartbeat since, once there were enough of them.
func idle(tb testing.TB, n int) (window func() func() (per, bool)) {
	tb.Helper()
	url := database(tb)
	bulk(tb, url, n)
	openEngine(tb, postgres.Config{URL: url}).Close()
	for _, statement := range []string{
		"ALTER TABLE backstory.events SET (autovacuum_enabled = off); ALTER TABLE backstory.outcomes SET (autovacuum_enabled = off); ALTER TABLE backstory.event_tags SET (autovacuum_enabled = off); ALTER TABLE backstory.snapshots SET (autovacuum_enabled = off); ALTER TABLE backstory.floor_streams SET (autovacuum_enabled = off)",
		"TRUNCATE backstory.inbox", "UPDATE backstory.slots SET position = (SELECT max(position) FROM backstory.events) WHERE consumer = 'bank.balances'",
	} {
		if err := sql(tb, url, statement); err != nil {
			tb.Fatal(err)
		}
	}
	caughtUp(tb, started(tb, postgres.Config{URL: url}))
	return func() func() (per, bool) {
		from := readsOf(tb, url)
		return func() (per, bool) {
			to := readsOf(tb, url)
			beats := to.beats - from.beats
			return per{(to.rows - from.rows) / beats, (to.blocks - from.blocks) / beats}, beats >= 10
		}
	}
}

// An idle process reads the same few rows however long the log is; of an index
// a level or two more. What a session read is counted up to ten seconds late,
// so the first windows may still tell of the start; a cost that comes with
// every heartbeat shows in all of them.
func TestIdleCost_IsFlat(t *testing.T) {
	t.Parallel()
	many := 100_000
	if *long {
		many = 2_000_000
	}
	fewWindow, manyWindow := idle(t, 10_000), idle(t, many)
	var few, lots per
	for range 5 {
		fewRead, manyRead := fewWindow(), manyWindow()
		eventually(t, "both have been idle for a while", func() bool {
			var fewDone, manyDone bool
			few, fewDone = fewRead()
			lots, manyDone = manyRead()
			return fewDone && manyDone
		})
		t.Logf("per heartbeat: %.1f rows and %.1f blocks with 10,000 events, %.1f and %.1f with %d", few.rows, few.blocks, lots.rows, lots.blocks, many)
		if lots.flatter(few) {
			return
		}
	}
	t.Errorf("an idle process reads %.1f rows and %.1f blocks per heartbeat with %d events, %.1f and %.1f with 10,000", lots.rows, lots.blocks, many, few.rows, few.blocks)
}
