package postgres_test

import (
	"context"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine/postgres"
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

// bulkConsumers adds what consumers leave: of each of four a checkpoint in 64 slots,
// 10,000 held keys, of which every hundredth is tried again, and 10,000 states; and
// as many scheduled commands, and commands that settle and that failed.
func bulkConsumers(tb testing.TB, url string) {
	tb.Helper()
	for _, statement := range []string{
		`INSERT INTO backstory.consumers (name, type, hash, slots) SELECT c, 'reactor', '1', 64 FROM unnest(ARRAY['bank.watch', 'b', 'c', 'd']) c`,
		`INSERT INTO backstory.slots (consumer, slot, owner) SELECT name, s, gen_random_uuid() FROM backstory.consumers, generate_series(0, 63) s ON CONFLICT DO NOTHING`,
		`INSERT INTO backstory.workers (id, seen_at, started_at, info) SELECT gen_random_uuid(), now(), now(), '{}' FROM generate_series(1, 4)`,
		`INSERT INTO backstory.held (consumer, key, slot, from_position, attempts, next_at, parked_at)
		SELECT c.name, 'bank.account/s' || v, v % 64, v, 3, now(), CASE WHEN v % 100 > 0 THEN now() END
		FROM backstory.consumers c, generate_series(1, 10000) v WHERE c.type = 'reactor'`,
		`INSERT INTO backstory.reactor_states (reactor, key, position, hash, state) SELECT 'bank.watch', 'bank.account/s' || v, v, '1', '' FROM generate_series(1, 10000) v`,
		`INSERT INTO backstory.floor_reactor_states (reactor, key, position, hash, state) SELECT 'bank.watch', 'bank.account/s' || v, v, '1', '' FROM generate_series(1, 10000) v`,
		`INSERT INTO backstory.handled (position, consumer) SELECT v, 'bank.watch' FROM generate_series(1, 10000) v`,
		`INSERT INTO backstory.inbox (id, slot, type, stream, data, by, correlation, causation, due)
		SELECT gen_random_uuid(), v % 64, 't', 'bank.account/s' || v, '{}', 'tester', gen_random_uuid(), gen_random_uuid(), now() + v * interval '1 s' FROM generate_series(1, 10000) v`,
		`INSERT INTO backstory.outcomes (id, type, stream, data, by, at, correlation, causation, status, decided_at)
		SELECT gen_random_uuid(), 't', 'bank.account/s' || v, '{}', 'tester', now(), gen_random_uuid(), gen_random_uuid(), CASE WHEN v % 2 = 0 THEN 'failed' ELSE 'settling' END, now()
		FROM generate_series(1, 10000) v`,
		"VACUUM (ANALYZE)",
	} {
		if err := sql(tb, url, statement); err != nil {
			tb.Fatal(err)
		}
	}
}

// plan is a node of EXPLAIN's tree.
type plan struct {
	Node      string `json:"Node Type"`
	Relation  string `json:"Relation Name"`
	Index     string `json:"Index Name"`
	IndexCond string `json:"Index Cond"`
	Filter    string
	Cost      float64 `json:"Total Cost"`
	Plans     []plan
}

// jitAboveCost is from where on PostgreSQL compiles a plan, if it is not told otherwise.
const jitAboveCost = 100_000.

// each visits the nodes; limited are those of which only the first rows are read.
func (p plan) each(do func(n plan, limited bool), limited ...bool) {
	do(p, len(limited) > 0 && limited[0])
	for _, child := range p.Plans {
		child.each(do, p.Node == "Limit")
	}
}

// faults are the nodes that grow with the log: a table or an index that is read
// whole, and sorting.
func (p plan) faults(mayScan []string, maySort bool) (list []string) {
	p.each(func(n plan, limited bool) {
		whole := n.IndexCond == "" && (!limited || n.Filter != "") // else the first are enough
		switch {
		case strings.Contains(n.Node, "Sort") && !maySort:
			list = append(list, n.Node)
		case slices.Contains(mayScan, n.Relation) || slices.Contains(mayScan, n.Index):
		case n.Node == "Seq Scan", strings.HasPrefix(n.Node, "Index") && whole, n.Node == "Bitmap Index Scan" && whole:
			list = append(list, n.Node+" of "+n.Relation+" by "+n.Index)
		}
	})
	return list
}

func explain(tb testing.TB, conn *pgx.Conn, texts map[string]string, q hot, mode string) plan {
	tb.Helper()
	args := ""
	if len(q.args) > 0 {
		args = "(" + strings.Join(q.args, ", ") + ")"
	}
	// A plan is kept with its statement: hence a new one each time.
	text := "DEALLOCATE ALL; SET plan_cache_mode = " + mode + "; BEGIN; PREPARE hot AS " + texts[q.query] + ";"
	if q.settings != "" {
		text += texts[q.settings] + ";"
	}
	results, err := conn.PgConn().Exec(within(tb), text+"EXPLAIN (FORMAT JSON) EXECUTE hot"+args).ReadAll()
	if err != nil {
		tb.Fatalf("%s: %v", q.query, err)
	}
	var trees []struct{ Plan plan }
	if err := json.Unmarshal(results[len(results)-1].Rows[0][0], &trees); err != nil {
		tb.Fatal(err)
	}
	if _, err := conn.Exec(within(tb), "ROLLBACK"); err != nil {
		tb.Fatal(err)
	}
	return trees[0].Plan
}

// queryTexts are the engine's queries by name, as they stand in the source.
func queryTexts(tb testing.TB) map[string]string {
	tb.Helper()
	files, err := filepath.Glob("enginedb/*.sql.go")
	if err != nil || len(files) == 0 {
		tb.Fatalf("no queries: %v", err)
	}
	texts := map[string]string{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			tb.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 {
				if lit, ok := spec.Values[0].(*ast.BasicLit); ok && lit.Kind == token.STRING {
					texts[spec.Names[0].Name], err = strconv.Unquote(lit.Value)
				}
			}
			return err == nil
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
	return texts
}

// Every query is hot, and then its plan is looked at, or somebody said why it is
// not; and the engine calls it.
func TestPlans_EveryQueryIsThere(t *testing.T) {
	t.Parallel()
	texts, listed := queryTexts(t), map[string]bool{}
	for _, q := range hotQueries(1000) {
		listed[q.query] = true
		if coldQueries[q.query] != "" {
			t.Errorf("%s is hot, and said not to be", q.query)
		}
	}
	for name := range coldQueries {
		listed[name] = true
	}
	calls := callsOf(t)
	for name := range texts {
		if !listed[name] {
			t.Errorf("%s: is it hot? List it in hotQueries, or else in coldQueries with the reason", name)
		}
		if !calls[name] {
			t.Errorf("%s: nobody calls it", name)
		}
		delete(listed, name)
	}
	for name := range listed {
		t.Errorf("there is no query %s", name)
	}
}

// callsOf are the names that the engine selects from anything: its queries are
// among them.
func callsOf(tb testing.TB) map[string]bool {
	tb.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		tb.Fatal(err)
	}
	calls := map[string]bool{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			tb.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				calls[s.Sel.Name] = true
			}
			return true
		})
	}
	return calls
}

