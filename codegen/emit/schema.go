package emit

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/backstory-go/backstory/codegen/model"
)

// schemaWriter writes a message as one JSON Schema that needs no other file, for
// tests to draw instances from: types in the forms of the profile, patterns in
// RE2, and nothing that only people read.
type schemaWriter struct {
	defs map[string]member // by name
}

// member is one keyword and its value: bytes that are JSON.
type member struct{ key, value string }

// messageSchema is the schema of a body.
func messageSchema(o *model.Object) string {
	w := &schemaWriter{defs: map[string]member{}}
	members := w.object(o)
	if len(w.defs) > 0 {
		var defs []member
		for _, def := range w.defs {
			defs = append(defs, def)
		}
		slices.SortFunc(defs, func(a, b member) int { return strings.Compare(a.key, b.key) })
		members = append(members, member{"$defs", braced(defs)})
	}
	return braced(members)
}

func braced(members []member) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, m := range members {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(quoted(m.key) + ":" + m.value)
	}
	b.WriteByte('}')
	return b.String()
}

func listed(values []string) string { return "[" + strings.Join(values, ",") + "]" }

// quoted is a text as JSON; texts of schemas always encode.
func quoted(text string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil {
		unsupported("the text %q has no JSON: %v", text, err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func (w *schemaWriter) object(o *model.Object) []member {
	out := []member{{"type", `"object"`}}
	var properties []member
	var required []string
	for _, field := range o.Fields {
		properties = append(properties, member{field.Name, braced(w.typ(field.Type))})
		if field.Required {
			required = append(required, quoted(field.Name))
		}
	}
	out = append(out, member{"properties", braced(properties)})
	if len(required) > 0 {
		out = append(out, member{"required", listed(required)})
	}
	switch o.Additional {
	case model.Closed:
		out = append(out, member{"additionalProperties", "false"})
	case model.Typed:
		out = append(out, member{"additionalProperties", braced(w.typ(o.Extra))})
	}
	return bound(bound(out, "minProperties", o.MinProperties), "maxProperties", o.MaxProperties)
}

// bound adds a limit that is stated.
func bound[N int64 | json.Number](out []member, key string, limit *N) []member {
	if limit == nil {
		return out
	}
	text, err := json.Marshal(*limit)
	if err != nil {
		unsupported("the limit %v has no JSON: %v", *limit, err)
	}
	return append(out, member{key, string(text)})
}

func (w *schemaWriter) typ(t *model.Type) []member {
	out := w.checks(w.kind(resolve(t)), resolve(t).Checks)
	if !resolve(t).Nullable {
		return out
	}
	if out[0].key != "type" {
		return []member{{"anyOf", listed([]string{braced(out), `{"type":"null"}`})}}
	}
	out[0].value = listed([]string{out[0].value, `"null"`})
	return out
}

func (w *schemaWriter) kind(t *model.Type) []member {
	text := []member{{"type", `"string"`}}
	switch t.Kind {
	case model.Integer:
		return []member{{"type", `"integer"`}}
	case model.Number:
		return []member{{"type", `"number"`}}
	case model.Boolean:
		return []member{{"type", `"boolean"`}}
	case model.Array:
		return []member{{"type", `"array"`}, {"items", braced(w.typ(t.Elem))}}
	case model.Map:
		out := []member{{"type", `"object"`}, {"properties", "{}"}}
		if t.KeyUUID {
			out = append(out, member{"propertyNames", `{"format":"uuid"}`})
		}
		return append(out, member{"additionalProperties", braced(w.typ(t.Elem))})
	case model.Ref:
		return []member{{"$ref", quoted("#/$defs/" + w.named(t.Ref))}}
	case model.ID:
		return w.typ(t.Actor.ID.Type)
	case model.Const:
		return []member{{"const", compacted(t.Const)}}
	case model.UUID:
		return append(text, member{"format", `"uuid"`})
	case model.DateTime:
		return append(text, member{"format", `"date-time"`})
	case model.Date:
		return append(text, member{"format", `"date"`})
	case model.Time:
		return append(text, member{"format", `"time"`})
	case model.Duration:
		return append(text, member{"format", `"duration"`})
	default:
		return text
	}
}

func compacted(raw json.RawMessage) string {
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		unsupported("the value %s is no JSON: %v", raw, err)
	}
	return b.String()
}

func (w *schemaWriter) checks(out []member, c model.Checks) []member {
	if c.Format != "" && !slices.ContainsFunc(out, func(m member) bool { return m.key == "format" }) {
		out = append(out, member{"format", quoted(c.Format)})
	}
	if c.Pattern != "" {
		out = append(out, member{"pattern", quoted(c.Pattern)})
	}
	out = bound(bound(out, "minLength", c.MinLength), "maxLength", c.MaxLength)
	out = bound(bound(out, "minimum", c.Minimum), "maximum", c.Maximum)
	out = bound(bound(out, "exclusiveMinimum", c.ExclusiveMinimum), "exclusiveMaximum", c.ExclusiveMaximum)
	out = bound(out, "multipleOf", c.MultipleOf)
	out = bound(bound(out, "minItems", c.MinItems), "maxItems", c.MaxItems)
	if c.UniqueItems {
		out = append(out, member{"uniqueItems", "true"})
	}
	return bound(bound(out, "minProperties", c.MinProperties), "maxProperties", c.MaxProperties)
}

// named defines a named type once. Its name is taken before it is written, for it
// may lead back to itself.
func (w *schemaWriter) named(n *model.Named) string {
	name := strings.ReplaceAll(n.Package, "/", ".") + "." + n.GoName
	if _, ok := w.defs[name]; ok {
		return name
	}
	w.defs[name] = member{}
	w.defs[name] = member{name, braced(w.definition(n))}
	return name
}

func (w *schemaWriter) definition(n *model.Named) []member {
	switch n.Form {
	case model.EnumForm:
		var values []string
		for _, v := range n.Enum {
			values = append(values, quoted(v.Value))
		}
		return []member{{"enum", listed(values)}}
	case model.UnionForm:
		var arms []string
		for _, arm := range n.Union.Arms {
			arms = append(arms, braced([]member{{"$ref", quoted("#/$defs/" + w.named(arm.Struct))}}))
		}
		return []member{{"oneOf", listed(arms)}}
	case model.AliasForm:
		return w.typ(n.Alias)
	default:
		return w.object(n.Object)
	}
}
