// Package dialect owns the meta-schemas of the schema language, one per kind of
// file, from which editors complete and against which the compiler validates.
//
// It does not interpret schemas: what a meta-schema cannot say (names that must
// resolve, defaults that must fit) is checked by package model. Packages below
// codegen may import it; it imports none of ours.
//
// Invariant: each meta-schema is self-contained, for a reference to another
// file or to the network would leave editors without help, and the same binary
// always writes the same bytes.
package dialect

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
)

// Folder is where the meta-schemas lie below the schemas folder.
const Folder = "dialect"

//go:embed parts
var parts embed.FS

// Kinds are the kinds of schema files, sorted.
func Kinds() []string {
	return []string{"actor", "command", "event", "projection", "reactor", "types"}
}

// Files returns the meta-schemas: file name (command.json) → bytes. A new map
// each time, so callers may change it.
func Files() map[string][]byte {
	files := map[string][]byte{}
	for _, kind := range Kinds() {
		files[kind+".json"] = File(kind)
	}
	return files
}

// File returns the meta-schema of one kind. It panics on a kind that Kinds does
// not list, which no schema file can cause.
func File(kind string) []byte {
	var out bytes.Buffer
	// Indent keeps the order of keys, which a round trip through maps would lose.
	if err := json.Indent(&out, assemble(kind), "", "  "); err != nil {
		panic(fmt.Sprintf("dialect: the parts of %s do not make JSON: %v", kind, err))
	}
	out.WriteByte('\n')
	return out.Bytes()
}

func assemble(kind string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"$schema": "https://json-schema.org/draft/2020-12/schema",`)
	fmt.Fprintf(&b, `"title": %q, "description": %q,`, "Backstory: "+kind, about(kind))
	b.WriteString(`"type": "object", "additionalProperties": false, "required": `)
	b.WriteString(required(kind))
	b.WriteString(`, "properties": `)
	if kind == "types" {
		b.Write(part("types"))
	} else {
		b.Write(join(part("object"), part(kind)))
	}
	b.WriteString(`, "$defs": `)
	b.Write(part("shared"))
	b.WriteByte('}')
	return b.Bytes()
}

// join makes one object of the members of two.
func join(a, b []byte) []byte {
	a = bytes.TrimSuffix(bytes.TrimSpace(a), []byte("}"))
	b = bytes.TrimPrefix(bytes.TrimSpace(b), []byte("{"))
	return append(append(bytes.Clone(a), ','), b...)
}

func part(name string) []byte {
	data, err := parts.ReadFile("parts/" + name + ".json")
	if err != nil {
		panic("dialect: " + err.Error())
	}
	return data
}

// required lists what a file of the kind cannot do without.
func required(kind string) string {
	switch kind {
	case "projection":
		return `["$schema", "x-key", "x-projects"]`
	case "reactor":
		return `["$schema", "x-reactions"]`
	case "types":
		return `["$schema", "$defs"]`
	}
	return `["$schema"]`
}

func about(kind string) string {
	return map[string]string{
		"actor":      "The state of an actor, what identifies it, why it refuses, and what follows from its events.",
		"command":    "A command: what a caller may ask of one actor.",
		"event":      "An event: a fact of one actor, stored for ever.",
		"projection": "A projection: a table that events keep up to date.",
		"reactor":    "A reactor: an automation over events of any component.",
		"types":      "Types that the components of a context share.",
	}[kind]
}
