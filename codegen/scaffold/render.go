package scaffold

import (
	"fmt"
	"go/ast"
	"go/format"
	"go/token"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// names gives each imported package a name within one file.
type names struct {
	given map[string]string // import path → name
	taken map[string]bool
	used  map[string]bool // import paths that the text mentions
}

// newNames starts with the imports of a file that exists.
func newNames(imports map[string]string) *names {
	n := &names{given: map[string]string{}, taken: map[string]bool{}, used: map[string]bool{}}
	for name, full := range imports {
		if name != "_" && name != "." {
			n.given[full] = name
			n.taken[name] = true
		}
	}
	// What parameters are called would hide a package of that name.
	for _, name := range strings.Fields("ctx m in state cmd emit event rows dispatch refused parked past") {
		n.taken[name] = true
	}
	return n
}

func (n *names) qualified(pkg, name string) string { return n.of(pkg) + "." + name }

// of is the name of a package: its own, or with its parent's in front where
// that is taken.
func (n *names) of(pkg string) string {
	n.used[pkg] = true
	if name := n.given[pkg]; name != "" {
		return name
	}
	name := path.Base(pkg)
	for parent := path.Dir(pkg); n.taken[name]; parent = path.Dir(parent) {
		if parent == "." || parent == "/" {
			name += "pkg"
			continue
		}
		name = identifier(path.Base(parent)) + name
	}
	n.given[pkg], n.taken[name] = name, true
	return name
}

func identifier(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, text)
}

// importBlock lists the packages that the text mentions, the standard library
// first.
func (n *names) importBlock() string {
	var groups [2]string
	for _, pkg := range slices.Sorted(maps.Keys(n.used)) {
		line := strconv.Quote(pkg)
		if n.given[pkg] != path.Base(pkg) {
			line = n.given[pkg] + " " + line
		}
		group := 0
		if first, _, _ := strings.Cut(pkg, "/"); strings.Contains(first, ".") {
			group = 1
		}
		groups[group] += "\t" + line + "\n"
	}
	return "import (\n" + groups[0] + "\n" + groups[1] + ")\n\n"
}

// file is a starting file: the methods, and before the first of a component the
// type and what proves it complete.
func (p *proposal) file(n *need, home string, methods []*method, first bool) ([]byte, error) {
	names := newNames(nil)
	maps.Copy(names.taken, p.code.declared[home])
	var body strings.Builder
	if first {
		handler := names.qualified(path.Join(p.sys.Module, "generated", n.Context.Package), n.handler)
		fmt.Fprintf(&body, "%s\ntype %s struct{}\n\n", comment(n.GoName+" implements "+n.Type()+": "+orElse(n.Doc, "what its schemas leave open.")), n.GoName)
		fmt.Fprintf(&body, "// The compiler names here what a change of the schemas asks for.\nvar _ %s = %s{}\n", handler, n.GoName)
	}
	for _, m := range methods {
		body.WriteString("\n" + m.text(n.GoName, names))
	}
	pkg := p.code.packages[home]
	if pkg == "" {
		pkg = n.Context.Package
	}
	text, err := render("package " + pkg + "\n\n" + names.importBlock() + body.String())
	return []byte(text), err
}

func orElse(text, fallback string) string {
	if text = strings.Join(strings.Fields(text), " "); text == "" {
		return fallback
	}
	return text
}

// render formats Go, whole or a part.
func render(text string) (string, error) {
	formatted, err := format.Source([]byte(text))
	if err != nil {
		return "", fmt.Errorf("internal error: the scaffold does not parse: %w\n%s", err, text)
	}
	return string(formatted), nil
}

// text is the method as Go.
func (m *method) text(receiver string, names *names) string {
	params := make([]string, len(m.params))
	for i, p := range m.params {
		params[i] = p.name + " " + m.file.expr(p.typ, names)
	}
	results := make([]string, len(m.results))
	for i, r := range m.results {
		results[i] = m.file.expr(r, names)
	}
	result := strings.Join(results, ", ")
	if len(results) > 1 {
		result = "(" + result + ")"
	}
	verb := map[role]string{decide: "decides", react: "reacts", project: "projects", evolve: "folds"}[m.role]
	if strings.HasPrefix(m.name, "Upcast") {
		verb = "upcasts"
	}
	return fmt.Sprintf("%s\nfunc (%s) %s(%s) %s {\n%s%s}\n", comment(strings.TrimSuffix(m.name+" "+verb+": "+m.doc, ": ")+ending(m.doc)),
		receiver, m.name, strings.Join(params, ", "), result, m.inner(), m.body(results, names))
}

// inner is the comment that says what to write.
func (m *method) inner() string {
	if len(m.advice) == 0 {
		return ""
	}
	return comment(m.advice...) + "\n"
}

func ending(doc string) string {
	if doc == "" {
		return "."
	}
	return ""
}

// body returns what was chosen, and else zero values.
func (m *method) body(results []string, names *names) string {
	if len(results) == 0 {
		return ""
	}
	values := make([]string, len(results))
	for i, result := range results {
		values[i] = "*new(" + result + ")"
		if len(m.returns) == len(results) {
			values[i] = m.returns[i](names)
		}
	}
	return "return " + strings.Join(values, ", ") + "\n"
}

// expr writes a type of the generated file as another package does.
func (g *generated) expr(e ast.Expr, names *names) string {
	switch e := e.(type) {
	case *ast.Ident:
		if token.IsExported(e.Name) {
			return names.qualified(g.pkg, e.Name)
		}
		return e.Name
	case *ast.SelectorExpr:
		if pkg, ok := e.X.(*ast.Ident); ok {
			return names.qualified(g.imports[pkg.Name], e.Sel.Name)
		}
	case *ast.StarExpr:
		return "*" + g.expr(e.X, names)
	case *ast.ArrayType:
		return "[]" + g.expr(e.Elt, names)
	case *ast.MapType:
		return "map[" + g.expr(e.Key, names) + "]" + g.expr(e.Value, names)
	case *ast.IndexExpr:
		return g.expr(e.X, names) + "[" + g.expr(e.Index, names) + "]"
	}
	return "any"
}

// comment writes sentences as // lines of a readable width.
func comment(sentences ...string) string {
	const width = 90
	var lines []string
	line := "//"
	for _, word := range strings.Fields(strings.Join(sentences, " ")) {
		if len(line)+1+len(word) > width && line != "//" {
			lines = append(lines, line)
			line = "//"
		}
		line += " " + word
	}
	return strings.Join(append(lines, line), "\n")
}
