package lint

import (
	"context"
	"path"
	"strings"

	"github.com/backstory-go/backstory/codegen/model"
	"github.com/backstory-go/backstory/codegen/source"
)

// Code compares what the schemas declare with what the code can do: it type
// checks the packages of the module at dir that use generated ones, tests left
// out, and finds
//
//   - events that a command declares and no code emits,
//   - commands that a reaction declares and no code dispatches,
//   - events that are folded by an empty method and used by nobody else,
//   - projections that no code reads.
//
// An emitter's or dispatcher's method counts as used when code that can run
// calls it, takes it as a value, or converts the emitter (also one within
// another type) to an interface that has the method, type parameters included.
// What reflection calls is not seen.
//
// Where the code does not compile nothing is compared, and the findings are
// notes that say so. The error is not nil when the go command cannot be run at
// dir, or does not find a module there.
func Code(ctx context.Context, dir string, sys *model.System) ([]Finding, error) {
	code, notes, err := load(ctx, dir, sys)
	if err != nil || len(notes) > 0 {
		return sorted(notes), err
	}
	reach, err := code.reach()
	if err != nil {
		return nil, err
	}
	c := &comparison{code: code, sys: sys, reach: reach}
	known := index(sys)
	for _, context := range sys.Contexts {
		c.context(context, known)
	}
	return sorted(c.findings), nil
}

// comparison is one run of Code after loading.
type comparison struct {
	code     *code
	sys      *model.System
	reach    reach
	findings []Finding
}

func (c *comparison) context(ctx *model.Context, known *flow) {
	for _, a := range ctx.Actors {
		c.folds(a, known)
		for _, cmd := range a.Commands {
			c.emits(a, cmd)
		}
		c.reactions(&a.Component, a.Reactions)
	}
	for _, r := range ctx.Reactors {
		c.reactions(&r.Component, r.Reactions)
	}
	c.readers(ctx)
}

func (c *comparison) add(f Finding, handler source.Pos) {
	if handler.File != "" {
		f.Schema, f.Pos = f.Pos, handler
	}
	c.findings = append(c.findings, f)
}

// packageOf is the import path of a component's generated package.
func (c *comparison) packageOf(component *model.Component) string {
	return path.Join(c.contextPackage(component.Context), component.Package)
}

func (c *comparison) contextPackage(ctx *model.Context) string {
	return path.Join(c.sys.Module, "generated", ctx.Package)
}

// emits compares the x-emits of a command with the use of its emitter.
func (c *comparison) emits(a *model.Actor, cmd *model.Command) {
	pkg := c.packageOf(&a.Component)
	emitter := typeName{pkg, cmd.GoName + "Emitter"}
	for _, e := range cmd.Emits {
		if c.reach.method(e.GoName, typeName{pkg, e.GoName}, func(of typeName) bool { return of == emitter }) {
			continue
		}
		c.add(Finding{Level: Error, Pos: entry(&cmd.Message, "x-emits", e.Name), Code: codeNotEmitted,
			Message: cmd.Type + " is declared to emit " + e.Name + ", but no code does",
			Remedy:  "call emit." + e.GoName + " in the handler or in what it calls, or take " + e.Name + " out of \"x-emits\""},
			c.code.method(cmd.GoName, emitter))
	}
}

// entry is the place of an own event's name in an array of a message's file,
// and else that of the message.
func entry(m *model.Message, keyword, name string) source.Pos {
	tree, _ := source.New(map[string][]byte{strings.TrimPrefix(m.Pos.File, source.Root+"/"): m.Schema})
	file := tree.File(m.Pos.File)
	if file == nil {
		return m.Pos
	}
	list := file.Root.Get(keyword)
	if !list.Is(source.Array) {
		return m.Pos
	}
	for _, item := range list.Items {
		if item.Text == name || strings.HasSuffix(item.Text, "."+name) {
			return item.Pos()
		}
	}
	return m.Pos
}

// reactions compares what a component's reactions declare with the use of their
// dispatchers.
func (c *comparison) reactions(owner *model.Component, reactions []*model.Reaction) {
	for _, r := range reactions {
		var commands []*model.Command
		for _, d := range r.Dispatches {
			commands = append(commands, d.Command)
		}
		c.dispatches(owner, r, "", commands)
		c.dispatches(owner, r, "Refused", r.OnRefused)
		c.dispatches(owner, r, "Parked", r.OnParked)
	}
}

func (c *comparison) dispatches(owner *model.Component, r *model.Reaction, suffix string, commands []*model.Command) {
	keyword := map[string]string{"": "dispatches", "Refused": "on_refused", "Parked": "on_parked"}[suffix]
	dispatcher := typeName{c.contextPackage(owner.Context), owner.GoName + r.GoName + suffix + "Dispatcher"}
	for _, cmd := range commands {
		if c.sent(dispatcher, cmd) {
			continue
		}
		c.add(Finding{Level: Error, Pos: r.Pos, Code: codeNotDispatched,
			Message: owner.Type() + "." + r.Name + " is declared to dispatch " + cmd.Type + " (" + keyword + "), but no code does",
			Remedy:  "call " + cmd.GoName + " of the dispatcher in the handler or in what it calls, or take the command out of \"" + keyword + "\""},
			c.code.method(r.GoName+suffix, dispatcher))
	}
}

// sent says whether the dispatcher's method for the command is used. It belongs
// to a type of its own for each actor, <dispatcher>To<Actor>.
func (c *comparison) sent(dispatcher typeName, cmd *model.Command) bool {
	arg := typeName{c.packageOf(&cmd.Actor.Component), cmd.GoName}
	return c.reach.method(cmd.GoName, arg, func(of typeName) bool {
		return of.pkg == dispatcher.pkg && strings.HasPrefix(of.name, dispatcher.name+"To")
	})
}
