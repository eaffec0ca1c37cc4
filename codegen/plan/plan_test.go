package plan

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/backstory-go/backstory/codegen/graph"
	"github.com/backstory-go/backstory/codegen/model"
	"github.com/backstory-go/backstory/codegen/sqlc"
	"github.com/google/go-cmp/cmp"
)

const readme = "# Shop\n\n<!-- backstory:begin flow shop -->\n<!-- backstory:end flow shop -->\n\n<!-- backstory:begin messages shop -->\n<!-- backstory:end messages shop -->\n\nThe end."

// bench is a project in a temporary folder, and tools that only count.
type bench struct {
	*testing.T
	project  Project
	sys      *model.System
	emitted  map[string][]byte
	drawn    int
	compiled int
}

func newBench(t *testing.T) *bench {
	b := &bench{T: t, sys: &model.System{Module: "example.com/shop"}, emitted: map[string][]byte{}}
	shop := &model.Context{Name: "shop", Package: "shop"}
	cart := &model.Actor{Component: model.Component{Context: shop, Name: "cart", Package: "cart"}}
	shop.Actors = []*model.Actor{cart}
	b.sys.Contexts = []*model.Context{shop}
	b.command("add", "added")
	dir := t.TempDir()
	b.put(dir, "go.mod", "module example.com/shop\n")
	b.put(dir, "README.md", readme)
	if err := os.MkdirAll(filepath.Join(dir, "schemas"), 0o755); err != nil {
		t.Fatal(err)
	}
	var err error
	if b.project, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	b.emitted["generated/shop/cart/cart_gen.go"] = []byte("package cart\n")
	b.emitted["generated/shop/shop_gen.go"] = []byte("package shop\n")
	return b
}

func (b *bench) command(name, event string) {
	a := b.sys.Contexts[0].Actors[0]
	e := &model.Event{Message: model.Message{Name: event}, Actor: a}
	a.Events = append(a.Events, e)
	a.Commands = append(a.Commands, &model.Command{Message: model.Message{Name: name}, Actor: a, Emits: []*model.Event{e}})
}

func (b *bench) put(dir, name, content string) {
	b.Helper()
	file := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) tools() Tools {
	return Tools{
		SQL: func(_ context.Context, in sqlc.Inputs) (map[string][]byte, error) {
			b.compiled++
			return map[string][]byte{"generated/shopdb/db.go": []byte("package shopdb // " + in.Hash() + "\n")}, nil
		},
		Draw: func(_ context.Context, dots []string) ([]graph.Picture, error) {
			pictures := make([]graph.Picture, len(dots))
			for i, dot := range dots {
				b.drawn++
				pictures[i] = graph.Stamped(dot, "<svg></svg>")
			}
			return pictures, nil
		},
	}
}

func (b *bench) try() (*Plan, error) {
	return Make(context.Background(), b.project, b.sys, b.emitted, b.tools())
}

func (b *bench) plan() *Plan {
	b.Helper()
	p, err := b.try()
	if err != nil {
		b.Fatal(err)
	}
	return p
}

func (b *bench) write() {
	b.Helper()
	if err := b.plan().Write(); err != nil {
		b.Fatal(err)
	}
}

// tree is every file with its content and time.
func (b *bench) tree() map[string]string {
	b.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(b.project.Dir, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(b.project.Dir, file)
		if entry.IsDir() {
			found[rel] = "folder"
			return nil
		}
		info, err := entry.Info()
		data, readErr := os.ReadFile(file)
		found[rel] = fmt.Sprintf("%s %s", info.ModTime().Format(time.RFC3339Nano), data)
		return errors.Join(err, readErr)
	})
	if err != nil {
		b.Fatal(err)
	}
	return found
}

func (b *bench) states() map[string]State {
	b.Helper()
	states := map[string]State{}
	for _, c := range b.plan().Changes {
		states[c.Path] = c.State
	}
	return states
}

