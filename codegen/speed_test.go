package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/backstory-go/backstory/codegen/graph"
	"github.com/backstory-go/backstory/codegen/model"
	"github.com/backstory-go/backstory/codegen/plan"
	"github.com/backstory-go/backstory/codegen/source"
	"github.com/backstory-go/backstory/codegen/sqlc"
)

// A context of the large project has two actors and a read model, and thirty
// messages: ten make the 300 messages in 30 components that nobody should have
// to wait for.
const messagesPerContext = 30

// object is a schema in the making.
type object = map[string]any

// large is a system in the making: its schema files by their path below schemas,
// and what else its project has.
type large struct {
	schemas        map[string][]byte
	readme, config bytes.Buffer
}

// newLarge makes so many contexts: every message with the properties of an
// ordinary one, reactions that cross contexts, and a readme with all markers.
func newLarge(tb testing.TB, contexts int) *large {
	tb.Helper()
	l := &large{schemas: map[string][]byte{}}
	put := func(name, kind string, schema object) {
		if kind != "types" {
			schema["type"] = "object"
		}
		data, err := json.MarshalIndent(schema, "", "  ")
		if err != nil {
			tb.Fatal(err)
		}
		first := fmt.Sprintf("{\n  \"$schema\": %q,", strings.Repeat("../", strings.Count(name, "/"))+"dialect/"+kind+".json")
		l.schemas[name] = append([]byte(first), data[1:]...)
	}
	l.config.WriteString("version: \"2\"\nsql:\n")
	for i := range contexts {
		name := largeContext(put, i, contexts)
		for _, block := range []string{"flow ", "messages "} {
			fmt.Fprintf(&l.readme, "<!-- backstory:begin %s -->\n<!-- backstory:end %[1]s -->\n", block+name)
		}
		fmt.Fprintf(&l.config, "  - {engine: postgresql, schema: queries/%s/schema, queries: queries/%[1]s, gen: {go: {package: %[1]sdb, out: generated/%[1]sdb}}}\n", name)
	}
	return l
}

// project writes everything into a folder of its own.
func (l *large) project(tb testing.TB) plan.Project {
	tb.Helper()
	files := map[string][]byte{"README.md": l.readme.Bytes(), "sqlc.yaml": l.config.Bytes(), "go.mod": []byte("module example.com/large\n")}
	for name, data := range l.schemas {
		files["schemas/"+name] = data
	}
	dir := tb.TempDir()
	for name, data := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			tb.Fatal(err)
		}
	}
	project, err := plan.Open(dir)
	if err != nil {
		tb.Fatal(err)
	}
	return project
}

// largeContext writes one context and returns its name.
func largeContext(put func(name, kind string, schema object), n, contexts int) string {
	context, next := fmt.Sprintf("area%d", n), fmt.Sprintf("area%d", (n+1)%contexts)
	put(context+"/types.json", "types", object{"$defs": object{
		"text":  object{"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[^\\n]*$"},
		"state": object{"type": "string", "enum": []any{"open", "closed", "lost"}},
	}})
	var projected []any
	for _, actor := range []string{"order", "parcel"} {
		put(context+"/"+actor+"/actor.json", "actor", object{
			"description": "An ordinary thing with a state.",
			"properties":  properties("../"),
			"x-reactions": []any{object{"on": actor + "_changed0", "dispatches": []any{next + "." + actor + ".change1"}, "on_refused": []any{}}},
		})
		for m := range messagesPerContext / 4 {
			event := fmt.Sprintf("%s_changed%d", actor, m)
			put(fmt.Sprintf("%s/%s/commands/change%d.json", context, actor, m), "command", object{
				"description": "Changes the thing in one of its ways.", "properties": properties("../../"), "required": []any{"id", "text"},
				"additionalProperties": false, "x-creates": "or_updates", "x-emits": []any{event}, "x-rejects": object{fmt.Sprintf("not_now%d", m): "It cannot be changed now."},
			})
			put(fmt.Sprintf("%s/%s/events/%s.json", context, actor, event), "event", object{
				"description": "The thing was changed in one of its ways.", "properties": properties("../../"), "required": []any{"id", "text", "state"},
			})
			projected = append(projected, actor+"."+event)
		}
		put(context+"/"+actor+"/events/"+actor+"_noted.json", "event", object{"properties": properties("../../"), "x-retired": true})
	}
	put(context+"/overview/projection.json", "projection", object{
		"properties": object{"id": object{"type": "string", "format": "uuid"}, "text": object{"type": "string"}, "count": object{"type": "integer"}},
		"required":   []any{"id", "text"}, "x-key": "id", "x-projects": projected,
		"x-queries": object{"by_text": object{"where": []any{"text"}, "order": []any{"-count", "id"}, "limit": 20}},
	})
	return context
}

