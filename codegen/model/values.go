package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/backstory-go/backstory/codegen/source"
	"github.com/santhosh-tekuri/jsonschema/v5"
)

// instance is a value in a schema file that a schema must accept.
type instance struct {
	file    *file
	schema  *source.Node
	value   *source.Node
	code    string
	message string
}

// checkValues compiles the files with a complete implementation of JSON Schema,
// a second judge beside our walk, and has it check the defaults, examples,
// constants and enum values. Files with faults, and those that refer to them,
// are left out: their values would be judged by a wrong schema.
func (b *builder) checkValues() {
	c := newCompiler()
	for _, f := range b.files {
		if f.root == nil {
			continue
		}
		data, err := json.Marshal(b.exported(f)) // notes what the file refers to
		if err == nil {
			err = c.AddResource(baseURL+f.src.Path, bytes.NewReader(data))
		}
		if err != nil {
			b.fault(f.pos(), codeInvalid, "compare the schema with JSON Schema 2020-12", "this is no valid JSON Schema: %s", firstLine(err))
		}
	}
	clean := b.cleanFiles()
	for _, f := range b.files {
		if clean[f] && f.kind != "types" {
			if _, err := compiled(c, baseURL+f.src.Path); err != nil {
				b.invalid(f, err)
				clean[f] = false
			}
		}
	}
	for _, in := range b.instances {
		if clean[in.file] {
			b.checkInstance(c, in)
		}
	}
}

// compiled compiles a schema. The library is known to panic on some that are no
// schemas; ours must not, whatever the files hold.
func compiled(c *jsonschema.Compiler, url string) (schema *jsonschema.Schema, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("it cannot be read as one: %v", p)
		}
	}()
	return c.Compile(url)
}

// cleanFiles are those without a fault, in themselves and in all that they
// refer to.
func (b *builder) cleanFiles() map[*file]bool {
	clean := map[*file]bool{}
	faulty := map[string]bool{}
	for _, fault := range b.faults {
		faulty[fault.Pos.File] = true
	}
	for _, f := range b.files {
		clean[f] = f.root != nil && !faulty[f.src.Name]
	}
	for changed := true; changed; {
		changed = false
		for _, f := range b.files {
			for other := range b.refs[f] {
				if clean[f] && !clean[other] {
					clean[f], changed = false, true
				}
			}
		}
	}
	return clean
}

// exported is the file as plain JSON Schema: with the URL of the draft, and with
// x-ref replaced by what it means, the schema of the actor's id.
func (b *builder) exported(f *file) any {
	hook := func(n *source.Node, m map[string]any) {
		if n == f.root {
			m["$schema"] = draft2020
			return
		}
		if id := b.idSchema(f, n); id != nil {
			m["allOf"] = []any{id}
		}
	}
	return toAny(f.root, hook)
}

// idSchema is the schema of the id that a property with x-ref holds; nil for
// other schemas.
func (b *builder) idSchema(f *file, n *source.Node) any {
	ref := n.Get("x-ref")
	if !ref.Is(source.String) || f.context == nil {
		return nil
	}
	c := b.component(f, ref.Text)
	if c == nil || c.actor == nil || c.main == nil || c.main.root == nil {
		return nil
	}
	var schema any = map[string]any{"type": "string"}
	switch id := c.main.root.Get("x-id"); {
	case id == nil:
		schema = map[string]any{"type": "string", "format": "uuid"}
	case id.Is(source.Object):
		if b.refs[f] == nil {
			b.refs[f] = map[*file]bool{}
		}
		b.refs[f][c.main] = true
		schema = map[string]any{"$ref": baseURL + c.main.src.Path + "#/x-id"}
	}
	if n.Get("type").Is(source.Array) {
		schema = map[string]any{"anyOf": []any{schema, map[string]any{"type": "null"}}}
	}
	return schema
}

