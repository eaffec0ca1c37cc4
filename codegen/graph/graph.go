// Package graph draws the flow of a system: Mermaid for the README, Graphviz
// text and SVG for the docs, JSON for programs, and the table of messages.
//
// It owns what a picture shows (All derives every node and edge from the
// resolved schemas; the views cut pieces out of it) and how each format writes
// it. It does not decide where pictures are stored; packages plan and cli
// import it. Only Drawer starts another program, the renderer of SVG.
//
// Invariant: the same system gives the same bytes, every edge of a view is in
// the schemas, and a diagram that is split shows each edge exactly once.
package graph

import (
	"cmp"
	"slices"
)

// Kind says what a node stands for.
type Kind string

// The kinds of nodes, in the order in which a story is told.
const (
	Trigger    Kind = "trigger"    // a person or program that sends commands
	Command    Kind = "command"    // a wish
	Event      Kind = "event"      // a fact
	Projection Kind = "projection" // a read model
	Reaction   Kind = "reaction"   // an automation
	State      Kind = "state"      // what a reactor or boundary actor folds
	System     Kind = "system"     // something outside that is called
	Actor      Kind = "actor"      // an actor as a whole, in overviews
	Reactor    Kind = "reactor"    // a reactor as a whole, in overviews
)

// rank orders kinds from cause to effect.
func (k Kind) rank() int {
	return slices.Index([]Kind{Trigger, Actor, Command, Event, State, Projection, Reaction, Reactor, System}, k)
}

// Node is one box.
type Node struct {
	ID      string `json:"id"` // prefixed by its kind, only letters, digits and "_"
	Kind    Kind   `json:"kind"`
	Label   string `json:"label"`          // for people
	Type    string `json:"type,omitempty"` // the full name in the schemas, e.g. todos.list.add_item
	Group   string `json:"group,omitempty"`
	context string
}

// Group is a frame around the nodes of one component, or of one context in an
// overview.
type Group struct {
	ID    string `json:"id"`
	Label string `json:"label"`
	Lane  string `json:"lane,omitempty"` // x-system
}

// Edge is one arrow.
type Edge struct {
	From   string `json:"from"`
	To     string `json:"to"`
	Label  string `json:"label,omitempty"`
	Dashed bool   `json:"dashed,omitempty"` // what happens only sometimes, or is only folded
}

// Graph is one picture. Groups and edges are sorted by id, nodes from cause to
// effect.
type Graph struct {
	Title  string  `json:"title"`
	Groups []Group `json:"groups"`
	Nodes  []Node  `json:"nodes"`
	Edges  []Edge  `json:"edges"`
}

// Empty reports whether there is nothing to draw.
func (g *Graph) Empty() bool { return len(g.Nodes) == 0 }

// node returns the node of that id; every end of an edge is one.
func (g *Graph) node(id string) Node {
	for _, n := range g.Nodes {
		if n.ID == id {
			return n
		}
	}
	return Node{}
}

// normal sorts the graph, merges what is equal and drops groups without nodes.
func (g *Graph) normal() *Graph {
	slices.SortFunc(g.Nodes, func(a, b Node) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Kind.rank(), b.Kind.rank()), cmp.Compare(a.ID, b.ID))
	})
	g.Nodes = slices.CompactFunc(g.Nodes, func(a, b Node) bool { return a.ID == b.ID })
	slices.SortFunc(g.Edges, func(a, b Edge) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.Label, b.Label), cmp.Compare(truth(a.Dashed), truth(b.Dashed)))
	})
	g.Edges = slices.Compact(g.Edges)
	used := map[string]bool{}
	for _, n := range g.Nodes {
		used[n.Group] = true
	}
	g.Groups = slices.DeleteFunc(g.Groups, func(x Group) bool { return !used[x.ID] })
	slices.SortFunc(g.Groups, func(a, b Group) int { return cmp.Compare(a.ID, b.ID) })
	g.Groups = slices.Compact(g.Groups)
	return g
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}
