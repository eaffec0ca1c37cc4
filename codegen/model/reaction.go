package model

import (
	"slices"

	"github.com/backstory-go/backstory/codegen/source"
)

func (b *builder) reactions(c *component, list *source.Node) []*Reaction {
	if !list.Is(source.Array) {
		return nil
	}
	var out []*Reaction
	for _, n := range list.Items {
		if n.Is(source.Object) {
			out = append(out, b.reaction(c, n))
		}
	}
	b.nameReactions(out)
	return out
}

func (b *builder) reaction(c *component, n *source.Node) *Reaction {
	r := &Reaction{Name: n.Get("name").Str(), Doc: n.Get("description").Str(), Pos: n.Pos()}
	for _, ref := range texts(n.Get("on")) {
		if e := b.reactionEvent(c, ref); e != nil {
			if slices.Contains(r.On, e) {
				b.twice(ref)
				continue
			}
			r.On = append(r.On, e)
		}
	}
	b.dispatches(c.main, r, n)
	for key, into := range map[string]*[]*Command{"on_refused": &r.OnRefused, "on_parked": &r.OnParked} {
		if m := n.Member(key); m != nil {
			*into = b.commands(c.main, m.Value)
		}
	}
	r.AnswersRefused, r.AnswersParked = n.Member("on_refused") != nil, n.Member("on_parked") != nil
	for _, system := range texts(n.Get("calls")) {
		if slices.Contains(r.Calls, system.Text) {
			b.twice(system)
			continue
		}
		r.Calls = append(r.Calls, system.Text)
	}
	b.reactionName(r, n)
	return r
}

func (b *builder) reactionEvent(c *component, ref *source.Node) *Event {
	if c.kind() == "actor" {
		e := b.findEvent(c.main, ref)
		if e != nil && e.Actor != c.actor {
			b.fault(ref.Pos(), codeForeign, "put the reaction into a reactor, which may follow any event", "%s belongs to %s, and an actor reacts to its own events only", e.Name, e.Actor.Type())
			return nil
		}
		return e
	}
	return b.findEvent(c.main, ref)
}

func (b *builder) dispatches(f *file, r *Reaction, n *source.Node) {
	common := b.duration(n.Get("after"))
	list := n.Get("dispatches")
	if !list.Is(source.Array) {
		if m := n.Member("after"); m != nil {
			b.fault(m.Pos(), codeMisplaced, "add \"dispatches\", or delete it", "after delays commands, and this reaction sends none")
		}
		return
	}
	seen := map[*Command]bool{}
	for _, item := range list.Items {
		name, after := item, common
		if item.Is(source.Object) {
			name = item.Get("command")
			if own := b.duration(item.Get("after")); own != "" {
				after = own
			}
		}
		if !name.Is(source.String) {
			continue
		}
		cmd := b.findCommand(f, name)
		switch {
		case cmd == nil:
		case seen[cmd]:
			b.twice(name)
		default:
			seen[cmd] = true
			r.Dispatches = append(r.Dispatches, Dispatch{Command: cmd, After: after})
		}
	}
}

// reactionName derives the method's name from the event where that is possible.
func (b *builder) reactionName(r *Reaction, n *source.Node) {
	if r.Name == "" && n.Get("on").Is(source.Array) {
		b.fault(n.Get("on").Pos(), codeReactionName, "add \"name\", such as on_any_change", "a reaction to an array of events needs a name")
		r.Name = "unnamed"
		return
	}
	if r.Name == "" && len(r.On) == 1 {
		r.Name, r.GoName = "on_"+r.On[0].Name, "On"+r.On[0].GoName
	} else {
		r.GoName, _ = goName(r.Name)
	}
	if own := n.Get("x-go-name").Str(); own != "" {
		r.GoName = own
	}
}

// nameReactions wants the names of one component's reactions to differ.
func (b *builder) nameReactions(reactions []*Reaction) {
	seen := map[string]*Reaction{}
	for _, r := range reactions {
		other := seen[r.GoName]
		if other != nil && r.GoName != "" {
			b.fault(r.Pos, codeReactionName, "give one of the two a \"name\" of its own", "two reactions would both be the method %s (the other is in line %d)", r.GoName, other.Pos.Line)
		}
		seen[r.GoName] = r
	}
}

func (b *builder) finishReactor(c *component) {
	root, r := c.main.root, c.reactor
	r.Evolves = b.events(c.main, root.Get("x-evolves"))
	b.folds(c, root.Get("x-evolves"))
	r.Reactions = b.reactions(c, root.Get("x-reactions"))
	b.reactorKey(c)
}

// reactorKey gives every event of the reactor its key.
func (b *builder) reactorKey(c *component) {
	r, key := c.reactor, c.main.root.Get("x-key")
	all := slices.Clone(r.Evolves)
	for _, reaction := range r.Reactions {
		for _, e := range reaction.On {
			if !slices.Contains(all, e) {
				all = append(all, e)
			}
		}
	}
	for _, e := range all {
		r.Key[e.Type] = "$stream"
	}
	switch {
	case key.Is(source.String):
		for _, e := range all {
			r.Key[e.Type] = key.Text
			b.reactorKeyField(e, key)
		}
	case key.Is(source.Object):
		b.reactorKeys(c, all, key)
	}
}

func (b *builder) reactorKeyField(e *Event, key *source.Node) {
	if key.Text != "$stream" {
		b.keyText(e.Body, key, codeKey, "the event "+e.Type)
	}
}

func (b *builder) reactorKeys(c *component, all []*Event, key *source.Node) {
	named := map[*Event]bool{}
	for _, m := range key.Members {
		owner, last := b.owner(c.main, m.Key)
		if owner == nil || owner.eventsOut[last] == nil {
			var names []string
			for _, e := range all {
				names = append(names, b.shortest(c.main, e.Actor.Context.Name, e.Actor.Name, e.Name))
			}
			b.fault(m.Pos(), codeUnresolved, suggestion(m.Key, names, "write the name of an event of this reactor"), "there is no event %q", m.Key)
			continue
		}
		e := owner.eventsOut[last]
		switch {
		case !slices.Contains(all, e):
			b.fault(m.Pos(), codeKey, "delete it, or add the event to a reaction's \"on\" or to \"x-evolves\"", "%s is no event of this reactor", e.Type)
		case named[e]:
			b.fault(m.Pos(), codeTwice, "delete one of the two", "the event %s stands here twice", e.Type)
		case m.Value.Is(source.String):
			c.reactor.Key[e.Type] = m.Value.Text
			b.reactorKeyField(e, m.Value)
		}
		named[e] = true
	}
	for _, e := range all {
		if !named[e] {
			b.fault(key.KeyPos(), codeKey, "add "+b.shortest(c.main, e.Actor.Context.Name, e.Actor.Name, e.Name)+" with a property, or with \"$stream\"", "x-key does not say where the key of %s is", e.Type)
		}
	}
}
