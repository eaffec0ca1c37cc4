package lint

import (
	"context"
	"errors"
	"fmt"
	"go/token"
	"path/filepath"
	"strings"

	"github.com/backstory-go/backstory/codegen/model"
	"github.com/backstory-go/backstory/codegen/source"
	"golang.org/x/tools/go/packages"
)

// code is the hand-written code that uses generated packages, type-checked.
type code struct {
	dir      string
	fset     *token.FileSet
	packages []*packages.Package
}

// load type-checks the packages that import generated ones, directly or not.
// Everything else comes as export data from the build cache, which makes it
// quick. What does not compile comes back as notes.
func load(ctx context.Context, dir string, sys *model.System) (*code, []Finding, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, nil, err
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real // as the go command names files
	}
	c := &code{dir: dir, fset: token.NewFileSet()}
	users, err := c.users(ctx, sys.Module+"/generated/")
	if err != nil || len(users) == 0 {
		return c, nil, err
	}
	c.packages, err = packages.Load(&packages.Config{
		Context: ctx, Dir: dir, Fset: c.fset,
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedImports |
			packages.NeedExportFile | packages.NeedTypes | packages.NeedSyntax | packages.NeedTypesInfo,
	}, users...)
	if err != nil {
		return nil, nil, fmt.Errorf("loading the packages of %s: %w", dir, err)
	}
	if notes := c.broken(); len(notes) > 0 {
		return nil, notes, nil
	}
	return c, nil, nil
}

// users lists the packages of the module that import a generated one, directly
// or through each other, and are not generated themselves.
func (c *code) users(ctx context.Context, generated string) ([]string, error) {
	all, err := packages.Load(&packages.Config{Context: ctx, Dir: c.dir, Mode: packages.NeedName | packages.NeedImports}, "./...")
	if err != nil {
		return nil, fmt.Errorf("listing the packages of %s: %w", c.dir, err)
	}
	if len(all) == 0 || len(all) == 1 && len(all[0].Errors) > 0 && all[0].Name == "" {
		return nil, errors.Join(fmt.Errorf("%s holds no Go packages", c.dir), listed(all))
	}
	known := map[*packages.Package]bool{}
	var users []string
	for _, pkg := range all {
		if uses(pkg, generated, known) && !strings.HasPrefix(pkg.PkgPath, generated) {
			users = append(users, pkg.PkgPath)
		}
	}
	return users, nil
}

func listed(all []*packages.Package) error {
	if len(all) == 0 {
		return nil
	}
	return all[0].Errors[0]
}

// uses says whether a package is generated or imports one that is.
func uses(pkg *packages.Package, generated string, known map[*packages.Package]bool) bool {
	if answer, ok := known[pkg]; ok {
		return answer
	}
	known[pkg] = strings.HasPrefix(pkg.PkgPath, generated)
	for _, imported := range pkg.Imports {
		if uses(imported, generated, known) {
			known[pkg] = true
		}
	}
	return known[pkg]
}

// broken notes the first fault of every package that does not compile.
func (c *code) broken() []Finding {
	var notes []Finding
	for _, pkg := range c.packages {
		if len(pkg.Errors) == 0 && !pkg.IllTyped {
			continue
		}
		reason, pos := "a package that it imports does not compile", source.Pos{File: pkg.PkgPath}
		if first, ok := firstError(pkg.Errors); ok {
			reason, _, _ = strings.Cut(first.Msg, "\n")
			pos = c.parsePos(first.Pos, pos)
		}
		notes = append(notes, Finding{Level: Note, Pos: pos, Code: codeNotChecked,
			Message: "the code is not compared with the schemas, for " + pkg.PkgPath + " does not compile: " + reason,
			Remedy:  "make it compile, then lint again"})
	}
	return notes
}

// firstError prefers what the type checker says to the go command's output,
// which is of many lines and has no place.
func firstError(faults []packages.Error) (packages.Error, bool) {
	for _, fault := range faults {
		if fault.Kind != packages.ListError {
			return fault, true
		}
	}
	if len(faults) == 0 {
		return packages.Error{}, false
	}
	return faults[0], true
}

// parsePos reads file:line:column, as the compiler writes it.
func (c *code) parsePos(text string, fallback source.Pos) source.Pos {
	var p token.Position
	rest := text
	for _, number := range []*int{&p.Column, &p.Line} {
		i := strings.LastIndexByte(rest, ':')
		if i < 0 {
			return fallback
		}
		if _, err := fmt.Sscanf(rest[i+1:], "%d", number); err != nil {
			return fallback
		}
		rest = rest[:i]
	}
	p.Filename = rest
	return c.place(p)
}

// place is a position in a Go file, relative to the project.
func (c *code) place(p token.Position) source.Pos {
	name := p.Filename
	if rel, err := filepath.Rel(c.dir, name); err == nil {
		name = rel
	}
	return source.Pos{File: filepath.ToSlash(name), Line: p.Line, Column: p.Column}
}
