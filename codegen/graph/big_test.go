package graph_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/backstory-go/backstory/codegen/catalog"
	"github.com/backstory-go/backstory/codegen/graph"
	"github.com/backstory-go/backstory/codegen/model"
	"github.com/backstory-go/backstory/codegen/source"
)

var out = flag.String("out", "", "write the diagrams of a large system to this Markdown file, for Mermaid's own parser")

// readable is how many nodes a person takes in at once.
const readable = 40

// Mermaid draws no diagram beyond these, GitHub's included: its settings
// maxTextSize (characters) and maxEdges.
const (
	maxText  = 50_000
	maxEdges = 500
)

// TestBigDiagrams draws a system of 300 messages: every message and every edge
// in diagrams that a person can read.
func TestBigDiagrams(t *testing.T) {
	sys := bigSystem(t)
	var all strings.Builder
	for _, c := range sys.Contexts {
		flow := graph.Flow(sys, c.Name)
		fmt.Fprintf(&all, "# %s\n\n%s\n%s\n", c.Name, flow, graph.Messages(sys, c.Name))
		complete(t, sys, c, flow)
	}
	pages := catalog.Pages(sys)
	for _, name := range slices.Sorted(maps.Keys(pages)) {
		fmt.Fprintf(&all, "\n<!-- %s -->\n\n%s", name, pages[name])
	}
	blocks := mermaidBlocks(all.String())
	if len(blocks) < 300 {
		t.Errorf("only %d diagrams", len(blocks))
	}
	for _, block := range blocks {
		nodes, edges := size(block)
		if nodes > readable || edges > maxEdges || len(block) > maxText {
			t.Errorf("%d nodes, %d edges and %d bytes in\n%.200s", nodes, edges, len(block), block)
		}
	}
	if *out != "" {
		if err := os.WriteFile(*out, []byte(all.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// complete wants every edge of a context in its README blocks.
func complete(t *testing.T, sys *model.System, c *model.Context, flow string) {
	t.Helper()
	drawn := map[string]bool{}
	for _, match := range regexp.MustCompile(`(?m)^  (\w+ (?:-->|-\.->))(?:\|"[^"]*"\|)?( \w+)$`).FindAllStringSubmatch(flow, -1) {
		drawn[match[1]+match[2]] = true
	}
	for _, e := range graph.Context(sys, c.Name).Edges {
		arrow := " --> "
		if e.Dashed {
			arrow = " -.-> "
		}
		if !drawn[e.From+arrow+e.To] {
			t.Errorf("%s: %+v is not drawn", c.Name, e)
		}
	}
}

func mermaidBlocks(markdown string) (blocks []string) {
	for _, match := range regexp.MustCompile("(?ms)^```mermaid\n(.*?)^```").FindAllStringSubmatch(markdown, -1) {
		blocks = append(blocks, match[1])
	}
	return blocks
}

// size counts what a diagram shows: a node is a member of one class.
func size(block string) (nodes, edges int) {
	for line := range strings.Lines(block) {
		words := strings.Fields(line)
		switch {
		case words[0] == "class" && words[2] != "k_frame":
			nodes += strings.Count(words[1], ",") + 1
		case strings.Contains(line, " --> ") || strings.Contains(line, " -->|") || strings.Contains(line, " -.->"):
			edges++
		}
	}
	return nodes, edges
}

// bigSystem builds the schemas of five contexts with six actors each, which are
// called what Mermaid gives a meaning to and described with what it would read.
func bigSystem(t *testing.T) *model.System {
	t.Helper()
	files := map[string][]byte{}
	put := func(name, kind string, content map[string]any) {
		content["$schema"] = strings.Repeat("../", strings.Count(name, "/")) + "dialect/" + kind + ".json"
		content["type"], content["description"] = "object", "Text with \"quotes\", `ticks`, | <b>pipes</b> & --> arrows; end"
		data, err := json.Marshal(content)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = data
	}
	for i := range 5 {
		bigContext(i, put)
	}
	tree, faults := source.New(files)
	sys, more := model.Build(tree, "example.com/big")
	if faults = append(faults, more...); len(faults) > 0 {
		t.Fatal(faults)
	}
	messages := 0
	for _, c := range sys.Contexts {
		for _, a := range c.Actors {
			messages += len(a.Commands) + len(a.Events)
		}
	}
	if messages != 300 {
		t.Fatalf("%d messages", messages)
	}
	return sys
}

// bigContext writes the actors in a ring, a read model of everything, and a
// reactor that follows the context before.
func bigContext(n int, put func(name, kind string, content map[string]any)) {
	actors := []string{"end", "graph", "class", "style", "click", "subgraph"}
	verbs := []string{"start", "call", "link", "fill", "direct"}
	context, before := fmt.Sprintf("area%d", n), fmt.Sprintf("area%d", (n+4)%5)
	var events []string
	for i, actor := range actors {
		dir := context + "/" + actor
		next := actors[(i+1)%len(actors)]
		put(dir+"/actor.json", "actor", map[string]any{
			"properties": map[string]any{}, "x-system": `The "front" desk #1 [of] {two}`,
			"x-reactions": []any{map[string]any{"on": actor + "_started", "dispatches": []any{next + ".call", map[string]any{"command": next + ".link", "after": "PT5M"}}, "on_refused": []any{"fill"}}},
		})
		for _, verb := range verbs {
			event := actor + "_" + verb + "ed"
			put(dir+"/commands/"+verb+".json", "command", map[string]any{
				"properties": map[string]any{}, "additionalProperties": false, "x-creates": "or_updates", "x-emits": []any{event},
			})
			put(dir+"/events/"+event+".json", "event", map[string]any{"properties": map[string]any{}})
			events = append(events, actor+"."+event)
		}
	}
	put(context+"/overview/projection.json", "projection", map[string]any{
		"properties": map[string]any{"id": map[string]any{"type": "string", "format": "uuid"}}, "required": []any{"id"},
		"x-key": "id", "x-projects": events,
	})
	put(context+"/default/reactor.json", "reactor", map[string]any{"x-reactions": []any{
		map[string]any{"on": before + ".end.end_started", "dispatches": []any{"graph.start", "class.fill"}, "calls": []any{"style"}},
		map[string]any{"on": before + ".end.end_linked", "dispatches": []any{"click.direct"}, "on_refused": []any{}},
	}})
}
