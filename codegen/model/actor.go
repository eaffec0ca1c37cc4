package model

import (
	"slices"
	"strconv"

	"github.com/backstory-go/backstory/codegen/source"
)

func (b *builder) finishActor(c *component) {
	root, a := c.main.root, c.actor
	b.identity(c)
	b.checkAt(c)
	a.Reactions = b.reactions(c, root.Get("x-reactions"))
	b.boundary(c)
	for _, e := range b.events(c.main, root.Get("x-evolves")) {
		if e.Actor != a { // an actor folds its own events anyway
			a.Evolves = append(a.Evolves, e)
		}
	}
	b.folds(c, root.Get("x-evolves"))
	if n := root.Get("x-boundary"); n.Is(source.Object) {
		b.boundaryTypes(c, n)
	}
	if m := root.Member("x-evolves"); m != nil && root.Get("x-boundary") == nil {
		b.fault(m.Pos(), codeEvolves, "add \"x-boundary\", or let a reaction send a command to this actor", "an actor folds foreign events only with x-boundary")
	}
	if every := canonicalInteger(root.Get("x-snapshot-every")); every != "" {
		a.SnapshotEvery, _ = strconv.Atoi(every)
		if root.Get("x-boundary") != nil {
			b.fault(root.Member("x-snapshot-every").Pos(), codeSnapshot, "delete it", "an actor with x-boundary has no snapshots")
		}
	}
}

// folds records that a component's package imports those of the events.
func (b *builder) folds(c *component, list *source.Node) {
	for _, ref := range texts(list) {
		if owner, last := b.owner(c.main, ref.Text); owner != nil && owner.eventsOut[last] != nil {
			b.imports(c.pkg(), owner.pkg(), ref.Pos())
		}
	}
}

func (b *builder) identity(c *component) {
	a, id := c.actor, c.main.root.Get("x-id")
	a.ID.Type = &Type{Kind: UUID, Pos: c.main.root.Pos()}
	switch {
	case id.Is(source.Array):
		a.ID.Type = &Type{Kind: String, Pos: id.Pos()}
		b.compositeID(c, id)
	case id.Is(source.Object):
		a.ID.Type = b.typ(site{file: c.main, name: a.GoName + "ID", id: true}, id)
		if t := a.ID.Type; !stringLike(t) || t.Nullable {
			b.fault(id.Pos(), codeID, "write a string schema, with format, pattern or lengths, or an array of properties", "an id is a string that is never null and no constant or enum")
		}
		for _, step := range texts(id.Get("x-normalize")) {
			if slices.Contains(a.ID.Normalize, step.Text) {
				b.twice(step)
				continue
			}
			a.ID.Normalize = append(a.ID.Normalize, step.Text)
		}
		if m := id.Member("x-personal"); m != nil {
			b.fault(m.Pos(), codePersonal, "identify the stream by something else", "an id is never personal data: it is logged and shown")
		}
	}
}

func stringLike(t *Type) bool {
	return slices.Contains([]Kind{String, UUID, DateTime, Date, Time, Duration}, t.Kind)
}

// compositeID wants each part in every command that creates a stream.
func (b *builder) compositeID(c *component, id *source.Node) {
	var creators []*Command
	for _, name := range sortedKeys(c.commandsOut) {
		cmd := c.commandsOut[name]
		if cmd.Creates == CreatesNo {
			continue
		}
		creators = append(creators, cmd)
		for _, part := range texts(id) {
			b.keyText(cmd.Body, part, codeID, "the command "+cmd.Name+", which creates the stream,")
			b.sameParts(c.actor, part, creators[0], cmd)
		}
	}
	for _, part := range texts(id) {
		if slices.Contains(c.actor.ID.Composite, part.Text) {
			b.twice(part)
			continue
		}
		c.actor.ID.Composite = append(c.actor.ID.Composite, part.Text)
	}
	if len(creators) == 0 {
		b.fault(id.Pos(), codeID, "write \"x-creates\": true in the command that creates the stream", "an id made of properties needs a creating command, and this actor has none")
	}
}

