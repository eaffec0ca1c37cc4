// Package sqlc runs the project's pinned sqlc on SQL that is planned but not
// yet written, and returns the Go that it makes.
//
// It owns the temporary folder in which that happens: the project's sqlc.yaml
// and SQL, overlaid by the planned SQL. It does not read or write the project's
// Go and does not decide whether a run is needed; package plan does, by the
// inputs' hash. Package plan imports it.
//
// Invariant: a run leaves nothing behind and never touches the project's files.
package sqlc

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// ToolFile is the module file that pins sqlc apart from the project's own
// dependencies. Without it sqlc is a tool of go.mod itself.
const ToolFile = "tools/go.mod"

const module = "github.com/sqlc-dev/sqlc"

// Inputs are everything that sqlc's output depends on.
type Inputs struct {
	Files   map[string][]byte // the configuration and the SQL, by slash-separated path
	Config  string            // sqlc.yaml; empty: the project has none
	Version string            // v1.31.1; empty: not pinned
}

// Gather reads the configuration and the SQL below the queries folder from the
// disk and lays the planned SQL over them. Generated SQL that is no longer
// planned is left out.
func Gather(dir, queries string, planned map[string][]byte) (Inputs, error) {
	in := Inputs{Files: map[string][]byte{}}
	for _, name := range []string{"sqlc.yaml", "sqlc.yml", "sqlc.json"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return Inputs{}, err
		}
		in.Config, in.Files[name] = name, data
		break
	}
	if err := in.readSQL(dir, queries); err != nil {
		return Inputs{}, err
	}
	for name, data := range planned {
		if strings.HasSuffix(name, ".sql") {
			in.Files[name] = data
		}
	}
	version, err := pinned(dir)
	in.Version = version
	return in, err
}

func (in *Inputs) readSQL(dir, queries string) error {
	root := filepath.Join(dir, queries)
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".sql") || strings.HasSuffix(name, "_gen.sql") {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		in.Files[filepath.ToSlash(rel)], err = os.ReadFile(name)
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Empty reports whether there is nothing for sqlc to do.
func (in Inputs) Empty() bool {
	return in.Config == "" || !slices.ContainsFunc(slices.Collect(maps.Keys(in.Files)), func(name string) bool { return strings.HasSuffix(name, ".sql") })
}

// Hash is equal exactly when sqlc would make the same output.
func (in Inputs) Hash() string {
	var all bytes.Buffer
	fmt.Fprintf(&all, "sqlc %s\n", in.Version)
	for _, name := range slices.Sorted(maps.Keys(in.Files)) {
		fmt.Fprintf(&all, "%d %s %d\n", len(name), name, len(in.Files[name]))
		all.Write(in.Files[name])
	}
	return fmt.Sprintf("%x", sha256.Sum256(all.Bytes()))
}

// pinned returns the version that tools/go.mod or else go.mod requires.
func pinned(dir string) (string, error) {
	for _, name := range []string{ToolFile, "go.mod"} {
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		lines := bufio.NewScanner(bytes.NewReader(data))
		for lines.Scan() {
			fields := strings.Fields(strings.TrimPrefix(strings.TrimSpace(lines.Text()), "require "))
			if len(fields) >= 2 && fields[0] == module && strings.HasPrefix(fields[1], "v") {
				return fields[1], nil
			}
		}
	}
	return "", nil
}

// Runner starts sqlc.
type Runner struct {
	Dir string // where go.mod and perhaps tools/go.mod lie
	Env []string
}

// Generate runs sqlc and returns its output files by path.
func (r Runner) Generate(ctx context.Context, in Inputs) (map[string][]byte, error) {
	tmp, err := os.MkdirTemp("", "backstory-sqlc-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	for name, data := range in.Files {
		file := filepath.Join(tmp, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			return nil, err
		}
	}
	if err := r.run(ctx, filepath.Join(tmp, in.Config), tmp); err != nil {
		return nil, err
	}
	return outputs(tmp, in.Files)
}

func (r Runner) run(ctx context.Context, config, tmp string) error {
	args := []string{"tool"}
	if _, err := os.Stat(filepath.Join(r.Dir, filepath.FromSlash(ToolFile))); err == nil {
		args = append(args, "-modfile="+ToolFile)
	}
	args = append(args, "sqlc", "generate", "-f", config)
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = r.Dir, r.Env
	output, err := cmd.CombinedOutput()
	if err != nil {
		said := strings.ReplaceAll(strings.TrimSpace(string(output)), tmp+string(filepath.Separator), "")
		return fmt.Errorf("go %s failed (%w):\n%s", strings.Join(args[:len(args)-2], " "), err, said)
	}
	return nil
}

func outputs(tmp string, inputs map[string][]byte) (map[string][]byte, error) {
	out := map[string][]byte{}
	err := filepath.WalkDir(tmp, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		rel, err := filepath.Rel(tmp, name)
		if err != nil {
			return err
		}
		rel = path.Clean(filepath.ToSlash(rel))
		if _, ok := inputs[rel]; ok {
			return nil
		}
		out[rel], err = os.ReadFile(name)
		return err
	})
	return out, err
}
