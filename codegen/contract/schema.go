package contract

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"

	"github.com/backstory-go/backstory/codegen/internal/ecma"
	"github.com/backstory-go/backstory/codegen/model"
)

// schemas translates types into JSON Schema that draft-07 and 2020-12 read
// alike, and collects the named ones for #/components/schemas.
type schemas struct {
	owners map[string]string        // package of generated Go → component, e.g. todos.list
	bodies map[*model.Object]string // body of a message → its name in the document
	done   map[string]any
	errs   []error
}

func newSchemas(sys *model.System) *schemas {
	s := &schemas{owners: map[string]string{}, bodies: map[*model.Object]string{}, done: map[string]any{}}
	for _, c := range sys.Contexts {
		s.owners["generated/"+c.Package+"/types"] = c.Name + ".types"
		for _, a := range c.Actors {
			s.owner(&a.Component)
			for _, cmd := range a.Commands {
				s.bodies[cmd.Body] = cmd.Type
			}
			for _, e := range a.Events {
				s.bodies[e.Body] = e.Type
				for _, older := range e.Older {
					s.bodies[older.Body] = versioned(older)
				}
			}
		}
		for _, p := range c.Projections {
			s.owner(&p.Component)
		}
		for _, r := range c.Reactors {
			s.owner(&r.Component)
		}
	}
	return s
}

func (s *schemas) owner(c *model.Component) {
	s.owners["generated/"+c.Context.Package+"/"+c.Package] = c.Type()
}

// versioned names an older version of an event.
func versioned(e *model.Event) string { return e.Type + ".v" + strconv.Itoa(e.Version) }

// components are the collected schemas by name.
func (s *schemas) components() (object, error) {
	out := object{}
	for _, name := range sortedKeys(s.done) {
		out = out.with(name, s.done[name])
	}
	return out, errors.Join(s.errs...)
}

// add puts a schema under a name, once, and refers to it. It is made after its
// name is taken, since types may lead back to themselves.
func (s *schemas) add(name string, schema func() object) object {
	if _, ok := s.done[name]; !ok {
		s.done[name] = nil
		s.done[name] = schema()
	}
	return reference("#/components/schemas/" + name)
}

// body refers to the schema of a message's data.
func (s *schemas) body(o *model.Object) object {
	return s.add(s.bodies[o], func() object { return s.object(o) })
}

// state refers to the schema of what an actor's events fold into.
func (s *schemas) state(a *model.Actor) object {
	return s.add(a.Type()+".State", func() object { return s.object(a.State) })
}

func (s *schemas) named(n *model.Named) object {
	if name := s.bodies[n.Object]; n.Object != nil && name != "" {
		return s.body(n.Object)
	}
	return s.add(s.owners[n.Package]+"."+n.GoName, func() object { return s.definition(n) })
}

func (s *schemas) definition(n *model.Named) object {
	switch n.Form {
	case model.EnumForm:
		values := list{}
		for _, v := range n.Enum {
			values = append(values, v.Value)
		}
		return object{{"type", "string"}}.text("description", markdown(n.Doc)).with("enum", values)
	case model.UnionForm:
		arms := list{}
		for _, arm := range n.Union.Arms {
			arms = append(arms, s.named(arm.Struct))
		}
		return object{}.text("description", markdown(n.Doc)).with("oneOf", arms)
	case model.AliasForm:
		return s.typ(n.Alias)
	default:
		return s.object(n.Object)
	}
}

func (s *schemas) object(o *model.Object) object {
	out := object{{"type", "object"}}
	if o == nil {
		return out
	}
	out = out.text("description", markdown(o.Doc))
	properties, required := object{}, list{}
	for _, field := range o.Fields {
		properties = properties.with(field.Name, s.field(field))
		if field.Required {
			required = append(required, field.Name)
		}
	}
	out = out.with("properties", properties)
	if len(required) > 0 {
		out = out.with("required", required)
	}
	switch o.Additional {
	case model.Closed:
		out = out.with("additionalProperties", false)
	case model.Typed:
		out = out.with("additionalProperties", s.typ(o.Extra))
	}
	return limit(limit(out, "minProperties", o.MinProperties), "maxProperties", o.MaxProperties)
}

// field is the schema of a property. What stands beside a $ref is ignored by
// draft-07, so the reference is wrapped then.
func (s *schemas) field(f *model.Field) object {
	out := s.typ(f.Type)
	extra := object{}.text("title", f.Title).text("description", markdown(f.Doc))
	if f.Default != nil {
		extra = extra.with("default", f.Default)
	}
	if len(extra) > 0 && out[0].key == "$ref" {
		out = object{{"allOf", list{out}}}
	}
	return append(out, extra...)
}

func (s *schemas) typ(t *model.Type) object {
	out := s.kind(t)
	if !t.Nullable {
		return s.checks(out, t.Checks)
	}
	null := object{{"type", "null"}}
	if out[0].key != "type" {
		return object{{"anyOf", list{s.checks(out, t.Checks), null}}}
	}
	out = slices.Clone(out)
	out[0].value = list{out[0].value, "null"}
	return s.checks(out, t.Checks)
}

func (s *schemas) kind(t *model.Type) object {
	switch t.Kind {
	case model.Integer:
		return object{{"type", "integer"}}
	case model.Number:
		return object{{"type", "number"}}
	case model.Boolean:
		return object{{"type", "boolean"}}
	case model.Array:
		return object{{"type", "array"}, {"items", s.typ(t.Elem)}}
	case model.Map:
		out := object{{"type", "object"}}
		if t.KeyUUID {
			out = out.with("propertyNames", object{{"format", "uuid"}})
		}
		return out.with("additionalProperties", s.typ(t.Elem))
	case model.Ref:
		return s.named(t.Ref)
	case model.ID:
		return s.typ(t.Actor.ID.Type)
	case model.Const:
		return object{{"const", t.Const}}
	default:
		return object{{"type", "string"}}.text("format", format(t.Kind))
	}
}

func format(k model.Kind) string {
	switch k {
	case model.UUID:
		return "uuid"
	case model.DateTime:
		return "date-time"
	case model.Date:
		return "date"
	case model.Time:
		return "time"
	case model.Duration:
		return "duration"
	}
	return ""
}

func (s *schemas) checks(out object, c model.Checks) object {
	out = out.text("format", c.Format)
	if c.Pattern != "" {
		pattern, err := ecma.Pattern(c.Pattern)
		if err != nil {
			s.errs = append(s.errs, err)
		}
		out = out.with("pattern", pattern)
	}
	out = limit(limit(out, "minLength", c.MinLength), "maxLength", c.MaxLength)
	out = limit(limit(out, "minimum", c.Minimum), "maximum", c.Maximum)
	out = limit(limit(out, "exclusiveMinimum", c.ExclusiveMinimum), "exclusiveMaximum", c.ExclusiveMaximum)
	out = limit(out, "multipleOf", c.MultipleOf)
	out = limit(limit(out, "minItems", c.MinItems), "maxItems", c.MaxItems)
	if c.UniqueItems {
		out = out.with("uniqueItems", true)
	}
	return limit(limit(out, "minProperties", c.MinProperties), "maxProperties", c.MaxProperties)
}

// limit adds a bound that is stated.
func limit[N int64 | json.Number](o object, key string, bound *N) object {
	if bound == nil {
		return o
	}
	return o.with(key, *bound)
}

// examples are those without personal data: with something else in its place an
// example could break its schema.
func examples(m *model.Message) (out list) {
	for _, e := range m.Examples {
		if _, personal := Redact(m.Body, e, ""); !personal {
			out = append(out, e)
		}
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
