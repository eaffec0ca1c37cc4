package systems

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// module is where the systems are built, with the compiler under test.
type module struct{ dir, compiler string }

func TestSystems(t *testing.T) {
	t.Parallel()
	m := newModule(t)
	for _, name := range []string{"bank", "clinic", "fleet"} {
		dir := filepath.Join(m.dir, name)
		for _, command := range []string{"generate", "publish", "check", "lint"} {
			run(t, dir, m.compiler, command)
		}
		drawn(t, m, dir)
	}
	run(t, m.dir, "go", "vet", "./...")
	t.Log(run(t, m.dir, "go", "test", "./..."))
}

// newModule copies the systems into a module that needs nothing but this one.
func newModule(t *testing.T) module {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	m := module{t.TempDir(), filepath.Join(t.TempDir(), "codegen")}
	run(t, root, "go", "build", "-o", m.compiler, "./codegen")
	if err := os.CopyFS(m.dir, os.DirFS("testdata")); err != nil {
		t.Fatal(err)
	}
	_, requirements, _ := strings.Cut(read(t, root, "go.mod"), "\n")
	write(t, m.dir, "go.mod", "module example.com/systems\n"+requirements+
		"\nrequire github.com/backstory-go/backstory v0.0.0\n\nreplace github.com/backstory-go/backstory => "+root+"\n")
	write(t, m.dir, "go.sum", read(t, root, "go.sum"))
	for _, name := range []string{"bank", "clinic", "fleet"} {
		for _, file := range []string{"tools/go.mod", "tools/go.sum"} {
			write(t, m.dir, name+"/"+file, read(t, root, file))
		}
	}
	return m
}

// drawn wants every picture of a system, and the edge that crosses its contexts.
func drawn(t *testing.T, m module, dir string) {
	t.Helper()
	crossing := map[string][2]string{
		"bank":   {"fraud", "e_ledger__account__withdrawn --> "},
		"clinic": {"billing", "e_booking__visit__finished --> "},
		"fleet":  {"workshop", "e_tracking__vehicle__measured --> "},
	}[filepath.Base(dir)]
	mermaid := run(t, dir, m.compiler, "graph", "--context", crossing[0])
	if !strings.Contains(mermaid, crossing[1]) || !strings.Contains(read(t, dir, "README.md"), crossing[1]) {
		t.Errorf("%s: %q is not drawn:\n%s", dir, crossing[1], mermaid)
	}
	for format, want := range map[string]string{"dot": "digraph", "json": `"nodes"`, "svg": "<svg"} {
		if picture := run(t, dir, m.compiler, "graph", "--format", format); !strings.Contains(picture, want) {
			t.Errorf("%s as %s is\n%.300s", dir, format, picture)
		}
	}
	for _, file := range []string{"whole-system.svg", "whole-system-dark.svg", crossing[0] + ".svg"} {
		if picture := read(t, dir, "docs/diagrams/"+file); !strings.Contains(picture, "<svg") {
			t.Errorf("%s is no picture", file)
		}
	}
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
	output, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s in %s: %v\n%s", strings.Join(args, " "), filepath.Base(dir), err, output)
	}
	return string(output)
}
