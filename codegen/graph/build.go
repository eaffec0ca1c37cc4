package graph

import (
	"fmt"
	"strings"

	"github.com/backstory-go/backstory/codegen/model"
)

// All returns every message of the system and how they follow from each other.
func All(sys *model.System) *Graph {
	b := &builder{graph: &Graph{Title: "The whole system"}}
	for _, c := range sys.Contexts {
		for _, a := range c.Actors {
			b.actor(a)
		}
		for _, p := range c.Projections {
			b.projection(p)
		}
		for _, r := range c.Reactors {
			b.reactor(r)
		}
	}
	return b.graph.normal()
}

// builder collects nodes and edges; normal sorts them and merges repetitions.
type builder struct{ graph *Graph }

// id joins a kind's prefix and names. Names never hold "__", so two different
// lists of names never give one id.
func id(prefix string, names ...string) string { return prefix + "_" + strings.Join(names, "__") }

func (b *builder) edge(from, to, label string, dashed bool) {
	b.graph.Edges = append(b.graph.Edges, Edge{from, to, label, dashed})
}

// node adds a node of a component and the component's group.
func (b *builder) node(c *model.Component, prefix string, kind Kind, name, label string) string {
	group := id("g", c.Context.Name, c.Name)
	b.graph.Groups = append(b.graph.Groups, Group{group, model.Label(c.Name), c.Lane})
	node := id(prefix, c.Context.Name, c.Name)
	full := c.Type()
	if name != "" {
		node, full = node+"__"+name, full+"."+name
	}
	b.graph.Nodes = append(b.graph.Nodes, Node{node, kind, label, full, group, c.Context.Name})
	return node
}

func (b *builder) command(c *model.Command) string {
	return b.node(&c.Actor.Component, "c", Command, c.Name, model.Label(c.Name))
}

func (b *builder) event(e *model.Event) string {
	return b.node(&e.Actor.Component, "e", Event, e.Name, model.Label(e.Name))
}

func (b *builder) actor(a *model.Actor) {
	for _, c := range a.Commands {
		from := b.command(c)
		for _, e := range c.Emits {
			b.edge(from, b.event(e), "", false)
		}
	}
	for _, e := range a.Events {
		b.event(e)
	}
	b.reactions(&a.Component, a.Reactions)
	if len(a.Evolves) == 0 {
		return
	}
	state := b.state(&a.Component, a.Evolves)
	for _, c := range a.Commands {
		b.edge(state, b.command(c), "", true) // a boundary's decisions rest on it
	}
}

func (b *builder) state(c *model.Component, evolves []*model.Event) string {
	state := b.node(c, "f", State, "", model.Label(c.Name)+" state")
	for _, e := range evolves {
		b.edge(b.event(e), state, "", true)
	}
	return state
}

func (b *builder) projection(p *model.Projection) {
	to := b.node(&p.Component, "p", Projection, "", model.Label(p.Name))
	for _, e := range p.Projects {
		b.edge(b.event(e), to, "", false)
	}
}

func (b *builder) reactor(r *model.Reactor) {
	reactions := b.reactions(&r.Component, r.Reactions)
	if len(r.Evolves) == 0 {
		return
	}
	state := b.state(&r.Component, r.Evolves)
	for _, reaction := range reactions {
		b.edge(state, reaction, "", true)
	}
}

func (b *builder) reactions(c *model.Component, reactions []*model.Reaction) (ids []string) {
	for _, r := range reactions {
		from := b.node(c, "r", Reaction, r.Name, model.Label(r.Name))
		ids = append(ids, from)
		for _, e := range r.On {
			b.edge(b.event(e), from, "", false)
		}
		for _, d := range r.Dispatches {
			label := ""
			if d.After != "" {
				label = "after " + d.After
			}
			b.edge(from, b.command(d.Command), label, false)
		}
		for _, command := range r.OnRefused {
			b.edge(from, b.command(command), "when refused", true)
		}
		for _, command := range r.OnParked {
			b.edge(from, b.command(command), "when parked", true)
		}
		for _, call := range r.Calls {
			b.edge(from, b.outside(call), "calls", false)
		}
	}
	return ids
}

func (b *builder) outside(name string) string {
	node := "s_" + safe(name)
	b.graph.Nodes = append(b.graph.Nodes, Node{ID: node, Kind: System, Label: name})
	return node
}

// safe writes a free text with the characters that an id may have. Different
// texts stay different: all but letters and digits become _hex_.
func safe(text string) string {
	var out strings.Builder
	for _, r := range text {
		if r < 128 && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9') {
			out.WriteRune(r)
			continue
		}
		fmt.Fprintf(&out, "_%x_", r)
	}
	return out.String()
}
