package lint_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/backstory-go/backstory/codegen/emit"
	"github.com/backstory-go/backstory/codegen/internal/golden"
	"github.com/backstory-go/backstory/codegen/lint"
	"github.com/backstory-go/backstory/codegen/model"
	"github.com/backstory-go/backstory/codegen/source"
)

// TestCode compares the schemas of testdata/clean and testdata/code with two
// packages: one that reaches every edge, each in another way, and one that
// misses every edge narrowly.
func TestCode(t *testing.T) {
	dir, sys := shop(t)
	for _, name := range []string{"green", "red"} {
		t.Run(name, func(t *testing.T) {
			copyFile(t, "testdata/code/"+name+"/handlers.go", filepath.Join(dir, "app/shop/handlers.go"))
			findings := compare(t, dir, sys)
			var out strings.Builder
			if err := lint.Render(&out, source.Text, findings); err != nil {
				t.Fatal(err)
			}
			golden.Check(t, "testdata/code/"+name+"/expected.txt", out.String())
			if lint.Failed(findings) != (name == "red") {
				t.Errorf("failed is %t", lint.Failed(findings))
			}
		})
	}
	t.Run("broken", func(t *testing.T) {
		write(t, filepath.Join(dir, "app/shop/handlers.go"), "package shop\n\nimport \"example.com/shop/generated/shop/order\"\n\nvar X order.Nothing\n")
		findings := compare(t, dir, sys)
		if len(findings) != 1 || findings[0].Level != lint.Note || findings[0].Pos.String() != "app/shop/handlers.go:5:13" {
			t.Errorf("got %+v", findings)
		}
	})
	t.Run("without handlers", func(t *testing.T) {
		if err := os.RemoveAll(filepath.Join(dir, "app")); err != nil {
			t.Fatal(err)
		}
		findings := compare(t, dir, sys)
		if !lint.Failed(findings) || !strings.HasPrefix(findings[0].Pos.File, "schemas/shop/") {
			t.Errorf("got %+v", findings)
		}
	})
}

// TestCodeReaders uses what package emit expects of its case thin, since sqlc
// made a package for it already.
func TestCodeReaders(t *testing.T) {
	const module, from = "example.com/thin", "../emit/testdata/thin/"
	dir := newModule(t, module)
	err := os.CopyFS(filepath.Join(dir, "generated"), os.DirFS(from+"expected/generated"))
	if err != nil {
		t.Fatal(err)
	}
	rename(t, filepath.Join(dir, "generated"), "github.com/backstory-go/backstory/codegen/emit/testdata/thin/expected/", module+"/")
	sys := build(t, load(t, from+"schemas"), module)
	tests := []struct{ name, body, want string }{
		{"unread", "func Pages(*todosdb.Queries) {}", "schemas/todos/listings/projection.json:1:1: BS2104"},
		{"read through an interface", "type reader interface{ ListingsByStatus(context.Context, todosdb.ListingsByStatusParams) ([]todosdb.TodosListings, error) }\n\nvar _ context.Context\n\nvar Pages = func(q *todosdb.Queries) reader { return q }", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			imports := "package app\n\nimport (\n\t\"context\"\n\n\t\"example.com/thin/generated/todosdb\"\n)\n\nvar _ context.Context\n\n"
			write(t, filepath.Join(dir, "app/app.go"), imports+strings.ReplaceAll(test.body, "var _ context.Context\n\n", "")+"\n")
			got := ""
			for _, f := range compare(t, dir, sys) {
				if f.Code == "BS2104" || f.Level == lint.Note {
					got += f.Pos.String() + ": " + f.Code
				}
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestCodeOutsideOfAModule(t *testing.T) {
	if _, err := lint.Code(t.Context(), t.TempDir(), &model.System{Module: "example.com/none"}); err == nil {
		t.Error("no error where there is no module")
	}
}

func compare(t *testing.T, dir string, sys *model.System) []lint.Finding {
	t.Helper()
	start := time.Now()
	findings, err := lint.Code(t.Context(), dir, sys)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("took %s", time.Since(start).Round(time.Millisecond))
	return findings
}

// shop is a module with the code that is generated from the fixtures.
func shop(t *testing.T) (string, *model.System) {
	t.Helper()
	files := load(t, "testdata/clean/schemas")
	maps.Copy(files, load(t, "testdata/code/schemas"))
	sys := build(t, files, "example.com/shop")
	generated, err := emit.Files(sys)
	if err != nil {
		t.Fatal(err)
	}
	dir := newModule(t, "example.com/shop")
	for name, data := range generated {
		write(t, filepath.Join(dir, name), string(data))
	}
	return dir, sys
}

// newModule makes a module that takes the engine from this one, with its
// versions, so that it needs no network.
func newModule(t *testing.T, name string) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(mod), "module github.com/backstory-go/backstory\n", "module "+name+"\n", 1)
	text += "\nrequire github.com/backstory-go/backstory v0.0.0\n\nreplace github.com/backstory-go/backstory => " + root + "\n"
	dir := t.TempDir()
	write(t, filepath.Join(dir, "go.mod"), text)
	copyFile(t, filepath.Join(root, "go.sum"), filepath.Join(dir, "go.sum"))
	t.Setenv("GOFLAGS", "-mod=mod")
	t.Setenv("GOPROXY", "off")
	t.Setenv("GOWORK", "off")
	return dir
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	write(t, to, string(data))
}

// rename replaces a text in every file of a folder.
func rename(t *testing.T, dir, from, to string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(name string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(name, []byte(strings.ReplaceAll(string(data), from, to)), 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
}
