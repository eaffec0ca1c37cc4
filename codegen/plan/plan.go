// Package plan decides what the generated part of a project's tree should be,
// compares it with the disk, and writes the difference.
//
// It owns the list of generated files and the manifest that remembers them, the
// blocks of README.md, and the rule which files may be overwritten or deleted.
// It does not know how a file's content is made: emitters, package graph and
// sqlc do. Packages cli and hook import it. It is the only package that writes
// into a project.
//
// Invariant: nothing is written before everything was rendered, parsed and
// compared; a failed run leaves the tree as it was; a run with nothing to change
// writes nothing; a file that the generator did not write is never deleted.
package plan

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/backstory-go/backstory/codegen/dialect"
	"github.com/backstory-go/backstory/codegen/graph"
	"github.com/backstory-go/backstory/codegen/inject"
	"github.com/backstory-go/backstory/codegen/model"
	"github.com/backstory-go/backstory/codegen/sqlc"
)

// Tools are the programs that a plan may need. Each runs only when its inputs
// changed.
type Tools struct {
	SQL  func(context.Context, sqlc.Inputs) (map[string][]byte, error)
	Draw func(ctx context.Context, dots []string) ([]graph.Picture, error)
}

// DefaultTools runs sqlc and the renderer through the go command, in a folder
// whose module has them.
func DefaultTools(dir string) Tools {
	runner := sqlc.Runner{Dir: dir, Env: graph.WithoutGit(os.Environ())}
	return Tools{SQL: runner.Generate, Draw: graph.Drawer{Dir: dir}.Draw}
}

// Plan is what the generated part of the tree should be, and what differs.
type Plan struct {
	Project Project
	Files   map[string][]byte // every owned file, the manifest too
	Blocks  []Block           // of the readme
	Changes []Change          // by path; empty: the tree is as it should be
}

// Block is one generated part of the readme; its id is, say, flow todos.
type Block = inject.Block

// maker collects a plan's files.
type maker struct {
	project Project
	tools   Tools
	old     memory
	files   map[string][]byte
	sqlc    sqlcRecord
	version map[string]string
}

// Make plans the tree for a system whose Go and SQL files were emitted. Errors
// are *Invalid for markers of the readme, *Wrong for a project that lacks
// something, and otherwise a failure of the generator or its tools.
func Make(ctx context.Context, project Project, sys *model.System, emitted map[string][]byte, tools Tools) (*Plan, error) {
	m := &maker{project: project, tools: tools, files: maps.Clone(emitted), version: map[string]string{}}
	if m.files == nil {
		m.files = map[string][]byte{}
	}
	for name, data := range dialect.Files() {
		m.files[project.Schemas+"/dialect/"+name] = data
	}
	data, err := m.read(ManifestFile)
	if err != nil {
		return nil, err
	}
	m.old = recall(data)
	if err := m.wellFormed(); err != nil {
		return nil, err
	}
	blocks := blocksOf(sys)
	readme, err := m.readme(blocks)
	if err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context, *model.System) error{m.sql, m.diagrams} {
		if err := step(ctx, sys); err != nil {
			return nil, err
		}
	}
	return m.finish(blocks, readme)
}

func (m *maker) finish(blocks []Block, readme *Change) (*Plan, error) {
	record := manifest{Tools: m.version, SQLC: m.sqlc, Files: map[string]string{}}
	for name, data := range m.files {
		record.Files[name] = hash(data)
	}
	encoded, err := record.encode()
	if err != nil {
		return nil, err
	}
	m.files[ManifestFile] = encoded
	changes, err := m.compare()
	if err != nil {
		return nil, err
	}
	if readme != nil {
		changes = append(changes, *readme)
	}
	slices.SortFunc(changes, func(a, b Change) int { return cmp.Compare(a.Path, b.Path) })
	return &Plan{Project: m.project, Files: m.files, Blocks: blocks, Changes: changes}, nil
}

// read returns a file of the project, nil when it does not exist.
func (m *maker) read(name string) ([]byte, error) {
	data, err := os.ReadFile(m.project.Path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && data == nil {
		data = []byte{}
	}
	return data, err
}

// kept returns what stands on the disk if the generator wrote it and nobody
// touched it since.
func (m *maker) kept(name string) ([]byte, bool, error) {
	data, err := m.read(name)
	return data, err == nil && data != nil && m.old.has(name, data), err
}

// local reports whether a path stays inside the project.
func local(name string) bool { return filepath.IsLocal(filepath.FromSlash(name)) }