func TestSecondRunWritesNothing(t *testing.T) {
	b := newBench(t)
	b.write()
	before, drawn := b.tree(), b.drawn
	if p := b.plan(); len(p.Changes) > 0 {
		t.Errorf("the second plan still changes %v", b.states())
	}
	b.write()
	if diff := cmp.Diff(before, b.tree()); diff != "" {
		t.Errorf("the second run touched the tree:\n%s", diff)
	}
	if b.drawn != drawn || drawn != 3 {
		t.Errorf("drew %d pictures, then %d more", drawn, b.drawn-drawn)
	}
	if data, _ := os.ReadFile(b.project.Path("README.md")); !strings.Contains(string(data), "flowchart LR") || !strings.HasSuffix(string(data), "The end.") {
		t.Errorf("the readme is %s", data)
	}
}

func TestOnlyWhatDiffersIsWritten(t *testing.T) {
	b := newBench(t)
	b.write()
	before := b.tree()
	b.emitted["generated/shop/cart/cart_gen.go"] = []byte("package cart\n\nvar x = 1\n")
	b.write()
	var changed []string
	for name, now := range b.tree() {
		if now != before[name] {
			changed = append(changed, name)
		}
	}
	slices.Sort(changed)
	if diff := cmp.Diff([]string{"generated/manifest.json", "generated/shop/cart/cart_gen.go"}, changed); diff != "" {
		t.Error(diff)
	}
}

func TestStates(t *testing.T) {
	b := newBench(t)
	b.write()
	b.put(b.project.Dir, "generated/shop/shop_gen.go", "package shop // mine\n")
	if err := os.Remove(b.project.Path("schemas/dialect/event.json")); err != nil {
		t.Fatal(err)
	}
	b.put(b.project.Dir, "README.md", readme)
	delete(b.emitted, "generated/shop/cart/cart_gen.go")
	b.command("drop", "dropped")
	states := b.states()
	want := map[string]State{
		"README.md": Stale, "docs/diagrams/shop.dot": Stale, "docs/diagrams/shop.svg": Stale, "docs/diagrams/shop-dark.svg": Stale,
		"docs/diagrams/shop.cart.dot": Stale, "docs/diagrams/shop.cart.svg": Stale, "docs/diagrams/shop.cart-dark.svg": Stale,
		"generated/manifest.json": Stale, "generated/shop/cart/cart_gen.go": Orphan, "generated/shop/shop_gen.go": Edited, "schemas/dialect/event.json": Missing,
	}
	if diff := cmp.Diff(want, states); diff != "" {
		t.Error(diff)
	}
	b.write()
	if existing(b.project.Path("generated/shop/cart")) {
		t.Error("the folder of a deleted component stays")
	}
	if left := b.states(); len(left) > 0 {
		t.Errorf("still %v", left)
	}
}

func TestForeignFilesStopEverything(t *testing.T) {
	tests := []struct{ name, file, path string }{
		{"below generated", "generated/shop/mine.go", "generated/shop/mine.go"},
		{"an edited orphan", "generated/shop/cart/cart_gen.go", "generated/shop/cart/cart_gen.go"},
		{"SQL that is not ours", "queries/shop/x_gen.sql", "queries/shop/x_gen.sql"},
		{"in the place of a new one", "docs/diagrams/shop.late.dot", "docs/diagrams/shop.late.dot"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			b.write()
			b.put(b.project.Dir, tt.file, "mine")
			delete(b.emitted, "generated/shop/cart/cart_gen.go")
			late := &model.Actor{Component: model.Component{Context: b.sys.Contexts[0], Name: "late", Package: "late"}}
			b.sys.Contexts[0].Actors = append(b.sys.Contexts[0].Actors, late)
			before := b.tree()
			err := b.plan().Write()
			foreign, ok := errors.AsType[*ForeignError](err)
			if !ok || len(foreign.Changes) != 1 || foreign.Changes[0].Path != tt.path || foreign.Changes[0].State != Edited {
				t.Fatalf("got %v", err)
			}
			if diff := cmp.Diff(before, b.tree()); diff != "" {
				t.Errorf("the tree changed:\n%s", diff)
			}
		})
	}
}

func TestHiddenFilesAreNobodysBusiness(t *testing.T) {
	b := newBench(t)
	b.write()
	b.put(b.project.Dir, "generated/.DS_Store", "x")
	if states := b.states(); len(states) > 0 {
		t.Errorf("got %v", states)
	}
}

