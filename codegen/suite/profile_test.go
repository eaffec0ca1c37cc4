package suite

import (
	"slices"
	"strings"
)

// ruled are the refusals of schemas that use nothing outside the profile and are
// mistakes nevertheless, as dialect.md lists them: a pattern that RE2 does not
// know, bounds that nothing meets, a default that its own schema refuses.
var ruled = []string{"BS1209", "BS1210", "BS1222"}

// mistaken reports whether a group's schema is refused though all of it is in the
// table of the profile.
func mistaken(schema any, found []string) bool {
	return inProfile(schema) && slices.ContainsFunc(found, func(code string) bool { return !slices.Contains(ruled, code) })
}

// inProfile reports whether every schema inside a schema has a type and only the
// keywords that the profile's table lists for it. It follows the table, not the
// compiler.
func inProfile(schema any) bool {
	s, ok := schema.(map[string]any)
	if !ok {
		return false
	}
	for name, def := range objectOf(s["$defs"]) {
		if !inProfile(def) || strings.ContainsAny(name, "/~%\"") {
			return false
		}
	}
	switch {
	case s["$ref"] != nil:
		ref, _ := s["$ref"].(string)
		return strings.HasPrefix(ref, "#/$defs/") && only(s, "$ref")
	case s["const"] != nil:
		return only(s, "const", "type")
	case s["enum"] != nil:
		return only(s, "enum", "type") && onlyTexts(s["enum"])
	case s["anyOf"] != nil:
		return only(s, "anyOf") && orNull(s["anyOf"])
	case s["oneOf"] != nil:
		return only(s, "oneOf") && orNull(s["oneOf"])
	}
	return typed(s)
}

func typed(s map[string]any) bool {
	switch nonNull(s["type"]) {
	case "string":
		return only(s, "type", "format", "pattern", "minLength", "maxLength")
	case "integer", "number":
		return only(s, "type", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
	case "boolean":
		return only(s, "type")
	case "array":
		return only(s, "type", "items", "minItems", "maxItems", "uniqueItems") && inProfile(s["items"])
	case "object":
		return only(s, "type", "properties", "required", "additionalProperties") && objectInProfile(s)
	}
	return false
}

func objectInProfile(s map[string]any) bool {
	properties := objectOf(s["properties"])
	for _, property := range properties {
		if !inProfile(property) {
			return false
		}
	}
	required, _ := s["required"].([]any)
	for _, name := range required {
		if properties[name.(string)] == nil {
			return false
		}
	}
	_, isBool := s["additionalProperties"].(bool)
	return s["additionalProperties"] == nil || isBool || inProfile(s["additionalProperties"])
}

// only reports whether a schema has no keywords but these and annotations.
func only(s map[string]any, keywords ...string) bool {
	for key, value := range s {
		if key == "$schema" && value == "https://json-schema.org/draft/2020-12/schema" {
			continue
		}
		if !slices.Contains(append(keywords, "$defs", "title", "description", "$comment", "default", "examples", "deprecated"), key) {
			return false
		}
	}
	return true
}

// nonNull is the one type that a value has beside null.
func nonNull(t any) string {
	if list, ok := t.([]any); ok && len(list) == 2 {
		i := slices.Index(list, any("null"))
		if i < 0 {
			return ""
		}
		t = list[1-i]
	}
	name, _ := t.(string)
	return name
}

// orNull reports whether a choice is a schema or null.
func orNull(choice any) bool {
	arms, _ := choice.([]any)
	if len(arms) != 2 {
		return false
	}
	for i, arm := range arms {
		if o := objectOf(arm); len(o) == 1 && o["type"] == "null" {
			return inProfile(arms[1-i])
		}
	}
	return false
}

// onlyTexts reports whether an enum lists strings.
func onlyTexts(list any) bool {
	values, _ := list.([]any)
	for _, v := range values {
		if _, ok := v.(string); !ok {
			return false
		}
	}
	return len(values) > 0
}

func objectOf(v any) map[string]any {
	o, _ := v.(map[string]any)
	return o
}
