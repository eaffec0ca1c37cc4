package model

import (
	"slices"
	"strings"

	"github.com/backstory-go/backstory/codegen/source"
)

// annotations may stand beside every schema.
func annotations() []string {
	return []string{"$comment", "title", "description", "deprecated", "readOnly", "writeOnly", "default", "examples",
		"x-go-name", "x-ref", "x-trim", "x-tag", "x-personal", "x-renamed-from"}
}

// constraints are the keywords of the profile that say what a value must be.
func constraints() []string {
	return []string{"$ref", "$defs", "type", "format", "pattern", "minLength", "maxLength", "enum", "const",
		"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
		"items", "minItems", "maxItems", "uniqueItems",
		"properties", "required", "additionalProperties", "propertyNames", "minProperties", "maxProperties",
		"unevaluatedProperties", "allOf", "oneOf", "anyOf", "x-reserved", "x-normalize"}
}

// homes says where a keyword of messages and components belongs.
func homes() map[string]string {
	return map[string]string{
		"$schema": "to the top of a file", "$defs": "to the top of a file or into another $defs entry",
		"x-emits": "to a command", "x-creates": "to a command", "x-internal": "to a command",
		"x-settles": "to a command", "x-past": "to a command", "x-rejects": "to a command or an actor",
		"x-version": "to an event", "x-retired": "to an event",
		"x-id": "to an actor", "x-boundary": "to an actor", "x-snapshot-every": "to an actor",
		"x-reactions": "to an actor or a reactor", "x-evolves": "to a reactor or a boundary actor",
		"x-key": "to a reactor or a projection", "x-projects": "to a projection", "x-indexes": "to a projection",
		"x-queries": "to a projection", "x-system": "to a component", "x-normalize": "inside x-id",
		"x-tag": "to a property of an event", "x-trim": "to a string property of a command",
		"x-renamed-from": "to an event or a property of one", "x-ref": "to a string property",
		"x-personal": "to a property", "x-reserved": "to an object",
	}
}

// rootKeywords are those that a file of the kind may have beside an object's.
func rootKeywords(kind string) []string {
	common := []string{"$schema", "$comment", "title", "description", "deprecated"}
	object := append(common, "$defs", "$ref", "type", "properties", "required", "additionalProperties",
		"minProperties", "maxProperties", "allOf", "unevaluatedProperties", "examples", "x-go-name", "x-reserved")
	switch kind {
	case "command":
		return append(object, "x-emits", "x-rejects", "x-creates", "x-internal", "x-settles", "x-past")
	case "event":
		return append(object, "x-version", "x-retired", "x-renamed-from")
	case "actor":
		return append(object, "x-id", "x-rejects", "x-reactions", "x-evolves", "x-boundary", "x-snapshot-every", "x-system")
	case "projection":
		return append(object, "x-projects", "x-key", "x-indexes", "x-queries", "x-system")
	case "reactor":
		return append(object, "x-reactions", "x-evolves", "x-key", "x-system")
	}
	return append(common, "$defs")
}

// unsupported says what to write instead of the keywords of JSON Schema, and of
// its relatives, that are outside the profile.
func unsupported() map[string]string {
	closed := "describe the cases as oneOf objects that share one required const property"
	local := "refer to #/$defs/… of this file, or to another file by relative path"
	return map[string]string{
		"$id": local, "id": "delete it: a schema is known by its path", "$anchor": local, "$dynamicRef": local, "$dynamicAnchor": local,
		"$recursiveRef": local, "$recursiveAnchor": local, "$vocabulary": "delete it",
		"if": closed, "then": closed, "else": closed,
		"not":                   "say what is allowed instead of what is not, or refuse it in the handler",
		"dependentSchemas":      closed,
		"dependentRequired":     closed,
		"dependencies":          closed,
		"prefixItems":           "use an object with a named property for each position",
		"additionalItems":       "use an object with a named property for each position",
		"unevaluatedItems":      "delete it: items describes every element",
		"contains":              "check it in the handler, or describe every element with items",
		"minContains":           "check it in the handler",
		"maxContains":           "check it in the handler",
		"patternProperties":     "use additionalProperties with one schema for all keys",
		"definitions":           "write $defs",
		"contentEncoding":       "say it in the description",
		"contentMediaType":      "say it in the description",
		"contentSchema":         "describe the content as a property of its own",
		"nullable":              `write "type": ["string", "null"], with the type in place of string`,
		"discriminator":         "use oneOf alone: the arm is chosen by the required const property that all share",
		"example":               `write "examples" with an array`,
		"formatMinimum":         "check it in the handler",
		"unevaluatedProperties": `write "additionalProperties": false; unevaluatedProperties is for allOf`,
	}
}

// keywords reports every key of a schema that cannot stand there: unknown,
// misspelt, outside the profile, or without effect on this kind of value.
func (b *builder) keywords(n *source.Node, what string, allowed []string) {
	for _, m := range n.Members {
		if slices.Contains(allowed, m.Key) {
			continue
		}
		known := append(append(annotations(), constraints()...), sortedKeys(homes())...)
		switch {
		case m.Key == "unevaluatedProperties" && slices.Contains(allowed, "properties"):
			b.fault(m.Pos(), codeUnsupported, unsupported()[m.Key], "unevaluatedProperties has a meaning beside allOf only")
		case slices.Contains(known, m.Key):
			b.misplacedKeyword(m, what)
		case unsupported()[m.Key] != "":
			b.fault(m.Pos(), codeUnsupported, unsupported()[m.Key], "%s is not part of the profile", m.Key)
		default:
			remedy := "delete it, or put notes into \"$comment\" or \"description\""
			if strings.HasPrefix(m.Key, "x-") {
				remedy = "delete it: the dialect has no such keyword, and unknown ones are refused so that a misspelt one is noticed"
			}
			b.fault(m.Pos(), codeUnknown, suggestion(m.Key, append(allowed, constraints()...), remedy), "%s is no keyword of the dialect", m.Key)
		}
	}
}

func (b *builder) misplacedKeyword(m *source.Member, what string) {
	if home := homes()[m.Key]; home != "" {
		b.fault(m.Pos(), codeMisplaced, "it belongs "+home+"; move it there or delete it", "%s has no meaning here, on %s", m.Key, what)
		return
	}
	remedy := "delete it, or change the type to the one it is meant for"
	if strings.HasPrefix(what, "a reference") {
		b.fault(m.Pos(), codeBesideRef, "put it into the schema referred to, or write that schema here in place of $ref", "%s cannot stand beside $ref", m.Key)
		return
	}
	b.fault(m.Pos(), codeMisplaced, remedy, "%s has no effect on %s", m.Key, what)
}

// with joins keyword lists to a new one.
func with(lists ...[]string) []string { return slices.Concat(lists...) }
