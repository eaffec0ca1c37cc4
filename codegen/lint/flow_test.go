package lint_test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/backstory-go/backstory/codegen/internal/golden"
	"github.com/backstory-go/backstory/codegen/lint"
	"github.com/backstory-go/backstory/codegen/model"
	"github.com/backstory-go/backstory/codegen/source"
)

// TestFlow lays each folder of testdata/flow over the schemas of testdata/clean
// and compares what a developer would read.
func TestFlow(t *testing.T) {
	base := load(t, "testdata/clean/schemas")
	cases, err := filepath.Glob("testdata/flow/*")
	if err != nil || len(cases) == 0 {
		t.Fatal("no cases", err)
	}
	seen := ""
	for _, dir := range cases {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			files := maps.Clone(base)
			maps.Copy(files, load(t, dir+"/schemas"))
			var out strings.Builder
			if err := lint.Render(&out, source.Text, lint.Flow(build(t, files, "example.com/shop"))); err != nil {
				t.Fatal(err)
			}
			golden.Check(t, dir+"/expected.txt", out.String())
			seen += out.String()
		})
	}
	for _, code := range lint.Codes() {
		if strings.HasPrefix(code.ID, "BS20") && !strings.Contains(seen, code.ID) {
			t.Errorf("no case gives %s", code.ID)
		}
	}
}

// TestFlowOfTheRepository keeps the repository's own schemas free of errors.
func TestFlowOfTheRepository(t *testing.T) {
	findings := lint.Flow(build(t, load(t, "../../schemas"), "github.com/backstory-go/backstory"))
	for _, f := range findings {
		t.Logf("%s: %s %s %s", f.Pos, f.Level, f.Code, f.Message)
	}
	if lint.Failed(findings) {
		t.Error("the flow has errors")
	}
}

// load reads the files below a schemas folder: path → bytes.
func load(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(name) != ".json" {
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

func build(t *testing.T, files map[string][]byte, module string) *model.System {
	t.Helper()
	for name := range files {
		if strings.HasPrefix(name, "published") || strings.HasPrefix(name, "dialect/") {
			delete(files, name)
		}
	}
	tree, faults := source.New(files)
	sys, more := model.Build(tree, module)
	if faults = append(faults, more...); len(faults) > 0 {
		t.Fatal(faults)
	}
	return sys
}
