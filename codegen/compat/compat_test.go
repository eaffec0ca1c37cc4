package compat_test

import (
	"bytes"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/backstory-go/backstory/codegen/compat"
	"github.com/backstory-go/backstory/codegen/internal/golden"
	"github.com/backstory-go/backstory/codegen/model"
	"github.com/backstory-go/backstory/codegen/source"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

// base is the tree over which the cases lay their files: one actor with one
// command and one event. What every file of its kind has is added by complete.
func base() map[string]string {
	return map[string]string{
		"shop/order/actor.json":          `{}`,
		"shop/order/commands/place.json": `{"x-creates": true}`,
		"shop/order/events/placed.json":  `{}`,
	}
}

// complete adds the $schema line and the type, on the first line, so that cases
// show only what they are about.
func complete(name, text string) []byte {
	parts := strings.Split(name, "/")
	kind := strings.TrimSuffix(parts[len(parts)-1], ".json")
	if len(parts) == 4 {
		kind = strings.TrimSuffix(parts[2], "s")
	}
	head := `{"$schema": "` + strings.Repeat("../", len(parts)-1) + "dialect/" + kind + `.json"`
	if kind != "types" {
		head += `, "type": "object"`
	}
	rest := strings.TrimPrefix(strings.TrimSpace(text), "{")
	if strings.TrimSpace(rest) != "}" {
		head += ","
	}
	return []byte(head + rest)
}

// side builds the schemas of one side of a case.
func side(t testing.TB, overlay map[string]string) compat.Side {
	t.Helper()
	texts := base()
	for name, text := range overlay {
		texts[name] = text
	}
	files := map[string][]byte{}
	for name, text := range texts {
		switch {
		case text == "": // the case has no such file
		case strings.HasPrefix(name, "published"):
			files[name] = []byte(text)
		default:
			files[name] = complete(name, text)
		}
	}
	tree, faults := source.New(files)
	system, more := model.Build(tree, "example.com/shop")
	if faults = append(faults, more...); len(faults) > 0 {
		t.Fatal(faults)
	}
	return compat.Side{Tree: tree, System: system}
}

// pair reads a case: old/<path> and new/<path> are laid over the base.
func pair(t testing.TB, archive *txtar.Archive) (old, now compat.Side) {
	t.Helper()
	overlays := map[string]map[string]string{"old": {}, "new": {}}
	for _, file := range archive.Files {
		which, name, _ := strings.Cut(file.Name, "/")
		if overlay := overlays[which]; overlay != nil {
			overlay[name] = string(file.Data)
		}
	}
	return side(t, overlays["old"]), side(t, overlays["new"])
}

// checkWant compares the section "want" of a case, or writes it.
func checkWant(t *testing.T, file string, archive *txtar.Archive, got string) {
	t.Helper()
	i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == "want" })
	if i < 0 {
		t.Fatal("the case has no section want")
	}
	if golden.Update() {
		archive.Files[i].Data = []byte(got)
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(archive.Files[i].Data), got); diff != "" {
		t.Errorf("%s differs (run with -update after checking):\n%s", file, diff)
	}
}

// TestRules compares the two sides of each case. A case is named after the rule
// that it shows; <rule>_fine shows a change that the rule lets pass.
func TestRules(t *testing.T) {
	cases, err := filepath.Glob("testdata/rules/*.txt")
	if err != nil || len(cases) == 0 {
		t.Fatal("no cases", err)
	}
	shown, passed := map[string]bool{}, map[string]bool{}
	for _, file := range cases {
		name := strings.TrimSuffix(path.Base(file), ".txt")
		t.Run(name, func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			old, now := pair(t, archive)
			findings := compat.Compare(old, now)
			code, what, _ := strings.Cut(name, "_")
			for _, f := range findings {
				shown[f.Code] = shown[f.Code] || f.Code == code
				if f.Code == code && what == "fine" {
					t.Errorf("%s is to be let pass: %s", code, f.Message)
				}
				if f.Remedy == "" || strings.Contains(f.Remedy, "{") || f.Pos.File == "" {
					t.Errorf("%+v lacks a remedy or a position", f)
				}
			}
			passed[code] = passed[code] || what == "fine"
			var text bytes.Buffer
			if err := compat.Render(&text, source.Text, findings, now.Tree); err != nil {
				t.Fatal(err)
			}
			checkWant(t, file, archive, text.String())
		})
	}
	for _, r := range compat.Rules() {
		if !passed[r.ID] {
			t.Errorf("no case shows what %s (%s) lets pass", r.ID, r.Name)
		}
		if !shown[r.ID] && r.ID != "BS3042" { // shown by TestUnclassified: the model refuses such keywords
			t.Errorf("no case shows %s, %s", r.ID, r.Name)
		}
	}
}
