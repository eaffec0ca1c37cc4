package scaffold

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/backstory-go/backstory/codegen/model"
)

// Stub is a method that a handler lacks.
type Stub struct {
	Component string // that needs it, e.g. todos.list
	Type      string // the Go type that lacks it, e.g. List
	Method    string // e.g. AddItem
	File      string // where it would fit, relative to the project; empty: no file is nearer than another
	Text      string // the method as Go, formatted, with its comment and without imports
}

// Plan says what to write by hand for the system, in the module at dir:
//
//   - files: whole files for components that have no handler, slash-separated
//     path relative to dir → text, in app/<context>/; none of them exists,
//   - missing: the methods that existing handlers lack, by component, then in
//     the order of the generated interfaces,
//   - orphaned: the places and names of methods that look like a handler's and
//     that no schema needs any more, such as "app/todos/list.go:9:13: List.Old".
//
// Handlers are looked for in the whole module: they are told by the names of
// their methods and the generated types among their parameters.
func Plan(ctx context.Context, dir string, sys *model.System) (files map[string][]byte, missing []Stub, orphaned []string, err error) {
	needs, err := needsOf(sys)
	if err != nil {
		return nil, nil, nil, err
	}
	code, err := read(ctx, dir, sys.Module)
	if err != nil {
		return nil, nil, nil, err
	}
	p := &proposal{dir: dir, sys: sys, code: code, files: map[string][]byte{}}
	for _, n := range needs {
		if err := p.component(n); err != nil {
			return nil, nil, nil, err
		}
	}
	return p.files, p.missing, code.orphans(needs), nil
}

// proposal is one run of Plan after reading.
type proposal struct {
	dir     string
	sys     *model.System
	code    *code
	files   map[string][]byte
	missing []Stub
}

// component proposes what one component lacks.
func (p *proposal) component(n *need) error {
	var lacking []*method
	for _, m := range n.methods {
		if p.code.implementation(m) == nil {
			lacking = append(lacking, m)
		}
	}
	home := p.home(n)
	if len(lacking) < len(n.methods) || p.code.declares(home, n.GoName) {
		return p.stubs(n, lacking)
	}
	return p.start(n, home)
}

// home is the folder of a context's handlers.
func (p *proposal) home(n *need) string { return path.Join("app", n.Context.Package) }

// start proposes the files of a component that has no handler, one for each of
// its roles. A file that exists already belongs to somebody else.
func (p *proposal) start(n *need, home string) error {
	for i, r := range roles() {
		methods := n.of(r)
		if len(methods) == 0 {
			continue
		}
		name := path.Join(home, n.Name+"_"+string(r)+".go")
		taken, err := p.exists(name)
		if err != nil {
			return err
		}
		if taken {
			if err := p.stubs(n, methods); err != nil {
				return err
			}
			continue
		}
		first := !slices.ContainsFunc(roles()[:i], func(earlier role) bool { return len(n.of(earlier)) > 0 })
		if p.files[name], err = p.file(n, home, methods, first); err != nil {
			return err
		}
	}
	return p.packageComment(n, home)
}

func (p *proposal) exists(name string) (bool, error) {
	_, err := os.Stat(filepath.Join(p.dir, filepath.FromSlash(name)))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// packageComment proposes the comment of a package that does not exist yet.
func (p *proposal) packageComment(n *need, home string) error {
	name := path.Join(home, "doc.go")
	if p.code.packages[home] != "" || p.files[name] != nil {
		return nil
	}
	taken, err := p.exists(name)
	if taken || err != nil {
		return err
	}
	p.files[name] = []byte("// Package " + n.Context.Package + " decides: it implements the handlers that are generated from\n" +
		"// schemas/" + n.Context.Name + ". Its methods are pure, so that history can be decided and folded again.\n" +
		"package " + n.Context.Package + "\n")
	return nil
}

// stubs proposes methods for a handler that exists.
func (p *proposal) stubs(n *need, methods []*method) error {
	for _, m := range methods {
		sibling := p.code.sibling(n, m)
		stub := Stub{Component: n.Type(), Type: n.GoName, Method: m.name}
		names, receiver := newNames(nil), n.GoName
		if sibling != nil {
			stub.Type, stub.File = sibling.typ, sibling.file
			names, receiver = newNames(sibling.imports), sibling.receiver
		}
		text, err := render(m.text(receiver, names))
		if err != nil {
			return err
		}
		stub.Text = text
		p.missing = append(p.missing, stub)
	}
	return nil
}
