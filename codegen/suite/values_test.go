package suite

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// values draws instances for schemas: at wild 0 likely valid ones, and the more
// often others the higher wild is.
type values struct {
	*rand.Rand
	root  map[string]any
	wild  int
	depth int
}

var junk = []any{nil, true, false, "", "a", "red", json.Number("0"), json.Number("1.0"), json.Number("1.5"), []any{}, []any{nil}, object{}, object{"alpha": "a"}, object{"kind": "one"}, object{"kind": "four"}}

func (v *values) of(schema any) any {
	s, ok := schema.(map[string]any)
	if !ok || v.IntN(60) < v.wild {
		return pick(v.Rand, junk)
	}
	v.depth++
	defer func() { v.depth-- }()
	s = normal{v.root}.behind(s)
	if c, ok := s["const"]; ok {
		return c
	}
	if list, ok := s["enum"].([]any); ok {
		return pick(v.Rand, list)
	}
	for _, key := range []string{"oneOf", "anyOf"} {
		if arms, ok := s[key].([]any); ok {
			return v.of(pick(v.Rand, arms))
		}
	}
	typ, _ := s["type"].(string)
	if list, ok := s["type"].([]any); ok {
		typ = pick(v.Rand, list).(string)
	}
	return v.typed(typ, s)
}

func (v *values) typed(typ string, s map[string]any) any {
	switch typ {
	case "null":
		return nil
	case "boolean":
		return v.IntN(2) == 0
	case "string":
		if format, ok := s["format"].(string); ok {
			return v.formatted(format)
		}
		return v.text(s)
	case "integer", "number":
		return v.number(typ, s)
	case "array":
		return v.list(s)
	}
	return v.members(s)
}

var texts = []string{"", "a", "b", "foo", "bar-1", "foo12", "123", "äöü", "😀", "a b", "\u0000", "\"\\\n", "<&>", "\u2028", "abcdef"}

func (v *values) text(s map[string]any) string {
	for range 20 {
		text := pick(v.Rand, texts)
		n := len([]rune(text))
		low, _ := s["minLength"].(int)
		high, bounded := s["maxLength"].(int)
		if v.IntN(10) == 0 || n >= low && (!bounded || n <= high) {
			return text
		}
	}
	return "ab"
}

// formatTexts are texts about which the standard and both judges agree; of each
// format the first half is valid.
var formatTexts = map[string][]string{
	"uuid":                  {"6ba7b810-9dad-11d1-80b4-00c04fd430c8", "6BA7B810-9DAD-11d1-80b4-00c04fd430c9", "6ba7b8109dad11d180b400c04fd430c8", "x"},
	"date-time":             {"2024-02-29T10:00:00Z", "2024-12-31T23:59:60z", "2024-01-01t10:00:00.5+23:59", "2023-02-29T10:00:00Z", "2024-01-01T10:00:00", ""},
	"date":                  {"2024-02-29", "0001-01-01", "2023-02-29", "2024-1-1"},
	"time":                  {"10:00:00Z", "23:59:60Z", "10:00:00", "24:00:00Z"},
	"duration":              {"P1D", "PT36H", "P2W", "P", "P1Y2D", "PT0.5S"},
	"email":                 {"ann@example.org", "a.b+c@example.org", "ann", "@example.org"},
	"uri":                   {"https://example.org/a?b=c#d", "mailto:ann@example.org", "example.org/x", "/a"},
	"uri-reference":         {"/a/b", "#x", "a%b", "http://a/%zz"},
	"hostname":              {"example.org", "a-b", "-a", "a_b"},
	"ipv4":                  {"1.2.3.4", "255.255.255.255", "1.2.3", "256.1.1.1"},
	"ipv6":                  {"::1", "2001:db8::1", "1.2.3.4", ":::"},
	"regex":                 {"^a+$", "[a-z]", "(", "["},
	"json-pointer":          {"", "/a~0b/0", "a", "/~2"},
	"relative-json-pointer": {"0", "1/a", "/a", "01"},
	"uri-template":          {"http://example.org/{a}", "a", "{", "}"},
}

var formatNames = slices.Sorted(maps.Keys(formatTexts))

func (v *values) formatted(format string) string {
	list := formatTexts[format]
	if v.IntN(12) >= v.wild {
		list = list[:len(list)/2]
	}
	return pick(v.Rand, list)
}

func (v *values) number(typ string, s map[string]any) json.Number {
	list := []json.Number{"0", "1", "2", "3", "-1", "-0", "4.0", "6", "3e0", "100", "1E1"}
	if typ == "number" {
		list = append(list, "0.1", "0.5", "2.5", "0.11", "-1.5", "1e-3", "0.30000000000000001")
	}
	if v.IntN(20) < v.wild {
		list = append(list, "1.5", "9007199254740993", "9223372036854775807", "9223372036854775808", "1e400", "1e-400", "-9223372036854775808", "12345678901234567890.5")
	}
	if bound := s[pick(v.Rand, []string{"minimum", "maximum", "multipleOf", "exclusiveMinimum", "exclusiveMaximum"})]; bound != nil {
		return json.Number(fmt.Sprint(bound))
	}
	return pick(v.Rand, list)
}

func (v *values) size(s map[string]any, low, high string) int {
	least, _ := s[low].(int)
	n := least + v.IntN(3)
	if most, ok := s[high].(int); ok && v.IntN(12) >= v.wild {
		n = min(n, most)
	}
	if v.IntN(40) < v.wild {
		n = v.IntN(5)
	}
	if v.depth > 12 {
		n = least
	}
	return n
}

func (v *values) list(s map[string]any) []any {
	list := []any{}
	for range v.size(s, "minItems", "maxItems") {
		list = append(list, v.of(s["items"]))
	}
	return list
}

// members are an object's: declared ones, and others.
func (v *values) members(s map[string]any) map[string]any {
	out := map[string]any{}
	v.declared(out, s)
	n := 0
	if _, typed := s["additionalProperties"].(map[string]any); typed {
		n = v.size(s, "minProperties", "maxProperties")
	} else if v.IntN(12) < v.wild || s["additionalProperties"] != false && s["unevaluatedProperties"] != false {
		n = v.IntN(2)
	}
	for range n {
		name := pick(v.Rand, []string{"other", "Alpha", "a<b", "äö", "x y"})
		if s["propertyNames"] != nil && v.IntN(12) >= v.wild {
			name = "6ba7b810-9dad-11d1-80b4-00c04fd430c" + pick(v.Rand, []string{"1", "2", "3"})
			if v.IntN(2) == 0 {
				name = strings.ToUpper(name[:8]) + name[8:]
			}
		}
		if twice := slices.ContainsFunc(slices.Collect(maps.Keys(out)), func(k string) bool { return strings.EqualFold(k, name) }); twice {
			continue
		}
		out[name] = v.of(s["additionalProperties"])
	}
	return out
}

func (v *values) declared(out, s map[string]any) {
	properties, _ := s["properties"].(map[string]any)
	required, _ := s["required"].([]any)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		must := slices.Contains(required, any(name))
		if v.depth > 10 && !must || v.IntN(4) == 0 && (!must || v.IntN(20) < v.wild) {
			continue
		}
		out[name] = v.of(properties[name])
	}
	arms, _ := s["allOf"].([]any)
	for _, arm := range arms {
		v.declared(out, normal{v.root}.behind(arm.(map[string]any)))
	}
}