func properties(up string) object {
	return object{
		"id":     object{"type": "string", "format": "uuid", "description": "What it is about."},
		"text":   object{"$ref": up + "types.json#/$defs/text"},
		"state":  object{"$ref": up + "types.json#/$defs/state"},
		"amount": object{"type": "integer", "minimum": 0, "maximum": 1000, "description": "How many."},
		"at":     object{"type": "string", "format": "date-time"},
		"lines": object{"type": "array", "maxItems": 20, "items": object{"type": "object", "required": []any{"sku"}, "properties": object{
			"sku": object{"type": "string", "maxLength": 40}, "price": object{"type": "number", "minimum": 0},
		}}},
	}
}

// still stands in for sqlc and Graphviz, which are programs of their own.
func still() plan.Tools {
	return plan.Tools{
		SQL: func(context.Context, sqlc.Inputs) (map[string][]byte, error) {
			return map[string][]byte{"generated/sqlc.txt": []byte("-\n")}, nil
		},
		Draw: func(_ context.Context, dots []string) ([]graph.Picture, error) {
			pictures := make([]graph.Picture, len(dots))
			for i, dot := range dots {
				pictures[i] = graph.Stamped(dot, "<svg/>\n")
			}
			return pictures, nil
		},
	}
}

func compileLarge(tb testing.TB, project plan.Project) *plan.Plan {
	tb.Helper()
	p, err := compileWith(context.Background(), project, still())
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// BenchmarkGenerate compiles 300 messages in 30 components into an empty tree;
// BenchmarkCheck compares them with a tree that is as it should be.
func BenchmarkGenerate(b *testing.B) {
	project := newLarge(b, 10).project(b)
	for b.Loop() {
		compileLarge(b, project)
	}
}

// BenchmarkCheck compares 300 messages with a tree that is as it should be.
func BenchmarkCheck(b *testing.B) {
	project := newLarge(b, 10).project(b)
	if err := compileLarge(b, project).Write(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if p := compileLarge(b, project); len(p.Changes) > 0 {
			b.Fatal(p.Changes[0].Path)
		}
	}
}

var contexts = flag.Int("contexts", 50, "size of the large system; 100 make 3,000 messages")

// TestWorkIsLinear counts what a run allocates for 300 messages and for several
// times as many: the work may grow hardly more than they do. Unlike time, that is
// the same on every machine.
func TestWorkIsLinear(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(800))
	work(t, 1) // what is made once
	small, big := work(t, 10), work(t, *contexts)
	times := float64(*contexts) / 10
	bytes, objects := float64(big.bytes)/float64(small.bytes)/times, float64(big.objects)/float64(small.objects)/times
	t.Logf("%v times the messages cost %.3f times as much memory, and %.3f times as many objects, for each", times, bytes, objects)
	if bytes > 1.05 || objects > 1.05 {
		t.Error("the work for a message grows with the system")
	}
}

type cost struct{ bytes, objects uint64 }

func work(t *testing.T, contexts int) cost {
	t.Helper()
	l := newLarge(t, contexts)
	project := (&large{readme: l.readme, config: l.config, schemas: map[string][]byte{".keep/x": nil}}).project(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	tree, faults := source.New(l.schemas)
	system, more := model.Build(tree, project.Module)
	if faults = append(faults, more...); len(faults) > 0 {
		t.Fatal(faults)
	}
	if _, err := write(context.Background(), project, system, still()); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	return cost{after.TotalAlloc - before.TotalAlloc, after.Mallocs - before.Mallocs}
}
