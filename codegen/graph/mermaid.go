package graph

import (
	"fmt"
	"slices"
	"strings"

	"github.com/backstory-go/backstory/codegen/model"
)

// MaxNodes is how many nodes a Mermaid diagram may have before it is split:
// GitHub would draw more, but nobody could read it.
const MaxNodes = 40

// shape returns the delimiters of each kind's box.
func (k Kind) shape() (open, closed string) {
	switch k {
	case Trigger, System:
		return "([", "])"
	case Projection:
		return "[(", ")]"
	case Reaction, Reactor:
		return "{{", "}}"
	case State:
		return "[/", "/]"
	default:
		return "[", "]"
	}
}

// color is a box that reads well on a light and on a dark page: it brings its
// own background and the text colour that goes with it.
type color struct{ fill, stroke, text string }

// color returns the colours of a kind.
func (k Kind) color() color {
	switch k {
	case Command:
		return color{"#cfe2ff", "#3d6fb6", "#0b2447"}
	case Event:
		return color{"#ffd8a8", "#c2701c", "#3d2100"}
	case Projection:
		return color{"#c9efcf", "#3b8f4c", "#0b2e13"}
	case Reaction, Reactor:
		return color{"#e3d4fb", "#7d55c7", "#2a1052"}
	case State, Actor:
		return color{"#fff3bf", "#b08900", "#3d3000"}
	case System:
		return color{"#e7ebef", "#57606a", "#1f2328"}
	default:
		return color{"#ffffff", "#57606a", "#1f2328"}
	}
}

// Mermaid writes the graph in the oldest flowchart syntax, which every viewer
// knows, without links and themes.
func Mermaid(g *Graph) string {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	for _, n := range g.Nodes {
		if n.Group == "" {
			writeNode(&b, "  ", n)
		}
	}
	for _, group := range g.Groups {
		label := group.Label
		if group.Lane != "" {
			label += " · " + group.Lane
		}
		fmt.Fprintf(&b, "  subgraph %s[\"%s\"]\n", group.ID, quoted(label))
		for _, n := range g.Nodes {
			if n.Group == group.ID {
				writeNode(&b, "    ", n)
			}
		}
		b.WriteString("  end\n")
	}
	for _, e := range g.Edges {
		writeEdge(&b, e)
	}
	writeClasses(&b, g)
	return b.String()
}

func writeNode(b *strings.Builder, indent string, n Node) {
	open, closed := n.Kind.shape()
	fmt.Fprintf(b, "%s%s%s\"%s\"%s\n", indent, n.ID, open, quoted(n.Label), closed)
}

func writeEdge(b *strings.Builder, e Edge) {
	arrow := "-->"
	if e.Dashed {
		arrow = "-.->"
	}
	if e.Label != "" {
		arrow += "|\"" + quoted(e.Label) + "\"|"
	}
	fmt.Fprintf(b, "  %s %s %s\n", e.From, arrow, e.To)
}

func writeClasses(b *strings.Builder, g *Graph) {
	members := map[Kind][]string{}
	var kinds []Kind
	for _, n := range g.Nodes {
		if members[n.Kind] == nil {
			kinds = append(kinds, n.Kind)
		}
		members[n.Kind] = append(members[n.Kind], n.ID)
	}
	slices.SortFunc(kinds, func(x, y Kind) int { return x.rank() - y.rank() })
	for _, k := range kinds {
		c := k.color()
		fmt.Fprintf(b, "  classDef k_%s fill:%s,stroke:%s,color:%s\n", k, c.fill, c.stroke, c.text)
		fmt.Fprintf(b, "  class %s k_%s\n", strings.Join(members[k], ","), k)
	}
	if len(g.Groups) == 0 {
		return
	}
	ids := make([]string, len(g.Groups))
	for i, group := range g.Groups {
		ids[i] = group.ID
	}
	b.WriteString("  classDef k_frame fill:none,stroke:#7d8590,color:#7d8590\n")
	fmt.Fprintf(b, "  class %s k_frame\n", strings.Join(ids, ","))
}

