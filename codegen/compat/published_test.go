package compat_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/backstory-go/backstory/codegen/compat"
	"github.com/backstory-go/backstory/codegen/source"
	"golang.org/x/tools/txtar"
)

const (
	event  = "shop/order/events/placed.json"
	event1 = "shop/order/events/placed.v1.json"
)

// publish publishes a tree and returns the overlay with the written files.
func publish(t *testing.T, overlay map[string]string) (map[string]string, map[string][]byte) {
	t.Helper()
	s := side(t, overlay)
	files, err := compat.Publish(s, compat.Side{})
	if err != nil {
		t.Fatal(err)
	}
	out := maps.Clone(overlay)
	for name, data := range files {
		out[name] = string(data)
	}
	return out, files
}

// with lays files over an overlay; "" takes one out.
func with(overlay map[string]string, pairs ...string) map[string]string {
	out := maps.Clone(overlay)
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = pairs[i+1]
	}
	return out
}

func published(t *testing.T) map[string]string {
	out, _ := publish(t, map[string]string{
		event:                         `{"properties": {"name": {"type": "string", "maxLength": 9}, "pay": {"oneOf": [{"type": "object", "properties": {"kind": {"const": "card"}}, "required": ["kind"]}, {"type": "object", "properties": {"kind": {"const": "cash"}}, "required": ["kind"]}]}}, "required": ["name"]}`,
		"shop/order/events/gone.json": `{}`,
	})
	return out
}

// TestPublish shows the files that publish writes.
func TestPublish(t *testing.T) {
	cases, err := filepath.Glob("testdata/publish/*.txt")
	if err != nil || len(cases) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range cases {
		t.Run(filepath.Base(file), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			overlay := map[string]string{}
			for _, f := range archive.Files {
				if f.Name != "want" {
					overlay[f.Name] = string(f.Data)
				}
			}
			after, files := publish(t, overlay)
			var text strings.Builder
			for _, name := range slices.Sorted(maps.Keys(files)) {
				text.WriteString("== " + name + "\n" + string(files[name]))
			}
			checkWant(t, file, archive, text.String())
			valid(t, overlay, files)
			s := side(t, after)
			if faults := compat.Check(s.Tree, s.System); len(faults) > 0 {
				t.Error(faults)
			}
			if again, err := compat.Publish(s, compat.Side{}); err != nil || len(again) > 0 {
				t.Error("publishing twice writes twice:", slices.Collect(maps.Keys(again)), err)
			}
		})
	}
}

// valid has the reference implementation judge the golden instances: as
// examples, which the model wants to be valid.
func valid(t *testing.T, overlay map[string]string, files map[string][]byte) {
	t.Helper()
	var schema map[string]any
	if err := json.Unmarshal([]byte(cmp.Or(overlay[event], "{}")), &schema); err != nil {
		t.Fatal(err)
	}
	version := 1
	if v, ok := schema["x-version"].(float64); ok {
		version = int(v)
	}
	schema["examples"] = json.RawMessage(files[compat.GoldenFile("shop.order.placed", version)])
	text, err := json.Marshal(schema)
	if err != nil {
		t.Fatal(err)
	}
	side(t, with(overlay, event, string(text)))
}

