package compat

import (
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strconv"

	"github.com/backstory-go/backstory/codegen/model"
	"github.com/santhosh-tekuri/jsonschema/v5"
)

// Readable says what a generated decoder would have against an instance that was
// stored: "" or one sentence that names the place. It reads by shape, as the
// package comment describes.
func Readable(body *model.Object, data []byte) string {
	value, err := decode(data)
	if err != nil {
		return "it is not JSON"
	}
	return readObject("", body, value)
}

func readObject(at string, o *model.Object, value any) string {
	members, ok := value.(map[string]any)
	if !ok {
		return wrong(at, "an object")
	}
	known := map[string]bool{}
	for _, f := range o.Fields {
		known[f.Name] = true
		for _, name := range f.RenamedFrom {
			known[name] = true
		}
		if problem := readField(at, f, members); problem != "" {
			return problem
		}
	}
	if o.Additional != model.Typed {
		return ""
	}
	for _, name := range sortedKeys(members) {
		if known[name] {
			continue
		}
		if problem := readType(at+"/"+name, o.Extra, members[name]); problem != "" {
			return problem
		}
	}
	return ""
}

// readField reads a property by its name or by one that it had before.
func readField(at string, f *model.Field, members map[string]any) string {
	there := false
	for _, name := range append([]string{f.Name}, f.RenamedFrom...) {
		value, ok := members[name]
		if !ok {
			continue
		}
		there = true
		if problem := readType(at+"/"+name, f.Type, value); problem != "" {
			return problem
		}
	}
	if !there && f.Required && f.Default == nil {
		return fmt.Sprintf("%s/%s is missing", at, f.Name)
	}
	return ""
}

func readType(at string, t *model.Type, value any) string {
	t = resolve(t)
	switch {
	case t.Kind == model.Const: // read past, whatever it is
		return ""
	case value == nil && t.Nullable:
		return ""
	}
	switch t.Kind {
	case model.Array:
		return readArray(at, t, value)
	case model.Map:
		return readMap(at, t, value)
	case model.Ref:
		return readNamed(at, t.Ref, value)
	}
	return readScalar(at, wire(t), value)
}

func readArray(at string, t *model.Type, value any) string {
	items, ok := value.([]any)
	if !ok {
		return wrong(at, "an array")
	}
	for i, item := range items {
		if problem := readType(at+"/"+strconv.Itoa(i), t.Elem, item); problem != "" {
			return problem
		}
	}
	return ""
}

func readMap(at string, t *model.Type, value any) string {
	members, ok := value.(map[string]any)
	if !ok {
		return wrong(at, "an object")
	}
	for _, name := range sortedKeys(members) {
		if t.KeyUUID && !uuidForm.MatchString(name) {
			return fmt.Sprintf("the key %q of %s is no uuid", name, at)
		}
		if problem := readType(at+"/"+name, t.Elem, members[name]); problem != "" {
			return problem
		}
	}
	return ""
}

func readNamed(at string, n *model.Named, value any) string {
	switch n.Form {
	case model.StructForm:
		return readObject(at, n.Object, value)
	case model.EnumForm:
		text, ok := value.(string)
		if !ok {
			return wrong(at, "text")
		}
		if !lists(n.Enum, text) { // it decodes, but no code has a case for it
			return fmt.Sprintf("%s is %q, which is no longer one of its words", at, text)
		}
		return ""
	}
	members, ok := value.(map[string]any)
	if !ok {
		return wrong(at, "an object")
	}
	tag, ok := members[n.Union.Tag].(string)
	if !ok {
		return fmt.Sprintf("%s/%s is missing", at, n.Union.Tag)
	}
	arm := armOf(n.Union, tag)
	if arm == nil {
		return fmt.Sprintf("%s/%s is %q, which is no longer one of its arms", at, n.Union.Tag, tag)
	}
	return readObject(at, arm.Struct.Object, value)
}

var uuidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

func readScalar(at string, kind model.Kind, value any) string {
	switch kind {
	case model.Boolean:
		if _, ok := value.(bool); !ok {
			return wrong(at, "true or false")
		}
		return ""
	case model.Integer, model.Number:
		return readNumber(at, kind, value)
	}
	text, ok := value.(string)
	switch format := formats()[kind]; {
	case !ok:
		return wrong(at, "text")
	case kind == model.UUID && !uuidForm.MatchString(text):
		return wrong(at, "a uuid")
	case kind != model.UUID && format != "" && !jsonschema.Formats[format](text):
		return wrong(at, "a "+format)
	}
	return ""
}

func readNumber(at string, kind model.Kind, value any) string {
	n, ok := value.(json.Number)
	if !ok {
		return wrong(at, "a number")
	}
	if _, err := strconv.ParseFloat(n.String(), 64); err != nil {
		return wrong(at, "a number that fits 64 bits")
	}
	if kind == model.Number {
		return ""
	}
	r, ok := new(big.Rat).SetString(n.String())
	if !ok || !r.IsInt() || !r.Num().IsInt64() {
		return wrong(at, "a whole number of 64 bits")
	}
	return ""
}

func wrong(at, want string) string {
	if at == "" {
		at = "it"
	}
	return at + " is not " + want
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
