package graph

import (
	"slices"
	"strings"

	"github.com/backstory-go/backstory/codegen/model"
)

// Whole is the graph of a system, prepared for many cuts: the edges at a node and
// the nodes of a component are found without a search, so the pictures of all
// parts together cost in proportion to the system.
type Whole struct {
	sys        *model.System
	all        *Graph
	nodes      map[string]int   // id → place in all.Nodes
	edges      map[string][]int // node → places in all.Edges, of those that begin or end there
	byGroup    map[string][]int // group → its nodes
	byContext  map[string][]int // context → its nodes
	byType     map[string]int   // message → its node
	groupsByID map[string]Group
	overview   *Whole // of the components as one node each; made when first asked for
}

// Of prepares the graph of a system.
func Of(sys *model.System) *Whole { return prepare(sys, All(sys)) }

func prepare(sys *model.System, all *Graph) *Whole {
	w := &Whole{
		sys: sys, all: all, nodes: map[string]int{}, edges: map[string][]int{}, byGroup: map[string][]int{},
		byContext: map[string][]int{}, byType: map[string]int{}, groupsByID: map[string]Group{},
	}
	for i, n := range w.all.Nodes {
		w.nodes[n.ID] = i
		w.byGroup[n.Group] = append(w.byGroup[n.Group], i)
		w.byContext[n.context] = append(w.byContext[n.context], i)
		if n.Kind == Command || n.Kind == Event {
			w.byType[n.Type] = i
		}
	}
	for i, e := range w.all.Edges {
		w.edges[e.From] = append(w.edges[e.From], i)
		if e.To != e.From {
			w.edges[e.To] = append(w.edges[e.To], i)
		}
	}
	for _, g := range w.all.Groups {
		w.groupsByID[g.ID] = g
	}
	return w
}

// Context returns the flow of one context and what it touches of others.
func (w *Whole) Context(name string) *Graph {
	return w.around(model.Label(name), w.byContext[name]).foreign(name)
}

// Component returns the flow through one component, e.g. todos.list.
func (w *Whole) Component(full string) *Graph {
	context, name, _ := strings.Cut(full, ".")
	return w.around(model.Label(name), w.byGroup[id("g", context, name)]).foreign(context)
}

// around returns the core nodes with their edges: neighbours are shown, edges
// between two neighbours are not.
func (w *Whole) around(title string, core []int) *Graph {
	shown, edges := map[int]bool{}, map[int]bool{}
	for _, i := range core {
		shown[i] = true
		for _, e := range w.edges[w.all.Nodes[i].ID] {
			edges[e] = true
			shown[w.nodes[w.all.Edges[e].From]], shown[w.nodes[w.all.Edges[e].To]] = true, true
		}
	}
	return w.part(title, shown, edges)
}

// part is the graph of these nodes and edges.
func (w *Whole) part(title string, nodes, edges map[int]bool) *Graph {
	out := &Graph{Title: title}
	for i := range nodes {
		n := w.all.Nodes[i]
		out.Nodes = append(out.Nodes, n)
		if g, ok := w.groupsByID[n.Group]; ok {
			out.Groups = append(out.Groups, g)
		}
	}
	for i := range edges {
		out.Edges = append(out.Edges, w.all.Edges[i])
	}
	return out.normal() // sorts, so that the order of maps does not show
}

// Message returns what leads to one message and what follows from it: two steps
// against the arrows and two along them.
func (w *Whole) Message(full string) (*Graph, bool) {
	at, ok := w.byType[full]
	if !ok {
		return nil, false
	}
	start := w.all.Nodes[at]
	nodes, edges := map[int]bool{at: true}, map[int]bool{}
	for _, ends := range []func(Edge) (string, string){
		func(e Edge) (string, string) { return e.From, e.To },
		func(e Edge) (string, string) { return e.To, e.From },
	} {
		reached := w.reach(start.ID, 2, ends)
		for node := range reached {
			nodes[w.nodes[node]] = true
			for _, i := range w.edges[node] {
				if e := w.all.Edges[i]; reached[e.From] && reached[e.To] {
					edges[i] = true
				}
			}
		}
	}
	return w.part(start.Label, nodes, edges).foreign(start.context), true
}

// reach returns the nodes at most that many steps away.
func (w *Whole) reach(start string, steps int, ends func(Edge) (string, string)) map[string]bool {
	seen, border := map[string]bool{start: true}, []string{start}
	for range steps {
		var next []string
		for _, node := range border {
			for _, i := range w.edges[node] {
				if from, to := ends(w.all.Edges[i]); from == node && !seen[to] {
					seen[to] = true
					next = append(next, to)
				}
			}
		}
		border = next
	}
	return seen
}

// Lanes returns one actor's story with its triggers, for a picture in columns:
// trigger, command, event, read model or automation.
func (w *Whole) Lanes(actor *model.Actor) *Graph {
	g := w.Component(actor.Type())
	g.Title = model.Label(actor.Name)
	commands := slices.DeleteFunc(slices.Clone(actor.Commands), func(c *model.Command) bool { return c.Internal })
	for _, c := range commands {
		g.Nodes = append(g.Nodes, Node{ID: "t_people", Kind: Trigger, Label: "Page, API, CLI"})
		g.Edges = append(g.Edges, Edge{From: "t_people", To: id("c", actor.Context.Name, actor.Name, c.Name)})
	}
	return g.normal()
}
