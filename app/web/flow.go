package web

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/backstory-go/backstory/engine"
)

// flow is who sends what to whom, as the schemas declare it: one node for each
// component, one edge for all messages of a kind between two of them.
type flow struct {
	Nodes         []*flowNode
	Edges         []*flowEdge
	Width, Height int
}

// Kinds of nodes, each a column of the drawing.
const (
	kindPeople     = "people"
	kindActor      = "actor"
	kindReactor    = "reactor"
	kindProjection = "projection"
	kindOutside    = "outside"
)

// flowNode is a component, people, or a system outside.
type flowNode struct {
	Name, Kind, Title string
	X, Y              int
}

// told are the messages of an edge in words; a call has none.
func (e *flowEdge) told() string {
	if e.Kind == edgeCalls {
		return e.Kind
	}
	return e.Kind + ": " + e.what()
}

// Kinds of edges.
const (
	edgeCommands = "commands"
	edgeEvents   = "events"
	edgeCalls    = "calls"
)

// flowEdge is the messages of a kind from one node to another.
type flowEdge struct {
	From, To *flowNode
	Kind     string
	Types    []string // of the messages, sorted
	Path     string   // as SVG draws it
	X, Y     int      // of its label
}

// flowOf reads the flow from what is registered.
func flowOf(system *engine.System) flow {
	b := flowBuilder{nodes: map[string]*flowNode{}, edges: map[[3]string]*flowEdge{}}
	for _, a := range system.Actors() {
		b.node(kindActor, a.Type)
	}
	for _, p := range system.Projections() {
		b.node(kindProjection, p.Name)
	}
	for _, r := range system.Reactors() {
		b.node(kindReactor, r.Type)
	}
	for _, a := range system.Actors() {
		for _, c := range a.Commands {
			if !c.Internal {
				b.node(kindPeople, kindPeople)
				b.edge(kindPeople, a.Type, edgeCommands, c.Type)
			}
		}
		b.reactions(a.Type, a.Reactions)
	}
	for _, p := range system.Projections() {
		for _, event := range p.Events {
			b.edge(componentOf(event), p.Name, edgeEvents, event)
		}
	}
	for _, r := range system.Reactors() {
		for _, event := range r.Evolves {
			b.edge(componentOf(event), r.Type, edgeEvents, event)
		}
		b.reactions(r.Type, r.Reactions)
	}
	return b.flow()
}

// flowBuilder gathers nodes and edges, each once.
type flowBuilder struct {
	nodes map[string]*flowNode
	edges map[[3]string]*flowEdge
}

func (b flowBuilder) node(kind, name string) {
	if b.nodes[name] == nil {
		b.nodes[name] = &flowNode{Name: name, Kind: kind, Title: words(name)}
		if kind == kindOutside {
			b.nodes[name].Title = name // as its owner writes it
		}
	}
}

// edge adds a message to what goes from one node to another. What a component sends
// itself needs no arrow.
func (b flowBuilder) edge(from, to, kind, typ string) {
	source, target := b.nodes[from], b.nodes[to]
	if source == nil || target == nil || source == target {
		return
	}
	key := [3]string{from, to, kind}
	e := b.edges[key]
	if e == nil {
		e = &flowEdge{From: source, To: target, Kind: kind}
		b.edges[key] = e
	}
	if !slices.Contains(e.Types, typ) {
		e.Types = append(e.Types, typ)
	}
}

func (b flowBuilder) reactions(component string, reactions []engine.Reaction) {
	for _, r := range reactions {
		for _, event := range r.Events {
			b.edge(componentOf(event), component, edgeEvents, event)
		}
		for _, command := range r.Dispatches {
			b.edge(component, componentOf(command), edgeCommands, command)
		}
		for _, outside := range r.Calls {
			b.node(kindOutside, outside)
			b.edge(component, outside, edgeCalls, outside)
		}
	}
}

func (b flowBuilder) flow() flow {
	f := flow{Nodes: slices.Collect(maps.Values(b.nodes)), Edges: slices.Collect(maps.Values(b.edges))}
	slices.SortFunc(f.Nodes, func(a, b *flowNode) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(f.Edges, func(a, b *flowEdge) int {
		return cmp.Or(cmp.Compare(a.From.Name, b.From.Name), cmp.Compare(a.To.Name, b.To.Name), cmp.Compare(a.Kind, b.Kind))
	})
	for _, e := range f.Edges {
		slices.Sort(e.Types)
	}
	f.place()
	return f
}

// componentOf is the component that a message's type begins with.
func componentOf(typ string) string { return typ[:max(strings.LastIndexByte(typ, '.'), 0)] }

// count is what went over an edge; known: it can be counted. Calls are not in the
// log.
func (e *flowEdge) count(t traffic) (n int64, known bool) {
	counts := map[string]map[string]int64{edgeEvents: t.Events, edgeCommands: t.Commands}[e.Kind]
	for _, typ := range e.Types {
		n += counts[typ]
	}
	return n, counts != nil
}

// label is the edge's number.
func (e *flowEdge) label(t traffic) string {
	if n, known := e.count(t); known {
		return thousands(n)
	}
	return ""
}

// busy says whether something went over the edge between two looks.
func (e *flowEdge) busy(now, before traffic) bool {
	n, _ := e.count(now)
	was, known := e.count(before)
	return known && before.Upto > 0 && n > was
}

// what says in words what an edge carries.
func (e *flowEdge) what() string {
	if e.Kind == edgeCalls {
		return "calls"
	}
	names := make([]string, len(e.Types))
	for i, typ := range e.Types {
		names[i] = words(typ)
	}
	return strings.Join(names, ", ")
}

// thousands writes a number so that its size is seen at a glance.
func thousands(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// count says how many of something there are.
func count(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return thousands(n) + " " + what + "s"
}
