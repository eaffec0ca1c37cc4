package postgres_test

import (
	"context"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine/localpg/pgtest"
	"github.com/backstory-go/backstory/engine/postgres"
	queries "github.com/backstory-go/backstory/queries/engine"
)

var record = flag.Bool("record", false, "write down the statements of this program, for the migrations after it")

// firstDeclared is the migration from which on each says what it supports.
const firstDeclared = 20

// Every migration says which programs it leaves at work: once, and none that is not
// there yet.
func TestMigrations_SayWhatTheySupport(t *testing.T) {
	t.Parallel()
	says := regexp.MustCompile(`(?m)^SELECT backstory\.supports\((\d+)\);$`)
	names, err := fs.Glob(queries.Migrations, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		number, err := strconv.ParseInt(filepath.Base(name)[:5], 10, 64)
		if err != nil {
			t.Fatalf("%s: want five digits first", name)
		}
		text, err := fs.ReadFile(queries.Migrations, name)
		if err != nil {
			t.Fatal(err)
		}
		up, _, _ := strings.Cut(string(text), "-- +goose Down")
		said := says.FindAllStringSubmatch(up, -1)
		if number < firstDeclared {
			continue
		}
		if len(said) != 1 {
			t.Errorf("%s says %d times what it supports: one line SELECT backstory.supports(n); is wanted, see queries/engine/migrations/README.md", name, len(said))
			continue
		}
		if n, err := strconv.ParseInt(said[0][1], 10, 64); err != nil || n > number {
			t.Errorf("%s supports %s, which is no program before it nor its own", name, said[0][1])
		}
	}
}

// A program that the migrations say to support finds what it knows of the schema, is
// refused nothing that it wrote before, and its statements mean something.
func TestMigrations_LeaveTheSupportedProgramsAtWork(t *testing.T) {
	t.Parallel()
	latest := postgres.Program()
	if *record {
		write(t, latest)
	}
	for version := supported(t); version < latest; version++ {
		if len(migrationsUpto(t, version)) == len(migrationsUpto(t, version-1)) {
			continue // the number was never used
		}
		url := pgtest.Database(t, pgtest.Template{})
		migrateTo(t, url, version)
		before := catalogOf(t, url)
		migrateTo(t, url, latest)
		for _, fault := range append(before.breaks(catalogOf(t, url)), unprepared(t, url, version)...) {
			t.Errorf("the program that brought %05d does not work with %05d: %s; mend the migration, or let it call backstory.supports(%d)", version, latest, fault, latest)
		}
	}
}

// The comparison finds each kind of change that an older program would not survive,
// and lets the others pass.
func TestMigrations_WhatBreaksOlderProgramsIsFound(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ change, finds string }{
		{"CREATE TABLE backstory.more (n bigint NOT NULL PRIMARY KEY CHECK (n > 0))", ""},
		{"ALTER TABLE backstory.held ADD COLUMN more text NOT NULL DEFAULT ''", ""},
		{"ALTER TABLE backstory.held ADD COLUMN more text CHECK (more <> '')", ""},
		{"CREATE INDEX held_error ON backstory.held (error)", ""},
		{"CREATE FUNCTION backstory.more() RETURNS void LANGUAGE sql AS ''", ""},
		{"ALTER TABLE backstory.held ALTER COLUMN error DROP NOT NULL", ""},
		{"ALTER TABLE backstory.held ADD COLUMN more text NOT NULL", "held.more"},
		{"ALTER TABLE backstory.held DROP COLUMN reacted", "held.reacted"},
		{"ALTER TABLE backstory.held RENAME COLUMN reacted TO ran", "held.reacted"},
		{"ALTER TABLE backstory.held ALTER COLUMN attempts TYPE bigint", "held.attempts"},
		{"ALTER TABLE backstory.held ALTER COLUMN first_at DROP DEFAULT", "held.first_at"},
		{"ALTER TABLE backstory.outcomes ALTER COLUMN error SET NOT NULL", "outcomes.error"},
		{"ALTER TABLE backstory.held ADD CONSTRAINT held_few CHECK (attempts < 5)", "held_few"},
		{"ALTER TABLE backstory.held DROP CONSTRAINT held_key", "held_key"},
		{"CREATE UNIQUE INDEX held_once ON backstory.held (slot)", "held_once"},
		{"CREATE TRIGGER held_fixed BEFORE UPDATE ON backstory.held FOR EACH ROW EXECUTE FUNCTION backstory.refuse_change()", "held_fixed"},
		{"DROP FUNCTION backstory.require_none(bigint)", "require_none"},
		{"DROP TABLE backstory.refolds", "refolds"},
		{"ALTER TABLE backstory.held RENAME COLUMN error TO message", "statement HeldPut"},
	} {
		t.Run(tc.change, func(t *testing.T) {
			t.Parallel()
			url := database(t)
			before := catalogOf(t, url)
			if err := sql(t, url, tc.change); err != nil {
				t.Fatal(err)
			}
			found := strings.Join(append(before.breaks(catalogOf(t, url)), refused(t, url, statements(t))...), "\n")
			if (tc.finds == "") != (found == "") || !strings.Contains(found, tc.finds) {
				t.Errorf("found %q, want %q", found, tc.finds)
			}
		})
	}
}

// supported is the oldest program that the schema of this one works with.
func supported(t *testing.T) int64 {
	t.Helper()
	return one[int64](t, database(t), `SELECT supports FROM backstory.log`)
}

func migrateTo(t *testing.T, url string, version int64) {
	t.Helper()
	if err := postgres.Migrate(within(t), url, migrationsUpto(t, version)); err != nil {
		t.Fatal(err)
	}
}

