package suite

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/backstory-go/backstory/codegen/emit"
	"github.com/backstory-go/backstory/codegen/model"
	"github.com/backstory-go/backstory/codegen/source"
)

// moduleName is the module that generated code is built in.
const moduleName = "example.com/suite"

// unit is a context with one actor whose events carry the schemas to try.
type unit struct {
	name   string
	events map[string]any // event name → its schema, without the $schema line
	state  map[string]any // of the actor, nil: nothing
}

// unitFiles are the schema files of a unit.
func unitFiles(u unit) (map[string][]byte, error) {
	files := map[string][]byte{}
	state := u.state
	if state == nil {
		state = map[string]any{"type": "object"}
	}
	if err := addFile(files, u.name+"/a/actor.json", "../../dialect/actor.json", state); err != nil {
		return nil, err
	}
	for name, schema := range u.events {
		if err := addFile(files, u.name+"/a/events/"+name+".json", "../../../dialect/event.json", schema); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// addFile adds a schema file that begins with its $schema line.
func addFile(files map[string][]byte, name, meta string, schema any) error {
	data, err := json.Marshal(schema)
	if err != nil {
		return err
	}
	files[name] = []byte(`{"$schema": "` + meta + `", ` + string(data[1:]))
	return nil
}

// compile is the whole compiler: the Go files of the actor's package, or the
// faults. An error is a failure of the compiler itself.
func compile(u unit) (map[string][]byte, source.Faults, error) {
	files, err := unitFiles(u)
	if err != nil {
		return nil, nil, err
	}
	tree, faults := source.New(files)
	system, more := model.Build(tree, moduleName)
	if faults = append(faults, more...); len(faults) > 0 {
		return nil, faults.Sorted(), nil
	}
	emitted, err := emit.Files(system)
	if err != nil {
		return nil, nil, err
	}
	kept := map[string][]byte{}
	for name, data := range emitted {
		if dir := path.Dir(name); dir == "generated/"+u.name+"/a" || dir == "generated/"+u.name+"/ids" {
			kept[name] = data
		}
	}
	return kept, nil, nil
}

// codes are the codes of faults, each once.
func codes(faults source.Faults) string {
	var list []string
	for _, f := range faults {
		list = append(list, f.Code)
	}
	slices.Sort(list)
	return strings.Join(slices.Compact(list), " ")
}

// wrap makes a schema the property v of an event. What it defines, and itself if
// it refers to itself, become definitions of the event.
func wrap(schema any) map[string]any {
	event := map[string]any{"type": "object", "required": []any{"v"}}
	root, ok := schema.(map[string]any)
	if !ok {
		event["properties"] = map[string]any{"v": schema}
		return event
	}
	copied := map[string]any{}
	for key, value := range root {
		if key != "$schema" || value != draft2020 {
			copied[key] = value
		}
	}
	defs, hasDefs := copied["$defs"].(map[string]any)
	if hasDefs {
		delete(copied, "$defs")
	}
	moved, _ := redirect(copied, toRoot...).(map[string]any)
	all := map[string]any{}
	for name, def := range defs {
		all[name] = redirect(def, toRoot...)
	}
	if refersToRoot(copied) || refersToRoot(defs) {
		all["suite_root"] = moved
		moved = map[string]any{"$ref": "#/$defs/suite_root"}
	}
	if len(all) > 0 {
		event["$defs"] = all
	}
	event["properties"] = map[string]any{"v": moved}
	return event
}

// redirect turns references into others, given in pairs.
func redirect(v any, pairs ...string) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, value := range v {
			switch ref, isText := value.(string); {
			case key == "$ref" && isText:
				out[key] = replaced(ref, pairs)
			case key == "enum" || key == "const" || key == "default" || key == "examples":
				out[key] = value
			default:
				out[key] = redirect(value, pairs...)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = redirect(item, pairs...)
		}
		return out
	}
	return v
}

func replaced(ref string, pairs []string) string {
	for i := 0; i < len(pairs); i += 2 {
		if ref == pairs[i] {
			return pairs[i+1]
		}
	}
	return ref
}

// toRoot is where the whole schema goes when it refers to itself.
var toRoot = []string{"#", "#/$defs/suite_root"}

func refersToRoot(v any) bool {
	before, err := json.Marshal(v)
	if err != nil {
		return false
	}
	after, err := json.Marshal(redirect(v, toRoot...))
	return err == nil && string(before) != string(after)
}

func decodeJSON(t testing.TB, data []byte) any {
	t.Helper()
	value, err := parseJSON(data)
	if err != nil {
		t.Fatal(fmt.Errorf("%s: %w", data, err))
	}
	return value
}
