package lint

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/refactor/satisfy"
)

// typeName is a named type. Types are compared by name, since one package may
// be loaded from source and from export data in one run.
type typeName struct{ pkg, name string }

// use is a method of an emitter or dispatcher that code can reach.
type use struct {
	of     typeName // the emitter; zero: any that has such a method
	method string
	arg    typeName // its last parameter: the event or command
}

// reach is what code that can run uses.
type reach struct {
	uses  map[use]bool
	calls map[string]bool // every function and method it mentions, as in types.Func.FullName
}

// method says whether a method with that argument is used, of a type that fits.
func (r reach) method(name string, arg typeName, fits func(of typeName) bool) bool {
	for u := range r.uses {
		if u.method == name && u.arg == arg && (u.of == typeName{} || fits(u.of)) {
			return true
		}
	}
	return false
}

// part is what one declaration does.
type part struct {
	live     bool
	name     string          // of a function, as in types.Func.FullName
	method   string          // of an unexported method
	uses     map[use]bool    // methods that it may call
	calls    map[string]bool // functions that it mentions, by full name
	selected map[string]bool // names of the methods that it mentions
}

// reach follows the code from where it starts. A function that nothing mentions
// cannot run; exported methods can, for they may be called through interfaces.
func (c *code) reach() (all reach, err error) {
	defer func() {
		if fault := recover(); fault != nil { // package satisfy panics on syntax that it does not know
			err = fmt.Errorf("following the code: %v", fault)
		}
	}()
	return follow(c.parts()), nil
}

func (c *code) parts() []*part {
	var parts []*part
	for _, pkg := range c.packages {
		for _, file := range pkg.Syntax {
			for _, decl := range file.Decls {
				parts = append(parts, newPart(pkg, decl))
			}
		}
	}
	return parts
}

// follow joins what runs, and what that mentions, until nothing is added.
func follow(parts []*part) reach {
	all, selected := reach{map[use]bool{}, map[string]bool{}}, map[string]bool{}
	for changed := true; changed; {
		changed = false
		for i, p := range parts {
			if p == nil || !p.live && !all.calls[p.name] && !selected[p.method] {
				continue
			}
			join(all.uses, p.uses)
			join(all.calls, p.calls)
			join(selected, p.selected)
			parts[i], changed = nil, true
		}
	}
	return all
}

func join[K comparable](into, from map[K]bool) {
	for k := range from {
		into[k] = true
	}
}

func newPart(pkg *packages.Package, decl ast.Decl) *part {
	p := &part{live: true, uses: map[use]bool{}, calls: map[string]bool{}, selected: map[string]bool{}}
	if f, ok := decl.(*ast.FuncDecl); ok {
		p.function(pkg.TypesInfo, f)
	}
	r := &reader{part: p, info: pkg.TypesInfo}
	ast.Inspect(decl, r.node)
	r.conversions(decl)
	return p
}

// function says when a function runs by itself.
func (p *part) function(info *types.Info, decl *ast.FuncDecl) {
	if fn, ok := info.Defs[decl.Name].(*types.Func); ok {
		p.name = fn.FullName()
	}
	if decl.Recv == nil {
		p.live = decl.Name.Name == "main" || decl.Name.Name == "init"
		return
	}
	p.live = decl.Name.IsExported()
	if !p.live {
		p.method = decl.Name.Name
	}
}

// reader collects what a declaration mentions.
type reader struct {
	*part
	info *types.Info
}

func (r *reader) node(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.Ident:
		r.identifier(n)
	case *ast.SelectorExpr:
		if s := r.info.Selections[n]; s != nil {
			r.selection(s)
		}
	case *ast.TypeAssertExpr:
		r.assertion(n.Type)
	case *ast.TypeSwitchStmt:
		for _, clause := range n.Body.List {
			for _, typ := range clause.(*ast.CaseClause).List {
				r.assertion(typ)
			}
		}
	}
	return true
}

