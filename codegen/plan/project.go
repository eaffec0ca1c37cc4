package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/backstory-go/backstory/codegen/source"
)

// ConfigFile overrides what Open derives.
const ConfigFile = "codegen.json"

// Project says where a module's schemas and generated files lie. Folders are
// slash-separated and relative to Dir.
type Project struct {
	Dir      string
	Module   string // module path of the generated code
	Schemas  string // default schemas
	Queries  string // default queries
	Readme   string // default README.md; empty: no blocks are kept
	Diagrams string // default docs/diagrams; empty: none are drawn
	Docs     string // default docs, for catalog and contracts; empty: none are written
	Tools    string // where the go command finds the tools; default Dir
}

// Wrong is a mistake in how the compiler was asked, not in a schema.
type Wrong struct{ Message string }

// Error says what is wrong and what to do.
func (w *Wrong) Error() string { return w.Message }

// NoSchemas says that a folder holds no project.
type NoSchemas struct{ Dir, Schemas string }

// Error says what to do.
func (n *NoSchemas) Error() string {
	return fmt.Sprintf("%s holds no folder %s: run this where the schemas are, or name that folder with -C", n.Dir, n.Schemas)
}

// Invalid are faults of the input files, with the tree that shows their lines.
type Invalid struct {
	Faults source.Faults
	Tree   *source.Tree
}

// Error lists the faults.
func (i *Invalid) Error() string { return i.Faults.Error() }

// Open finds the project in a folder. Its error is a *NoSchemas when the
// folder holds none, and a *Wrong for a mistake in its files.
func Open(dir string) (Project, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return Project{}, err
	}
	p := Project{Dir: dir, Schemas: "schemas", Queries: "queries", Readme: "README.md", Diagrams: "docs/diagrams", Docs: "docs", Tools: dir}
	if err := p.configure(); err != nil {
		return Project{}, err
	}
	if info, err := os.Stat(p.Path(p.Schemas)); err != nil || !info.IsDir() {
		return Project{}, &NoSchemas{dir, p.Schemas}
	}
	if p.Module == "" {
		if p.Module, err = modulePath(filepath.Join(dir, "go.mod")); err != nil {
			return Project{}, err
		}
	}
	return p, nil
}

// Path is where a file of the project is on the disk.
func (p Project) Path(name string) string { return filepath.Join(p.Dir, filepath.FromSlash(name)) }

// Command is what a person types to run a command of the compiler here.
func (p Project) Command(command string) string {
	if _, err := os.Stat(p.Path("codegen/main.go")); err == nil {
		return "go run ./codegen " + command
	}
	return "go tool codegen " + command
}

func (p *Project) configure() error {
	data, err := os.ReadFile(p.Path(ConfigFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	config := struct {
		Module   *string `json:"module"`
		Schemas  *string `json:"schemas"`
		Queries  *string `json:"queries"`
		Readme   *string `json:"readme"`
		Diagrams *string `json:"diagrams"`
		Docs     *string `json:"docs"`
	}{&p.Module, &p.Schemas, &p.Queries, &p.Readme, &p.Diagrams, &p.Docs}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&config); err != nil {
		return &Wrong{fmt.Sprintf("%s: %v: its keys are module, schemas, queries, readme, diagrams and docs", ConfigFile, err)}
	}
	if _, err := decoder.Token(); err != io.EOF {
		return &Wrong{ConfigFile + ": something follows the object"}
	}
	for _, folder := range []string{p.Schemas, p.Queries, p.Readme, p.Diagrams, p.Docs} {
		if folder != "" && (!filepath.IsLocal(folder) || path.Clean(folder) != folder) {
			return &Wrong{fmt.Sprintf("%s: %q must be a clean path inside the project", ConfigFile, folder)}
		}
	}
	return nil
}

func modulePath(file string) (string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", &Wrong{fmt.Sprintf("%s cannot be read (%v): the module path comes from there, or from %q in %s", file, reason(err), "module", ConfigFile)}
	}
	for line := range strings.Lines(string(data)) {
		line, _, _ = strings.Cut(line, "//")
		fields := strings.Fields(line)
		if len(fields) != 2 || fields[0] != "module" {
			continue
		}
		if unquoted, err := strconv.Unquote(fields[1]); err == nil {
			return unquoted, nil
		}
		return fields[1], nil
	}
	return "", &Wrong{file + " has no module line"}
}

func reason(err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err
	}
	return err
}
