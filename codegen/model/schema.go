package model

import (
	"fmt"
	"slices"

	"github.com/backstory-go/backstory/codegen/source"
)

// site is where a schema stands: its file, the Go name that it gets if it needs
// one, and what the keywords around it allow.
type site struct {
	file     *file
	name     string
	defs     bool // $defs may stand here
	id       bool // inside x-id: x-normalize may stand here
	property bool // a property of the message itself: x-tag may stand here
}

// inner is the site of a schema within this one.
func (s site) inner(name string) site { return site{file: s.file, name: name} }

// placeholder is the type of a schema that has a fault: it lets the walk go on,
// and no System with one ever leaves Build.
func placeholder(n *source.Node) *Type { return &Type{Kind: String, Pos: n.Pos()} }

// typ works out the type of a schema. It never returns nil.
func (b *builder) typ(s site, n *source.Node) *Type {
	if !n.Is(source.Object) {
		if n.Is(source.Bool) {
			b.fault(n.Pos(), codeNoType, "write a schema with a type", "true and false are schemas that describe nothing")
		}
		return placeholder(n)
	}
	b.annotate(s, n)
	t := b.typeOf(s, n)
	if t.Pos.Line == 0 {
		t.Pos = n.Pos()
	}
	b.hold(t, n)
	if n.Get("x-trim").True() {
		t.Checks.Trim = true
		if t.Kind != String || t.Ref != nil {
			b.fault(n.Member("x-trim").Pos(), codeTrim, "delete it, or make the property a plain string", "x-trim cuts white space off strings, and this is none")
		}
	}
	return t
}

func (b *builder) typeOf(s site, n *source.Node) *Type {
	switch {
	case n.Get("$ref") != nil:
		b.keywords(n, "a reference", b.allowed(s, "$ref"))
		return b.reference(s, n)
	case n.Get("x-ref") != nil:
		b.keywords(n, "an actor's id", b.allowed(s, "type"))
		return b.actorID(s, n)
	case n.Get("const") != nil:
		return b.constant(s, n)
	case n.Get("oneOf") != nil:
		return b.alternatives(s, n, "oneOf")
	case n.Get("anyOf") != nil:
		return b.alternatives(s, n, "anyOf")
	case n.Get("enum") != nil:
		return b.enum(s, n)
	case n.Get("allOf") != nil:
		return b.structure(s, n, b.nullable(n))
	case n.Get("type") != nil:
		return b.byType(s, n)
	}
	b.fault(n.Pos(), codeNoType, "write a \"type\", or a $ref, const, enum, oneOf, anyOf or allOf", "this schema does not say what type the value has")
	b.keywords(n, "a schema without a type", b.allowed(s, constraints()...))
	return placeholder(n)
}

// allowed adds to a construct's own keywords those of the site.
func (b *builder) allowed(s site, own ...string) []string {
	list := with(annotations(), own)
	if s.defs {
		list = append(list, "$defs")
	}
	if s.id {
		list = append(list, "x-normalize")
	}
	drop := func(keyword string, keep bool) {
		if !keep {
			list = slices.DeleteFunc(list, func(k string) bool { return k == keyword })
		}
	}
	drop("x-tag", s.property && s.file.kind == "event")
	drop("x-trim", s.file.kind == "command")
	drop("x-renamed-from", s.file.kind == "event")
	return list
}

// annotate registers the values that the schema must accept and follows its
// $defs.
func (b *builder) annotate(s site, n *source.Node) {
	if d := n.Get("default"); d != nil {
		b.instances = append(b.instances, instance{s.file, n, d, codeDefault, "this default is refused by its own schema"})
	}
	if list := n.Get("examples"); list.Is(source.Array) {
		for _, e := range list.Items {
			b.instances = append(b.instances, instance{s.file, n, e, codeExample, "this example is refused by its own schema"})
		}
	}
}

// nullable says whether "type" lists null, and complains when it is a list of
// anything but one type and null.
func (b *builder) nullable(n *source.Node) bool {
	t := n.Get("type")
	if !t.Is(source.Array) {
		return false
	}
	null, others := 0, 0
	for _, item := range t.Items {
		if item.Str() == "null" {
			null++
			continue
		}
		others++
	}
	if others != 1 || null > 1 {
		b.fault(t.Pos(), codeType, "name one type, or one type and \"null\"; for a choice of types use oneOf objects that share one required const property", "a value cannot have several types")
	}
	return null > 0
}

// typeName is the one type beside null.
func typeName(n *source.Node) (name string, at *source.Node) {
	t := n.Get("type")
	if !t.Is(source.Array) {
		return t.Str(), t
	}
	for _, item := range t.Items {
		if item.Str() != "null" {
			return item.Str(), item
		}
	}
	return "", t
}

