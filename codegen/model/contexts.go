package model

import (
	"slices"
	"strings"

	"github.com/backstory-go/backstory/codegen/source"
)

// buildContexts works in three passes, since names may be used before they are
// reached: every component and message first, then their types, then what the
// keywords of messages and components say.
func (b *builder) buildContexts() {
	b.eachComponent(b.shell)
	for _, f := range b.files {
		if f.root.Is(source.Object) {
			b.keywords(f.root, "a file of kind "+f.kind, rootKeywords(f.kind))
			b.defs(site{file: f, defs: true}, f.root)
		}
	}
	b.eachComponent(b.bodies)
	b.eachComponent(b.refusalCodes)
	b.eachComponent(b.finish)
	for _, name := range sortedKeys(b.contexts) {
		b.sortContext(b.contexts[name])
	}
}

func (b *builder) eachComponent(do func(*component)) {
	for _, ctxName := range sortedKeys(b.contexts) {
		ctx := b.contexts[ctxName]
		if ctx.out == nil {
			ctx.out = &Context{Name: ctx.name, Package: ctx.pkg}
		}
		for _, name := range sortedKeys(ctx.components) {
			do(ctx.components[name])
		}
	}
}

// shell makes a component and its messages, still empty, for others to name.
func (b *builder) shell(c *component) {
	name, _ := goName(c.name)
	base := Component{Context: c.context.out, Name: c.name, GoName: name, Package: packageName(c.name)}
	if c.main != nil && c.main.root != nil {
		root := c.main.root
		if own := root.Get("x-go-name").Str(); own != "" {
			base.GoName = own
		}
		base.Lane, base.Doc, base.Pos = root.Get("x-system").Str(), doc(root), root.Pos()
	}
	switch c.kind() {
	case "projection":
		c.projection = &Projection{Component: base, Table: c.context.name + "_" + c.name}
		c.base = &c.projection.Component
	case "reactor":
		c.reactor = &Reactor{Component: base, Key: map[string]string{}}
		c.base = &c.reactor.Component
	default:
		c.actor = &Actor{Component: base}
		c.base = &c.actor.Component
	}
	if c.actor == nil {
		c.actor = &Actor{Component: base} // for messages in the wrong folder
		defer func() { c.actor = nil }()
	}
	for _, name := range sortedKeys(c.commands) {
		c.commandsOut[name] = b.command(c.commands[name], c.actor)
	}
	for _, name := range sortedKeys(c.events) {
		c.eventsOut[name] = b.event(c.events[name], c.actor)
		for _, f := range c.older[name] {
			c.eventsOut[name].Older = append(c.eventsOut[name].Older, b.event(f, c.actor))
		}
	}
}

func (b *builder) object(f *file) *Object {
	if named := b.body(f); named != nil {
		return named.Object
	}
	return nil
}

func (b *builder) bodies(c *component) {
	if c.main != nil {
		o := b.object(c.main)
		switch {
		case c.actor != nil:
			c.actor.State = o
		case c.projection != nil:
			c.projection.Row = o
		case o != nil && (len(o.Fields) > 0 || o.Additional == Typed || c.main.root.Get("x-evolves") != nil):
			c.reactor.State = o
		}
	}
	for _, name := range sortedKeys(c.commands) {
		c.commandsOut[name].Body = b.object(c.commands[name])
	}
	for _, name := range sortedKeys(c.events) {
		c.eventsOut[name].Body = b.object(c.events[name])
		for i, older := range c.older[name] {
			c.eventsOut[name].Older[i].Body = b.object(older)
		}
	}
}

func (b *builder) finish(c *component) {
	for _, name := range sortedKeys(c.commands) {
		b.finishCommand(c, c.commands[name], c.commandsOut[name])
	}
	for _, name := range sortedKeys(c.events) {
		if f := c.events[name]; f.root != nil {
			b.checkRenames(f, c.eventsOut[name])
		}
	}
	if c.main == nil || c.main.root == nil {
		return
	}
	switch c.kind() {
	case "actor":
		b.finishActor(c)
	case "projection":
		b.finishProjection(c)
	case "reactor":
		b.finishReactor(c)
	}
}

func (b *builder) finishCommand(c *component, f *file, cmd *Command) {
	b.checkCommand(cmd)
	if f.root == nil {
		return
	}
	for _, ref := range texts(f.root.Get("x-emits")) {
		if e := b.ownEvent(f, ref); e != nil {
			if e.Retired {
				b.fault(ref.Pos(), codeRetired, "emit the event that took its place, or delete \"x-retired\"", "%s is retired, so nobody may emit it", e.Name)
			}
			if slices.Contains(cmd.Emits, e) {
				b.twice(ref)
				continue
			}
			cmd.Emits = append(cmd.Emits, e)
		}
	}
	b.rejects(c, f, cmd)
	if settles := f.root.Get("x-settles"); settles.Is(source.Object) {
		cmd.Settles = b.settles(c, f, settles)
	}
}

// ownEvent resolves the name of an event that must be of the same component.
func (b *builder) ownEvent(f *file, ref *source.Node) *Event {
	e := b.findEvent(f, ref)
	if e == nil {
		return nil
	}
	if f.comp.eventsOut[e.Name] != e {
		b.fault(ref.Pos(), codeForeign, "name an event of this actor, or send a command to the other one from a reaction", "%s belongs to %s, and only its own actor decides it", e.Name, e.Actor.Type())
		return nil
	}
	return e
}

func (b *builder) sortContext(ctx *context) {
	out := ctx.out
	byName := func(x, y *Named) int { return strings.Compare(x.GoName, y.GoName) }
	slices.SortStableFunc(out.Types, byName)
	for _, name := range sortedKeys(ctx.components) {
		c := ctx.components[name]
		slices.SortStableFunc(c.base.Types, byName)
		switch c.kind() {
		case "actor":
			for _, m := range sortedKeys(c.commandsOut) {
				c.actor.Commands = append(c.actor.Commands, c.commandsOut[m])
			}
			for _, m := range sortedKeys(c.eventsOut) {
				c.actor.Events = append(c.actor.Events, c.eventsOut[m])
			}
			for _, code := range sortedKeys(c.refusals) {
				c.actor.Refusals = append(c.actor.Refusals, c.refusals[code])
			}
			out.Actors = append(out.Actors, c.actor)
		case "projection":
			out.Projections = append(out.Projections, c.projection)
		case "reactor":
			out.Reactors = append(out.Reactors, c.reactor)
		}
	}
}
