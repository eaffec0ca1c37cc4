package suite

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// module is the one Go module that everything generated is built in.
type module struct {
	dir    string
	events map[string]string // "g1/e" → package
	files  map[string][]byte
}

func newModule(t *testing.T) *module {
	return &module{dir: t.TempDir(), events: map[string]string{}, files: map[string][]byte{}}
}

// add takes the files of a unit that compiled.
func (m *module) add(u unit, files map[string][]byte) {
	maps.Copy(m.files, files)
	for name := range u.events {
		m.events[u.name+"/"+name] = u.name
	}
}

// question asks the decoder of an event about an instance.
type question struct{ ID, Data string }

// answer is what the decoder says.
type answer struct {
	OK      bool
	Codes   []string // of the faults
	Fault   string   // as text
	Encoded string
}

const programHead = `// Command suite asks generated decoders.
package main

import (
	"encoding/json"
	"errors"
	"os"

	"github.com/backstory-go/backstory/engine"
%s)

type question struct{ ID, Data string }

type answer struct {
	OK             bool
	Codes          []string
	Fault, Encoded string
}

func ask[T any](decode func([]byte) (T, error)) func([]byte) answer {
	return func(data []byte) answer {
		value, err := decode(data)
		if err != nil {
			a := answer{Fault: err.Error()}
			if faults, ok := errors.AsType[*engine.FaultsError](err); ok {
				for _, f := range faults.Faults {
					a.Codes = append(a.Codes, f.Code)
				}
			}
			return a
		}
		encoded, err := json.Marshal(value)
		if err != nil {
			return answer{OK: true, Fault: err.Error()}
		}
		return answer{OK: true, Encoded: string(encoded)}
	}
}

func main() {
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for in.More() {
		var q question
		if err := in.Decode(&q); err != nil {
			panic(err)
		}
		if err := out.Encode(decoders[q.ID]([]byte(q.Data))); err != nil {
			panic(err)
		}
	}
}

var decoders = map[string]func([]byte) answer{
`

// program is the text of the program that answers.
func (m *module) program() []byte {
	var imports, table strings.Builder
	for _, pkg := range slices.Compact(slices.Sorted(maps.Values(m.events))) {
		fmt.Fprintf(&imports, "\t%s %q\n", pkg, moduleName+"/generated/"+pkg+"/a")
	}
	for _, id := range slices.Sorted(maps.Keys(m.events)) {
		event := id[strings.Index(id, "/")+1:]
		fmt.Fprintf(&table, "\t%q: ask(%s.Decode%s),\n", id, m.events[id], strings.ToUpper(event[:1])+event[1:])
	}
	return []byte(fmt.Sprintf(programHead, imports.String()) + table.String() + "}\n")
}

// build writes and builds the module; it returns the program's path.
func (m *module) build(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	gomod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	gosum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(gomod), "\n")
	rest += "\nrequire github.com/backstory-go/backstory v0.0.0\n\nreplace github.com/backstory-go/backstory => " + root + "\n"
	m.files["go.mod"], m.files["go.sum"], m.files["main.go"] = []byte("module "+moduleName+"\n"+rest), gosum, m.program()
	for name, data := range m.files {
		full := filepath.Join(m.dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	binary := filepath.Join(m.dir, "suite.exe")
	cmd := exec.Command("go", "build", "-mod=mod", "-o", binary, ".")
	cmd.Dir = m.dir
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=", "GOWORK=off")
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("what was generated does not compile: %v\n%.8000s", err, output)
	}
	return binary
}

// ask builds the module and has all questions answered, in order.
func (m *module) ask(t *testing.T, questions []question) []answer {
	t.Helper()
	var in bytes.Buffer
	encoder := json.NewEncoder(&in)
	for _, q := range questions {
		if err := encoder.Encode(q); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(m.build(t))
	cmd.Stdin, cmd.Stderr = &in, os.Stderr
	output, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	answers := make([]answer, 0, len(questions))
	for decoder := json.NewDecoder(bytes.NewReader(output)); decoder.More(); {
		var a answer
		if err := decoder.Decode(&a); err != nil {
			t.Fatal(err)
		}
		answers = append(answers, a)
	}
	if len(answers) != len(questions) {
		t.Fatalf("%d answers to %d questions", len(answers), len(questions))
	}
	return answers
}
