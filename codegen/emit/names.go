package emit

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/backstory-go/backstory/codegen/model"
	"github.com/backstory-go/backstory/codegen/source"
)

// paramName is a parameter called after a component; it never hides what the
// function needs.
func paramName(goName string) string {
	name := unexported(goName)
	if token.IsKeyword(name) || locals[name] || name == "engine" || predeclared[name] {
		return name + "Handler"
	}
	return name
}

// unexported writes a Go name with its first word in small letters: ListName →
// listName, AIExpander → aiExpander, HTTPURL → httpurl.
func unexported(goName string) string {
	runes := []rune(goName)
	capitals := 0
	for capitals < len(runes) && unicode.IsUpper(runes[capitals]) {
		capitals++
	}
	if capitals > 1 && capitals < len(runes) && unicode.IsLower(runes[capitals]) {
		capitals-- // the last one begins the next word
	}
	return strings.ToLower(string(runes[:capitals])) + string(runes[capitals:])
}

var predeclared = map[string]bool{
	"any": true, "bool": true, "byte": true, "error": true, "string": true, "int": true, "int64": true, "float64": true,
	"true": true, "false": true, "nil": true, "append": true, "len": true, "new": true, "make": true, "panic": true,
}

// checkNames reports two declarations of one name in one package: two schemas
// whose derived names meet, each of which is fine alone. Its error is the faults,
// all of them.
func (p *plan) checkNames() error {
	var faults source.Faults
	seen := map[string]string{} // package + name → schema
	var named map[string]map[string][]source.Pos
	for _, file := range slices.Sorted(maps.Keys(p.files)) {
		if !strings.HasSuffix(file, ".go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, p.files[file], parser.SkipObjectResolution)
		if err != nil {
			return fmt.Errorf("internal error: %s: %w", file, err)
		}
		dir, from := path.Dir(file), origin(p.files[file])
		for _, name := range declared(parsed) {
			key := dir + "." + name
			first, ok := seen[key]
			if !ok {
				seen[key] = from
				continue
			}
			if named == nil {
				named = p.positions()
			}
			whose := fmt.Sprintf("what %s says and for what %s says", first, from)
			if first == from {
				whose = "two things of " + from
			}
			faults.Add(blamed(named[dir], name, from), model.CodeCollision,
				fmt.Sprintf("the Go name %s would stand twice in the package %s: for %s", name, dir, whose),
				`write "x-go-name" with another name on one of the two, or rename it`)
		}
	}
	return faults.Sorted().Err()
}

// blamed is where something has the name, or a name that the clashing one was
// made of (ReadPlaced of Placed); else the beginning of the schema.
func blamed(named map[string][]source.Pos, name, schema string) source.Pos {
	for rest := name; rest != ""; rest = rest[1:] {
		if list := named[rest]; len(list) > 0 {
			return list[len(list)-1]
		}
	}
	return source.Pos{File: schema, Line: 1, Column: 1}
}

// positions are the places of what has a Go name, by package and name.
func (p *plan) positions() map[string]map[string][]source.Pos {
	all := map[string]map[string][]source.Pos{}
	add := func(dir, name string, pos source.Pos) {
		if all[dir] == nil {
			all[dir] = map[string][]source.Pos{}
		}
		all[dir][name] = append(all[dir][name], pos)
	}
	types := func(dir string, list []*model.Named) {
		for _, n := range list {
			add(dir, n.GoName, n.Pos)
		}
	}
	for _, ctx := range p.sys.Contexts {
		home := path.Join("generated", ctx.Package)
		types(path.Join(home, "types"), ctx.Types)
		for _, c := range components(ctx) {
			add(home, c.GoName, c.Pos)
			types(path.Join(home, c.Package), c.Types)
		}
		for _, a := range ctx.Actors {
			dir := path.Join(home, a.Package)
			for _, c := range a.Commands {
				add(dir, c.GoName, c.Pos)
			}
			for _, e := range a.Events {
				add(dir, e.GoName, e.Pos)
			}
		}
	}
	return all
}

// declared lists the package-level names of a file, methods as Type.Method.
func declared(f *ast.File) []string {
	var names []string
	for _, decl := range f.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			names = append(names, receiver(decl)+decl.Name.Name)
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					names = append(names, spec.Name.Name)
				case *ast.ValueSpec:
					for _, n := range spec.Names {
						names = append(names, n.Name)
					}
				}
			}
		}
	}
	return slices.DeleteFunc(names, func(n string) bool { return n == "_" || n == "init" })
}

func receiver(decl *ast.FuncDecl) string {
	if decl.Recv == nil {
		return ""
	}
	typ := decl.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	if id, ok := typ.(*ast.Ident); ok {
		return id.Name + "."
	}
	return ""
}

// origin is the schema that a file's first line names.
func origin(src []byte) string {
	line, _, _ := bytes.Cut(src, []byte("\n"))
	_, rest, _ := strings.Cut(string(line), " from ")
	from, _, _ := strings.Cut(rest, ". DO NOT EDIT")
	return from
}
