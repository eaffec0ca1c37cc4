package model_test

import (
	"flag"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/backstory-go/backstory/codegen/source"
)

// FuzzBuild puts any bytes at any place of a valid tree: Build must end soon,
// must not panic, and must give a System or faults, the same ones each time.
func FuzzBuild(f *testing.F) {
	base := load(f, "testdata/base/schemas")
	for name, data := range base {
		f.Add(name, data)
	}
	cases, err := filepath.Glob("testdata/faults/*/schemas/*/*/*/*.json")
	if err != nil {
		f.Fatal(err)
	}
	if flag.Lookup("test.fuzz").Value.String() == "" {
		cases = nil // TestFaults builds them anyway
	}
	for _, name := range cases {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		_, below, _ := strings.Cut(filepath.ToSlash(name), "/schemas/")
		f.Add(below, data)
	}
	for _, hard := range hardCases() {
		f.Add("todos/list/commands/try.json", []byte(hard))
	}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		files := maps.Clone(base)
		files[name] = data
		start := time.Now()
		tree, system, faults := build(files)
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("took %v", took)
		}
		if (system == nil) != (len(faults) > 0) {
			t.Errorf("system %v with the faults %v", system != nil, faults)
		}
		if err := source.Render(io.Discard, source.Text, faults, tree); err != nil {
			t.Error(err)
		}
		if _, _, again := build(files); again.Error() != faults.Error() {
			t.Errorf("two runs differ:\n%v\n%v", faults, again)
		}
	})
}

// hardCases are schemas that have brought other tools to a halt.
func hardCases() []string {
	head := `{"$schema":"../../../dialect/command.json","type":"object",`
	diamond := head + `"$defs":{"z":{"type":"object"}`
	for i := range 40 {
		next := "z"
		if i > 0 {
			next = "d" + string(rune('a'+(i-1)/26)) + string(rune('a'+(i-1)%26))
		}
		name := "d" + string(rune('a'+i/26)) + string(rune('a'+i%26))
		diamond += `,"` + name + `":{"allOf":[{"$ref":"#/$defs/` + next + `"},{"allOf":[{"$ref":"#/$defs/` + next + `"}]}]}`
	}
	return []string{
		diamond + "}}",
		head + `"properties":{"a":{"$ref":"#"}},"required":["a"]}`,
		head + `"properties":{"a":{"$ref":"#"}},"examples":[{"a":{"a":{}}}]}`,
		head + `"allOf":[{"$ref":"#"}]}`,
		head + `"properties":{"a":{"type":"string","pattern":"((a{1,100}){1,100}){1,100}"}}}`,
		head + `"properties":{"a":{"type":"number","multipleOf":1e-300,"examples":[1e300]}}}`,
		head + `"properties":{"a":{"type":"integer","multipleOf":1e-300,"minimum":-1e300,"default":0e99999}}}`,
		head + `"properties":{"a":{"oneOf":[{"$ref":"#"},{"$ref":"#"}]}}}`,
		head + `"properties":{"a":{"anyOf":[{"$ref":"#/properties/a"},{"type":"null"}]}}}`,
		head + `"$defs":{"a":{"$defs":{"a":{"$ref":"#/$defs/a/$defs/a"}}}}}`,
		head + `"$ref":"create.json","x-settles":{"refused":{"":1}},"x-rejects":{"a":{"data":{"$ref":"#"},"description":""}}}`,
		`{"$ref":"try.json"}`,
		strings.Repeat(`{"a":`, 1000),
		strings.Repeat("[", 100000),
	}
}
