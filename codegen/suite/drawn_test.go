package suite

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
	"testing"

	"github.com/backstory-go/backstory/engine/enginetest"
)

// TestDrawnInstances holds what the property suites of generated packages draw
// against the reference implementation: what is drawn right, it accepts, and what
// is drawn wrong, it refuses.
func TestDrawnInstances(t *testing.T) {
	t.Parallel()
	right, wrong, none := 0, 0, 0
	for i := range *schemaCount {
		event := newSchemas(*schemaSeed+9, i).event()
		files, faults, err := compile(unit{"r", map[string]any{"e": event}, nil})
		if len(faults) > 0 || err != nil {
			t.Fatalf("%v\n%v", err, faults.Err())
		}
		judge, err := oracle(event)
		if err != nil {
			t.Fatal(err)
		}
		m := enginetest.Message{Type: fmt.Sprintf("e%d", i), Version: 1, Schema: schemaIn(t, files["generated/r/a/properties_gen.go"])}
		accepted, refused, err := m.Instances()
		if err != nil {
			none++ // a random schema may leave no room
			continue
		}
		for _, data := range accepted {
			if err := judge.Validate(decodeJSON(t, data)); err != nil {
				t.Errorf("schema %d: %s\nwas drawn as right: %v", i, data, err)
			}
		}
		for _, data := range refused {
			if judge.Validate(decodeJSON(t, data)) == nil && !deliberate.Match(data) {
				t.Errorf("schema %d: %s\nwas drawn as wrong\n%s", i, data, m.Schema)
			}
		}
		right, wrong = right+len(accepted), wrong+len(refused)
	}
	t.Logf("%d right, %d wrong, %d schemas without instances", right, wrong, none)
	if none > *schemaCount/4 {
		t.Errorf("no instance was found for %d of %d schemas", none, *schemaCount)
	}
}

// deliberate matches numbers that Go has no room for: JSON Schema takes them, the
// dialect does not.
var deliberate = regexp.MustCompile(`9223372036854775808|1e400`)

// schemaIn is the schema that a generated table holds.
func schemaIn(t *testing.T, file []byte) (schema string) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), "properties_gen.go", file, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		entry, ok := n.(*ast.KeyValueExpr)
		if !ok {
			return true
		}
		if key, ok := entry.Key.(*ast.Ident); ok && key.Name == "Schema" {
			if schema, err = strconv.Unquote(entry.Value.(*ast.BasicLit).Value); err != nil {
				t.Fatal(err)
			}
		}
		return true
	})
	return schema
}