// thing is a part of the schema.
type thing struct {
	kind, table, name string
	is                string   // what programs rely on
	binds             bool     // whoever writes without knowing it may be refused
	columns           []string // that it is about
}

func (th thing) String() string {
	if th.kind == "column" {
		return th.kind + " " + th.table + "." + th.name
	}
	return strings.TrimSpace(th.kind + " " + th.name + " of " + th.table)
}

// catalog is a schema, by the names of its parts.
type catalog map[string]thing

const catalogRead = `
SELECT 'table' AS kind, c.relname::text AS tab, '' AS name, '' AS is, false AS binds, '{}'::text[] AS columns
FROM pg_class c WHERE c.relnamespace = 'backstory'::regnamespace AND c.relkind = 'r' AND c.relname <> 'migrations'
UNION ALL
SELECT 'column', c.relname, a.attname, format_type(a.atttypid, a.atttypmod) || CASE WHEN a.atthasdef OR a.attidentity <> '' THEN ', given' ELSE '' END,
       a.attnotnull AND NOT a.atthasdef AND a.attidentity = '', '{}'
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = 'backstory'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND c.relname <> 'migrations'
UNION ALL
SELECT 'constraint', c.relname, k.conname, pg_get_constraintdef(k.oid), true,
       coalesce((SELECT array_agg(a.attname::text) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = ANY(k.conkey)), '{}')
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid WHERE c.relnamespace = 'backstory'::regnamespace AND c.relname <> 'migrations'
UNION ALL
SELECT 'unique index', c.relname, i.relname, pg_get_indexdef(x.indexrelid), true, '{}'
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
WHERE c.relnamespace = 'backstory'::regnamespace AND x.indisunique AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = x.indexrelid)
UNION ALL
SELECT 'trigger', c.relname, g.tgname, pg_get_triggerdef(g.oid), true, '{}'
FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid WHERE c.relnamespace = 'backstory'::regnamespace AND NOT g.tgisinternal
UNION ALL
SELECT 'function', '', p.oid::regprocedure::text, pg_get_function_result(p.oid), false, '{}'
FROM pg_proc p WHERE p.pronamespace = 'backstory'::regnamespace`

func catalogOf(t *testing.T, url string) catalog {
	t.Helper()
	conn := connect(t, url)
	defer conn.Close(context.Background())
	rows, err := conn.Query(within(t), catalogRead)
	if err != nil {
		t.Fatal(err)
	}
	found := catalog{}
	var th thing
	_, err = pgx.ForEachRow(rows, []any{&th.kind, &th.table, &th.name, &th.is, &th.binds, &th.columns}, func() error {
		found[th.String()] = th
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// breaks lists what of a later schema a program that knows this one would not survive.
func (c catalog) breaks(later catalog) (faults []string) {
	for name, th := range c {
		now, there := later[name]
		switch {
		case !there:
			faults = append(faults, name+" is gone")
		case now.is != th.is:
			faults = append(faults, fmt.Sprintf("%s is %q, was %q", name, now.is, th.is))
		case now.binds && !th.binds:
			faults = append(faults, name+" must be given now")
		}
	}
	for name, th := range later {
		_, was := c[name]
		if !was && th.binds && c.has("table", th.table) && !th.onlyOfNew(c) {
			faults = append(faults, name+" is new, and binds whoever does not know it")
		}
	}
	slices.Sort(faults)
	return faults
}

func (c catalog) has(kind, table string) bool {
	_, there := c[thing{kind: kind, table: table}.String()]
	return there
}

// onlyOfNew says whether it is about columns that an older program leaves out.
func (th thing) onlyOfNew(older catalog) bool {
	return len(th.columns) > 0 && !slices.ContainsFunc(th.columns, func(column string) bool {
		_, was := older[thing{kind: "column", table: th.table, name: column}.String()]
		return was
	})
}

// statements are those of this program, by their names.
func statements(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	files, err := filepath.Glob("enginedb/*.sql.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no statements: %v", err)
	}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range parsed.Decls {
			if consts, ok := decl.(*ast.GenDecl); ok && consts.Tok == token.CONST {
				value := consts.Specs[0].(*ast.ValueSpec)
				text, err := strconv.Unquote(value.Values[0].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				found[value.Names[0].Name] = text
			}
		}
	}
	return found
}

func recorded(version int64) string { return fmt.Sprintf("testdata/statements/%05d.sql", version) }

// write records the statements of this program, for the tests of later ones.
func write(t *testing.T, version int64) {
	t.Helper()
	var text strings.Builder
	list := statements(t)
	for _, name := range slices.Sorted(maps.Keys(list)) {
		fmt.Fprintf(&text, "%s\n;\n", strings.TrimSpace(list[name]))
	}
	if err := os.WriteFile(recorded(version), []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// unprepared lists the statements of an older program that fail by now.
func unprepared(t *testing.T, url string, version int64) []string {
	t.Helper()
	text, err := os.ReadFile(recorded(version))
	if err != nil {
		t.Errorf("%v: before the migration after it is added, go test ./engine/postgres -run TestMigrations_Leave -record writes it", err)
	}
	list := map[string]string{}
	for statement := range strings.SplitSeq(string(text), "\n;\n") {
		name, _, found := strings.Cut(strings.TrimPrefix(statement, "-- name: "), " ")
		if found {
			list[name] = statement
		}
	}
	return refused(t, url, list)
}

// refused lists the statements that the database cannot make a plan of.
func refused(t *testing.T, url string, list map[string]string) (faults []string) {
	t.Helper()
	conn := connect(t, url)
	defer conn.Close(context.Background())
	for name, statement := range list {
		if _, err := conn.Prepare(within(t), "", statement); err != nil {
			faults = append(faults, fmt.Sprintf("statement %s: %v", name, err))
		}
	}
	return faults
}
