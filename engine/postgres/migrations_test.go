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