func (b *builder) checkInstance(c *jsonschema.Compiler, in instance) {
	schema, err := compiled(c, baseURL+in.file.src.Path+"#"+fragment(in.schema.Pointer()))
	if err != nil {
		b.invalid(in.file, err)
		return
	}
	var invalid *jsonschema.ValidationError
	if err := schema.Validate(toAny(in.value, nil)); errors.As(err, &invalid) {
		for _, leaf := range leaves(invalid) {
			n := at(in.value, leaf.InstanceLocation)
			b.fault(n.Pos(), in.code, "correct the value, or the schema", "%s: %s", in.message, reworded(leaf))
		}
	}
}

// fragment escapes a JSON pointer for use in a URL.
func fragment(pointer string) string {
	var out strings.Builder
	for _, c := range []byte(pointer) {
		if c == '/' || c == '-' || c == '_' || c == '.' || c == '~' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			out.WriteByte(c)
			continue
		}
		fmt.Fprintf(&out, "%%%02X", c)
	}
	return out.String()
}

// invalid reports what the second judge refuses and our walk let pass.
func (b *builder) invalid(f *file, err error) {
	var schemaErr *jsonschema.SchemaError
	var invalid *jsonschema.ValidationError
	if errors.As(err, &schemaErr) && errors.As(schemaErr.Err, &invalid) {
		for _, leaf := range leaves(invalid) {
			b.fault(at(f.root, leaf.InstanceLocation).Pos(), codeInvalid, "compare the schema with JSON Schema 2020-12", "this is no valid JSON Schema: %s", reworded(leaf))
		}
		return
	}
	b.fault(f.pos(), codeInvalid, "compare the schema with JSON Schema 2020-12", "this is no valid JSON Schema: %s", firstLine(err))
}

func firstLine(err error) string {
	text, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), "jsonschema: "), "\n")
	return strings.ReplaceAll(text, baseURL, source.Root+"/")
}

var (
	lengthRule  = regexp.MustCompile(`^length must be (>=|<=) (\d+), but got (\d+)$`)
	expectedAny = regexp.MustCompile(`^expected (.+), but got (.+)$`)
	comparison  = regexp.MustCompile(`^must be (>=|<=|>|<) (\S+) but found (\S+)$`)
	formatRule  = regexp.MustCompile(`^(.*) is not valid (.*)$`)
)

// reworded says what the validator says so that it can be read aloud.
func reworded(leaf *jsonschema.ValidationError) string {
	words := map[string]string{">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}
	message := leaf.Message
	switch path.Base(leaf.KeywordLocation) {
	case "minLength", "maxLength":
		if m := lengthRule.FindStringSubmatch(message); m != nil {
			unit := "characters"
			if m[2] == "1" {
				unit = "character"
			}
			return fmt.Sprintf("it must have %s %s %s and has %s", words[m[1]], m[2], unit, m[3])
		}
	case "type":
		if m := expectedAny.FindStringSubmatch(message); m != nil {
			if m[1] == "integer" && m[2] == "number" {
				return "it must be a whole number"
			}
			return fmt.Sprintf("it must be %s, not %s", article(m[1]), article(m[2]))
		}
	case "required":
		return "it lacks " + names(message)
	case "additionalProperties", "unevaluatedProperties":
		return "it has the undeclared " + names(message)
	case "format":
		if m := formatRule.FindStringSubmatch(message); m != nil {
			return "it is not of the format " + strings.Trim(m[2], "'\"")
		}
	}
	if m := comparison.FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("it must be %s %s and is %s", words[m[1]], m[2], m[3])
	}
	if m, ok := strings.CutPrefix(message, "value must be one of "); ok {
		return "it must be one of " + m
	}
	return "it " + strings.TrimPrefix(message, "value ")
}

// names lists what stands in single quotes.
func names(message string) string {
	var list []string
	for _, m := range quotedName.FindAllStringSubmatch(message, -1) {
		list = append(list, m[1])
	}
	slices.Sort(list)
	if len(list) == 0 {
		return "properties: " + message
	}
	return quoted(list)
}
