package plan

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strings"

	"github.com/backstory-go/backstory/codegen/graph"
	"github.com/backstory-go/backstory/codegen/inject"
	"github.com/backstory-go/backstory/codegen/model"
	"github.com/backstory-go/backstory/codegen/source"
	"github.com/backstory-go/backstory/codegen/sqlc"
)

// CodeMarker is the fault of a README whose markers are missing or out of order.
const CodeMarker = "BS1901"

// Codes explains the codes of this package.
func Codes() []source.Code {
	return []source.Code{{
		ID: CodeMarker, Name: "marker out of order",
		Explanation: "Diagrams and tables are put between two marker lines of the readme. Without both, in order and once, no place is theirs, and none is guessed.",
		Remedy:      "Add, move or delete marker lines as the message says.",
	}}
}

// wellFormed proves that every generated Go file parses. What was written once, as
// the manifest says, was proven then. That gofmt would leave it as it is, is
// proven by the tests of the emitters, since formatting twice costs as much as
// emitting.
func (m *maker) wellFormed() error {
	files := m.files
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !local(name) {
			return fmt.Errorf("the generator made a path outside the project: %q", name)
		}
		if !strings.HasSuffix(name, ".go") || m.old.has(name, files[name]) {
			continue
		}
		if _, err := parser.ParseFile(token.NewFileSet(), name, files[name], parser.SkipObjectResolution); err != nil {
			return fmt.Errorf("the generator made Go that does not parse: %w", err)
		}
	}
	return nil
}

// blocksOf are the README blocks of a system: two for each context.
func blocksOf(sys *model.System) []Block {
	var blocks []Block
	whole := graph.Of(sys)
	for _, c := range sys.Contexts {
		blocks = append(blocks,
			Block{ID: "flow " + c.Name, Body: whole.Flow(c.Name)},
			Block{ID: "messages " + c.Name, Body: graph.Messages(sys, c.Name)})
	}
	return blocks
}

// readme returns the change that brings the blocks up to date, nil for none.
func (m *maker) readme(blocks []Block) (*Change, error) {
	name := m.project.Readme
	if name == "" {
		return nil, nil
	}
	old, err := m.read(name)
	if err != nil {
		return nil, err
	}
	updated, faults := Inject(name, old, blocks)
	if len(faults) > 0 {
		return nil, &Invalid{Faults: faults}
	}
	if bytes.Equal(old, updated) {
		return nil, nil
	}
	return &Change{Path: name, State: Stale, Old: old, New: updated}, nil
}

// Inject returns the file with all blocks in their places, or what is wrong
// with its markers.
func Inject(name string, file []byte, blocks []Block) ([]byte, source.Faults) {
	var faults source.Faults
	fault := func(line int, message, remedy string) {
		pos := source.Pos{File: name, Line: line, Column: min(line, 1)}
		faults.Add(pos, CodeMarker, message, remedy)
	}
	updated, problems := inject.ReplaceAll(file, blocks)
	for _, problem := range problems {
		fault(problem.Line, problem.Message, problem.Remedy)
	}
	ids, lines := inject.IDs(file)
	for i, id := range ids {
		if !slices.ContainsFunc(blocks, func(b Block) bool { return b.ID == id }) {
			fault(lines[i], fmt.Sprintf("there is nothing called %q to put here", id), "delete this marker and its end, or name one of: "+names(blocks))
		}
	}
	return updated, faults.Sorted()
}

func names(blocks []Block) string {
	list := make([]string, len(blocks))
	for i, b := range blocks {
		list[i] = b.ID
	}
	return strings.Join(list, ", ")
}

