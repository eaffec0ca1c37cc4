package compat

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/backstory-go/backstory/codegen/model"
	"github.com/backstory-go/backstory/codegen/source"
	"github.com/santhosh-tekuri/jsonschema/v5"
	"pgregory.net/rapid"
)

// This file tests the promise of the package comment on random pairs of schemas:
// where Compare reports nothing, what one side writes the other side reads.

type schema = map[string]any

// drawType makes a schema of a property.
func drawType(t *rapid.T, depth int) schema {
	kinds := 10
	if depth <= 0 {
		kinds = 6
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		return drawText(t)
	case 1:
		return drawNumber(t, "integer")
	case 2:
		return drawNumber(t, "number")
	case 3:
		return schema{"type": rapid.SampledFrom([]any{"boolean", []any{"boolean", "null"}}).Draw(t, "null")}
	case 4:
		return schema{"enum": drawWords(t)}
	case 5:
		return schema{"const": rapid.SampledFrom([]string{"a", "b"}).Draw(t, "const")}
	case 6:
		return drawArray(t, depth)
	case 7:
		return schema{"type": "object", "additionalProperties": drawType(t, depth-1), "maxProperties": rapid.IntRange(1, 4).Draw(t, "max")}
	case 8:
		return drawUnion(t, depth)
	}
	return drawObject(t, depth-1)
}

func drawText(t *rapid.T) schema {
	s := schema{"type": "string"}
	switch rapid.IntRange(0, 6).Draw(t, "text") {
	case 0:
		s["format"] = rapid.SampledFrom([]string{"uuid", "date-time", "date", "email"}).Draw(t, "format")
	case 1:
		s["minLength"] = rapid.IntRange(0, 3).Draw(t, "min")
		s["maxLength"] = rapid.IntRange(3, 8).Draw(t, "max")
	case 2:
		s["pattern"] = rapid.SampledFrom([]string{"^[a-z]+$", "^[a-z0-9]{2,4}$", "x"}).Draw(t, "pattern")
	}
	return s
}

func drawNumber(t *rapid.T, typ string) schema {
	s := schema{"type": typ}
	if rapid.Bool().Draw(t, "bounded") {
		s[rapid.SampledFrom([]string{"minimum", "exclusiveMinimum"}).Draw(t, "low")] = rapid.IntRange(-3, 3).Draw(t, "min")
		s[rapid.SampledFrom([]string{"maximum", "exclusiveMaximum"}).Draw(t, "high")] = rapid.IntRange(9, 12).Draw(t, "max")
	}
	if rapid.IntRange(0, 3).Draw(t, "stepped") == 0 {
		s["multipleOf"] = rapid.IntRange(1, 3).Draw(t, "step")
	}
	return s
}

func drawWords(t *rapid.T) []string {
	return rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"red", "green", "blue"}), 1, 3, rapid.ID).Draw(t, "words")
}

func drawArray(t *rapid.T, depth int) schema {
	s := schema{"type": "array", "items": drawType(t, depth-1)}
	if rapid.Bool().Draw(t, "short") {
		s["maxItems"] = rapid.IntRange(1, 3).Draw(t, "max")
	}
	return s
}

func drawUnion(t *rapid.T, depth int) schema {
	var arms []any
	for _, value := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"card", "cash", "bank"}), 2, 3, rapid.ID).Draw(t, "arms") {
		arm := drawObject(t, depth-2)
		arm["properties"].(schema)["kind"] = schema{"const": value}
		arm["required"] = append(arm["required"].([]any), "kind")
		delete(arm, "maxProperties")
		arms = append(arms, arm)
	}
	return schema{"oneOf": arms}
}

func drawObject(t *rapid.T, depth int) schema {
	properties, required := schema{}, []any{}
	for _, name := range []string{"a", "b", "c"} {
		if rapid.Bool().Draw(t, "has") {
			properties[name] = drawType(t, depth)
			if rapid.Bool().Draw(t, "required") {
				required = append(required, name)
			}
		}
	}
	s := schema{"type": "object", "properties": properties, "required": required}
	switch rapid.IntRange(0, 5).Draw(t, "additional") {
	case 0:
		s["additionalProperties"] = false
	case 1:
		if len(properties) > 0 {
			s["additionalProperties"] = drawType(t, 0)
		}
	}
	return s
}

// change makes another schema of one: mostly the same, changed in places.
func change(t *rapid.T, s schema, depth int) schema {
	if rapid.IntRange(0, 9).Draw(t, "replace") == 0 {
		return drawType(t, depth)
	}
	out := schema{}
	for _, key := range sortedKeys(s) {
		out[key] = s[key]
		switch v := s[key].(type) {
		case schema:
			if key == "items" || key == "additionalProperties" {
				out[key] = change(t, v, depth-1)
			}
		case []string:
			if rapid.IntRange(0, 2).Draw(t, "other words") == 0 {
				out[key] = drawWords(t)
			}
		case int:
			if rapid.IntRange(0, 2).Draw(t, "drop") == 0 {
				delete(out, key)
			}
		case string:
			if v == "boolean" && rapid.IntRange(0, 2).Draw(t, "null") == 0 {
				out[key] = []any{"boolean", "null"}
			}
		case []any:
			if key == "oneOf" && len(v) > 2 && rapid.Bool().Draw(t, "fewer arms") {
				out[key] = v[1:]
			}
		}
	}
	if _, ok := s["properties"]; ok {
		changeObject(t, out, depth)
	}
	return out
}

