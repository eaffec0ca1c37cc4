package postgres_test

import (
	"bytes"
	"context"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// program finds one of PostgreSQL's own tools. A downloaded PostgreSQL has none.
func program(tb testing.TB, name string) string {
	tb.Helper()
	installed, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	slices.Reverse(installed)
	for _, path := range append(installed, name) {
		if found, err := exec.LookPath(path); err == nil {
			return found
		}
	}
	tb.Skipf("%s is not installed", name)
	return ""
}

// dump is the database at the URL as pg_dump writes it.
func dump(tb testing.TB, from string) []byte {
	tb.Helper()
	return output(tb, nil, program(tb, "pg_dump"), "--dbname="+from)
}

// restore runs a dump in the empty database at the URL.
func restore(tb testing.TB, to string, script []byte) {
	tb.Helper()
	output(tb, script, program(tb, "psql"), "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--dbname="+to)
}

func output(tb testing.TB, in []byte, name string, args ...string) []byte {
	tb.Helper()
	cmd := exec.CommandContext(within(tb), name, args...)
	var errors strings.Builder
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), &errors
	out, err := cmd.Output()
	if err != nil {
		tb.Fatalf("%s: %v\n%s", name, err, errors.String())
	}
	return out
}

// databaseName is the database in a URL.
func databaseName(tb testing.TB, of string) string {
	tb.Helper()
	u, err := url.Parse(of)
	if err != nil {
		tb.Fatal(err)
	}
	return strings.TrimPrefix(u.Path, "/")
}

// elsewhere is the URL of another database of the same cluster.
func elsewhere(tb testing.TB, of, name string) string {
	tb.Helper()
	u, err := url.Parse(of)
	if err != nil {
		tb.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

// replace puts the second database where the first one was, under whoever uses
// it. The first is gone.
func replace(tb testing.TB, first, second string) {
	tb.Helper()
	old, now := databaseName(tb, first), databaseName(tb, second)
	admin := connect(tb, elsewhere(tb, first, "postgres"))
	defer admin.Close(context.Background())
	for _, statement := range []string{
		"DROP DATABASE " + quoted(old) + " WITH (FORCE)",
		"ALTER DATABASE " + quoted(now) + " RENAME TO " + quoted(old),
	} {
		if _, err := admin.Exec(within(tb), statement); err != nil {
			tb.Fatalf("%s: %v", statement, err)
		}
	}
}

// createDatabase makes a database beside the one at the URL, from a template.
func createDatabase(tb testing.TB, beside, name, template string) string {
	tb.Helper()
	admin := connect(tb, elsewhere(tb, beside, "postgres"))
	defer admin.Close(context.Background())
	_, err := admin.Exec(within(tb), "CREATE DATABASE "+quoted(name)+" TEMPLATE "+quoted(template))
	if err != nil {
		tb.Fatal(err)
	}
	return elsewhere(tb, beside, name)
}

func quoted(name string) string { return pgx.Identifier{name}.Sanitize() }
