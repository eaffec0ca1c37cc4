package model_test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/backstory-go/backstory/codegen/internal/golden"
	"github.com/backstory-go/backstory/codegen/model"
	"github.com/backstory-go/backstory/codegen/source"
)

// load reads the files below a schemas folder: path → bytes.
func load(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		rel, _ := filepath.Rel(dir, name)
		files[filepath.ToSlash(rel)] = data
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func build(files map[string][]byte) (*source.Tree, *model.System, source.Faults) {
	tree, faults := source.New(files)
	system, more := model.Build(tree, "example.com/shop")
	return tree, system, append(faults, more...).Sorted()
}

// TestFaults lays each folder of testdata/faults over the valid tree of
// testdata/base and compares what a developer would read.
func TestFaults(t *testing.T) {
	base := load(t, "testdata/base/schemas")
	cases, err := filepath.Glob("testdata/faults/*")
	if err != nil || len(cases) == 0 {
		t.Fatal("no cases", err)
	}
	seen := map[string]bool{}
	for _, dir := range cases {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			files := maps.Clone(base)
			maps.Copy(files, load(t, dir+"/schemas"))
			tree, system, faults := build(files)
			if system != nil || len(faults) == 0 {
				t.Fatal("the schemas were accepted")
			}
			for _, fault := range faults {
				seen[fault.Code] = true
				if fault.Remedy == "" || fault.Message == "" {
					t.Errorf("%v lacks a message or a remedy", fault)
				}
			}
			var text strings.Builder
			if err := source.Render(&text, source.Text, faults, tree); err != nil {
				t.Fatal(err)
			}
			golden.Check(t, dir+"/expected.txt", text.String())
		})
	}
	checkCodes(t, seen)
}

// checkCodes wants every code to be explained once and every explained code to
// be shown by a case, but for those that need a disk or cannot be provoked.
func checkCodes(t *testing.T, seen map[string]bool) {
	elsewhere := []string{source.CodeUnreadable, source.CodeNotJSON, "BS1224"}
	explained := map[string]bool{}
	for _, code := range model.Codes() {
		if explained[code.ID] {
			t.Errorf("%s is explained twice", code.ID)
		}
		explained[code.ID] = true
		if code.Name == "" || code.Explanation == "" || code.Remedy == "" {
			t.Errorf("%s is not fully explained", code.ID)
		}
		if !seen[code.ID] && !slices.Contains(elsewhere, code.ID) {
			t.Errorf("no case shows %s, %s", code.ID, code.Name)
		}
	}
	for code := range seen {
		if !explained[code] {
			t.Errorf("%s is not explained", code)
		}
	}
}

func TestBaseIsValid(t *testing.T) {
	tree, system, faults := build(load(t, "testdata/base/schemas"))
	if system == nil {
		var text strings.Builder
		_ = source.Render(&text, source.Text, faults, tree)
		t.Fatal(text.String())
	}
}