func TestFailedWriteLeavesTheTree(t *testing.T) {
	b := newBench(t)
	b.write()
	b.emitted["generated/shop/cart/cart_gen.go"] = []byte("package cart\n\nvar x = 1\n")
	b.emitted["generated/shop/new/new_gen.go"] = []byte("package new2\n")
	delete(b.emitted, "generated/shop/shop_gen.go")
	p := b.plan()
	// Something that is not a file takes the place of one, after planning: its
	// turn comes last, when the others are done.
	obstacle := b.project.Path("generated/shop/shop_gen.go")
	if err := os.Rename(obstacle, obstacle+".old"); err != nil {
		t.Fatal(err)
	}
	b.put(b.project.Dir, "generated/shop/shop_gen.go/inside", "x")
	before := contents(b.tree())
	if err := p.Write(); err == nil {
		t.Fatal("the write succeeded")
	}
	if diff := cmp.Diff(before, contents(b.tree())); diff != "" {
		t.Errorf("the tree changed:\n%s", diff)
	}
}

func contents(tree map[string]string) map[string]string {
	for name, text := range tree {
		if _, content, ok := strings.Cut(text, " "); ok {
			tree[name] = content
		}
	}
	return tree
}

func TestFailedPlansWriteNothing(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(*bench)
		want  string
	}{
		{"Go that does not parse", func(b *bench) { b.emitted["generated/shop/a_gen.go"] = []byte("package\n") }, "does not parse"},
		{"a path outside", func(b *bench) { b.emitted["../a_gen.go"] = []byte("package a\n") }, "outside the project"},
		{"a readme without markers", func(b *bench) { b.put(b.project.Dir, "README.md", "# Shop\n") }, "are missing"},
		{"no readme", func(b *bench) {
			if err := os.Remove(b.project.Path("README.md")); err != nil {
				b.Fatal(err)
			}
		}, "are missing"},
		{"a marker for nothing", func(b *bench) {
			b.put(b.project.Dir, "README.md", readme+"\n<!-- backstory:begin flow mail -->\n<!-- backstory:end flow mail -->\n")
		}, "nothing called \"flow mail\""},
		{"projections without sqlc", func(b *bench) {
			b.sys.Contexts[0].Projections = []*model.Projection{{Component: model.Component{Context: b.sys.Contexts[0], Name: "list"}}}
		}, "no entry with out: generated/shopdb"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			tt.spoil(b)
			before := b.tree()
			_, err := b.try()
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if diff := cmp.Diff(before, b.tree()); diff != "" {
				t.Errorf("the tree changed:\n%s", diff)
			}
		})
	}
}

func TestMissingMarkersNameTheLines(t *testing.T) {
	b := newBench(t)
	b.put(b.project.Dir, "README.md", "# Shop\n")
	_, err := b.try()
	invalid, ok := errors.AsType[*Invalid](err)
	if !ok || len(invalid.Faults) != 2 {
		t.Fatalf("got %v", err)
	}
	if f := invalid.Faults[0]; f.Pos.File != "README.md" || f.Code != CodeMarker || !strings.Contains(f.Remedy, "<!-- backstory:begin flow shop -->\n<!-- backstory:end flow shop -->") {
		t.Errorf("got %+v", f)
	}
}

func TestSQLRunsOnlyWhenItMust(t *testing.T) {
	b := newBench(t)
	b.put(b.project.Dir, "sqlc.yaml", "version: 2\n")
	b.put(b.project.Dir, "queries/shop/a.sql", "select 1;\n")
	b.emitted["queries/shop/list_gen.sql"] = []byte("select 2;\n")
	runs := func(want int, why string) {
		t.Helper()
		before := b.compiled
		b.write()
		if got := b.compiled - before; got != want {
			t.Errorf("%s: sqlc ran %d times, want %d", why, got, want)
		}
	}
	runs(1, "first")
	runs(0, "nothing changed")
	b.emitted["queries/shop/list_gen.sql"] = []byte("select 3;\n")
	runs(1, "planned SQL changed")
	b.put(b.project.Dir, "queries/shop/a.sql", "select 4;\n")
	runs(1, "hand-written SQL changed")
	b.put(b.project.Dir, "queries/shop/a.go", "package shop\n")
	runs(0, "Go beside the SQL")
	b.put(b.project.Dir, "tools/go.mod", "module x\n\nrequire github.com/sqlc-dev/sqlc v1.99.0 // indirect\n")
	runs(1, "another sqlc")
	if err := os.Remove(b.project.Path("generated/shopdb/db.go")); err != nil {
		t.Fatal(err)
	}
	runs(1, "an output is gone")
	delete(b.emitted, "queries/shop/list_gen.sql")
	runs(1, "generated SQL is gone")
	if existing(b.project.Path("queries/shop/list_gen.sql")) {
		t.Error("the orphan stays")
	}
}

