package postgres_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine/postgres"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// bulk fills a fresh database past the engine: n events over 1,000 streams with
// an outcome each, every tenth with tags, a snapshot at every twentieth version, and
// as many waiting commands as may be.
func bulk(tb testing.TB, url string, n int) {
	tb.Helper()
	for _, statement := range []string{
		`INSERT INTO backstory.events (position, stream, version, id, type, schema_version, at, by, correlation, causation, data)
		SELECT v, 'bank.account/s' || v % 1000, (v - 1) / 1000 + 1, ('0000000e-0000-0000-0000-' || lpad(to_hex(v), 12, '0'))::uuid, 'bank.account.deposited', 1,
			timestamptz '2026-01-01' + v * interval '1 ms', 'tester', ('0000000c-0000-0000-0000-' || lpad(to_hex(v), 12, '0'))::uuid, ('0000000c-0000-0000-0000-' || lpad(to_hex(v), 12, '0'))::uuid, json_build_object('amount', v)
		FROM generate_series(1, $1::bigint) v`,
		`INSERT INTO backstory.outcomes (id, type, stream, data, by, at, correlation, causation, status, first_position, events, decided_at)
		SELECT ('0000000c-0000-0000-0000-' || lpad(to_hex(v), 12, '0'))::uuid, 'bank.account.deposit', 'bank.account/s' || v % 1000, '{}', 'tester', timestamptz '2026-01-01' + v * interval '1 ms',
			('0000000c-0000-0000-0000-' || lpad(to_hex(v), 12, '0'))::uuid, ('0000000c-0000-0000-0000-' || lpad(to_hex(v), 12, '0'))::uuid, 'accepted', v, 1, timestamptz '2026-01-01' + v * interval '1 ms'
		FROM generate_series(1, $1::bigint) v`,
		`INSERT INTO backstory.event_tags (tag, position, type) SELECT 'tag ' || v % 100, v, 'bank.account.deposited' FROM generate_series(1, $1::bigint, 10) v`,
		`INSERT INTO backstory.snapshots (stream, version, last_id, hash, state)
		SELECT stream, version, id, '1', '{}' FROM backstory.events WHERE version % 20 = 0 AND position <= $1`,
		`INSERT INTO backstory.floor_streams (stream, version, last_id, at, hash, state)
		SELECT 'bank.account/old' || v, 1, gen_random_uuid(), timestamptz '2026-01-01', '1', '{}' FROM generate_series(1, least($1::bigint, 10000)) v`,
	} {
		if err := sql(tb, url, statement, n); err != nil {
			tb.Fatal(err)
		}
	}
	waiting := `INSERT INTO backstory.inbox (id, slot, type, stream, data, by, correlation, causation)
		SELECT ('0000000a-0000-0000-0000-' || lpad(to_hex(v), 12, '0'))::uuid, v % 64, 'bank.account.deposit', 'bank.account/s' || v % 1000, '{}', 'tester', ('0000000c-0000-0000-0000-' || lpad(to_hex(v), 12, '0'))::uuid, ('0000000c-0000-0000-0000-' || lpad(to_hex(v), 12, '0'))::uuid
		FROM generate_series(1, 10000) v`
	for _, statement := range []string{waiting, "VACUUM (ANALYZE)"} {
		if err := sql(tb, url, statement); err != nil {
			tb.Fatal(err)
		}
	}
}

// hot is a query that runs all the time, or whenever a page is shown, with
// arguments as they are written in SQL.
type hot struct {
	name, query string
	args        []string
	sorts       string // why it may sort
}

