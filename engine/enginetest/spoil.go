package enginetest

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strings"

	"github.com/backstory-go/backstory/engine"
)

// spoiler finds what can be made wrong with an instance, each thing alone.
type spoiler struct {
	d     *drawer
	found []spoiled
}

// spoiled is an instance that is wrong in one place.
type spoiled struct {
	what string // "/items/0/text: too short"
	data []byte
}

// spoil lists instances, each wrong in one place. The instance itself is right.
func (d *drawer) spoil(instance any) []spoiled {
	s := &spoiler{d: d}
	root := instance
	s.value("", d.root, root, func(value any, there bool) []byte {
		if !there {
			return nil
		}
		return encode(value)
	})
	return s.found
}

// put writes the whole instance with another value in one place, or without it.
type put func(value any, there bool) []byte

func (s *spoiler) add(at, what string, p put, value any) {
	if data := p(value, true); data != nil {
		s.found = append(s.found, spoiled{at + ": " + what, data})
	}
}

func (s *spoiler) value(at string, schema node, value any, p put) {
	schema = s.d.behind(schema)
	if c, ok := schema["const"]; ok {
		s.add(at, "another constant", p, []any{c, "another"})
		return
	}
	if _, ok := schema["enum"]; ok {
		s.add(at, "a value that is not listed", p, "no such value")
		s.add(at, "no text", p, json.Number("7"))
		return
	}
	if of, ok := schema["anyOf"].([]any); ok {
		if value != nil {
			s.value(at, of[0].(node), value, nullable(p))
		}
		return
	}
	if types, ok := schema["type"].([]any); ok {
		if value != nil {
			s.typed(at, types[0].(string), schema, value, nullable(p))
		}
		return
	}
	if arms, ok := schema["oneOf"].([]any); ok {
		s.union(at, arms, value, p)
		return
	}
	s.typed(at, schema["type"].(string), schema, value, p)
}

// nullable does not offer null, which is accepted there.
func nullable(p put) put {
	return func(value any, there bool) []byte {
		if value == nil && there {
			return nil
		}
		return p(value, there)
	}
}

func (s *spoiler) typed(at, typ string, schema node, value any, p put) {
	s.add(at, "null", p, nil)
	switch typ {
	case "string":
		s.add(at, "no text", p, json.Number("7"))
		s.text(at, schema, p)
	case "integer", "number":
		s.add(at, "no number", p, "seven")
		s.number(at, typ, schema, p)
	case "boolean":
		s.add(at, "neither true nor false", p, "true")
	case "array":
		s.add(at, "no list", p, node{"0": true})
		s.array(at, schema, value.([]any), p)
	default:
		s.add(at, "no object", p, []any{})
		s.object(at, schema, value.(node), p)
	}
}

func (s *spoiler) union(at string, arms []any, value any, p put) {
	members := value.(node)
	s.add(at, "null", p, nil)
	tag := s.tag(arms)
	s.add(at, "an unknown "+tag, p, with(members, tag, "no such kind"))
	s.add(at, "without "+tag, p, without(members, tag))
	for _, arm := range arms {
		schema := s.d.behind(arm.(node))
		if constant(schema, tag) == members[tag] {
			s.object(at, schema, members, p)
		}
	}
}

// tag is the property whose constant tells the arms of a union apart.
func (s *spoiler) tag(arms []any) string {
	first := s.d.behind(arms[0].(node))
	for _, name := range required(first) {
		values := map[string]bool{}
		for _, arm := range arms {
			schema := s.d.behind(arm.(node))
			if text := constant(schema, name); text != "" && slices.Contains(required(schema), name) {
				values[text] = true
			}
		}
		if len(values) == len(arms) {
			return name
		}
	}
	panic("a union has no tag") // the compiler refuses it
}

// constant is the text that a property always has, "" where it has no such.
func constant(schema node, name string) string {
	property, _ := schema["properties"].(node)[name].(node)
	text, _ := property["const"].(string)
	return text
}