// No query that runs all the time sorts, or reads a table or an index whole: on a
// full database, whatever kind of plan is chosen, on the engine's connections, and
// on its readers'. Behind a pooler sessions may be set to nothing: then a page of
// rows may be sorted, and the inbox, which is bounded, read. Nowhere is one compiled,
// which takes a session 0.3 s the first time.
func TestPlansOfHotQueries(t *testing.T) {
	t.Parallel()
	events := 100_000
	if *long {
		events = 1_000_000
	}
	url := database(t)
	bulk(t, url, events)
	bulkConsumers(t, url)
	texts := queryTexts(t)
	for _, c := range []struct {
		name    string
		set     func(context.Context, *pgx.Conn) error
		mayScan []string
		maySort bool
	}{
		{"engine", postgres.ForEngine, nil, false},
		{"readers", postgres.ForReaders, nil, false},
		{"pooler", func(context.Context, *pgx.Conn) error { return nil }, []string{"inbox", "inbox_stream"}, true},
	} {
		conn := connect(t, url)
		defer conn.Close(context.Background())
		if err := c.set(within(t), conn); err != nil {
			t.Fatal(err)
		}
		var compiles bool
		if err := conn.QueryRow(within(t), "SELECT current_setting('jit')::bool").Scan(&compiles); err != nil {
			t.Fatal(err)
		}
		if compiles && c.name != "pooler" {
			t.Errorf("%s: what looks dear is compiled", c.name)
		}
		for _, q := range hotQueries(events) {
			if q.work && c.name == "readers" {
				continue
			}
			mayScan := append(strings.Fields(q.scans), c.mayScan...)
			for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
				p := explain(t, conn, texts, q, mode)
				if compiles && mode == "force_custom_plan" && q.dear == "" && p.Cost > jitAboveCost/1_000_000*float64(events) {
					t.Errorf("%s %s (%s) costs %.0f: among a million events it would be compiled", q.query, q.when, c.name, p.Cost)
				}
				if faults := p.faults(mayScan, c.maySort || q.sorts != ""); len(faults) > 0 {
					t.Errorf("%s %s (%s, %s): %s", q.query, q.when, c.name, mode, strings.Join(faults, "; "))
				}
			}
		}
	}
}