func hotQueries(events int) []hot {
	id := func(kind string, n int) string { return fmt.Sprintf("'0000000%s-0000-0000-0000-%012x'::uuid", kind, n) }
	ids := func(kind string) string {
		list := make([]string, 256)
		for i := range list {
			list[i] = id(kind, events/2+i)
		}
		return "ARRAY[" + strings.Join(list, ",") + "]"
	}
	streams := make([]string, 256)
	for i := range streams {
		streams[i] = fmt.Sprintf("'bank.account/s%d'", i*3)
	}
	many := "ARRAY[" + strings.Join(streams, ",") + "]"
	middle, slots := fmt.Sprint(events/2), "ARRAY[1,7,9,33]"
	positions := fmt.Sprintf("ARRAY[%d,%d,%d]", events/3, events/2, events)
	return []hot{
		{name: "LogHead", query: enginedb.LogHead},
		{name: "LogPosition", query: enginedb.LogPosition},
		{name: "EventRead", query: enginedb.EventRead, args: []string{middle, "1000"}},
		{name: "EventRead, the tail's poll", query: enginedb.EventRead, args: []string{fmt.Sprint(events), "1000"}},
		{name: "EventRange", query: enginedb.EventRange, args: []string{middle, middle + "+1000"}},
		{name: "EventStored", query: enginedb.EventStored, args: []string{ids("e")}},
		{name: "EventAt", query: enginedb.EventAt, args: []string{positions}},
		{name: "EventFind", query: enginedb.EventFind, args: []string{ids("e")}, sorts: "the few that were asked for"},
		{name: "StreamHeads", query: enginedb.StreamHeads, args: []string{many}},
		{name: "StreamRead", query: enginedb.StreamRead, args: []string{"'bank.account/s7'", "50", "1000"}},
		{name: "StreamTail", query: enginedb.StreamTail, args: []string{"'bank.account/s7'", "9223372036854775807", "1000", "'1'"}},
		{name: "StreamVersion", query: enginedb.StreamVersion, args: []string{"'bank.account/s7'"}},
		{name: "StreamVersionAt", query: enginedb.StreamVersionAt, args: []string{"'bank.account/s7'", "'2026-01-01 00:00:30'"}},
		{name: "InboxTake", query: enginedb.InboxTake, args: []string{"0", slots, "ARRAY[3,4,5]", "512"}},
		{name: "InboxTake, trailing", query: enginedb.InboxTake, args: []string{"9000", slots, "ARRAY[]::bigint[]", "512"}},
		{name: "InboxClaim", query: enginedb.InboxClaim, args: []string{ids("a")}},
		{name: "InboxDelete", query: enginedb.InboxDelete, args: []string{ids("a")}},
		{name: "OutcomeDecided", query: enginedb.OutcomeDecided, args: []string{ids("c")}},
		{name: "OutcomeFind", query: enginedb.OutcomeFind, args: []string{ids("c")}},
		{name: "OutcomeFind of one", query: enginedb.OutcomeFind, args: []string{"ARRAY[" + id("c", 7) + "]"}},
		{name: "OutcomeByStream", query: enginedb.OutcomeByStream, args: []string{"'bank.account/s7'", "'2026-01-01 00:00:30'", "50"}},
		{name: "OutcomeEvents", query: enginedb.OutcomeEvents, args: []string{ids("c")}},
		{name: "TagTail", query: enginedb.TagTail, args: []string{fmt.Sprint(events - 3), "1000"}},
	}
}

// plan is a node of EXPLAIN's tree.
type plan struct {
	Node      string `json:"Node Type"`
	Relation  string `json:"Relation Name"`
	Index     string `json:"Index Name"`
	IndexCond string `json:"Index Cond"`
	Plans     []plan
}

func (p plan) each(do func(plan)) {
	do(p)
	for _, child := range p.Plans {
		child.each(do)
	}
}

// faults are the nodes that grow with the log: a table or an index that is read
// whole, and sorting.
func (p plan) faults(mayScan []string, maySort bool) (list []string) {
	p.each(func(n plan) {
		switch {
		case strings.Contains(n.Node, "Sort") && !maySort:
			list = append(list, n.Node)
		case slices.Contains(mayScan, n.Relation):
		case n.Node == "Seq Scan", strings.HasPrefix(n.Node, "Index") && n.IndexCond == "", n.Node == "Bitmap Heap Scan" && len(n.Plans) == 0:
			list = append(list, n.Node+" of "+n.Relation+" by "+n.Index)
		}
	})
	return list
}

func explain(tb testing.TB, conn *pgx.Conn, q hot, mode string) plan {
	tb.Helper()
	args := ""
	if len(q.args) > 0 {
		args = "(" + strings.Join(q.args, ", ") + ")"
	}
	// A plan is kept with its statement: hence a new one each time.
	text := "DEALLOCATE ALL; SET plan_cache_mode = " + mode + "; PREPARE hot AS " + q.query + "; EXPLAIN (FORMAT JSON) EXECUTE hot" + args
	results, err := conn.PgConn().Exec(within(tb), text).ReadAll()
	if err != nil {
		tb.Fatalf("%s: %v", q.name, err)
	}
	var trees []struct{ Plan plan }
	if err := json.Unmarshal(results[len(results)-1].Rows[0][0], &trees); err != nil {
		tb.Fatal(err)
	}
	return trees[0].Plan
}

// No query that runs all the time sorts, or reads a table or an index whole: on a
// full database, whatever kind of plan is chosen, on the engine's connections, and
// on its readers'. Behind a pooler sessions may be set to nothing: then a page of
// rows may be sorted, and the inbox, which is bounded, read.
func TestPlansOfHotQueries(t *testing.T) {
	t.Parallel()
	events := 100_000
	if *long {
		events = 1_000_000
	}
	url := database(t)
	bulk(t, url, events)
	for _, c := range []struct {
		name    string
		set     func(context.Context, *pgx.Conn) error
		mayScan []string
		maySort bool
	}{
		{"engine", postgres.ForEngine, nil, false},
		{"readers", postgres.ForReaders, nil, false},
		{"pooler", func(context.Context, *pgx.Conn) error { return nil }, []string{"inbox"}, true},
	} {
		conn := connect(t, url)
		defer conn.Close(context.Background())
		if err := c.set(within(t), conn); err != nil {
			t.Fatal(err)
		}
		for _, q := range hotQueries(events) {
			for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
				p := explain(t, conn, q, mode)
				if faults := p.faults(c.mayScan, c.maySort || q.sorts != ""); len(faults) > 0 {
					t.Errorf("%s (%s, %s): %s", q.name, c.name, mode, strings.Join(faults, "; "))
				}
			}
		}
	}
}
