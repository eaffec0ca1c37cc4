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
// whose derived names meet, each of which is fine alone.
func (p *plan) checkNames() error {
	seen := map[string]string{} // package + name → header
	for _, file := range slices.Sorted(maps.Keys(p.files)) {
		if !strings.HasSuffix(file, ".go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, p.files[file], parser.SkipObjectResolution)
		if err != nil {
			return fmt.Errorf("internal error: %s: %w", file, err)
		}
		from := origin(p.files[file])
		for _, name := range declared(parsed) {
			key := path.Dir(file) + "." + name
			if first, ok := seen[key]; ok {
				return fmt.Errorf("%s and %s both need the Go name %s in %s: give one of them another with x-go-name",
					first, from, name, path.Dir(file))
			}
			seen[key] = from
		}
	}
	return nil
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
