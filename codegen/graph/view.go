package graph

import (
	"fmt"
	"slices"
	"strings"

	"github.com/backstory-go/backstory/codegen/model"
)

// Context returns the flow of one context and what it touches of others.
func Context(sys *model.System, name string) *Graph { return Of(sys).Context(name) }

// Component returns the flow through one component, e.g. todos.list.
func Component(sys *model.System, full string) *Graph { return Of(sys).Component(full) }

// Message returns what leads to one message and what follows from it.
func Message(sys *model.System, full string) (*Graph, bool) { return Of(sys).Message(full) }

// foreign names the context in the frames of other contexts' components, and
// takes the frame from a read model at home: it would hold one box of its name.
func (g *Graph) foreign(home string) *Graph {
	for i, n := range g.Nodes {
		at := slices.IndexFunc(g.Groups, func(x Group) bool { return x.ID == n.Group })
		if n.Kind == Projection && n.context == home && g.Groups[at].Lane == "" {
			g.Nodes[i].Group = ""
		}
		if n.context == "" || n.context == home {
			continue
		}
		if prefix := model.Label(n.context) + ": "; !strings.HasPrefix(g.Groups[at].Label, prefix) {
			g.Groups[at].Label = prefix + g.Groups[at].Label
		}
	}
	return g.normal()
}

// Overview returns the components of a context, or of all with an empty name,
// as one node each: which sends commands to which, which reads whose events.
func Overview(sys *model.System, context string) *Graph { return Of(sys).Overview(context) }

// Overview returns the components of a context, or of all with an empty name, as
// one node each.
func (w *Whole) Overview(context string) *Graph {
	if w.overview == nil {
		w.overview = prepare(w.sys, w.components())
	}
	if context == "" {
		all := *w.overview.all
		all.Nodes, all.Edges, all.Groups = slices.Clone(all.Nodes), slices.Clone(all.Edges), slices.Clone(all.Groups)
		return &all
	}
	return w.overview.around("Overview", w.overview.byContext[context])
}

// components is the graph with each component as one node.
func (w *Whole) components() *Graph {
	all, kinds := w.all, map[string]Kind{}
	for _, c := range w.sys.Contexts {
		for _, a := range c.Actors {
			kinds[id("g", c.Name, a.Name)] = Actor
		}
		for _, p := range c.Projections {
			kinds[id("g", c.Name, p.Name)] = Projection
		}
		for _, r := range c.Reactors {
			kinds[id("g", c.Name, r.Name)] = Reactor
		}
	}
	out := &Graph{Title: "Overview"}
	home := map[string]string{} // node → component node
	for _, n := range all.Nodes {
		node := Node{ID: n.ID, Kind: n.Kind, Label: n.Label}
		if n.Group != "" {
			owner := strings.Join(strings.Split(n.Type, ".")[:2], ".")
			node = Node{"o" + n.Group[1:], kinds[n.Group], model.Label(strings.Split(owner, ".")[1]), owner, id("x", n.context), n.context}
			out.Groups = append(out.Groups, Group{ID: node.Group, Label: model.Label(n.context)})
		}
		home[n.ID] = node.ID
		out.Nodes = append(out.Nodes, node)
	}
	out.Edges = contract(all, home)
	return out.normal()
}

// contract draws the edges between components with the number of messages that
// they stand for.
func contract(all *Graph, home map[string]string) []Edge {
	counts := map[Edge]map[string]bool{}
	nodes := map[string]Node{}
	for _, n := range all.Nodes {
		nodes[n.ID] = n
	}
	for _, e := range all.Edges {
		from, to := home[e.From], home[e.To]
		source, target := nodes[e.From], nodes[e.To]
		what, message := "events", e.From
		if target.Kind == Command {
			what, message = "commands", e.To
		}
		if from == to || source.Kind == State {
			continue
		}
		key := Edge{From: from, To: to, Label: what}
		if target.Kind == System {
			key.Label = "calls"
		}
		if counts[key] == nil {
			counts[key] = map[string]bool{}
		}
		counts[key][message] = true
	}
	var edges []Edge
	for key, messages := range counts { // normal sorts them
		switch n := len(messages); {
		case key.Label == "calls":
		case n == 1:
			key.Label = "1 " + strings.TrimSuffix(key.Label, "s")
		default:
			key.Label = fmt.Sprintf("%d %s", n, key.Label)
		}
		edges = append(edges, key)
	}
	return edges
}

// Lanes returns one actor's story with its triggers.
func Lanes(sys *model.System, actor *model.Actor) *Graph { return Of(sys).Lanes(actor) }