// mermaidEscapes are Mermaid's own names of what its grammar uses.
var mermaidEscapes = strings.NewReplacer("#", "#35;", "&", "#amp;", `"`, "#quot;", "<", "#lt;", ">", "#gt;", "`", "#96;",
	`\`, "#92;", "\r", " ", "\n", " ")

// quoted escapes a text for a quoted label. Entities are written with "#", as
// Mermaid has them; a backtick would start Markdown.
func quoted(text string) string {
	return mermaidEscapes.Replace(text)
}

// Flow returns the body of a context's README block: one Mermaid block, or
// several when one would be too large to read.
func Flow(sys *model.System, context string) string { return Of(sys).Flow(context) }

// Flow is the body of a flow block.
func (w *Whole) Flow(context string) string {
	whole := w.Context(context)
	if whole.Empty() {
		return "Nothing is described yet.\n"
	}
	if len(whole.Nodes) <= MaxNodes {
		return fence(whole)
	}
	var b strings.Builder
	for _, g := range split(w, context) {
		fmt.Fprintf(&b, "**%s**\n\n%s\n", escapeCell(g.Title), fence(g))
	}
	return b.String()
}

func fence(g *Graph) string { return "```mermaid\n" + Mermaid(g) + "```\n" }

// split returns an overview and a picture of each component, none too large.
func split(w *Whole, context string) []*Graph {
	graphs := chunks(w.Overview(context), MaxNodes)
	for _, c := range w.sys.Contexts {
		if c.Name != context {
			continue
		}
		for _, component := range components(c) {
			graphs = append(graphs, chunks(w.Component(component.Type()), MaxNodes)...)
		}
	}
	return graphs
}

// components are those with a picture of their own. Projections have none:
// their edges stand in the pictures of the actors whose events they read, so
// only those that read another context's events remain to be shown.
func components(c *model.Context) []*model.Component {
	var list []*model.Component
	for _, a := range c.Actors {
		list = append(list, &a.Component)
	}
	for _, p := range c.Projections {
		if slices.ContainsFunc(p.Projects, func(e *model.Event) bool { return e.Actor.Context != c }) {
			list = append(list, &p.Component)
		}
	}
	for _, r := range c.Reactors {
		list = append(list, &r.Component)
	}
	return list
}

// chunks cuts a graph into pieces of at most that many nodes. Edges that follow
// each other stay together, and each edge is in exactly one piece.
func chunks(g *Graph, limit int) []*Graph {
	if len(g.Nodes) <= limit {
		return []*Graph{g}
	}
	var pieces []*Graph
	current := map[string]bool{}
	var edges []Edge
	flush := func() {
		piece := &Graph{Groups: slices.Clone(g.Groups), Edges: edges}
		for _, n := range g.Nodes {
			if current[n.ID] {
				piece.Nodes = append(piece.Nodes, n)
			}
		}
		pieces = append(pieces, piece.normal())
		current, edges = map[string]bool{}, nil
	}
	add := func(ids ...string) {
		if grown := len(current) + absent(current, ids); grown > limit {
			flush()
		}
		for _, n := range ids {
			current[n] = true
		}
	}
	ordered, alone := g.story()
	for _, e := range ordered {
		add(e.From, e.To)
		edges = append(edges, e)
	}
	for _, n := range alone {
		add(n)
	}
	flush()
	for i, piece := range pieces {
		piece.Title = fmt.Sprintf("%s (%d of %d)", g.Title, i+1, len(pieces))
	}
	return pieces
}

func absent(in map[string]bool, ids []string) (n int) {
	for i, x := range ids {
		if !in[x] && !slices.Contains(ids[:i], x) {
			n++
		}
	}
	return n
}

// story orders the edges so that what follows from a command comes right after
// it, and returns the nodes without edges.
func (g *Graph) story() (edges []Edge, alone []string) {
	next := map[string][]Edge{}
	before := map[string][]Edge{}
	for _, e := range g.Edges {
		next[e.From] = append(next[e.From], e)
		before[e.To] = append(before[e.To], e)
	}
	told := map[Edge]bool{}
	tell := func(list []Edge) {
		for _, e := range list {
			if !told[e] {
				told[e] = true
				edges = append(edges, e)
			}
		}
	}
	for _, n := range g.Nodes {
		if len(next[n.ID])+len(before[n.ID]) == 0 {
			alone = append(alone, n.ID)
		}
		if n.Kind != Command {
			continue
		}
		tell(before[n.ID])
		tell(next[n.ID])
		for _, e := range next[n.ID] {
			tell(next[e.To])
		}
	}
	tell(g.Edges)
	return edges, alone
}
