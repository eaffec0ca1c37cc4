package suite

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// complete adds to a schema the types that its keywords need and that it leaves
// open. What a keyword does not tell, the instances tell: values are those that
// the schema is to judge.
func complete(schema any, values []any) any {
	s, ok := schema.(map[string]any)
	if !ok {
		if schema == true {
			return complete(map[string]any{}, values)
		}
		return schema
	}
	s = maps.Clone(s)
	if s["type"] == nil && !chosen(s) {
		s["type"] = typeFor(s, values)
	}
	completeArray(s, values)
	completeObject(s, values)
	for _, key := range []string{"allOf", "oneOf", "anyOf"} {
		if arms, ok := s[key].([]any); ok {
			list := make([]any, len(arms))
			for i, arm := range arms {
				list[i] = complete(arm, values)
			}
			s[key] = list
		}
	}
	if defs, ok := s["$defs"].(map[string]any); ok {
		s["$defs"] = completeEach(defs, func(string) []any { return values })
	}
	return s
}

// rename gives definitions names that the dialect allows, and redirects the
// references to them.
func rename(schema any) any {
	root, ok := schema.(map[string]any)
	if !ok {
		return schema
	}
	defs, ok := root["$defs"].(map[string]any)
	if !ok {
		return schema
	}
	renamed, names := map[string]any{}, []string{}
	for i, name := range slices.Sorted(maps.Keys(defs)) {
		to := name
		if !defName.MatchString(name) {
			to = fmt.Sprintf("renamed%d", i)
		}
		escaped := strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
		names = append(names, "#/$defs/"+url.PathEscape(escaped), "#/$defs/"+to, "#/$defs/"+escaped, "#/$defs/"+to)
		renamed[to] = defs[name]
	}
	root = maps.Clone(root)
	root["$defs"] = renamed
	return redirect(root, names...)
}

var defName = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

// chosen says whether a schema tells its type by other means.
func chosen(s map[string]any) bool {
	for _, key := range []string{"$ref", "const", "enum", "oneOf", "anyOf"} {
		if s[key] != nil {
			return true
		}
	}
	return false
}

// families are the keywords that are about one type.
var families = []struct{ typ, keywords string }{
	{"string", "minLength maxLength pattern format"},
	{"number", "minimum maximum exclusiveMinimum exclusiveMaximum multipleOf"},
	{"array", "items minItems maxItems uniqueItems"},
	{"object", "properties required additionalProperties propertyNames minProperties maxProperties allOf"},
}

func typeFor(s map[string]any, values []any) any {
	for _, family := range families {
		for keyword := range strings.FieldsSeq(family.keywords) {
			if s[keyword] != nil {
				return family.typ
			}
		}
	}
	count := map[string]int{}
	for _, v := range values {
		count[jsonType(v)]++
	}
	null := count["null"] > 0
	delete(count, "null")
	best := "string"
	for _, typ := range slices.Sorted(maps.Keys(count)) {
		if count[typ] > count[best] {
			best = typ
		}
	}
	if null {
		return []any{best, "null"}
	}
	return best
}

func jsonType(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case json.Number:
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	}
	return "object"
}

func isType(s map[string]any, typ string) bool {
	list, _ := s["type"].([]any)
	return s["type"] == typ || slices.Contains(list, any(typ))
}

func completeArray(s map[string]any, values []any) {
	if !isType(s, "array") {
		return
	}
	var items []any
	for _, v := range values {
		if list, ok := v.([]any); ok {
			items = append(items, list...)
		}
	}
	if s["items"] == nil {
		s["items"] = true
	}
	s["items"] = complete(s["items"], items)
}

var safeName = regexp.MustCompile(`^[a-z][A-Za-z0-9_]*$`)

func completeObject(s map[string]any, values []any) {
	properties, _ := s["properties"].(map[string]any)
	properties = maps.Clone(properties)
	if required, ok := s["required"].([]any); ok && isType(s, "object") {
		if properties == nil {
			properties = map[string]any{}
		}
		for _, name := range required {
			if name, ok := name.(string); ok && properties[name] == nil {
				properties[name] = true
			}
		}
	}
	members := func(name string) []any { return membersOf(values, name) }
	if properties != nil {
		properties = completeEach(properties, members)
		for i, name := range slices.Sorted(maps.Keys(properties)) {
			if p, ok := properties[name].(map[string]any); ok && !safeName.MatchString(name) {
				p["x-go-name"] = fmt.Sprintf("P%d", i)
			}
		}
		s["properties"] = properties
	}
	if extra, ok := s["additionalProperties"].(map[string]any); ok {
		s["additionalProperties"] = complete(extra, nil)
	}
}

func completeEach(schemas map[string]any, values func(string) []any) map[string]any {
	out := map[string]any{}
	for name, s := range schemas {
		out[name] = complete(s, values(name))
	}
	return out
}

func membersOf(values []any, name string) []any {
	var out []any
	for _, v := range values {
		if members, ok := v.(map[string]any); ok {
			if member, there := members[name]; there {
				out = append(out, member)
			}
		}
	}
	return out
}