func TestCheck(t *testing.T) {
	before := published(t)
	goldenFile := compat.GoldenFile("shop.order.placed", 1)
	for _, c := range []struct {
		name string
		tree map[string]string
		want string // code, position and part of the remedy
		deep bool   // publish refuses too
	}{
		{"nothing changed", before, "", false},
		{"texts and constraints", with(before, event, strings.Replace(before[event], `"maxLength": 9`, `"maxLength": 8, "title": "Name", "x-go-name": "Label"`, 1)), "", false},
		{"survives, not recorded", with(before, event, strings.Replace(before[event], `"name":`, `"note": {"type": "string"}, "name":`, 1)),
			"BS3101 schemas/shop/order/events/placed.json:1:1 record it with publish", false},
		{"does not survive", with(before, event, strings.Replace(before[event], `{"type": "string", "maxLength": 9}`, `{"type": "integer"}`, 1)),
			"BS3103 schemas/shop/order/events/placed.json:1:1 keep the old file as placed.v1.json, set \"x-version\": 2", true},
		{"readable, but not what it was", with(before, event, strings.Replace(before[event], `"required": ["name"]`, `"x-reserved": ["never"]`, 1)), "BS3101 schemas/shop/order/events/placed.json:1:1 record it with publish", false},
		{"reads the golden as another type", with(before, event, strings.Replace(before[event], `{"const": "card"}`, `{"const": "card"}, "x": {"type": "string", "default": ""}`, 1)), "BS3101 schemas/shop/order/events/placed.json:1:1 record it with publish", false},
		{"personal data now", with(before, event, strings.Replace(before[event], `"maxLength": 9`, `"x-personal": true`, 1)), "BS3101 schemas/shop/order/events/placed.json:1:1 record it with publish", true},
		{"an arm is gone", with(before, event, strings.ReplaceAll(before[event], `"cash"`, `"bank"`)), "BS3103 schemas/shop/order/events/placed.json:1:1 keep", true},
		{"a new version", with(before, event1, before[event], event, `{"x-version": 2, "properties": {"size": {"type": "integer"}}, "required": ["size"]}`), "", false},
		{"a new version without the old", with(before, event, `{"x-version": 2}`), "BS3102 schemas/published.json:6:5 restore its file as placed.v1.json", true},
		{"removed", with(before, "shop/order/events/gone.json", ""), `BS3102 schemas/published.json:3:5 restore its file; if nobody may emit the event any more, add "x-retired"`, true},
		{"retired", with(before, "shop/order/events/gone.json", `{"x-retired": true}`), "", false},
		{"renamed", with(before, "shop/order/events/gone.json", "", "shop/order/events/left.json", `{"x-renamed-from": ["shop.order.gone"]}`), "", false},
		{"golden lost", with(before, goldenFile, ""), "BS3104 schemas/published.json restore schemas/published/shop.order.placed.v1.json", false},
		{"golden of nothing", with(before, "published/shop.order.never.v1.json", "[]"), "BS3105 schemas/published/shop.order.never.v1.json delete", false},
		{"golden is no array", with(before, goldenFile, "{}"), "BS3103 schemas/shop/order/events/placed.json:1:1", true},
		{"record damaged", with(before, "published.json", `{"shop.order.placed": {"one": "x"}}`), "BS3106 schemas/published.json:1:24 restore", true},
		{"record is no object", with(before, "published.json", `[]`), "BS3106 schemas/published.json restore", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := side(t, c.tree)
			faults := compat.Check(s.Tree, s.System)
			_, err := compat.Publish(s, side(t, before))
			if refused := errors.As(err, &source.Faults{}); refused != c.deep {
				t.Errorf("publish: %v", err)
			}
			if c.want == "" {
				if len(faults) > 0 {
					t.Error(faults)
				}
				return
			}
			want := strings.SplitN(c.want, " ", 3)
			ok := slices.ContainsFunc(faults, func(f source.Fault) bool {
				return f.Code == want[0] && f.Pos.String() == want[1] && (len(want) < 3 || strings.HasPrefix(f.Remedy, want[2]) || strings.HasSuffix(f.Remedy, want[2])) && f.Message != ""
			})
			if !ok {
				t.Errorf("want %s, got %+v", c.want, faults)
			}
		})
	}
}

// TestPublishKeepsGoldens: a survivable change adds golden instances and leaves
// the old ones.
func TestPublishKeepsGoldens(t *testing.T) {
	before := published(t)
	name := compat.GoldenFile("shop.order.placed", 1)
	changed := side(t, with(before, event, strings.Replace(before[event], `"name":`, `"note": {"type": "string"}, "name":`, 1)))
	if _, err := compat.Publish(changed, compat.Side{}); !strings.Contains(fmt.Sprint(err), "BS3101") {
		t.Errorf("without the schemas that were published: %v", err)
	}
	files, err := compat.Publish(changed, side(t, before))
	if err != nil {
		t.Fatal(err)
	}
	var old, now []json.RawMessage
	if json.Unmarshal([]byte(before[name]), &old) != nil || json.Unmarshal(files[name], &now) != nil {
		t.Fatal("no JSON")
	}
	if len(files) != 2 || len(now) <= len(old) {
		t.Fatalf("%d files, %d instances before and %d after", len(files), len(old), len(now))
	}
	for i := range old {
		if string(old[i]) != string(now[i]) {
			t.Errorf("instance %d changed: %s", i, now[i])
		}
	}
}

