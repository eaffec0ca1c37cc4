package model

import (
	"slices"

	"github.com/backstory-go/backstory/codegen/source"
)

func objectKeywords() []string {
	return []string{"type", "properties", "required", "additionalProperties", "propertyNames", "minProperties", "maxProperties", "allOf", "x-reserved"}
}

// structure is an object: a struct, or a map when it has no properties but a
// schema for all of them.
func (b *builder) structure(s site, n *source.Node, null bool) *Type {
	allowed := b.allowed(s, objectKeywords()...)
	if n.Get("allOf") != nil {
		allowed = append(allowed, "unevaluatedProperties")
	}
	b.keywords(n, "an object", allowed)
	if name, at := typeName(n); at != nil && name != "object" {
		b.fault(at.Pos(), codeAllOf, "write \"type\": \"object\" or nothing, or give up allOf", "allOf merges objects, and this is declared as another type")
		return placeholder(n)
	}
	if isMap(n) {
		return b.dictionary(s, n, null)
	}
	b.mergedType(s, n, null)
	if names := n.Member("propertyNames"); names != nil {
		b.fault(names.Pos(), codeMisplaced, "delete it, or delete the properties and describe all values with additionalProperties", "propertyNames is for maps, and this object has properties of its own")
	}
	named := b.declare(s, n, StructForm)
	named.Object = &Object{}
	b.fill(named.Object, s, n)
	return &Type{Kind: Ref, Ref: named, Nullable: null}
}

func isMap(n *source.Node) bool {
	props := n.Get("properties")
	return n.Get("additionalProperties").Is(source.Object) && n.Get("allOf") == nil &&
		(props == nil || props.Is(source.Object) && len(props.Members) == 0)
}

func (b *builder) dictionary(s site, n *source.Node, null bool) *Type {
	t := &Type{Kind: Map, Nullable: null, Checks: Checks{
		MinProperties: count(n, "minProperties"), MaxProperties: count(n, "maxProperties"),
	}}
	b.ordered(n, "minProperties", "maxProperties", t.Checks.MinProperties, t.Checks.MaxProperties)
	t.KeyUUID = n.Get("propertyNames").Get("format").Str() == "uuid"
	for _, key := range []string{"required", "x-reserved"} {
		if m := n.Member(key); m != nil && (!m.Value.Is(source.Array) || len(m.Value.Items) > 0) {
			b.fault(m.Pos(), codeRequired, "declare the names under \"properties\", or delete "+key, "a map has no properties of its own that %s could name", key)
		}
	}
	values := n.Get("additionalProperties")
	t.Elem = b.typ(s.inner(b.elementName(s, values, "Value")), values)
	return t
}

// fill reads an object's schema into o, which others may refer to already.
func (b *builder) fill(o *Object, s site, n *source.Node) {
	b.busy[n] = true
	defer delete(b.busy, n)
	o.GoName, o.Doc, o.Pos = s.name, doc(n), n.Pos()
	b.sizes(o, n)
	b.fields(o, s, n)
	b.additional(o, s, n)
	b.merge(o, s, n)
	b.required(o, n)
	b.reserved(o, n)
	b.fieldNames(o)
	b.methodNames(o, "Clone", "MarshalJSON")
}

func (b *builder) sizes(o *Object, n *source.Node) {
	o.MinProperties, o.MaxProperties = count(n, "minProperties"), count(n, "maxProperties")
	b.ordered(n, "minProperties", "maxProperties", o.MinProperties, o.MaxProperties)
}

func (b *builder) fields(o *Object, s site, n *source.Node) {
	props := n.Get("properties")
	if !props.Is(source.Object) {
		return
	}
	for _, m := range props.Members {
		o.Fields = append(o.Fields, b.field(s, n, m))
	}
}

func (b *builder) field(s site, owner *source.Node, m *source.Member) *Field {
	v := m.Value
	field := &Field{Name: m.Key, Pos: m.Pos(), GoName: v.Get("x-go-name").Str()}
	if field.GoName == "" {
		name, ok := goName(m.Key)
		if !ok && v.Is(source.Object) {
			b.fault(m.Pos(), codeGoName, "write \"x-go-name\" into this property's schema, with an exported Go name", "no exported Go name can be made of %q", m.Key)
		}
		field.GoName = name
	}
	inner := s.inner(s.name + field.GoName)
	inner.property = ofMessage(owner)
	field.Type = b.typ(inner, v)
	field.Title, field.Doc = v.Get("title").Str(), doc(v)
	field.Personal = v.Get("x-personal").True()
	if d := v.Get("default"); d != nil {
		field.Default = d.Raw()
	}
	b.inherit(s.file, field, v)
	b.checkTag(field, v)
	for _, old := range texts(v.Get("x-renamed-from")) {
		field.RenamedFrom = append(field.RenamedFrom, old.Text)
	}
	return field
}

// ofMessage says whether the properties of a schema are those of the message
// itself: it is the root, or an arm of allOf that is merged into the root.
func ofMessage(n *source.Node) bool {
	for n.Parent != nil {
		if n.Parent.Owner == nil || n.Parent.Owner.Key != "allOf" {
			return false
		}
		n = n.Parent.Parent
	}
	return true
}