func (r *reader) identifier(id *ast.Ident) {
	if fn, ok := r.info.Uses[id].(*types.Func); ok {
		r.calls[fn.Origin().FullName()] = true
	}
	instance, ok := r.info.Instances[id]
	if !ok {
		return
	}
	// A type argument satisfies its constraint, and the generic code calls it
	// through that.
	params := typeParams(r.info.Uses[id])
	for i := range instance.TypeArgs.Len() {
		if params != nil && i < params.Len() {
			r.implements(params.At(i).Constraint(), instance.TypeArgs.At(i))
		}
	}
}

func typeParams(obj types.Object) *types.TypeParamList {
	if obj == nil {
		return nil
	}
	switch t := obj.Type().(type) {
	case *types.Signature:
		return t.TypeParams()
	case *types.Named:
		return t.Origin().TypeParams()
	case *types.Alias:
		return t.Origin().TypeParams()
	}
	return nil
}

// selection notes x.Method, called or not, and T.Method.
func (r *reader) selection(s *types.Selection) {
	if fn, ok := s.Obj().(*types.Func); ok {
		r.selected[fn.Name()] = true
		r.reach(fn)
	}
}

// assertion notes the methods of an interface that a value is asserted to have:
// it may be an emitter that went through any.
func (r *reader) assertion(typ ast.Expr) {
	if typ == nil {
		return
	}
	if i, ok := r.info.TypeOf(typ).Underlying().(*types.Interface); ok {
		for m := range i.Methods() {
			r.reachAny(m)
		}
	}
}

// reachAny notes the method for every emitter and dispatcher that has one with
// that argument: its name and argument say which.
func (r *reader) reachAny(m *types.Func) {
	if arg, ok := message(m); ok {
		r.uses[use{method: m.Name(), arg: arg}] = true
	}
}

// conversions notes what becomes an interface on its way.
func (r *reader) conversions(decl ast.Decl) {
	var finder satisfy.Finder
	finder.Find(r.info, []*ast.File{{Name: ast.NewIdent("_"), Decls: []ast.Decl{decl}, Package: token.NoPos}})
	for c := range finder.Result {
		r.implements(c.LHS, c.RHS)
	}
}

// implements notes the methods by which a type satisfies an interface. An
// emitter that is embedded in the type lends it its own.
func (r *reader) implements(interfaceType, typ types.Type) {
	i, ok := interfaceType.Underlying().(*types.Interface)
	if !ok {
		return
	}
	for m := range i.Methods() {
		r.selected[m.Name()] = true
		found, _, _ := types.LookupFieldOrMethod(typ, true, m.Pkg(), m.Name())
		if fn, ok := found.(*types.Func); ok {
			r.calls[fn.Origin().FullName()] = true
			r.reach(fn)
		}
	}
}

func (r *reader) reach(fn *types.Func) {
	receiver := fn.Signature().Recv()
	if receiver == nil {
		return
	}
	of, ok := nameOf(receiver.Type())
	arg, one := message(fn)
	if ok && one {
		r.uses[use{of, fn.Name(), arg}] = true
	}
}

// message is the last parameter of what may be a method of an emitter, which
// has one, or of a dispatcher, which has two.
func message(fn *types.Func) (typeName, bool) {
	params := fn.Signature().Params()
	if params.Len() != 1 && params.Len() != 2 {
		return typeName{}, false
	}
	return nameOf(params.At(params.Len() - 1).Type())
}

func nameOf(t types.Type) (typeName, bool) {
	if pointer, ok := types.Unalias(t).(*types.Pointer); ok {
		t = pointer.Elem()
	}
	named, ok := types.Unalias(t).(*types.Named)
	if !ok || named.Obj().Pkg() == nil {
		return typeName{}, false
	}
	return typeName{named.Obj().Pkg().Path(), named.Obj().Name()}, true
}
