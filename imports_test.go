package backstory_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/backstory-go/backstory/"

// rule allows the packages below from to import those of ours that start with
// one of to. The first rule whose from matches counts.
type rule struct {
	from string
	to   []string
}

// rules is the import table of docs/architecture.md. "…<ctx>…" names are written
// with * for one folder. A trailing slash means everything below.
var rules = []rule{
	{"codegen/", []string{"codegen/"}},
	{"engine/postgres", []string{"engine", "engine/postgres/enginedb", "queries/engine"}},
	{"engine/postgres/enginedb", nil},
	{"engine/localpg/pgtest", []string{"engine/localpg"}},
	{"engine/localpg", nil},
	{"engine/measure", nil},
	{"engine/live", []string{"engine"}},
	{"engine/logtest", []string{"engine"}},
	{"engine/enginetest", []string{"engine"}},
	{"engine", nil},
	{"queries/", nil},
	{"docs", nil},
	{"generated/*db", []string{"engine"}},
	{"generated/*/*", []string{"engine", "engine/enginetest", "generated/*/*"}},
	{"generated/*", []string{"engine", "generated/*/*", "generated/*db"}},
	{"app/callout", nil},
	{"app/slack", []string{"app/callout", "engine", "generated/*/*", "generated/*"}},
	{"app/expander", []string{"app/callout", "engine", "generated/*/*", "generated/*"}},
	{"app/todos", []string{"engine", "generated/*/*", "generated/*"}},
	{"app/web", []string{"app/todos", "generated/", "engine", "engine/live", "app/web/"}},
	{"app/web/", []string{"engine", "generated/", "app/web/"}},
	{"app/bench", []string{"engine", "engine/measure", "engine/postgres", "generated/"}},
	{"app/trace", []string{"engine"}},
	{"app/watch", []string{"engine", "engine/postgres"}},
	{"app", []string{""}},
	{"", nil},
}

// allowed says whether the package in folder from may import the one in folder to.
func allowed(from, to string) bool {
	for _, r := range rules {
		if !matches(r.from, from) {
			continue
		}
		for _, t := range r.to {
			if matches(t, to) {
				return true
			}
		}
		return false
	}
	return false
}

func matches(pattern, folder string) bool {
	if pattern == "" {
		return true
	}
	if prefix, ok := strings.CutSuffix(pattern, "/"); ok {
		return folder == prefix || strings.HasPrefix(folder, pattern)
	}
	ok, err := path.Match(pattern, folder)
	return err == nil && ok
}

// forbiddenElsewhere are libraries that only some folders may touch.
var forbiddenElsewhere = map[string][]string{
	"net/http":                     {"engine/live", "app/", "codegen/"},
	"github.com/goccy/go-graphviz": {"codegen/"},
	"github.com/prometheus/client_golang/prometheus": {"app/watch"},
	"go.opentelemetry.io/otel/trace":                 {"app/trace"},
	"go.opentelemetry.io/otel/sdk/trace":             {"app/trace"},
}

func TestImportsFollowTheTable(t *testing.T) {
	faults, files, err := importFaults(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	if files < 20 {
		t.Fatalf("only %d files were read: the test looks in the wrong place", files)
	}
	for _, f := range faults {
		t.Error(f)
	}
}

// importFaults reads every Go file that is not a test. Tests may import what
// they need to start the real thing.
func importFaults(tree fs.FS) (faults []string, files int, err error) {
	err = fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "node_modules" || d.Name() == "tools") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		files++
		found, err := fileFaults(tree, name)
		faults = append(faults, found...)
		return err
	})
	return faults, files, err
}

func fileFaults(tree fs.FS, name string) ([]string, error) {
	src, err := fs.ReadFile(tree, name)
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, src, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	folder := filepath.ToSlash(path.Dir(name))
	var faults []string
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		if reason := refuse(folder, imported); reason != "" {
			faults = append(faults, fmt.Sprintf("%s: %s", fset.Position(spec.Pos()), reason))
		}
	}
	return faults, nil
}

func refuse(folder, imported string) string {
	if to, ours := strings.CutPrefix(imported+"/", module); ours {
		to = strings.TrimSuffix(to, "/")
		if !allowed(folder, to) {
			return fmt.Sprintf("%s may not import %s", folder, to)
		}
		return ""
	}
	rooms, restricted := forbiddenElsewhere[imported]
	if !restricted {
		return ""
	}
	for _, room := range rooms {
		if matches(room, folder) {
			return ""
		}
	}
	return fmt.Sprintf("%s may not import %s", folder, imported)
}

func TestTheTableItself(t *testing.T) {
	cases := []struct {
		from, to string
		want     bool
	}{
		{"codegen/model", "codegen/source", true},
		{"codegen/model", "engine", false},
		{"engine", "engine/postgres", false},
		{"engine/live", "engine", true},
		{"engine/logtest", "engine/postgres", false},
		{"engine/live", "engine/postgres", false},
		{"engine/postgres", "queries/engine", true},
		{"engine/postgres", "engine/localpg", false},
		{"generated/todos/list", "generated/todos/ids", true},
		{"generated/todos/list", "generated/todos", false},
		{"generated/todos/list", "generated/todosdb", false},
		{"generated/todos", "generated/todosdb", true},
		{"generated/todosdb", "generated/todos", false},
		{"app/todos", "generated/todos/list", true},
		{"app/todos", "app/web", false},
		{"app/todos", "engine/postgres", false},
		{"app/web", "engine/live", true},
		{"app/web", "engine/postgres", false},
		{"app/watch", "engine/postgres", true},
		{"app/watch", "app/web", false},
		{"app", "engine/postgres", true},
	}
	for _, c := range cases {
		if got := allowed(c.from, c.to); got != c.want {
			t.Errorf("%s → %s: allowed %v, want %v", c.from, c.to, got, c.want)
		}
	}
}

func TestAForbiddenImportIsFound(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "engine", "bad.go")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	src := "package engine\n\nimport (\n\t_ \"net/http\"\n\t_ \"" + module + "app/web\"\n)\n"
	if err := os.WriteFile(file, []byte(src), 0o644); err != nil {
		t.Fatal(err)
	}
	faults, _, err := importFaults(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	if len(faults) != 2 || !strings.Contains(faults[0], "engine/bad.go:4") {
		t.Fatalf("want two faults with positions, got %q", faults)
	}
}