func TestTouchedDrawingIsDrawnAgain(t *testing.T) {
	b := newBench(t)
	b.write()
	file := b.project.Path("docs/diagrams/shop.svg")
	data, _ := os.ReadFile(file)
	b.put(b.project.Dir, "docs/diagrams/shop.svg", string(data)+" ")
	if states := b.states(); states["docs/diagrams/shop.svg"] != Edited || len(states) != 1 {
		t.Errorf("got %v", states)
	}
	b.write()
	if again, _ := os.ReadFile(file); string(again) != string(data) {
		t.Error("the drawing is not as it was")
	}
}

// A merge leaves conflicts in generated files too; generating must mend them.
func TestConflictsAreGeneratedAway(t *testing.T) {
	b := newBench(t)
	b.write()
	want := contents(b.tree())
	for _, name := range []string{ManifestFile, "generated/shop/shop_gen.go", "docs/diagrams/shop.dot", "docs/diagrams/shop.svg"} {
		data, err := os.ReadFile(b.project.Path(name))
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.SplitAfter(string(data), "\n")
		lines[0] = "<<<<<<< ours\n" + lines[0] + "=======\n" + lines[0] + ">>>>>>> theirs\n"
		b.put(b.project.Dir, name, strings.Join(lines, ""))
	}
	b.write()
	if diff := cmp.Diff(want, contents(b.tree())); diff != "" {
		t.Error(diff)
	}
}

func TestBrokenManifestStillKnowsOrphans(t *testing.T) {
	b := newBench(t)
	b.write()
	data, _ := os.ReadFile(b.project.Path(ManifestFile))
	b.put(b.project.Dir, ManifestFile, "<<<<<<< ours\n"+string(data))
	delete(b.emitted, "generated/shop/cart/cart_gen.go")
	b.write()
	if existing(b.project.Path("generated/shop/cart/cart_gen.go")) {
		t.Error("the orphan stays")
	}
}

func TestOpen(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string
		want  Project
		fault string
	}{
		{"derived", map[string]string{"go.mod": "// c\nmodule \"a.b/c\" // d\n", "schemas/x": ""}, Project{Module: "a.b/c", Schemas: "schemas", Queries: "queries", Readme: "README.md", Diagrams: "docs/diagrams", Docs: "docs"}, ""},
		{"overridden", map[string]string{"codegen.json": `{"module":"x/y","schemas":"s","readme":"","diagrams":"d/e","docs":""}`, "s/x": ""}, Project{Module: "x/y", Schemas: "s", Queries: "queries", Diagrams: "d/e"}, ""},
		{"unknown key", map[string]string{"codegen.json": `{"modul":"x"}`, "schemas/x": ""}, Project{}, "modul"},
		{"outside", map[string]string{"codegen.json": `{"diagrams":"../d"}`, "schemas/x": ""}, Project{}, "inside the project"},
		{"no schemas", map[string]string{"go.mod": "module a\n"}, Project{}, "holds no folder schemas"},
		{"no module", map[string]string{"schemas/x": ""}, Project{}, "go.mod cannot be read"},
		{"no module line", map[string]string{"schemas/x": "", "go.mod": "go 1.26\n"}, Project{}, "no module line"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := &bench{T: t}
			dir := t.TempDir()
			for _, name := range slices.Sorted(maps.Keys(tt.files)) {
				b.put(dir, name, tt.files[name])
			}
			got, err := Open(dir)
			if tt.fault != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fault) {
					t.Errorf("got %v", err)
				}
				return
			}
			tt.want.Dir, tt.want.Tools = dir, dir
			if err != nil || got != tt.want {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}
