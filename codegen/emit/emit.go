package emit

import (
	"fmt"
	"path"

	"github.com/backstory-go/backstory/codegen/model"
)

// Files renders everything that follows from the model: slash-separated paths
// relative to the project, and their bytes. The error is source.Faults for Go
// names that clash, and otherwise a failure of an emitter; then there are no files.
func Files(sys *model.System) (files map[string][]byte, err error) {
	p := &plan{sys: sys, files: map[string][]byte{}, units: map[string]string{}}
	p.packages = p.packageNames()
	defer func() {
		if fault, ok := recover().(unsupportedError); ok {
			files, err = nil, fault
		}
	}()
	for _, ctx := range sys.Contexts {
		if err := p.context(ctx); err != nil {
			return nil, err
		}
	}
	if err := p.checkNames(); err != nil {
		return nil, err
	}
	return p.files, nil
}

// unsupportedError leaves an emitter through a panic: the model holds what the
// profile does not.
type unsupportedError struct{ msg string }

func (e unsupportedError) Error() string { return e.msg }

func unsupported(format string, args ...any) {
	panic(unsupportedError{fmt.Sprintf(format, args...)})
}

// plan collects the files of one run.
type plan struct {
	sys   *model.System
	files map[string][]byte
	units map[string]string // package + name of a constant's type → its JSON

	packages  map[string]string // import path → name, of all generated packages
	mentioned map[string]string // of those, the ones that the present context refers to
}

func (p *plan) context(ctx *model.Context) error {
	p.mentioned = map[string]string{}
	for _, a := range ctx.Actors {
		if err := p.actor(a); err != nil {
			return err
		}
	}
	for _, r := range ctx.Reactors {
		if err := p.reactor(r); err != nil {
			return err
		}
	}
	for _, proj := range ctx.Projections {
		if err := p.projection(proj); err != nil {
			return err
		}
	}
	if err := p.ids(ctx); err != nil {
		return err
	}
	if err := p.types(path.Join("generated", ctx.Package, "types"), "types", "schemas/"+ctx.Name+"/types.json", ctx.Types); err != nil {
		return err
	}
	return p.wiring(ctx)
}

// types emits the shared types of a context or the nested ones of a component.
func (p *plan) types(dir, pkg, from string, named []*model.Named) error {
	named = withCode(named)
	if len(named) == 0 {
		return nil
	}
	f := p.goFile(dir, pkg, "types_gen.go", from)
	if pkg == "types" {
		f.packageDoc("holds what the schemas of the context share.")
	}
	for _, n := range named {
		f.named(n)
	}
	return f.save()
}

// withCode drops the named types that are used in place.
func withCode(named []*model.Named) []*model.Named {
	var kept []*model.Named
	for _, n := range named {
		if n.Form != model.AliasForm {
			kept = append(kept, n)
		}
	}
	return kept
}
