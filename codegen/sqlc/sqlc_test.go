package sqlc

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestGather(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"go.mod":                     "module x\n\nrequire github.com/sqlc-dev/sqlc v1.0.0\n",
		"tools/go.mod":               "module y\n\nrequire (\n\tgithub.com/sqlc-dev/sqlc v1.31.1 // indirect\n)\n",
		"sqlc.yaml":                  "version: 2\n",
		"queries/shop/a.sql":         "a",
		"queries/shop/old_gen.sql":   "no longer planned",
		"queries/shop/embed.go":      "package shop",
		"queries/shop/schema/b.sql":  "b",
		"elsewhere/not_ours_gen.sql": "x",
	})
	planned := map[string][]byte{"queries/shop/a.sql": []byte("planned"), "queries/shop/new_gen.sql": []byte("new"), "generated/x_gen.go": []byte("package x")}
	in, err := Gather(dir, "queries", planned)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"queries/shop/a.sql", "queries/shop/new_gen.sql", "queries/shop/schema/b.sql", "sqlc.yaml"}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(in.Files))); diff != "" {
		t.Error(diff)
	}
	if string(in.Files["queries/shop/a.sql"]) != "planned" || in.Version != "v1.31.1" || in.Config != "sqlc.yaml" || in.Empty() {
		t.Errorf("got %+v", in)
	}
}

func TestGatherNothing(t *testing.T) {
	in, err := Gather(t.TempDir(), "queries", nil)
	if err != nil || !in.Empty() || in.Version != "" {
		t.Errorf("got %+v, %v", in, err)
	}
}

func TestHash(t *testing.T) {
	base := func() Inputs {
		return Inputs{Files: map[string][]byte{"sqlc.yaml": []byte("a"), "q/b.sql": []byte("c")}, Config: "sqlc.yaml", Version: "v1"}
	}
	tests := []struct {
		name   string
		change func(*Inputs)
	}{
		{"version", func(in *Inputs) { in.Version = "v2" }},
		{"content", func(in *Inputs) { in.Files["q/b.sql"] = []byte("d") }},
		{"name", func(in *Inputs) { delete(in.Files, "q/b.sql"); in.Files["q/d.sql"] = []byte("c") }},
		{"border", func(in *Inputs) { in.Files["q/b.sql"] = []byte(""); in.Files["sqlc.yaml"] = []byte("ac") }},
	}
	if first, second := base(), base(); first.Hash() != second.Hash() {
		t.Error("equal inputs differ")
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := base()
			tt.change(&in)
			if in.Hash() == base().Hash() {
				t.Error("the hash is the same")
			}
		})
	}
}

const config = `version: "2"
sql:
  - engine: postgresql
    schema: queries/shop/schema
    queries: queries/shop
    gen: {go: {package: shopdb, out: generated/shopdb, sql_package: pgx/v5}}
`

func TestGenerate(t *testing.T) {
	in := Inputs{Config: "sqlc.yaml", Files: map[string][]byte{
		"sqlc.yaml":                 []byte(config),
		"queries/shop/schema/t.sql": []byte("CREATE TABLE t (id bigint PRIMARY KEY);\n"),
		"queries/shop/t.sql":        []byte("-- name: TList :many\nSELECT * FROM t;\n"),
	}}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	runner := Runner{Dir: root, Env: os.Environ()}
	out, err := runner.Generate(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"generated/shopdb/db.go", "generated/shopdb/models.go", "generated/shopdb/t.sql.go"}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(out))); diff != "" {
		t.Error(diff)
	}
	in.Files["queries/shop/t.sql"] = []byte("-- name: TList :many\nSELECT nothing FROM t;\n")
	_, err = runner.Generate(context.Background(), in)
	if err == nil || !strings.Contains(err.Error(), "\nqueries/shop/t.sql:") || !strings.Contains(err.Error(), `column "nothing" does not exist`) {
		// sqlc's paths are relative to the configuration, so the folder does not show.
		t.Errorf("got %v", err)
	}
}