// changeObject adds, removes, renames and changes properties.
func changeObject(t *rapid.T, s schema, depth int) {
	old := s["properties"].(schema)
	properties := schema{}
	required := map[string]bool{}
	for _, name := range s["required"].([]any) {
		required[name.(string)] = true
	}
	for _, name := range sortedKeys(old) {
		to := name
		if name != "kind" {
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0:
				s["x-reserved"] = []any{name}
				delete(required, name)
				continue
			case 1:
				required[name] = !required[name]
			case 2:
				to = name + "_new"
			}
			properties[to] = change(t, old[name].(schema), depth-1)
		} else {
			properties[to] = old[name]
		}
		if to != name && required[name] {
			delete(required, name)
			required[to] = true
		}
	}
	if rapid.IntRange(0, 3).Draw(t, "add") == 0 {
		properties["d"] = drawType(t, 0)
	}
	s["properties"] = properties
	list := []any{}
	for _, name := range sortedKeys(required) {
		if required[name] {
			list = append(list, name)
		}
	}
	s["required"] = list
}

// renames says of properties named x_new, in events, that they were x.
func renames(s any) any {
	switch v := s.(type) {
	case schema:
		out := schema{}
		for key, value := range v {
			out[key] = renames(value)
			if old, ok := strings.CutSuffix(key, "_new"); ok && out[key].(schema)["const"] == nil {
				out[key].(schema)["x-renamed-from"] = []any{old}
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = renames(item)
		}
		return out
	}
	return s
}

// world builds a system whose one event and one command have the schema.
func world(body schema) (Side, bool) {
	file := func(kind, up string, body schema) []byte {
		out := schema{"$schema": up + "dialect/" + kind + ".json", "type": "object"}
		for key, value := range body {
			out[key] = value
		}
		delete(out, "$schema")
		data, err := json.Marshal(out)
		if err != nil {
			panic(err)
		}
		return []byte(fmt.Sprintf(`{"$schema": "%sdialect/%s.json", %s`, up, kind, data[1:]))
	}
	tree, faults := source.New(map[string][]byte{
		"shop/order/actor.json":          file("actor", "../../", nil),
		"shop/order/events/placed.json":  file("event", "../../../", renames(body).(schema)),
		"shop/order/commands/place.json": file("command", "../../../", body),
	})
	system, more := model.Build(tree, "example.com/shop")
	return Side{tree, system}, len(faults)+len(more) == 0
}

// accepted says whether the reference implementation accepts an instance.
func accepted(t *rapid.T, body schema, data []byte) bool {
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.Draft, c.AssertFormat = jsonschema.Draft2020, true
	if err := c.AddResource("mem:///s.json", bytes.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	value, err := decode(data)
	if err != nil {
		t.Fatal(err)
	}
	return c.MustCompile("mem:///s.json").Validate(value) == nil
}

func drawChooser(t *rapid.T) chooser {
	return chooser{
		pick:    func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "pick") },
		include: func() bool { return rapid.Bool().Draw(t, "include") },
	}
}

func bodyOf(s Side) *model.Object { return s.System.Contexts[0].Actors[0].Events[0].Body }

func TestWhatPassesIsUnderstood(t *testing.T) {
	passed := map[Set]int{}
	rapid.Check(t, func(t *rapid.T) {
		before := drawObject(t, 2)
		after := change(t, before, 2)
		if after["properties"] == nil {
			return
		}
		old, ok := world(before)
		now, ok2 := world(after)
		if !ok || !ok2 {
			return // not every random schema is one of the profile
		}
		findings := Compare(old, now)
		for range 4 {
			if data, why := instance(bodyOf(old), drawChooser(t)); why == "" {
				understood(t, passed, findings, before, after, data, now)
			}
			data, why := instance(bodyOf(now), drawChooser(t))
			if why == "" && len(findings.Under(Rolling)) == 0 {
				passed[Rolling]++
				if problem := Readable(bodyOf(old), data); problem != "" {
					t.Fatalf("ROLLING is fine, but %s\n%s", problem, data)
				}
			}
		}
	})
	t.Log("instances that passed:", passed)
	for _, set := range allSets() {
		if passed[set] < 50 {
			t.Errorf("only %d instances passed under %s: the test has lost its teeth", passed[set], set)
		}
	}
}

// understood judges an instance of the old schema by the new one.
func understood(t *rapid.T, passed map[Set]int, findings Findings, before, after schema, data []byte, now Side) {
	if !accepted(t, before, data) {
		t.Fatalf("the generator made what its own schema refuses: %s\n%v", data, before)
	}
	if len(findings.Under(Log)) == 0 {
		passed[Log]++
		if problem := Readable(bodyOf(now), data); problem != "" {
			t.Fatalf("LOG is fine, but %s\n%s", problem, data)
		}
	}
	if len(findings.Under(API)) == 0 {
		passed[API]++
		if !accepted(t, after, data) {
			t.Fatalf("API is fine, but the new schema refuses %s\nold %v\nnew %v", data, before, after)
		}
	}
}
