package suite

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
)

// schemas draws schemas of the profile.
type schemas struct {
	*rand.Rand
	number int
	defs   map[string]any
	names  []string // of defs, all of them objects
}

func newSchemas(seed uint64, number int) *schemas {
	return &schemas{Rand: rand.New(rand.NewPCG(seed, uint64(number))), number: number, defs: map[string]any{}}
}

type object = map[string]any

// event is an object with the property v, and definitions that may be recursive.
func (s *schemas) event() object {
	for i := range s.IntN(4) {
		s.names = append(s.names, fmt.Sprintf("d%dx%d", s.number, i))
	}
	for _, name := range s.names {
		s.defs[name] = s.structure(2, nil)
	}
	event := object{"type": "object", "properties": object{"v": s.schema(3)}}
	if s.IntN(4) > 0 {
		event["required"] = []any{"v"}
	}
	if len(s.defs) > 0 {
		event["$defs"] = s.defs
	}
	if s.IntN(3) == 0 {
		event["additionalProperties"] = false
	}
	return event
}

// state is an actor's: it is there for its Go code to compile.
func (s *schemas) state() object {
	o := s.structure(3, nil)
	delete(o, "additionalProperties")
	delete(o, "minProperties")
	delete(o, "maxProperties")
	return o
}

// schema is any schema of the profile, at most depth deep.
func (s *schemas) schema(depth int) object {
	kinds := []func(int) object{s.text, s.formatted, s.enum, s.constant, s.integer, s.float, s.boolean}
	if depth > 0 {
		kinds = append(kinds, s.array, s.array, s.object, s.object, s.dictionary, s.union, s.merged, s.nullable, s.nullable, s.reference)
	}
	return kinds[s.IntN(len(kinds))](depth)
}

func (s *schemas) maybe(o object, key string, value any) {
	if s.IntN(2) == 0 {
		o[key] = value
	}
}

// bounds sets none, one or both of two bounds in order.
func (s *schemas) bounds(o object, low, high string, least int) {
	from := least + s.IntN(3)
	s.maybe(o, low, from)
	s.maybe(o, high, from+s.IntN(3))
}

func (s *schemas) text(int) object {
	o := object{"type": "string"}
	s.bounds(o, "minLength", "maxLength", 0)
	if s.IntN(3) == 0 {
		o["pattern"] = pick(s.Rand, patterns)
	}
	return o
}

var patterns = []string{`^[a-z]+$`, `[0-9]{2,3}`, `^(foo|bar)-?[0-9]*$`, `^\p{L}*$`, `a|b`, `^.{1,3}$`}

func (s *schemas) formatted(int) object {
	return object{"type": "string", "format": pick(s.Rand, formatNames)}
}

func (s *schemas) enum(int) object {
	o := object{"enum": []any{"red", "green", "x-y"}[:1+s.IntN(3)]}
	s.maybe(o, "type", "string")
	if s.IntN(4) == 0 {
		o["enum"] = append(slices.Clone(o["enum"].([]any)), nil)
		if o["type"] != nil {
			o["type"] = []any{"string", "null"}
		}
	}
	return o
}

func (s *schemas) constant(int) object {
	return object{"const": pick(s.Rand, []any{"a", json.Number("1"), json.Number("1.0"), true, nil, []any{json.Number("1")}, object{"a": json.Number("1.0"), "b": "\n"}, ""})}
}

func (s *schemas) integer(int) object {
	o := object{"type": "integer"}
	s.bounds(o, pick(s.Rand, []string{"minimum", "exclusiveMinimum"}), "maximum", -3)
	if s.IntN(4) == 0 {
		delete(o, "maximum")
		o["exclusiveMaximum"] = json.Number("7.5")
	}
	if o["exclusiveMinimum"] != nil {
		delete(o, "maximum")
	}
	if s.IntN(3) == 0 {
		o["multipleOf"] = pick(s.Rand, []json.Number{"2", "1.5", "0.5", "3.0"})
	}
	return o
}

func (s *schemas) float(int) object {
	o := object{"type": "number"}
	s.maybe(o, pick(s.Rand, []string{"minimum", "exclusiveMinimum"}), pick(s.Rand, []json.Number{"-1", "0.1", "0", "1e-3"}))
	s.maybe(o, pick(s.Rand, []string{"maximum", "exclusiveMaximum"}), pick(s.Rand, []json.Number{"1", "2.5", "1e2"}))
	if s.IntN(3) == 0 {
		o["multipleOf"] = pick(s.Rand, []json.Number{"0.1", "0.01", "2.5"})
	}
	return o
}

func (s *schemas) boolean(int) object { return object{"type": "boolean"} }

