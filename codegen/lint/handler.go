package lint

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/backstory-go/backstory/codegen/model"
	"github.com/backstory-go/backstory/codegen/source"
)

// method is the place of the first method of that name with a parameter of that
// type: the handler. It is zero when there is none.
func (c *code) method(name string, param typeName) source.Pos {
	if decl := c.declaration(name, param); decl != nil {
		return c.place(c.fset.Position(decl.Name.Pos()))
	}
	return source.Pos{}
}

func (c *code) declaration(name string, params ...typeName) *ast.FuncDecl {
	for _, pkg := range c.packages {
		for _, file := range pkg.Syntax {
			for _, decl := range file.Decls {
				f, ok := decl.(*ast.FuncDecl)
				if ok && f.Recv != nil && f.Name.Name == name && takes(pkg.TypesInfo, f, params) {
					return f
				}
			}
		}
	}
	return nil
}

func takes(info *types.Info, decl *ast.FuncDecl, params []typeName) bool {
	for _, want := range params {
		if !slices.ContainsFunc(decl.Type.Params.List, func(field *ast.Field) bool {
			name, ok := nameOf(info.TypeOf(field.Type))
			return ok && name == want
		}) {
			return false
		}
	}
	return true
}

// folds finds the events that nobody else hears and whose fold is empty.
func (c *comparison) folds(a *model.Actor, known *flow) {
	pkg := c.packageOf(&a.Component)
	for _, e := range a.Events {
		if e.Retired || known.heard[e] {
			continue
		}
		decl := c.code.declaration(e.GoName, typeName{pkg, e.GoName}, typeName{pkg, "State"})
		if decl == nil || decl.Body == nil || len(decl.Body.List) > 0 {
			continue
		}
		c.add(Finding{Level: Warning, Pos: e.Pos, Code: codeNotFolded,
			Message: "folding " + e.Type + " changes nothing, and no projection or reaction uses it",
			Remedy:  "fold it, project it, or stop emitting it"},
			c.code.place(c.code.fset.Position(decl.Name.Pos())))
	}
}

// readers finds the projections of which no query is called. Queries written by
// hand count where their text names the table.
func (c *comparison) readers(ctx *model.Context) {
	if len(ctx.Projections) == 0 {
		return
	}
	queries := c.code.queries(ctx.Package + "db")
	for _, p := range ctx.Projections {
		table := regexp.MustCompile(`\b` + regexp.QuoteMeta(p.Table) + `\b`)
		readable, read := false, false
		for name, text := range queries {
			if table.MatchString(text) && reads(text) {
				readable = true
				read = read || c.reach.calls["(*"+c.contextPackage(ctx)+"db.Queries)."+name]
			}
		}
		if readable && !read {
			c.add(Finding{Level: Warning, Pos: p.Pos, Code: codeNotRead,
				Message: "no code reads " + p.Type() + ": none of its queries is called",
				Remedy:  "read it, or delete the projection"}, source.Pos{})
		}
	}
}

// reads says whether a query leaves the table as it is.
func reads(sql string) bool {
	words := strings.Fields(strings.ToLower(sql))
	return len(words) == 0 || words[0] != "insert" && words[0] != "update" && words[0] != "delete"
}

// queries lists what sqlc generated: name → text.
func (c *code) queries(pkg string) map[string]string {
	files, err := filepath.Glob(filepath.Join(c.dir, "generated", pkg, "*.go"))
	if err != nil {
		return nil // the only error is a bad pattern
	}
	queries := map[string]string{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			continue // the compiler has said so already
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				note(queries, literal.Value)
			}
			return true
		})
	}
	return queries
}

// note reads "-- name: ListingsGet :one", the first line of a query's text.
func note(queries map[string]string, literal string) {
	text, err := strconv.Unquote(literal)
	if err != nil {
		return
	}
	head, body, _ := strings.Cut(text, "\n")
	fields := strings.Fields(head)
	if len(fields) == 4 && fields[0] == "--" && fields[1] == "name:" {
		queries[fields[2]] = body
	}
}
