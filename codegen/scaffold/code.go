package scaffold

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// typeName is a named type of another package.
type typeName struct{ pkg, name string }

// written is a method that somebody wrote.
type written struct {
	typ      string // List
	receiver string // as written: l *List
	name     string
	params   []typeName // those of named types of imported packages
	imports  map[string]string
	file     string
	place    string // file:line:column
}

// code is the hand-written code of a module, as far as handlers are concerned.
type code struct {
	module   string
	methods  []*written
	packages map[string]string          // folder → name of its package
	types    map[string]bool            // folder + "." + type
	declared map[string]map[string]bool // folder → what is declared at package level
}

// read parses the module's own Go files, tests and generated ones left out. A
// file that does not parse counts as far as it goes: handlers are needed most
// when nothing compiles.
func read(ctx context.Context, dir, module string) (*code, error) {
	c := &code{module: module, packages: map[string]string{}, types: map[string]bool{}, declared: map[string]map[string]bool{}}
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if entry.IsDir() {
			return enter(name, rel)
		}
		if path.Ext(rel) == ".go" && !strings.HasSuffix(rel, "_test.go") && entry.Type().IsRegular() {
			return c.file(name, rel)
		}
		return ctx.Err()
	})
	return c, err
}

// enter skips the folders that the go command leaves out, other modules, and
// what is generated.
func enter(name, rel string) error {
	base := path.Base(rel)
	switch {
	case rel == ".":
		return nil
	case rel == "generated", base == "testdata", base == "vendor", base == "node_modules", base[0] == '.', base[0] == '_':
		return filepath.SkipDir
	}
	if _, err := os.Stat(filepath.Join(name, "go.mod")); err == nil {
		return filepath.SkipDir
	}
	return nil
}

func (c *code) file(name, rel string) error {
	fset := token.NewFileSet()
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	file, _ := parser.ParseFile(fset, name, data, parser.SkipObjectResolution)
	if file == nil || file.Name == nil {
		return nil
	}
	dir := path.Dir(rel)
	c.packages[dir] = file.Name.Name
	if c.declared[dir] == nil {
		c.declared[dir] = map[string]bool{}
	}
	names := imports(file)
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			if decl.Recv == nil {
				c.declared[dir][decl.Name.Name] = true
				continue
			}
			c.method(decl, names, rel, fset.Position(decl.Name.Pos()))
		case *ast.GenDecl:
			c.declare(dir, decl)
		}
	}
	return nil
}

func (c *code) declare(dir string, decl *ast.GenDecl) {
	for _, spec := range decl.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			c.types[dir+"."+spec.Name.Name] = true
			c.declared[dir][spec.Name.Name] = true
		case *ast.ValueSpec:
			for _, name := range spec.Names {
				c.declared[dir][name.Name] = true
			}
		}
	}
}

func (c *code) method(decl *ast.FuncDecl, names map[string]string, file string, at token.Position) {
	if !decl.Name.IsExported() || len(decl.Recv.List) != 1 {
		return
	}
	recv := decl.Recv.List[0]
	base, star := recv.Type, ""
	if pointer, ok := base.(*ast.StarExpr); ok {
		base, star = pointer.X, "*"
	}
	id, ok := base.(*ast.Ident)
	if !ok {
		return // a generic handler is somebody's own business
	}
	m := &written{typ: id.Name, receiver: star + id.Name, name: decl.Name.Name, imports: names, file: file,
		place: fmt.Sprintf("%s:%d:%d", file, at.Line, at.Column)}
	if len(recv.Names) == 1 {
		m.receiver = recv.Names[0].Name + " " + m.receiver
	}
	for _, p := range decl.Type.Params.List {
		if name, ok := named(p.Type, names); ok {
			m.params = append(m.params, slices.Repeat([]typeName{name}, max(1, len(p.Names)))...)
		}
	}
	c.methods = append(c.methods, m)
}

// named is pkg.Name or *pkg.Name.
func named(e ast.Expr, names map[string]string) (typeName, bool) {
	if pointer, ok := e.(*ast.StarExpr); ok {
		e = pointer.X
	}
	selector, ok := e.(*ast.SelectorExpr)
	if !ok {
		return typeName{}, false
	}
	pkg, ok := selector.X.(*ast.Ident)
	if !ok || names[pkg.Name] == "" {
		return typeName{}, false
	}
	return typeName{names[pkg.Name], selector.Sel.Name}, true
}

func (c *code) declares(dir, typ string) bool { return c.types[dir+"."+typ] }

// implementation finds the method that somebody wrote for a generated one.
func (c *code) implementation(m *method) *written {
	if i := slices.IndexFunc(c.methods, m.fits); i >= 0 {
		return c.methods[i]
	}
	return nil
}

// fits says whether what somebody wrote is meant for the generated method.
func (m *method) fits(w *written) bool {
	return w.name == m.name && !slices.ContainsFunc(m.marks(), func(t typeName) bool { return !slices.Contains(w.params, t) })
}

// marks are the generated types by which a method is known among others of its
// name: an emitter or dispatcher alone, else all.
func (m *method) marks() []typeName {
	var all []typeName
	for _, p := range m.params {
		e := p.typ
		if pointer, ok := e.(*ast.StarExpr); ok {
			e = pointer.X
		}
		switch e := e.(type) {
		case *ast.Ident:
			all = append(all, typeName{m.file.pkg, e.Name})
		case *ast.SelectorExpr:
			if name, ok := named(e, m.file.imports); ok && strings.Contains(name.pkg, "/generated/") {
				all = append(all, name)
			}
		}
	}
	if (m.role == decide || m.role == react) && len(all) > 0 {
		return all[len(all)-1:]
	}
	return all
}

// sibling is a method of the same role, else of the same component, beside
// which a missing one would stand.
func (c *code) sibling(n *need, m *method) *written {
	var other *written
	for _, candidate := range n.methods {
		w := c.implementation(candidate)
		if w != nil && candidate.role == m.role {
			return w
		}
		if other == nil {
			other = w
		}
	}
	return other
}
