package backstory_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

// provenBy are the documents that name tests as proof of what they say.
var provenBy = []string{"docs/field-bugs.md", "docs/architecture.md"}

var namedTest = regexp.MustCompile("`((?:Test|Fuzz|Benchmark)[A-Z0-9_]\\w*)`")

// Every test that a document names as proof is there.
func TestDocuments_NameTestsThatThereAre(t *testing.T) {
	there, err := testNames(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range provenBy {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		named := namedTest.FindAllStringSubmatch(string(text), -1)
		if len(named) < 30 {
			t.Errorf("%s names %d tests only", name, len(named))
		}
		for _, n := range named {
			if !there[n[1]] {
				t.Errorf("%s: there is no %s", name, n[1])
			}
		}
		for i, line := range strings.Split(string(text), "\n") {
			if strings.HasPrefix(line, "| ") && name == provenBy[0] && !strings.HasPrefix(line, "| bug |") && !namedTest.MatchString(line) {
				t.Errorf("%s:%d: a bug without a test", name, i+1)
			}
		}
	}
}

// testNames are the test functions of the module, those that other modules run
// from testdata included.
func testNames(tree fs.FS) (map[string]bool, error) {
	names := map[string]bool{}
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(name, "_test.go") {
			return nil
		}
		src, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, src, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil {
				names[f.Name.Name] = true
			}
		}
		return nil
	})
	return names, err
}
