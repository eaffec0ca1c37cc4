package model

import (
	"strings"

	"github.com/backstory-go/backstory/codegen/source"
)

// Names are resolved from the nearest scope outward: event (same component),
// component.event (same context), context.component.event (anywhere).

// component finds a component by a name with at most one dot, seen from a file.
func (b *builder) component(from *file, name string) *component {
	parts := strings.Split(name, ".")
	switch len(parts) {
	case 1:
		return from.context.components[name]
	case 2:
		if ctx := b.contexts[parts[0]]; ctx != nil {
			return ctx.components[parts[1]]
		}
	}
	return nil
}

// owner splits a message's name into its component and its last part.
func (b *builder) owner(from *file, name string) (*component, string) {
	i := strings.LastIndex(name, ".")
	if i < 0 {
		return from.comp, name
	}
	return b.component(from, name[:i]), name[i+1:]
}

func (b *builder) lookupEvent(from *file, name string) *Event {
	c, last := b.owner(from, name)
	if c == nil {
		return nil
	}
	return c.eventsOut[last]
}

func (b *builder) findComponent(from *file, ref *source.Node) *component {
	if !ref.Is(source.String) {
		return nil
	}
	if c := b.component(from, ref.Text); c != nil {
		if c.main == nil || c.main.root == nil {
			return nil // has a fault already
		}
		return c
	}
	var names []string
	for _, ctx := range b.contexts {
		for name := range ctx.components {
			names = append(names, b.shortest(from, ctx.name, name, ""))
		}
	}
	b.fault(ref.Pos(), codeUnresolved, suggestion(ref.Text, names, "write the name of an actor of this context, or <context>.<actor>"), "there is no component %q", ref.Text)
	return nil
}

// shortest is the name by which a file may call a component or message.
func (b *builder) shortest(from *file, context, component, message string) string {
	parts := []string{context, component, message}
	if message == "" {
		parts = parts[:2]
	}
	switch {
	case context != from.context.name:
	case message != "" && from.comp != nil && from.comp.name == component:
		parts = parts[2:]
	default:
		parts = parts[1:]
	}
	return strings.Join(parts, ".")
}

// findEvent resolves an event's name and complains when there is none.
func (b *builder) findEvent(from *file, ref *source.Node) *Event {
	c, last := b.owner(from, ref.Text)
	if c != nil && c.eventsOut[last] != nil {
		return c.eventsOut[last]
	}
	if c != nil && c.commandsOut[last] != nil {
		b.fault(ref.Pos(), codeWrongName, "name an event", "%q is a command, not an event", ref.Text)
		return nil
	}
	b.unresolved(from, ref, "event", func(c *component) []string { return sortedKeys(c.eventsOut) })
	return nil
}

// findCommand resolves a command's name and complains when there is none.
func (b *builder) findCommand(from *file, ref *source.Node) *Command {
	c, last := b.owner(from, ref.Text)
	if c != nil && c.commandsOut[last] != nil {
		return c.commandsOut[last]
	}
	if c != nil && c.eventsOut[last] != nil {
		b.fault(ref.Pos(), codeWrongName, "name a command", "%q is an event, not a command", ref.Text)
		return nil
	}
	b.unresolved(from, ref, "command", func(c *component) []string { return sortedKeys(c.commandsOut) })
	return nil
}

// unresolved suggests first the same message of another component, for the
// forgotten prefix is the commonest mistake, then the most similar name.
func (b *builder) unresolved(from *file, ref *source.Node, what string, list func(*component) []string) {
	last := ref.Text[strings.LastIndex(ref.Text, ".")+1:]
	var names, same []string
	for _, ctxName := range sortedKeys(b.contexts) {
		ctx := b.contexts[ctxName]
		for _, compName := range sortedKeys(ctx.components) {
			for _, name := range list(ctx.components[compName]) {
				full := b.shortest(from, ctxName, compName, name)
				names = append(names, full)
				if name == last {
					same = append(same, full)
				}
			}
		}
	}
	remedy := suggestion(ref.Text, names, "write the name of one of the "+what+"s below schemas, or add its file")
	if len(same) > 0 {
		remedy = suggestion(same[0], same, "")
	}
	b.fault(ref.Pos(), codeUnresolved, remedy, "there is no %s %q", what, ref.Text)
}

// events resolves an array of event names, each once.
func (b *builder) events(from *file, list *source.Node) []*Event {
	var out []*Event
	seen := map[*Event]bool{}
	for _, ref := range texts(list) {
		e := b.findEvent(from, ref)
		if e == nil {
			continue
		}
		if seen[e] {
			b.twice(ref)
			continue
		}
		seen[e] = true
		out = append(out, e)
	}
	return out
}

func (b *builder) commands(from *file, list *source.Node) []*Command {
	out := []*Command{}
	seen := map[*Command]bool{}
	for _, ref := range texts(list) {
		c := b.findCommand(from, ref)
		if c == nil {
			continue
		}
		if seen[c] {
			b.twice(ref)
			continue
		}
		seen[c] = true
		out = append(out, c)
	}
	return out
}

func (b *builder) twice(n *source.Node) {
	b.fault(n.Pos(), codeTwice, "delete one of the two", "%q stands here twice", n.Text)
}
