package graph

import (
	"bytes"
	"encoding/json"
)

// JSON writes the graph for programs; lists are never null.
func JSON(g *Graph) ([]byte, error) {
	full := *g
	full.Groups = append([]Group{}, g.Groups...)
	full.Nodes = append([]Node{}, g.Nodes...)
	full.Edges = append([]Edge{}, g.Edges...)
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(full)
	return out.Bytes(), err
}