// keyField wants a property that is there, always, and is one value.
func (b *builder) keyField(o *Object, name *source.Node, code, owner string) *Field {
	if o == nil {
		return nil
	}
	field := o.field(name.Text)
	switch {
	case field == nil:
		b.fault(name.Pos(), code, suggestion(name.Text, o.fieldList(), "name a property of it, or declare this one"), "%s has no property %q", owner, name.Text)
		return nil
	case !field.Required && field.Default == nil || field.Type.Nullable:
		b.fault(name.Pos(), code, "make it required and never null, or choose another property", "%s may lack %q, so it cannot be part of a key", owner, name.Text)
	case !scalar(field.Type):
		b.fault(name.Pos(), code, "choose a string, an integer or a boolean", "%q of %s is not one value, so it cannot be part of a key", name.Text, owner)
	}
	return field
}

func (b *builder) boundary(c *component) {
	n := c.main.root.Get("x-boundary")
	if !n.Is(source.Object) {
		return
	}
	for _, m := range n.Members {
		tag := BoundaryTag{Tag: m.Key}
		for _, prop := range texts(m.Value) {
			if slices.Contains(tag.Properties, prop.Text) {
				b.twice(prop)
				continue
			}
			tag.Properties = append(tag.Properties, prop.Text)
			b.boundaryProperty(c, prop)
		}
		b.boundaryTag(c, m)
		c.actor.Boundary = append(c.actor.Boundary, tag)
	}
	if len(n.Members) > 0 {
		b.boundaryCommands(c, n)
	}
}

func (b *builder) boundaryProperty(c *component, prop *source.Node) {
	var names []string
	for _, name := range sortedKeys(c.commandsOut) {
		cmd := c.commandsOut[name]
		if cmd.Body == nil || cmd.Body.field(prop.Text) != nil {
			return
		}
		names = append(names, cmd.Body.fieldList()...)
	}
	b.fault(prop.Pos(), codeBoundary, suggestion(prop.Text, names, "name a property of one of the actor's commands"), "no command of this actor has a property %q", prop.Text)
}

// boundaryTag wants the tag on an event that is folded; otherwise nothing would
// ever be found by it.
func (b *builder) boundaryTag(c *component, m *source.Member) {
	var tags []string
	collect := func(e *Event) {
		if e.Body == nil {
			tags = append(tags, m.Key) // broken files are not blamed twice
			return
		}
		for _, field := range e.Body.Fields {
			if field.Tag != "" {
				tags = append(tags, field.Tag)
			}
		}
	}
	for _, name := range sortedKeys(c.eventsOut) {
		collect(c.eventsOut[name])
	}
	for _, ref := range texts(c.main.root.Get("x-evolves")) {
		if e := b.lookupEvent(c.main, ref.Text); e != nil {
			collect(e)
		}
	}
	if !slices.Contains(tags, m.Key) {
		b.fault(m.Pos(), codeBoundary, suggestion(m.Key, tags, "write \"x-tag\": \""+m.Key+"\" on a property of the events, or add them to \"x-evolves\""), "no event folded by this actor has the tag %q", m.Key)
	}
}

// boundaryCommands wants every command to have at least one of the properties.
func (b *builder) boundaryCommands(c *component, n *source.Node) {
	for _, name := range sortedKeys(c.commandsOut) {
		cmd := c.commandsOut[name]
		if cmd.Past {
			b.fault(cmd.Pos, codeBoundary, "leave x-past out, or move the command to an actor without x-boundary", "the command %s asks for the past of its stream, and a decision over a boundary has none", cmd.Name)
		}
		if cmd.Body == nil {
			continue
		}
		found := false
		for _, m := range n.Members {
			for _, prop := range texts(m.Value) {
				found = found || cmd.Body.field(prop.Text) != nil
			}
		}
		if !found {
			b.fault(cmd.Pos, codeBoundary, "add one of the properties to the command, or move the command to another actor", "the command %s has none of the properties that x-boundary of its actor names", cmd.Name)
		}
	}
}