// sql adds what sqlc makes of the planned SQL. It runs only when its inputs are
// not those of the manifest, or one of its outputs is missing or touched.
func (m *maker) sql(ctx context.Context, sys *model.System) error {
	in, err := sqlc.Gather(m.project.Dir, m.project.Queries, m.files)
	if err != nil {
		return fmt.Errorf("read sqlc's inputs: %w", err)
	}
	if err := m.configured(sys, in); err != nil || in.Empty() {
		return err
	}
	m.sqlc.Input = in.Hash()
	if in.Version != "" {
		m.version["sqlc"] = in.Version
	}
	outputs, ok, err := m.keptSQL()
	if err == nil && !ok {
		outputs, err = m.tools.SQL(ctx, in)
	}
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(outputs)) {
		if _, taken := m.files[name]; taken {
			return &Wrong{fmt.Sprintf("%s would overwrite %s: give its entry another out", in.Config, name)}
		}
		m.files[name] = outputs[name]
		m.sqlc.Outputs = append(m.sqlc.Outputs, name)
	}
	return nil
}

func (m *maker) keptSQL() (map[string][]byte, bool, error) {
	if m.old.sqlc.Input != m.sqlc.Input || len(m.old.sqlc.Outputs) == 0 {
		return nil, false, nil
	}
	outputs := map[string][]byte{}
	for _, name := range m.old.sqlc.Outputs {
		data, ok, err := m.kept(name)
		if err != nil || !ok {
			return nil, false, err
		}
		outputs[name] = data
	}
	return outputs, true, nil
}

// configured checks that sqlc's configuration has an entry for each context
// with read models: the generated Go imports what it makes.
func (m *maker) configured(sys *model.System, in sqlc.Inputs) error {
	for _, c := range sys.Contexts {
		out := "generated/" + c.Package + "db"
		if len(c.Projections) > 0 && !bytes.Contains(in.Files[in.Config], []byte(out)) {
			return &Wrong{fmt.Sprintf("%s has no entry with out: %s for the projections of %s: add one with schema: %s/%s/schema, queries: %[4]s/%[5]s",
				cmp.Or(in.Config, "sqlc.yaml"), out, c.Name, m.project.Queries, c.Package)}
		}
	}
	return nil
}

// diagrams adds the Graphviz texts and their drawings. A drawing is made anew
// only when its text changed or somebody touched it.
func (m *maker) diagrams(ctx context.Context, sys *model.System) error {
	if m.project.Diagrams == "" {
		return nil
	}
	m.version["renderer"] = graph.Renderer
	dots := dotsOf(sys)
	var missing []string
	for _, name := range slices.Sorted(maps.Keys(dots)) {
		base := m.project.Diagrams + "/" + name
		m.files[base+".dot"] = []byte(dots[name])
		ok, err := m.keptDrawing(base, dots[name])
		if err != nil {
			return err
		}
		if !ok {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	texts := make([]string, len(missing))
	for i, name := range missing {
		texts[i] = dots[name]
	}
	pictures, err := m.tools.Draw(ctx, texts)
	if err != nil {
		return err
	}
	for i, name := range missing {
		base := m.project.Diagrams + "/" + name
		m.files[base+".svg"], m.files[base+"-dark.svg"] = pictures[i].Light, pictures[i].Dark
	}
	return nil
}

func (m *maker) keptDrawing(base, dot string) (bool, error) {
	for _, suffix := range []string{".svg", "-dark.svg"} {
		data, ok, err := m.kept(base + suffix)
		if err != nil || !ok || !graph.Drawn(data, dot) {
			return false, err
		}
		m.files[base+suffix] = data
	}
	return true, nil
}

// dotsOf names the pictures: the whole system, each context, each actor. Names
// of schemas hold no "-", so the first can meet no context's.
func dotsOf(sys *model.System) map[string]string {
	dots, whole := map[string]string{}, graph.Of(sys)
	if overview := whole.Overview(""); !overview.Empty() {
		dots["whole-system"] = graph.Dot(overview)
	}
	for _, c := range sys.Contexts {
		if flow := whole.Context(c.Name); !flow.Empty() {
			dots[c.Name] = graph.Dot(flow)
		}
		for _, a := range c.Actors {
			dots[a.Type()] = graph.DotLanes(whole.Lanes(a))
		}
	}
	return dots
}
