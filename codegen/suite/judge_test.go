package suite

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"reflect"
	"strconv"
	"strings"

	"github.com/backstory-go/backstory/engine"
	"github.com/santhosh-tekuri/jsonschema/v5"
)

const draft2020 = "https://json-schema.org/draft/2020-12/schema"

func parseJSON(data []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	err := decoder.Decode(&value)
	return value, err
}

// oracle compiles a schema with the reference implementation.
func oracle(schema any) (*jsonschema.Schema, error) {
	data, err := json.Marshal(schema)
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.Draft, c.AssertFormat = jsonschema.Draft2020, true
	c.LoadURL = func(url string) (io.ReadCloser, error) { return nil, fmt.Errorf("%s is elsewhere", url) }
	if err := c.AddResource("suite:///schema", bytes.NewReader(data)); err != nil {
		return nil, err
	}
	return c.Compile("suite:///schema")
}

// normal is a value as the dialect compares it with what is encoded again:
// undeclared properties dropped, defaults filled in, numbers, uuids and instants
// by value. The value is one that its schema accepts.
type normal struct{ root map[string]any }

func (n normal) of(schema, value any) any {
	s, ok := schema.(map[string]any)
	if !ok {
		return plain(value)
	}
	s = n.behind(s)
	if value == nil || s["const"] != nil {
		return plain(value)
	}
	if arm := n.arm(s, value); arm != nil {
		return n.of(arm, value)
	}
	switch value := value.(type) {
	case string:
		return text(s["format"], value)
	case json.Number:
		return number(s["type"], value)
	case []any:
		out := make([]any, len(value))
		for i, item := range value {
			out[i] = n.of(s["items"], item)
		}
		return out
	case map[string]any:
		return n.object(s, value)
	}
	return value
}

// behind follows $ref.
func (n normal) behind(s map[string]any) map[string]any {
	for range 100 {
		ref, ok := s["$ref"].(string)
		if !ok {
			return s
		}
		s = n.target(ref)
	}
	return s
}

func (n normal) target(ref string) map[string]any {
	var at any = n.root
	for token := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		at = at.(map[string]any)[strings.NewReplacer("~1", "/", "~0", "~").Replace(token)]
	}
	return at.(map[string]any)
}

// fill is the default of a property: its own, or one behind its references.
func (n normal) fill(property any) (any, bool) {
	p, _ := property.(map[string]any)
	for range 100 {
		if fill, ok := p["default"]; ok || p["$ref"] == nil {
			return fill, ok
		}
		p = n.target(p["$ref"].(string))
	}
	return nil, false
}

// arm is the arm of a choice that a value belongs to.
func (n normal) arm(s map[string]any, value any) any {
	arms, ok := s["oneOf"].([]any)
	if !ok {
		if arms, ok = s["anyOf"].([]any); !ok {
			return nil
		}
	}
	for _, arm := range arms {
		a := n.behind(arm.(map[string]any))
		properties, _ := a["properties"].(map[string]any)
		fits := a["type"] != "null"
		for name, property := range properties {
			p := n.behind(property.(map[string]any))
			if members, isObject := value.(map[string]any); isObject && p["const"] != nil && members[name] != nil {
				fits = fits && reflect.DeepEqual(plain(p["const"]), plain(members[name]))
			}
		}
		if fits {
			return a
		}
	}
	return nil
}

// declared collects the properties of an object and of what is merged into it.
func (n normal) declared(s map[string]any, into map[string]any) {
	properties, _ := s["properties"].(map[string]any)
	for name, p := range properties {
		into[name] = p
	}
	arms, _ := s["allOf"].([]any)
	for _, arm := range arms {
		n.declared(n.behind(arm.(map[string]any)), into)
	}
}

func (n normal) object(s, value map[string]any) any {
	declared := map[string]any{}
	n.declared(s, declared)
	out := map[string]any{}
	extra, typed := s["additionalProperties"].(map[string]any)
	names, _ := s["propertyNames"].(map[string]any)
	for name, member := range value {
		switch p, ok := declared[name]; {
		case ok:
			out[name] = n.of(p, member)
		case typed:
			out[fmt.Sprint(text(names["format"], name))] = n.of(extra, member)
		}
	}
	for name, property := range declared {
		if _, there := out[name]; there {
			continue
		}
		if fill, ok := n.fill(property); ok {
			out[name] = n.of(property, fill)
		}
	}
	return out
}

func text(format any, value string) any {
	switch format {
	case "uuid":
		return strings.ToLower(value)
	case "date-time":
		if at, err := engine.ParseInstant(value); err == nil {
			return at.UTC().String()
		}
	}
	return value
}

func number(typ any, value json.Number) any {
	if list, ok := typ.([]any); ok {
		for _, t := range list {
			if t != "null" {
				typ = t
			}
		}
	}
	if typ == "number" {
		f, err := strconv.ParseFloat(value.String(), 64)
		if err == nil {
			return f + 0 // -0 is 0
		}
	}
	return plain(value)
}

// plain makes numbers comparable and leaves the rest as it is.
func plain(value any) any {
	switch value := value.(type) {
	case json.Number:
		if exact, ok := new(big.Rat).SetString(value.String()); ok {
			return exact.RatString()
		}
	case []any:
		out := make([]any, len(value))
		for i, item := range value {
			out[i] = plain(item)
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for name, member := range value {
			out[name] = plain(member)
		}
		return out
	}
	return value
}

// sameValue says whether what was encoded equals what was decoded.
func sameValue(schema map[string]any, data, encoded string) error {
	in, err := parseJSON([]byte(data))
	if err != nil {
		return err
	}
	out, err := parseJSON([]byte(encoded))
	if err != nil {
		return err
	}
	n := normal{schema}
	if want, got := n.of(schema, in), n.of(schema, out); !reflect.DeepEqual(want, got) {
		return fmt.Errorf("%s was encoded as %s", data, encoded)
	}
	return nil
}
