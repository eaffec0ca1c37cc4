package model

import (
	"slices"

	"github.com/backstory-go/backstory/codegen/source"
)

// SameType reports whether two types are one in Go.
func SameType(a, b *Type) bool {
	if a.Kind != b.Kind || a.Nullable != b.Nullable || a.Ref != b.Ref || a.Actor != b.Actor || a.KeyUUID != b.KeyUUID {
		return false
	}
	return a.Elem == nil && b.Elem == nil || a.Elem != nil && b.Elem != nil && SameType(a.Elem, b.Elem)
}

// SameEnum reports whether two types are different enums of the same values.
func SameEnum(a, b *Type) bool {
	if a.Kind != Ref || b.Kind != Ref || a.Ref == b.Ref || a.Ref.Form != EnumForm || b.Ref.Form != EnumForm {
		return false
	}
	return slices.EqualFunc(a.Ref.Enum, b.Ref.Enum, func(x, y EnumValue) bool { return x.Value == y.Value })
}

// IDPart is the type that a property of a command has inside the actor's composite
// id: package ids can import neither the packages of components nor the ids of
// other contexts.
func IDPart(a *Actor, t *Type) *Type {
	switch {
	case t.Kind == Ref:
		return &Type{Kind: String, Pos: t.Pos}
	case t.Kind == ID && (t.Actor.Context != a.Context || len(t.Actor.ID.Composite) > 0):
		if t.Actor.isUUID() {
			return &Type{Kind: UUID, Pos: t.Pos}
		}
		return &Type{Kind: String, Pos: t.Pos}
	}
	return t
}

// bare is the type without its null.
func bare(t *Type) *Type {
	copied := *t
	copied.Nullable = false
	return &copied
}

func (a *Actor) isUUID() bool {
	return len(a.ID.Composite) == 0 && (a.ID.Type == nil || a.ID.Type.Kind == UUID)
}

// tagKind tells apart types whose values are written differently as tags.
func tagKind(t *Type) Kind {
	switch {
	case t.Kind == Array:
		return tagKind(t.Elem)
	case t.Kind == ID && t.Actor.isUUID():
		return UUID
	case t.Kind == ID, t.Kind == Ref && t.Ref.Form == EnumForm:
		return String
	}
	return t.Kind
}

// keyText is keyField for keys that are written as text, where a number has more
// than one form.
func (b *builder) keyText(o *Object, name *source.Node, code, owner string) {
	field := b.keyField(o, name, code, owner)
	if field != nil && field.Type.Kind == Number {
		b.fault(name.Pos(), code, "declare it as an integer or as a string", "%q of %s is a number, which can be written in several ways, so it cannot be part of a key", name.Text, owner)
	}
}

// sameParts wants a part of a composite id to be of one type in all commands that
// create a stream; first is the one from which the id's type is taken.
func (b *builder) sameParts(a *Actor, part *source.Node, first, other *Command) {
	if first == other || first.Body == nil || other.Body == nil {
		return
	}
	x, y := first.Body.field(part.Text), other.Body.field(part.Text)
	if x != nil && y != nil && !SameType(IDPart(a, bare(x.Type)), IDPart(a, bare(y.Type))) {
		b.fault(part.Pos(), codeID, "give the property the same type in both commands", "%q is part of the id and of one type in the command %s and of another in %s", part.Text, first.Name, other.Name)
	}
}

// boundaryTypes wants what a boundary compares to be written alike, else nothing
// would ever be found; and what it puts into the state to fit there.
func (b *builder) boundaryTypes(c *component, n *source.Node) {
	for _, m := range n.Members {
		for _, prop := range texts(m.Value) {
			b.boundaryProperties(c, m.Key, prop)
		}
	}
	for _, name := range sortedKeys(c.commandsOut) {
		b.primes(c.actor, c.commandsOut[name])
	}
}

func (b *builder) boundaryProperties(c *component, tag string, prop *source.Node) {
	var own []*Event
	for _, name := range sortedKeys(c.eventsOut) {
		own = append(own, c.eventsOut[name])
	}
	for _, name := range sortedKeys(c.commandsOut) {
		cmd := c.commandsOut[name]
		if cmd.Body == nil || cmd.Body.field(prop.Text) == nil {
			continue
		}
		field := cmd.Body.field(prop.Text)
		for _, e := range slices.Concat(own, c.actor.Evolves) {
			if other := otherKind(e, tag, field.Type); other != nil {
				b.fault(prop.Pos(), codeBoundaryType, "give both properties the same type and format",
					"%q of the command %s is compared with the tag %q, which the property %q of %s gives another type", prop.Text, name, tag, other.Name, e.Type)
				break // one event is enough to understand it
			}
		}
	}
}

// otherKind is a property with that tag whose values are written differently.
func otherKind(e *Event, tag string, t *Type) *Field {
	if e.Body == nil {
		return nil
	}
	for _, field := range e.Body.Fields {
		if field.Tag == tag && tagKind(field.Type) != tagKind(t) {
			return field
		}
	}
	return nil
}

// primes wants the properties of the state that are called like a command's, and
// so are set from it, to be of the same type.
func (b *builder) primes(a *Actor, cmd *Command) {
	if cmd.Body == nil || a.State == nil {
		return
	}
	for _, field := range cmd.Body.Fields {
		target := a.State.field(field.Name)
		if target == nil || field.Type.Kind == Const || target.Type.Kind == Const {
			continue
		}
		if from, to := bare(field.Type), bare(target.Type); !SameEnum(from, to) && !SameType(from, to) {
			b.fault(target.Pos, codeBoundaryState, "give both the same type, or one of them another name",
				"the state's property %q is set from that of the command %s before the state is folded, and the two are of different types", field.Name, cmd.Name)
		}
	}
}