// TestPublishNeedsAnInstance: where none is found, the event's examples do.
func TestPublishNeedsAnInstance(t *testing.T) {
	narrow := `{"properties": {"a": {"type": "string", "pattern": "^x+$", "format": "email"}}, "required": ["a"]}`
	s := side(t, map[string]string{event: narrow})
	_, err := compat.Publish(s, compat.Side{})
	var faults source.Faults
	if !errors.As(err, &faults) || faults[0].Code != "BS3107" || faults[0].Pos.File != "schemas/"+event {
		t.Errorf("got %v", err)
	}
	odd := strings.Replace(narrow, `"format": "email"`, `"minLength": 3, "maxLength": 200`, 1)
	publish(t, map[string]string{event: odd})
	hard := `{"properties": {"a": {"type": "string", "pattern": "^[a-z]+@[a-z]+[.]org$", "format": "email"}}, "required": ["a"], "examples": [{"a": "ann@example.org"}]}`
	after, _ := publish(t, map[string]string{event: hard})
	if !strings.Contains(after[compat.GoldenFile("shop.order.placed", 1)], "ann@example.org") {
		t.Error("the example is not among the goldens")
	}
}

// TestHash: what people read and how it is written down leaves the hash alone.
func TestHash(t *testing.T) {
	hash := func(text string) string {
		return compat.Hash(side(t, map[string]string{event: text}).System.Contexts[0].Actors[0].Events[0].Body)
	}
	plain := `{"properties": {"a": {"type": "string"}, "b": {"type": "object", "properties": {"c": {"enum": ["x", "y"]}}}}}`
	for name, text := range map[string]string{
		"order and texts": `{"title": "T", "properties": {"b": {"properties": {"c": {"type": "string", "enum": ["y", "x"]}}, "type": "object"}, "a": {"type": "string", "description": "D", "examples": ["e"]}}}`,
		"shared type":     `{"properties": {"a": {"$ref": "#/$defs/a"}, "b": {"$ref": "#/$defs/b"}}, "$defs": {"a": {"type": "string", "maxLength": 3}, "b": {"type": "object", "properties": {"c": {"enum": ["x", "y"]}}}}}`,
	} {
		if hash(text) != hash(plain) {
			t.Errorf("%s change the hash", name)
		}
	}
	seen := map[string]string{hash(plain): "nothing"}
	for _, change := range [][2]string{
		{`"a": {`, `"d": {`}, {`"type": "string"`, `"type": "integer"`}, {`"type": "string"`, `"type": ["string", "null"]`}, {`"type": "string"`, `"type": "string", "format": "uuid"`},
		{`"type": "string"`, `"type": "string", "default": ""`}, {`"type": "string"`, `"type": "string", "x-personal": true`}, {`"type": "string"`, `"type": "string", "x-tag": true`},
		{`"x", "y"`, `"x", "y", "z"`}, {`"type": "string"`, `"type": "string", "x-ref": "order"`}, {`"properties": {"a"`, `"required": ["a"], "properties": {"a"`},
		{`"type": "string"`, `"type": "string", "x-renamed-from": ["e"]`}, {`"type": "string"`, `"const": "s"`}, {`{"type": "string"}`, `{"type": "array", "items": {"type": "string"}}`},
	} {
		h := hash(strings.Replace(plain, change[0], change[1], 1))
		if other, ok := seen[h]; ok {
			t.Errorf("%s and %s have one hash", change[1], other)
		}
		seen[h] = change[1]
	}
}
