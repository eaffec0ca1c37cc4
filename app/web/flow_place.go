package web

import (
	"cmp"
	"fmt"
	"slices"
)

// Sizes of the drawing, in its own units, which are pixels when it is not scaled.
const (
	nodeWidth, nodeHeight = 190, 58
	columnGap, rowGap     = 150, 34
	margin                = 26 // arcs between nodes of the first column need it
	portGap               = 15 // between two edges at one side of a node
)

// columns are the kinds of nodes from left to right.
var columns = [][]string{{kindPeople}, {kindActor}, {kindReactor, kindProjection}, {kindOutside}}

// place gives every node and edge its place: a column for each kind, and in it the
// order in which edges cross little.
func (f *flow) place() {
	byColumn, most := make([][]*flowNode, len(columns)), 0
	for i, kinds := range columns {
		for _, n := range f.Nodes {
			if slices.Contains(kinds, n.Kind) {
				byColumn[i] = append(byColumn[i], n)
			}
		}
		most = max(most, len(byColumn[i]))
	}
	f.Height = 2*margin + most*(nodeHeight+rowGap) - rowGap
	x := margin
	for i, nodes := range byColumn {
		if i > 0 {
			slices.SortStableFunc(nodes, func(a, b *flowNode) int { return cmp.Compare(f.pull(a), f.pull(b)) })
		}
		y := (f.Height - len(nodes)*(nodeHeight+rowGap) + rowGap) / 2
		for _, n := range nodes {
			n.X, n.Y = x, y
			y += nodeHeight + rowGap
		}
		if len(nodes) > 0 {
			x += nodeWidth + columnGap
		}
	}
	f.Width = x - columnGap + margin
	for _, e := range f.Edges {
		f.route(e)
	}
}

// pull is the mean height of those in columns that are placed already which a node
// has to do with.
func (f *flow) pull(n *flowNode) float64 {
	sum, count := 0.0, 0.0
	for _, e := range f.Edges {
		other := e.other(n)
		if other != nil && other.X > 0 {
			sum, count = sum+float64(other.Y), count+1
		}
	}
	if count == 0 {
		return 0
	}
	return sum / count
}

// other is the node at the other end of the edge; nil: it is not the node's.
func (e *flowEdge) other(n *flowNode) *flowNode {
	switch n {
	case e.From:
		return e.To
	case e.To:
		return e.From
	}
	return nil
}

// route draws an edge: across columns from side to side, within one from below to
// above, or around what lies between.
func (f *flow) route(e *flowEdge) {
	if e.From.X == e.To.X {
		f.routeWithin(e)
		return
	}
	x1, x2, bend := e.From.X+nodeWidth, e.To.X, columnGap/2
	if e.To.X < e.From.X { // back to the left
		x1, x2, bend = e.From.X, e.To.X+nodeWidth, -columnGap/2
	}
	y1, y2 := f.port(e, e.From), f.port(e, e.To)
	e.Path = fmt.Sprintf("M%d %dC%d %d %d %d %d %d", x1, y1, x1+bend, y1, x2-bend, y2, x2, y2)
	// The label lies a third of the way from where the edge begins: those of two
	// opposite edges do not meet.
	e.X, e.Y = x1+bend*76/100, y1+(y2-y1)*26/100
}

// routeWithin draws an edge between two nodes of a column.
func (f *flow) routeWithin(e *flowEdge) {
	upper, lower, side := e.From, e.To, -34
	if e.From.Y > e.To.Y {
		upper, lower, side = e.To, e.From, 34
	}
	if lower.Y-upper.Y > nodeHeight+rowGap { // others lie between
		x := e.From.X
		e.Path = fmt.Sprintf("M%d %dC%d %d %d %d %d %d", x, f.port(e, e.From), x-48, e.From.Y, x-48, e.To.Y+nodeHeight, x, f.port(e, e.To))
		e.X, e.Y = x-36, (e.From.Y+e.To.Y+nodeHeight)/2
		return
	}
	x := e.From.X + nodeWidth/2 + side
	y1, y2 := upper.Y+nodeHeight, lower.Y
	e.X, e.Y = x+side/2, (y1+y2)/2
	if e.From != upper {
		y1, y2 = y2, y1
	}
	e.Path = fmt.Sprintf("M%d %dL%d %d", x, y1, x, y2)
}

// port is the height at which an edge meets a node: edges at one side are spread in
// the order of their other ends.
func (f *flow) port(e *flowEdge, n *flowNode) int {
	right := e.other(n).X > n.X
	var all []*flowEdge
	for _, o := range f.Edges {
		if other := o.other(n); other != nil && other.X != n.X && other.X > n.X == right {
			all = append(all, o)
		}
	}
	slices.SortStableFunc(all, func(a, b *flowEdge) int {
		return cmp.Or(cmp.Compare(a.other(n).Y, b.other(n).Y), cmp.Compare(a.From.Name, b.From.Name))
	})
	gap := min(portGap, (nodeHeight-8)/max(len(all), 1))
	return n.Y + nodeHeight/2 + (2*slices.Index(all, e)-len(all)+1)*gap/2
}