// inherit takes over what the schemas behind $ref say and the property does
// not: texts, a default, and that the value is personal.
func (b *builder) inherit(f *file, field *Field, n *source.Node) {
	for range 16 { // longer chains are cycles, which have their own fault
		ref := n.Get("$ref")
		if ref == nil {
			return
		}
		f, n = b.target(f, ref, false)
		if n == nil {
			return
		}
		if field.Title == "" {
			field.Title = n.Get("title").Str()
		}
		if field.Doc == "" {
			field.Doc = doc(n)
		}
		if d := n.Get("default"); d != nil && field.Default == nil {
			field.Default = d.Raw()
		}
		field.Personal = field.Personal || n.Get("x-personal").True()
	}
}

func (b *builder) checkTag(field *Field, n *source.Node) {
	tag := n.Get("x-tag")
	switch {
	case tag.True():
		field.Tag = field.Name
	case tag.Is(source.String):
		field.Tag = tag.Text
	default:
		return
	}
	if !validName(field.Tag) {
		b.fault(tag.Pos(), codeName, "write the tag's name, in lower-case words joined by underscores, in place of true", "%q is no name for a tag", field.Tag)
	}
	t := field.Type
	if t.Kind == Array {
		t = t.Elem
	}
	if !scalar(t) {
		b.fault(n.Member("x-tag").Pos(), codeTag, "tag a string, integer, boolean or an array of them", "an object, a map or a nested array cannot be indexed as a tag")
	}
	if t.Kind == Number {
		b.fault(n.Member("x-tag").Pos(), codeTag, "declare it as an integer or as a string", "a number can be written in several ways, so it cannot be indexed as a tag")
	}
	if field.Personal {
		b.fault(n.Member("x-tag").Pos(), codePersonal, "tag an id that stands for the person instead", "personal data cannot be a tag: tags are indexed and shown")
	}
}

// scalar says whether a value is one string, number or boolean.
func scalar(t *Type) bool {
	switch t.Kind {
	case Array, Map, Const:
		return false
	case Ref:
		return t.Ref.Form == EnumForm
	}
	return true
}

func (b *builder) additional(o *Object, s site, n *source.Node) {
	switch v := n.Get("additionalProperties"); {
	case v.Is(source.Object):
		o.Additional = Typed
		o.Extra = b.typ(s.inner(b.elementName(site{name: s.name + "Extra"}, v, "Value")), v)
	case v.Is(source.Bool) && !v.True():
		o.Additional = Closed
	case v.Is(source.Bool):
		o.takesAll = true
	}
	if u := n.Get("unevaluatedProperties"); u.Is(source.Bool) && !u.True() {
		o.Additional = Closed
	}
}

func (b *builder) required(o *Object, n *source.Node) {
	seen := map[string]bool{}
	for _, item := range texts(n.Get("required")) {
		if seen[item.Text] {
			b.fault(item.Pos(), codeTwice, "delete one of the two", "%q is required twice", item.Text)
		}
		seen[item.Text] = true
		field := o.field(item.Text)
		if field == nil {
			b.fault(item.Pos(), codeRequired, suggestion(item.Text, o.fieldList(), "declare it under \"properties\", or delete it here"), "%q is required but is not declared as a property", item.Text)
			continue
		}
		if !field.Required && b.weight[o] > 1 {
			// It may come from an arm whose own object must not change with this one.
			copied := *field
			copied.Required = true
			o.Fields[slices.Index(o.Fields, field)] = &copied
			continue
		}
		field.Required = true
	}
}

func (b *builder) reserved(o *Object, n *source.Node) {
	for _, item := range texts(n.Get("x-reserved")) {
		o.Reserved = append(o.Reserved, item.Text)
		if field := o.field(item.Text); field != nil {
			b.fault(field.Pos, codeReservedProperty, "give the property a new name", "the name %q once meant something else and is reserved (line %d)", item.Text, item.Pos().Line)
		}
	}
}

// fieldNames wants the Go names of a struct's fields to differ.
func (b *builder) fieldNames(o *Object) {
	seen := map[string]*Field{}
	for _, field := range o.Fields {
		if other := seen[field.GoName]; other != nil && field.GoName != "" {
			b.fault(field.Pos, codeCollision, "write \"x-go-name\" on one of the two", "the properties %q and %q (%s) would both be the Go field %s", other.Name, field.Name, other.Pos, field.GoName)
		}
		seen[field.GoName] = field
		if o.Additional == Typed && field.GoName == "Extra" {
			b.fault(field.Pos, codeCollision, "write \"x-go-name\" on this property", "the Go field Extra holds the undeclared properties, so the property %q cannot have that name", field.Name)
		}
	}
}

// methodNames wants no field to be called like a method that generated code gives
// the struct: Go allows a type only one of the two.
func (b *builder) methodNames(o *Object, methods ...string) {
	for _, field := range o.Fields {
		if slices.Contains(methods, field.GoName) {
			b.fault(field.Pos, codeCollision, "write \"x-go-name\" on this property", "the Go field %s of %q would clash with the method %s of generated code", field.GoName, field.Name, field.GoName)
		}
	}
}

// field finds a property by its name on the wire, nil when there is none.
func (o *Object) field(name string) *Field {
	if o == nil {
		return nil
	}
	for _, f := range o.Fields {
		if f.Name == name {
			return f
		}
	}
	return nil
}

func (o *Object) fieldList() []string {
	if o == nil {
		return nil
	}
	names := make([]string, len(o.Fields))
	for i, f := range o.Fields {
		names[i] = f.Name
	}
	return names
}
