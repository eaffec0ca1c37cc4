package emit_test

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/backstory-go/backstory/codegen/emit"
	"github.com/backstory-go/backstory/codegen/model"
	"github.com/backstory-go/backstory/codegen/source"
)

// palette are schemas that a property is given in turn.
var palette = []string{
	`"type":"string"`, `"type":"string","format":"uuid"`, `"type":"string","enum":["a","b"]`, `"const":"x"`,
	`"type":"integer"`, `"type":"number"`, `"type":["string","null"]`, `"type":"array","items":{"type":"number"}`,
	`"type":"object","properties":{"p":{"type":"integer"}}`, `"type":"string","default":"x"`,
}

// TestWhatIsAcceptedCanBeEmitted gives the properties that identities, tags, keys
// and boundaries are made of other types: what the model lets pass, the emitters
// can write, so that every refusal has a code and a position.
func TestWhatIsAcceptedCanBeEmitted(t *testing.T) {
	t.Parallel()
	accepted := 0
	for _, dir := range []string{"testdata/campus/schemas", "testdata/wide/schemas"} {
		files := schemaFiles(t, dir)
		for name, data := range files {
			for _, property := range plain(t, name, data) {
				for _, schema := range palette {
					changed := maps.Clone(files)
					changed[name] = retyped(t, data, property, schema)
					if emits(t, changed, name+" with "+property+" as "+schema) {
						accepted++
					}
				}
			}
		}
	}
	if accepted < 50 {
		t.Errorf("only %d of the changed schemas were accepted", accepted)
	}
}

func schemaFiles(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	tree, faults := source.Read(filepath.FromSlash(dir))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	files := map[string][]byte{}
	for _, f := range tree.Files {
		files[f.Path] = f.Bytes()
	}
	return files
}

// plain are the properties of a file that something refers to by its name: those
// of the campus, which has identities of several parts and a boundary, and the
// tagged ones.
func plain(t *testing.T, name string, data []byte) (list []string) {
	t.Helper()
	var doc struct {
		Properties map[string]map[string]any `json:"properties"`
	}
	unmarshal(t, data, &doc)
	for property, schema := range doc.Properties {
		if strings.HasPrefix(name, "campus/enrolment") || schema["x-tag"] != nil {
			list = append(list, property)
		}
	}
	return list
}

// retyped is the file with another schema for a property, whose keywords for tags
// stay.
func retyped(t *testing.T, data []byte, property, schema string) []byte {
	t.Helper()
	var doc, properties map[string]json.RawMessage
	var old, changed map[string]any
	unmarshal(t, data, &doc)
	unmarshal(t, doc["properties"], &properties)
	unmarshal(t, properties[property], &old)
	unmarshal(t, []byte("{"+schema+"}"), &changed)
	if old["x-tag"] != nil {
		changed["x-tag"] = old["x-tag"]
	}
	properties[property] = marshal(t, changed)
	doc["properties"] = marshal(t, properties)
	first := `{"$schema":` + string(doc["$schema"]) + ","
	delete(doc, "$schema")
	delete(doc, "examples")
	return append([]byte(first), marshal(t, doc)[1:]...)
}

func unmarshal(t *testing.T, data []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

func marshal(t *testing.T, value any) []byte {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// emits reports whether the model accepts the schemas, and then emits them.
func emits(t *testing.T, files map[string][]byte, what string) bool {
	t.Helper()
	tree, faults := source.New(files)
	sys, more := model.Build(tree, "example.com/x")
	if len(faults)+len(more) > 0 {
		return false
	}
	if _, err := emit.Files(sys); err != nil {
		t.Errorf("%s was accepted, and then: %v", what, err)
	}
	return true
}
