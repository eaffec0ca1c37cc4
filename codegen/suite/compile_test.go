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
}

// unitFiles are the schema files of a unit.
func unitFiles(u unit) (map[string][]byte, error) {
	files := map[string][]byte{
		u.name + "/a/actor.json": []byte(`{"$schema": "../../dialect/actor.json", "type": "object", "properties": {}}`),
	}
	for name, schema := range u.events {
		data, err := json.Marshal(schema)
		if err != nil {
			return nil, err
		}
		line := `{"$schema": "../../../dialect/event.json", `
		files[u.name+"/a/events/"+name+".json"] = []byte(line + string(data[1:]))
	}
	return files, nil
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
	moved, selfish := redirect(copied).(map[string]any), false
	all := map[string]any{}
	for name, def := range defs {
		all[name] = redirect(def)
	}
	if selfish = refersToRoot(copied) || refersToRoot(defs); selfish {
		all["suite_root"] = moved
		moved = map[string]any{"$ref": "#/$defs/suite_root"}
	}
	if len(all) > 0 {
		event["$defs"] = all
	}
	event["properties"] = map[string]any{"v": moved}
	return event
}

// redirect turns references to the whole schema into references to where it goes.
func redirect(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, value := range v {
			switch {
			case key == "$ref" && value == "#":
				out[key] = "#/$defs/suite_root"
			case key == "enum" || key == "const" || key == "default" || key == "examples":
				out[key] = value
			default:
				out[key] = redirect(value)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = redirect(item)
		}
		return out
	}
	return v
}

func refersToRoot(v any) bool {
	before, err := json.Marshal(v)
	if err != nil {
		return false
	}
	after, err := json.Marshal(redirect(v))
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