func with(members node, name string, value any) node {
	out := maps.Clone(members)
	out[name] = value
	return out
}

func without(members node, name string) node {
	out := maps.Clone(members)
	delete(out, name)
	return out
}

func (s *spoiler) object(at string, schema, members node, p put) {
	properties, _ := schema["properties"].(node)
	must := required(schema)
	for _, name := range must {
		s.add(at, "without "+name, p, without(members, name))
	}
	extra, typed := schema["additionalProperties"].(node)
	if schema["additionalProperties"] == false {
		s.add(at, "an undeclared property", p, with(members, "undeclared_x", true))
	}
	if schema["propertyNames"] != nil && typed {
		s.add(at, "a name that is no uuid", p, with(members, "nobody", s.d.value(extra)))
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		inner, declared := properties[name].(node)
		if !declared && !typed {
			continue
		}
		if !declared {
			inner = extra
		}
		s.value(at+"/"+name, inner, members[name], func(value any, there bool) []byte {
			if !there {
				return p(without(members, name), true)
			}
			return p(with(members, name, value), true)
		})
	}
}

func (s *spoiler) array(at string, schema node, list []any, p put) {
	low, high := bounds(schema, "minItems", "maxItems")
	if low > 0 {
		s.add(at, "too few", p, list[:low-1])
	}
	if len(list) > 0 && high < 1000 {
		longer := slices.Clone(list)
		for len(longer) <= high {
			longer = append(longer, list[0])
		}
		s.add(at, "too many", p, longer)
	}
	if len(list) > 0 && schema["uniqueItems"] == true {
		s.add(at, "twice the same", p, append(slices.Clone(list), list[0]))
	}
	for i, item := range list {
		s.value(fmt.Sprintf("%s/%d", at, i), schema["items"].(node), item, func(value any, there bool) []byte {
			if !there {
				return nil
			}
			changed := slices.Clone(list)
			changed[i] = value
			return p(changed, true)
		})
	}
}

func (s *spoiler) text(at string, schema node, p put) {
	low, high := bounds(schema, "minLength", "maxLength")
	if low > 0 {
		s.add(at, "too short", p, strings.Repeat("x", low-1))
	}
	if high <= 100000 {
		s.add(at, "too long", p, strings.Repeat("x", high+1))
	}
	if format, ok := schema["format"].(string); ok && !engine.ValidFormat(format, "\u0001 %%") {
		s.add(at, "no "+format, p, "\u0001 %%")
	}
	if pattern, ok := schema["pattern"].(string); ok {
		re := regexp.MustCompile(pattern)
		for _, text := range []string{"", "~", "x", "0", " \u0001 "} {
			if !re.MatchString(text) {
				s.add(at, "not of the pattern", p, text)
				break
			}
		}
	}
}

func (s *spoiler) number(at, typ string, schema node, p put) {
	sp := spanOf(typ, schema)
	one := big.NewRat(1, 1)
	if typ == "integer" {
		s.add(at, "no whole number", p, json.Number("1.5"))
		s.add(at, "beyond 64 bits", p, json.Number("9223372036854775808"))
	} else {
		s.add(at, "beyond a float", p, json.Number("1e400"))
	}
	if sp.low != nil {
		s.add(at, "too small", p, json.Number(decimal(new(big.Rat).Sub(sp.low, one))))
	}
	if sp.high != nil {
		s.add(at, "too large", p, json.Number(decimal(new(big.Rat).Add(sp.high, one))))
	}
	if sp.openLow {
		s.add(at, "at the open bound", p, json.Number(decimal(sp.low)))
	}
	if sp.openHigh {
		s.add(at, "at the open bound", p, json.Number(decimal(sp.high)))
	}
	if sp.step != nil {
		s.add(at, "no multiple", p, json.Number(decimal(new(big.Rat).Quo(sp.step, big.NewRat(2, 1)))))
	}
}
