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

// idle runs a process on a database of n events that have all been decided and
// projected, and tells when and how much it reads per heartbeat.
func idle(tb testing.TB, n int) (beats func() float64, perBeat func() (rows, blocks float64)) {
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
	e := started(tb, postgres.Config{URL: url})
	caughtUp(tb, e)
	eventually(tb, "the process has settled down", func() bool { return readsOf(tb, url).beats >= 6 })
	from := readsOf(tb, url)
	beats = func() float64 { return readsOf(tb, url).beats - from.beats }
	return beats, func() (float64, float64) {
		to := readsOf(tb, url)
		return (to.rows - from.rows) / (to.beats - from.beats), (to.blocks - from.blocks) / (to.beats - from.beats)
	}
}

// An idle process reads the same few rows however long the log is; of an index
// a level or two more.
func TestIdleCost_IsFlat(t *testing.T) {
	t.Parallel()
	many := 100_000
	if *long {
		many = 2_000_000
	}
	fewBeats, few := idle(t, 10_000)
	manyBeats, lots := idle(t, many)
	eventually(t, "both have been idle for a while", func() bool { return fewBeats() >= 10 && manyBeats() >= 10 })
	fewRows, fewBlocks := few()
	manyRows, manyBlocks := lots()
	t.Logf("per heartbeat: %.1f rows and %.1f blocks with 10,000 events, %.1f and %.1f with %d", fewRows, fewBlocks, manyRows, manyBlocks, many)
	if manyRows > 1.3*fewRows+20 || manyBlocks > 1.5*fewBlocks+40 {
		t.Errorf("an idle process reads %.1f rows and %.1f blocks per heartbeat with %d events, %.1f and %.1f with 10,000", manyRows, manyBlocks, many, fewRows, fewBlocks)
	}
}
