package model

import (
	"strconv"
	"strings"

	"github.com/backstory-go/backstory/codegen/source"
)

// messageName is the Go name of the type that a file describes.
func (b *builder) messageName(f *file) string {
	switch f.kind {
	case "actor", "reactor":
		return "State"
	case "projection":
		return "Row"
	}
	name := f.root.Get("x-go-name").Str()
	if name == "" {
		name, _ = goName(f.message) // names of messages always have one
	}
	if f.version > 0 {
		name += "V" + strconv.Itoa(f.version)
	}
	return name
}

// body is the object that a file describes, with its Go type; nil when the file
// has no root. References to files come here too, so it works on demand.
func (b *builder) body(f *file) *Named {
	if !f.root.Is(source.Object) {
		return nil
	}
	if named := b.named[f.root]; named != nil {
		return named
	}
	root := f.root
	named := &Named{GoName: b.messageName(f), Doc: doc(root), Package: f.pkg(), Form: StructForm, Object: &Object{}, Pos: root.Pos()}
	b.named[root] = named
	b.structs = append(b.structs, named)
	s := site{file: f, name: named.GoName, defs: true}
	b.annotate(s, root)
	b.hold(&Type{Kind: Ref, Ref: named}, root)
	b.rootType(f, root)
	if root.Get("$ref") != nil {
		b.borrow(named.Object, s, root)
	} else {
		b.mergedType(s, root, false)
		b.fill(named.Object, s, root)
	}
	if f.message != "" {
		b.methodNames(named.Object, "MessageType", "SchemaVersion")
	}
	return named
}

// rootType wants an object: every message is one.
func (b *builder) rootType(f *file, root *source.Node) {
	name, at := typeName(root)
	remedy := `write "type": "object" and put the value into a property`
	switch {
	case at != nil && (name != "object" || b.nullable(root)):
		b.fault(at.Pos(), codeRoot, remedy, "%s is an object, and never null", article(f.kind))
	case at == nil && root.Get("$ref") == nil && root.Get("allOf") == nil:
		b.fault(root.Pos(), codeRoot, remedy, "%s is an object, and this schema does not say so", article(f.kind))
	}
	if root.Get("allOf") == nil {
		if m := root.Member("unevaluatedProperties"); m != nil {
			b.fault(m.Pos(), codeUnsupported, unsupported()[m.Key], "unevaluatedProperties has a meaning beside allOf only")
		}
	}
	if root.Get("$ref") == nil {
		return
	}
	for _, m := range root.Members {
		switch m.Key {
		case "type", "properties", "required", "additionalProperties", "minProperties", "maxProperties", "allOf", "unevaluatedProperties":
			b.fault(m.Pos(), codeBesideRef, "put it into the schema referred to, or write that schema here in place of $ref", "%s cannot stand beside $ref", m.Key)
		}
	}
}

// borrow takes the fields of the object that the root's $ref names.
func (b *builder) borrow(o *Object, s site, root *source.Node) {
	b.busy[root] = true
	t := b.reference(s, root)
	delete(b.busy, root)
	if t.Kind == Ref && t.Ref.Form == StructForm && t.Ref.Object != o && !b.unfinished(t.Ref) {
		*o = *t.Ref.Object
	} else if t.Kind != String || t.Pos != root.Pos() {
		b.fault(root.Get("$ref").Pos(), codeRoot, "refer to an object", "%s is an object, and this reference leads to none", article(s.file.kind))
	}
	o.GoName, o.Doc, o.Pos = s.name, doc(root), root.Pos()
	b.weight[o] = 2 // the fields belong to the schema referred to
	b.reserved(o, root)
}

// message is what commands and events share.
func (b *builder) message(f *file) Message {
	m := Message{
		Name: f.message, GoName: b.messageName(f), Pos: f.pos(),
		Type: f.context.name + "." + f.comp.name + "." + f.message,
		Doc:  doc(f.root), Schema: f.src.Bytes(),
	}
	if list := f.root.Get("examples"); list.Is(source.Array) {
		for _, e := range list.Items {
			m.Examples = append(m.Examples, e.Raw())
		}
	}
	return m
}

func (b *builder) command(f *file, a *Actor) *Command {
	c := &Command{Message: b.message(f), Actor: a}
	c.Internal, c.Past = f.root.Get("x-internal").True(), f.root.Get("x-past").True()
	switch creates := f.root.Get("x-creates"); {
	case creates.True():
		c.Creates = CreatesYes
	case creates.Str() == "or_updates":
		c.Creates = CreatesOrUpdates
	}
	return c
}

func (b *builder) event(f *file, a *Actor) *Event {
	e := &Event{Message: b.message(f), Actor: a, Version: f.version, Retired: f.root.Get("x-retired").True()}
	stated := f.root.Get("x-version")
	if f.version == 0 {
		e.Version = eventVersion(f)
	} else if stated != nil && canonicalInteger(stated) != strconv.Itoa(f.version) {
		b.fault(stated.Pos(), codeVersion, "write "+strconv.Itoa(f.version)+", or delete x-version: the file's name says it", "x-version is %s, but the file's name says %d", stated.Text, f.version)
	}
	for _, old := range texts(f.root.Get("x-renamed-from")) {
		e.RenamedFrom = append(e.RenamedFrom, formerType(e, old.Text))
	}
	return e
}

// checkCommand judges the properties of a command.
func (b *builder) checkCommand(c *Command) {
	if c.Body == nil {
		return
	}
	for _, field := range c.Body.Fields {
		switch field.Name {
		case "stream_id", "command_id", "if_version":
			b.fault(field.Pos, codeReservedField, "give the property another name", "a command cannot have a property %q: forms and requests use the name themselves", field.Name)
		}
	}
}

// formerType is the type that a former name of an event stands for: like every
// name, it is read from the nearest scope outward. The component or context may be
// gone with the name.
func formerType(e *Event, name string) string {
	own := strings.Split(e.Type, ".")
	return strings.Join(append(own[:max(0, 2-strings.Count(name, "."))], name), ".")
}

// checkRenames judges the old names that an event and its properties state.
func (b *builder) checkRenames(f *file, e *Event) {
	for _, old := range texts(f.root.Get("x-renamed-from")) {
		owner := b.lookupEvent(f, old.Text)
		switch {
		case formerType(e, old.Text) == e.Type:
			b.fault(old.Pos(), codeRenamed, "write the name that the event had before", "%q is the event's present name", old.Text)
		case owner != nil:
			b.fault(old.Pos(), codeRenamed, "delete the old event's file, or delete this line", "%q is still an event (%s), so this one cannot have been called so", old.Text, owner.Pos)
		}
	}
	if e.Body == nil {
		return
	}
	taken := map[string]*Field{}
	for _, field := range e.Body.Fields {
		for _, old := range field.RenamedFrom {
			other := e.Body.field(old)
			if other == nil {
				other = taken[old]
			}
			if other != nil {
				b.fault(field.Pos, codeRenamed, "correct the old name in x-renamed-from", "the property %q cannot have been called %q: that is (also) the property %q", field.Name, old, other.Name)
			}
			taken[old] = field
		}
	}
}
