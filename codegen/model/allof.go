package model

import (
	"slices"
	"strings"

	"github.com/backstory-go/backstory/codegen/source"
)

// merge adds the properties of the arms of allOf.
func (b *builder) merge(o *Object, s site, n *source.Node) {
	b.weight[o] = 1
	arms := n.Get("allOf")
	if !arms.Is(source.Array) {
		return
	}
	if o.Additional == Typed {
		b.fault(n.Member("additionalProperties").Pos(), codeAllOf, "delete it, or write the merged object out", "additionalProperties with a schema cannot stand beside allOf: it would apply to the arms' properties too")
	}
	if v := n.Get("additionalProperties"); v.Is(source.Bool) && !v.True() {
		b.fault(n.Member("additionalProperties").Pos(), codeAllOf, "write \"unevaluatedProperties\": false to close the whole", "additionalProperties: false beside allOf would refuse the arms' properties")
	}
	for _, arm := range arms.Items {
		b.mergeArm(o, s, arm)
	}
	if o.takesAll && o.Additional == Closed {
		o.Additional = Open
	}
	if b.weight[o] > 200 {
		b.fault(n.Member("allOf").Pos(), codeAllOf, "write the properties out in one object", "allOf merges more than 200 objects here")
		b.weight[o] = 1
	}
}

func (b *builder) mergeArm(o *Object, s site, arm *source.Node) {
	from := b.armObject(s, arm)
	if from == nil {
		return
	}
	b.weight[o] += b.weight[from]
	o.takesAll = o.takesAll || from.takesAll
	if from.Additional != Open {
		b.fault(arm.Pos(), codeAllOf, "delete its additionalProperties, and write \"unevaluatedProperties\": false beside allOf to close the whole", "an arm of allOf that is closed would refuse the properties of the others")
	}
	for _, field := range from.Fields {
		if other := o.field(field.Name); other != nil {
			b.fault(arm.Pos(), codeAllOf, "declare the property in one place only", "the property %q stands in two arms of allOf (%s and %s)", field.Name, other.Pos, field.Pos)
			continue
		}
		o.Fields = append(o.Fields, field)
	}
	o.MinProperties = wider(o.MinProperties, from.MinProperties, true)
	o.MaxProperties = wider(o.MaxProperties, from.MaxProperties, false)
	o.Reserved = append(o.Reserved, from.Reserved...)
}

// mergedType wants the object, or an arm of it, to say that it is one: keywords
// about properties alone let every other value pass. Null beside it has to be
// accepted by the arms, too.
func (b *builder) mergedType(s site, n *source.Node, null bool) {
	arms := n.Get("allOf")
	if !arms.Is(source.Array) {
		return
	}
	said := b.armsSayObject(s.file, n, 0)
	name, at := typeName(n)
	switch {
	case name != "object" && !said:
		b.fault(n.Member("allOf").Pos(), codeNoType, "write \"type\": \"object\" beside allOf", "nothing here says that the value is an object, so any other value would be accepted, too")
	case null && said:
		b.fault(at.Pos(), codeAllOf, "write anyOf with the merged object and {\"type\": \"null\"}", "null is refused by an arm of allOf, which must be an object")
	}
}

// armsSayObject looks for the type in the arms of allOf, and in theirs.
func (b *builder) armsSayObject(f *file, n *source.Node, depth int) bool {
	arms := n.Get("allOf")
	if depth > 16 {
		return true // a cycle has its own fault
	}
	if !arms.Is(source.Array) {
		return false
	}
	return slices.ContainsFunc(arms.Items, func(arm *source.Node) bool {
		in := f
		for range 16 {
			ref := arm.Get("$ref")
			if ref == nil {
				break
			}
			if in, arm = b.target(in, ref, false); arm == nil {
				return true // a reference to nothing has its own fault
			}
		}
		name, _ := typeName(arm)
		return name != "" || b.armsSayObject(in, arm, depth+1)
	})
}

// wider is the stricter of two optional bounds.
func wider(a, b *int64, greatest bool) *int64 {
	switch {
	case a == nil:
		return b
	case b == nil || (*a > *b) == greatest:
		return a
	}
	return b
}

// armObject is the object of one arm. An arm that stands in place becomes no
// type of its own: only the whole does.
func (b *builder) armObject(s site, arm *source.Node) *Object {
	if arm.Get("$ref") == nil {
		return b.inlineArm(s, arm)
	}
	b.annotate(s, arm)
	b.keywords(arm, "a reference", b.allowed(s, "$ref"))
	f, n := b.target(s.file, arm.Get("$ref"), true)
	if n == nil {
		return nil
	}
	named := b.resolveTarget(f, n)
	for named != nil && named.Form == AliasForm && named.Alias.Kind == Ref && !named.Alias.Nullable {
		named = named.Alias.Ref
	}
	switch {
	case named == nil || named.Form == StructForm && named.Object != nil && b.weight[named.Object] == 0 || b.unfinished(named):
		b.fault(arm.Pos(), codeRefCycle, "refer to it from a property instead", "this arm of allOf leads back to the object it is part of")
		return nil
	case named.Form != StructForm || acceptsNull(n):
		b.fault(arm.Pos(), codeAllOf, "refer to an object", "allOf merges objects, and %s is none", strings.TrimSpace(arm.Get("$ref").Text))
		return nil
	}
	return named.Object
}

// unfinished says whether the object of a type is still being filled.
func (b *builder) unfinished(named *Named) bool {
	for n := range b.busy {
		if b.named[n] == named {
			return true
		}
	}
	return false
}

func (b *builder) inlineArm(s site, arm *source.Node) *Object {
	if !arm.Is(source.Object) {
		return nil
	}
	if name, at := typeName(arm); at == nil && arm.Get("allOf") == nil && arm.Get("properties") == nil && arm.Get("required") == nil || at != nil && name != "object" || b.nullable(arm) || isMap(arm) {
		b.fault(arm.Pos(), codeAllOf, "write an object with properties, or a $ref to one", "allOf merges objects with properties, and this arm is none")
		return nil
	}
	b.keywords(arm, "an object", b.allowed(s, with(objectKeywords(), []string{"unevaluatedProperties"})...))
	o := &Object{}
	b.annotate(s, arm)
	o.Pos = arm.Pos()
	b.sizes(o, arm)
	b.fields(o, s, arm)
	b.additional(o, s, arm)
	b.merge(o, s, arm)
	b.required(o, arm)
	b.reserved(o, arm)
	return o
}