func (s *schemas) array(depth int) object {
	o := object{"type": "array", "items": s.schema(depth - 1)}
	s.bounds(o, "minItems", "maxItems", 0)
	s.maybe(o, "uniqueItems", s.IntN(2) == 0)
	return o
}

func (s *schemas) object(depth int) object { return s.structure(depth, propertyNames) }

// propertyNames is what properties are called; one name that no struct tag can
// hold gets its Go name.
var propertyNames = []string{"alpha", "beta", "gamma", "delta", "type", "err\"or"}

func (s *schemas) structure(depth int, names []string) object {
	if names == nil {
		names = propertyNames
	}
	properties, required := object{}, []any{}
	for _, name := range names {
		if s.IntN(2) == 0 {
			continue
		}
		p := s.schema(depth - 1)
		if name == "err\"or" {
			p["x-go-name"] = "Weird"
		}
		if s.IntN(3) > 0 && !s.recursive(p) {
			required = append(required, name)
		}
		s.fill(p)
		properties[name] = p
	}
	o := object{"type": "object", "properties": properties}
	if len(required) > 0 {
		o["required"] = required
	}
	switch s.IntN(5) {
	case 0:
		o["additionalProperties"] = false
	case 1:
		o["additionalProperties"] = s.schema(0)
	case 2:
		o["additionalProperties"] = true
	}
	if s.IntN(6) == 0 {
		s.bounds(o, "minProperties", "maxProperties", 0)
	}
	return o
}

// recursive says whether a schema refers to anything: such a property is not
// required, for the value might have no end.
func (s *schemas) recursive(schema any) bool {
	switch v := schema.(type) {
	case object:
		if v["$ref"] != nil {
			return true
		}
		for _, inner := range v {
			if s.recursive(inner) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, s.recursive)
	}
	return false
}

// fill gives a property a default that its schema accepts.
func (s *schemas) fill(p object) {
	if s.IntN(4) > 0 || s.recursive(p) {
		return
	}
	judge, err := oracle(p)
	if err != nil {
		return
	}
	v := &values{Rand: s.Rand, root: p}
	for range 4 {
		value := v.of(p)
		data, err := json.Marshal(value)
		if err != nil {
			return
		}
		if parsed, err := parseJSON(data); err == nil && judge.Validate(parsed) == nil {
			p["default"] = value
			return
		}
	}
}

func (s *schemas) dictionary(depth int) object {
	o := object{"type": "object", "additionalProperties": s.schema(depth - 1)}
	s.bounds(o, "minProperties", "maxProperties", 0)
	if s.IntN(3) == 0 {
		o["propertyNames"] = object{"format": "uuid"}
	}
	return o
}

func (s *schemas) union(depth int) object {
	var arms []any
	for _, kind := range []string{"one", "two", "three"}[:2+s.IntN(2)] {
		arm := s.structure(depth-1, propertyNames[:3])
		arm["properties"].(object)["kind"] = object{"const": kind}
		required, _ := arm["required"].([]any)
		arm["required"] = append(required, "kind")
		arms = append(arms, arm)
	}
	if s.IntN(4) == 0 {
		arms = append(arms, object{"type": "null"})
	}
	return object{"oneOf": arms}
}

func (s *schemas) merged(depth int) object {
	var arms []any
	for _, names := range [][]string{propertyNames[:2], propertyNames[2:4]} {
		arm := s.structure(depth-1, names)
		delete(arm, "additionalProperties")
		s.maybe(arm, "additionalProperties", true)
		arms = append(arms, arm)
	}
	o := object{"allOf": arms}
	s.maybe(o, "type", "object")
	s.maybe(o, "unevaluatedProperties", false)
	return o
}

// nullable is one of the three ways to accept null, too.
func (s *schemas) nullable(depth int) object {
	inner := s.schema(depth - 1)
	if typ, ok := inner["type"].(string); ok && s.IntN(2) == 0 && inner["enum"] == nil && inner["allOf"] == nil {
		inner["type"] = []any{typ, "null"}
		return inner
	}
	key := "anyOf" // oneOf refuses null when both arms accept it
	if judge, err := oracle(object{"$defs": s.defs, "allOf": []any{inner}}); err == nil && judge.Validate(nil) != nil {
		key = pick(s.Rand, []string{"anyOf", "oneOf"})
	}
	return object{key: []any{inner, object{"type": "null"}}}
}

func (s *schemas) reference(depth int) object {
	if len(s.names) == 0 {
		return s.text(depth)
	}
	return object{"$ref": "#/$defs/" + pick(s.Rand, s.names)}
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }
