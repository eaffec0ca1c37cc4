package graph

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/backstory-go/backstory/codegen/internal/golden"
)

func TestGolden(t *testing.T) {
	sys := sample()
	message, ok := Message(sys, "shop.list.created")
	if !ok {
		t.Fatal("the message is not found")
	}
	asJSON, err := JSON(Context(sys, "mail"))
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]string{
		"flow.md":        Flow(sys, "shop"),
		"messages.md":    Messages(sys, "shop"),
		"mail.mmd":       Mermaid(Context(sys, "mail")),
		"message.mmd":    Mermaid(message),
		"component.mmd":  Mermaid(Component(sys, "shop.list_name")),
		"overview.mmd":   Mermaid(Overview(sys, "")),
		"system.dot":     Dot(Overview(sys, "")),
		"context.dot":    Dot(Context(sys, "shop")),
		"list.lanes.dot": DotLanes(Lanes(sys, sys.Contexts[1].Actors[0])),
		"mail.json":      string(asJSON),
	} {
		t.Run(name, func(t *testing.T) { golden.Check(t, filepath.Join("testdata", name), got) })
	}
}

func TestSameBytesAgain(t *testing.T) {
	want := Flow(sample(), "shop") + Dot(Overview(sample(), ""))
	for range 20 {
		if got := Flow(sample(), "shop") + Dot(Overview(sample(), "")); got != want {
			t.Fatal("two runs differ")
		}
	}
}

func TestUnknownMessage(t *testing.T) {
	if _, ok := Message(sample(), "shop.list.nope"); ok {
		t.Error("found a message that does not exist")
	}
}

// The grammar that every viewer knows: nothing else may leave this package.
func TestMermaidGrammar(t *testing.T) {
	node := `[a-z]_[A-Za-z0-9_]+`
	line := regexp.MustCompile(`^(flowchart LR|  subgraph ` + node + `\["[^"]*"\]|  end| +` + node + `(\[|\(\[|\[\(|\{\{|\[/)"[^"\x60<>]*"(\]|\]\)|\)\]|\}\}|/\])|  ` + node + ` (-->|-\.->)(\|"[^"]*"\|)? ` + node + `|  classDef k_[a-z]+ fill:[#a-z0-9]+,stroke:#[a-f0-9]{6},color:#[a-f0-9]{6}|  class ` + node + `(,` + node + `)* k_[a-z]+)$`)
	for _, g := range []*Graph{All(sample()), Overview(sample(), ""), Context(large(60), "big")} {
		for l := range strings.Lines(Mermaid(g)) {
			if !line.MatchString(strings.TrimSuffix(l, "\n")) {
				t.Errorf("not in the grammar: %q", l)
			}
		}
	}
}

func TestSplit(t *testing.T) {
	sys := large(60)
	body := Flow(sys, "big")
	if n := strings.Count(body, "```mermaid"); n < 3 {
		t.Errorf("%d blocks", n)
	}
	seen := map[Edge]int{}
	for _, g := range split(Of(sys), "big")[1:] {
		if len(g.Nodes) > MaxNodes {
			t.Errorf("%s has %d nodes", g.Title, len(g.Nodes))
		}
		for _, e := range g.Edges {
			seen[e]++
		}
	}
	for _, e := range All(sys).Edges {
		if seen[e] != 1 {
			t.Errorf("%v is drawn %d times", e, seen[e])
		}
	}
}

func TestEmptyContext(t *testing.T) {
	if got := Flow(sample(), "nope") + Messages(sample(), "nope"); strings.Contains(got, "mermaid") {
		t.Errorf("got %q", got)
	}
}

func TestDraw(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", sharedCache(t))
	sys := sample()
	dots := []string{Dot(Context(sys, "shop")), DotLanes(Lanes(sys, sys.Contexts[1].Actors[0]))}
	first, err := Drawer{Dir: "."}.Draw(context.Background(), dots)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Drawer{Dir: "."}.Draw(context.Background(), dots)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range first {
		if string(p.Light) != string(again[i].Light) || string(p.Dark) != string(again[i].Dark) {
			t.Error("two drawings differ")
		}
		if string(p.Light) == string(p.Dark) {
			t.Error("light and dark are the same")
		}
		for _, svg := range [][]byte{p.Light, p.Dark} {
			if !Drawn(svg, dots[i]) || Drawn(svg, dots[i]+" ") {
				t.Error("the stamp does not tell what was drawn")
			}
			wellFormed(t, svg)
		}
	}
}

func TestDrawSaysWhatIsWrong(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", sharedCache(t))
	_, err := Drawer{Dir: "."}.Draw(context.Background(), []string{"digraph {"})
	if err == nil || !strings.Contains(err.Error(), "diagram 1") {
		t.Errorf("got %v", err)
	}
}

// sharedCache is a private folder that stays where there is one, so that only the
// first run ever waits for the renderer's compiler.
func sharedCache(t *testing.T) string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return t.TempDir()
	}
	return dir
}

func wellFormed(t *testing.T, svg []byte) {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(string(svg)))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestJSONHasNoNull(t *testing.T) {
	data, err := JSON(&Graph{Title: "empty"})
	if err != nil || strings.Contains(string(data), "null") || !json.Valid(data) {
		t.Errorf("got %s, %v", data, err)
	}
}
