package scaffold_test

import (
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/backstory-go/backstory/codegen/internal/golden"
	"github.com/backstory-go/backstory/codegen/model"
	"github.com/backstory-go/backstory/codegen/scaffold"
	"github.com/backstory-go/backstory/codegen/source"
)

// TestPlanCompiles starts from nothing for each of package emit's cases, and
// builds what is proposed together with what is generated.
func TestPlanCompiles(t *testing.T) {
	for _, name := range []string{"thin", "wide"} {
		t.Run(name, func(t *testing.T) {
			dir, sys := fixture(t, name)
			files, missing, orphaned := plan(t, dir, sys)
			if len(missing) > 0 || len(orphaned) > 0 {
				t.Errorf("missing %v, orphaned %v", missing, orphaned)
			}
			var text strings.Builder
			for _, file := range slices.Sorted(maps.Keys(files)) {
				write(t, filepath.Join(dir, file), files[file])
				text.WriteString("-- " + file + " --\n" + string(files[file]) + "\n")
			}
			if name == "thin" {
				golden.Check(t, "testdata/thin.txt", text.String())
			}
			run(t, dir, "go", "build", "./app/...")
			files, missing, orphaned = plan(t, dir, sys)
			if len(files)+len(missing)+len(orphaned) > 0 {
				t.Errorf("a second run proposes %v, %v, %v", slices.Sorted(maps.Keys(files)), missing, orphaned)
			}
		})
	}
}

// TestPlanOfReactionsAndVersions looks at what the smaller case does not have.
func TestPlanOfReactionsAndVersions(t *testing.T) {
	dir, sys := fixture(t, "wide")
	files, _, _ := plan(t, dir, sys)
	tests := []struct{ file, want string }{
		{"order_react.go", "dispatch shop.OrderOnPlacedDispatcher) error {\n\t// Do here what follows from the event. It may dispatch shop.stock.reserve or\n"},
		{"order_react.go", "func (Order) OnPlacedRefused(ctx context.Context, m engine.Meta, state *order.State, refused engine.RefusedCommand"},
		{"order_evolve.go", "return order.TouchedV3{Note: event.Note}"},
		{"order_decide.go", "return order.TooLate{}"},
		{"event_decide.go", "shopevent \"example.com/wide/generated/shop/event\""},
		{"mailer_react.go", "var _ shop.MailerHandler = Mailer{}"},
	}
	for _, test := range tests {
		if text := string(files["app/shop/"+test.file]); !strings.Contains(text, test.want) {
			t.Errorf("%s lacks %q:\n%s", test.file, test.want, text)
		}
	}
}

// TestPlanWithHandlers has a handler that lacks some methods and keeps one that
// no schema needs.
func TestPlanWithHandlers(t *testing.T) {
	dir, sys := fixture(t, "thin")
	write(t, filepath.Join(dir, "app/todos/list.go"), read(t, "testdata/list.go"))
	write(t, filepath.Join(dir, "app/todos/listings_project.go"), []byte("package todos\n\nvar Taken = 1\n"))
	files, missing, orphaned := plan(t, dir, sys)
	if len(files) > 0 {
		t.Errorf("files are proposed: %v", slices.Sorted(maps.Keys(files)))
	}
	var text strings.Builder
	for _, s := range missing {
		text.WriteString("-- " + s.Component + ": " + s.Type + "." + s.Method + " for " + s.File + " --\n" + s.Text + "\n")
	}
	text.WriteString("-- orphaned --\n" + strings.Join(orphaned, "\n") + "\n")
	golden.Check(t, "testdata/partial.txt", text.String())
	whole := string(read(t, "testdata/list.go"))
	for _, s := range missing {
		if s.File == "app/todos/list.go" {
			whole += "\n" + s.Text
		}
	}
	write(t, filepath.Join(dir, "app/todos/list.go"), []byte(whole))
	run(t, dir, "go", "build", "./app/...")
}

func plan(t *testing.T, dir string, sys *model.System) (map[string][]byte, []scaffold.Stub, []string) {
	t.Helper()
	files, missing, orphaned, err := scaffold.Plan(t.Context(), dir, sys)
	if err != nil {
		t.Fatal(err)
	}
	return files, missing, orphaned
}

// fixture is a module with what package emit expects of one of its cases.
func fixture(t *testing.T, name string) (string, *model.System) {
	t.Helper()
	from, module := "../emit/testdata/"+name+"/", "example.com/"+name
	tree, faults := source.Read(from + "schemas")
	sys, more := model.Build(tree, module)
	if faults = append(faults, more...); len(faults) > 0 {
		t.Fatal(faults)
	}
	dir := t.TempDir()
	err := fs.WalkDir(os.DirFS(from+"expected"), "generated", func(file string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			text := strings.ReplaceAll(string(read(t, from+"expected/"+file)), "github.com/backstory-go/backstory/codegen/emit/testdata/"+name+"/expected", module)
			write(t, filepath.Join(dir, file), []byte(text))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	newModule(t, dir, module)
	return dir, sys
}

// newModule takes the engine from this module, with its versions, so that it
// needs no network.
func newModule(t *testing.T, dir, module string) {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	mod := strings.Replace(string(read(t, root+"/go.mod")), "module github.com/backstory-go/backstory\n", "module "+module+"\n", 1) +
		"\nrequire github.com/backstory-go/backstory v0.0.0\n\nreplace github.com/backstory-go/backstory => " + root + "\n"
	write(t, filepath.Join(dir, "go.mod"), []byte(mod))
	write(t, filepath.Join(dir, "go.sum"), read(t, root+"/go.sum"))
	t.Setenv("GOFLAGS", "-mod=mod")
	t.Setenv("GOPROXY", "off")
	t.Setenv("GOWORK", "off")
}

func run(t *testing.T, dir string, name string, args ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, args...)
	command.Dir = dir
	if output, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