func (b *builder) byType(s site, n *source.Node) *Type {
	null := b.nullable(n)
	name, at := typeName(n)
	switch name {
	case "string":
		b.keywords(n, "a string", b.allowed(s, "type", "format", "pattern", "minLength", "maxLength"))
		return b.text(n, null)
	case "integer", "number":
		b.keywords(n, map[string]string{"integer": "an integer", "number": "a number"}[name],
			b.allowed(s, "type", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"))
		return b.number(n, name, null)
	case "boolean":
		b.keywords(n, "a boolean", b.allowed(s, "type"))
		return &Type{Kind: Boolean, Nullable: null}
	case "array":
		b.keywords(n, "an array", b.allowed(s, "type", "items", "minItems", "maxItems", "uniqueItems"))
		return b.array(s, n, null)
	case "object":
		return b.structure(s, n, null)
	}
	types := []string{"string", "integer", "number", "boolean", "array", "object"}
	remedy := "write string, integer, number, boolean, array or object"
	if at.Is(source.String) && name != "null" {
		b.fault(at.Pos(), codeType, suggestion(name, types, remedy), "there is no type %q", name)
	} else if name == "null" || name == "" && at.Is(source.String) {
		b.fault(at.Pos(), codeType, remedy+"; to accept null beside it write \"type\": [\"string\", \"null\"]", "a value that can only be null says nothing")
	}
	return placeholder(n)
}

func (b *builder) array(s site, n *source.Node, null bool) *Type {
	t := &Type{Kind: Array, Nullable: null, Checks: Checks{
		MinItems: count(n, "minItems"), MaxItems: count(n, "maxItems"), UniqueItems: n.Get("uniqueItems").True(),
	}}
	b.ordered(n, "minItems", "maxItems", t.Checks.MinItems, t.Checks.MaxItems)
	items := n.Get("items")
	if items == nil {
		b.fault(n.Pos(), codeItems, "write \"items\" with the schema of an element", "this array does not say what its elements are")
		t.Elem = placeholder(n)
		return t
	}
	t.Elem = b.typ(s.inner(b.elementName(s, items, "Item")), items)
	return t
}

// elementName names what stands in an array or a map called s.name.
func (b *builder) elementName(s site, n *source.Node, otherwise string) string {
	if name := n.Get("x-go-name").Str(); name != "" {
		return name
	}
	return singular(s.name, otherwise)
}

// defs resolves every $defs entry of a schema, used or not: a type in types.json
// may be there for hand-written code only.
func (b *builder) defs(s site, n *source.Node) {
	defs := n.Get("$defs")
	if !defs.Is(source.Object) {
		return
	}
	for _, m := range defs.Members {
		if !validName(m.Key) {
			b.fault(m.Pos(), codeName, "use lower-case words joined by single underscores, such as postal_address", "%q is no name for a $defs entry", m.Key)
		}
		b.definition(s.file, m.Value)
		b.defs(s, m.Value)
	}
}

// defName is the Go name of a $defs entry: its path below the outermost $defs.
func (b *builder) defName(f *file, n *source.Node) string {
	if name := n.Get("x-go-name").Str(); name != "" {
		return name
	}
	own, ok := goName(n.Owner.Key)
	if !ok {
		own = "X"
		b.fault(n.KeyPos(), codeGoName, "write \"x-go-name\" with the name to use", "no exported Go name can be made of %q", n.Owner.Key)
	}
	if outer := n.Parent.Parent; outer.Parent != nil {
		return b.defName(f, outer) + own
	}
	if f.version > 0 {
		return b.messageName(f) + own
	}
	return own
}

// definition is the Named of a $defs entry. An entry that needs no Go type of
// its own (a constrained string, an array, another name for a type) is an alias.
func (b *builder) definition(f *file, n *source.Node) *Named {
	if named := b.named[n]; named != nil {
		return named
	}
	if alias := b.aliases[n]; alias != nil {
		return alias
	}
	if b.busy[n] {
		return nil
	}
	b.busy[n] = true
	defer delete(b.busy, n)
	s := site{file: f, name: b.defName(f, n), defs: true}
	t := b.typ(s, n)
	if named := b.named[n]; named != nil {
		return named // whether null is accepted beside it is said by each reference
	}
	alias := &Named{GoName: s.name, Doc: doc(n), Package: f.pkg(), Form: AliasForm, Alias: t, Pos: n.KeyPos()}
	b.aliases[n] = alias
	b.own(f, alias)
	return alias
}

// declare makes the Named of a schema that needs a Go type of its own.
func (b *builder) declare(s site, n *source.Node, form Form) *Named {
	named := &Named{GoName: s.name, Doc: doc(n), Package: s.file.pkg(), Form: form, Pos: n.KeyPos()}
	b.named[n] = named
	b.claim(s.file.pkg(), s.name, named.Pos, "the type of "+described(n))
	b.own(s.file, named)
	if form != EnumForm {
		b.structs = append(b.structs, named)
	}
	return named
}

// described names a schema for a sentence.
func described(n *source.Node) string {
	for m := n; m.Parent != nil; m = m.Parent {
		if m.Owner == nil || m.Parent.Owner == nil {
			continue
		}
		switch m.Parent.Owner.Key {
		case "$defs":
			return fmt.Sprintf("the $defs entry %q", m.Owner.Key)
		case "properties":
			return fmt.Sprintf("the property %q", m.Owner.Key)
		}
	}
	return "this schema"
}

// own lists a type among those of its component or context.
func (b *builder) own(f *file, named *Named) {
	if f.comp == nil {
		f.context.out.Types = append(f.context.out.Types, named)
		return
	}
	f.comp.base.Types = append(f.comp.base.Types, named)
}
