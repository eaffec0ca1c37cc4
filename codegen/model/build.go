package model

import (
	"fmt"
	"slices"
	"strings"

	"github.com/backstory-go/backstory/codegen/source"
)

// Build makes a System of a tree of schema files for the module whose generated
// code it describes. With any fault there is no System: it would describe
// something that nobody wrote. The faults of reading the tree are not repeated:
// show both, and go on only without either.
func Build(tree *source.Tree, module string) (*System, source.Faults) {
	b := newBuilder(tree, module)
	b.layout()
	b.checkShapes()
	b.buildContexts()
	b.checkCollisions()
	b.checkCycles()
	b.checkEndless()
	b.castNet()
	b.checkRanges()
	b.checkValues()
	if len(b.faults) > 0 || b.unparsed {
		return nil, b.faults.Sorted()
	}
	return b.system(), nil
}

// builder is one run of Build: what is known so far.
type builder struct {
	tree     *source.Tree
	module   string
	faults   source.Faults
	unparsed bool // a file is damaged; its faults came with the tree

	files    []*file
	byPath   map[string]*file
	contexts map[string]*context

	named     map[*source.Node]*Named // schema nodes that have a Go type of their own
	aliases   map[*source.Node]*Named // $defs entries that have none
	busy      map[*source.Node]bool   // being resolved: meeting one again is a cycle
	weight    map[*Object]int         // arms merged into an object
	claims    map[string]map[string][]claim
	edges     map[string]map[string]source.Pos // package → package it imports
	refs      map[*file]map[*file]bool
	instances []instance
	held      []typedValue
	net       []shape
	structs   []*Named // every struct and union, for the search for endless ones
}

func newBuilder(tree *source.Tree, module string) *builder {
	return &builder{
		tree: tree, module: module,
		byPath:   map[string]*file{},
		contexts: map[string]*context{},
		named:    map[*source.Node]*Named{},
		aliases:  map[*source.Node]*Named{},
		busy:     map[*source.Node]bool{},
		weight:   map[*Object]int{},
		claims:   map[string]map[string][]claim{},
		edges:    map[string]map[string]source.Pos{},
		refs:     map[*file]map[*file]bool{},
	}
}

// fault records a fault; the message is a format with its arguments.
func (b *builder) fault(pos source.Pos, code, remedy, message string, args ...any) {
	b.faults.Add(pos, code, fmt.Sprintf(message, args...), remedy)
}

func (b *builder) system() *System {
	s := &System{Module: b.module}
	for _, name := range sortedKeys(b.contexts) {
		s.Contexts = append(s.Contexts, b.contexts[name].out)
	}
	return s
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// doc is the text that describes a schema: its description, else its title.
func doc(n *source.Node) string {
	if d := n.Get("description").Str(); d != "" {
		return d
	}
	return n.Get("title").Str()
}

// texts are the strings of an array, or the one string that stands for it.
func texts(n *source.Node) []*source.Node {
	if n.Is(source.String) {
		return []*source.Node{n}
	}
	if !n.Is(source.Array) {
		return nil
	}
	var out []*source.Node
	for _, item := range n.Items {
		if item.Is(source.String) {
			out = append(out, item)
		}
	}
	return out
}

func quoted(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = fmt.Sprintf("%q", w)
	}
	return strings.Join(out, ", ")
}
