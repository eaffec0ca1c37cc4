package scaffold

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/backstory-go/backstory/codegen/emit"
	"github.com/backstory-go/backstory/codegen/model"
)

// role is what a group of a handler's methods does; starting files end in it.
// None of them is the name of an operating system or processor, for which Go
// would leave the file out.
type role string

const (
	decide  role = "decide"
	react   role = "react"
	project role = "project"
	evolve  role = "evolve"
)

func roles() []role { return []role{decide, react, project, evolve} }

// need is everything that a component wants of its user.
type need struct {
	*model.Component
	handler string // the interface of the context's package: ListHandler
	methods []*method
}

func (n *need) of(r role) []*method {
	var list []*method
	for _, m := range n.methods {
		if m.role == r {
			list = append(list, m)
		}
	}
	return list
}

// method is one method of a generated interface.
type method struct {
	role    role
	name    string
	doc     string
	params  []param
	results []ast.Expr
	file    *generated
	advice  []string // what to decide, in sentences
	returns []value  // what to return for now; nil: see method.body
}

type param struct {
	name string
	typ  ast.Expr
}

// value is a Go expression with types of the generated code in it.
type value func(names *names) string

// generated is a file that package emit made.
type generated struct {
	pkg     string            // its import path
	imports map[string]string // name → import path
	ast     *ast.File
}

// reader finds the interfaces in what is generated.
type reader struct {
	module string
	files  map[string][]byte
	parsed map[string]*generated
}

// needsOf lists the components in the order of the system.
func needsOf(sys *model.System) ([]*need, error) {
	files, err := emit.Files(sys)
	if err != nil {
		return nil, err
	}
	r := &reader{module: sys.Module, files: files, parsed: map[string]*generated{}}
	var needs []*need
	for _, ctx := range sys.Contexts {
		for _, a := range ctx.Actors {
			needs = append(needs, r.actor(a))
		}
		for _, p := range ctx.Projections {
			n := &need{Component: &p.Component, handler: p.GoName + "Projector"}
			n.methods = r.methods(componentDir(n.Component), "Projector", project)
			adviseRows(n.methods)
			needs = append(needs, n)
		}
		for _, reactor := range ctx.Reactors {
			n := &need{Component: &reactor.Component, handler: reactor.GoName + "Handler"}
			n.methods = append(r.reactions(n.Component, reactor.Reactions), r.methods(componentDir(n.Component), "Evolver", evolve)...)
			adviseState(n.of(evolve), reactor.State)
			needs = append(needs, n)
		}
	}
	return needs, nil
}

func componentDir(c *model.Component) string {
	return path.Join("generated", c.Context.Package, c.Package)
}

func (r *reader) actor(a *model.Actor) *need {
	dir := componentDir(&a.Component)
	n := &need{Component: &a.Component, handler: a.GoName + "Handler"}
	decisions := r.methods(dir, "Decider", decide)
	adviseDecisions(decisions, a, path.Join(r.module, dir))
	folds := r.methods(dir, "Evolver", evolve)
	adviseState(folds, a.State)
	upcasts := r.methods(dir, "Upcaster", evolve)
	adviseUpcasts(upcasts, a, path.Join(r.module, dir))
	n.methods = slices.Concat(decisions, r.reactions(n.Component, a.Reactions), folds, upcasts)
	return n
}

func (r *reader) reactions(c *model.Component, reactions []*model.Reaction) []*method {
	methods := r.methods(path.Join("generated", c.Context.Package), c.GoName+"Reactions", react)
	adviseReactions(methods, reactions)
	return methods
}

// methods lists those of an interface in a generated package; none when there
// is no such interface.
func (r *reader) methods(dir, name string, role role) []*method {
	for _, file := range slices.Sorted(maps.Keys(r.files)) {
		if path.Dir(file) != dir || path.Ext(file) != ".go" {
			continue
		}
		g := r.parse(file)
		if g == nil {
			continue
		}
		if i := interfaceIn(g.ast, name); i != nil {
			return g.methods(i, role)
		}
	}
	return nil
}

func (r *reader) parse(name string) *generated {
	if g, ok := r.parsed[name]; ok {
		return g
	}
	r.parsed[name] = nil
	file, err := parser.ParseFile(token.NewFileSet(), name, r.files[name], parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil // package emit parses what it makes
	}
	r.parsed[name] = &generated{path.Join(r.module, path.Dir(name)), imports(file), file}
	return r.parsed[name]
}

// imports maps the names that a file uses to what it imports.
func imports(file *ast.File) map[string]string {
	names := map[string]string{}
	for _, spec := range file.Imports {
		full, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		name := path.Base(full)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[name] = full
	}
	return names
}

func interfaceIn(file *ast.File, name string) *ast.InterfaceType {
	for _, decl := range file.Decls {
		types, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range types.Specs {
			if typ, ok := spec.(*ast.TypeSpec); ok && typ.Name.Name == name {
				i, _ := typ.Type.(*ast.InterfaceType)
				return i
			}
		}
	}
	return nil
}

func (g *generated) methods(i *ast.InterfaceType, role role) []*method {
	var list []*method
	for _, field := range i.Methods.List {
		signature, ok := field.Type.(*ast.FuncType)
		if !ok || len(field.Names) != 1 {
			continue // an embedded interface
		}
		m := &method{role: role, name: field.Names[0].Name, doc: strings.Join(strings.Fields(field.Doc.Text()), " "), file: g}
		for at, p := range signature.Params.List {
			name := fmt.Sprintf("p%d", at)
			if len(p.Names) > 0 {
				name = p.Names[0].Name
			}
			m.params = append(m.params, param{name, p.Type})
		}
		if signature.Results != nil {
			for _, result := range signature.Results.List {
				m.results = append(m.results, result.Type)
			}
		}
		list = append(list, m)
	}
	return list
}
