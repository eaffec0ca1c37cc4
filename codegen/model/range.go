package model

import (
	"strconv"

	"github.com/backstory-go/backstory/codegen/source"
)

// typedValue is a default or an example and the type that is to hold it.
type typedValue struct {
	typ   *Type
	value *source.Node
	code  string
	what  string
}

// hold notes the values of a schema that its Go type must be able to hold.
func (b *builder) hold(t *Type, n *source.Node) {
	if d := n.Get("default"); d != nil {
		b.held = append(b.held, typedValue{t, d, codeDefault, "this default"})
	}
	if list := n.Get("examples"); list.Is(source.Array) {
		for _, e := range list.Items {
			b.held = append(b.held, typedValue{t, e, codeExample, "this example"})
		}
	}
}

// checkRanges wants every whole number of a default or an example to fit 64 bits:
// JSON Schema has no such limit, so its own judge says nothing.
func (b *builder) checkRanges() {
	for _, h := range b.held {
		b.inRange(h, h.typ, h.value)
	}
}

func (b *builder) inRange(h typedValue, t *Type, n *source.Node) {
	switch {
	case t == nil || n == nil:
	case t.Kind == Integer:
		if text := canonicalInteger(n); text != "" {
			if _, err := strconv.ParseInt(text, 10, 64); err != nil {
				b.fault(n.Pos(), h.code, "write a smaller number, or let the property be a string or a number", "%s is a whole number that does not fit 64 bits", h.what)
			}
		}
	case t.Kind == Array && n.Is(source.Array):
		for _, item := range n.Items {
			b.inRange(h, t.Elem, item)
		}
	case t.Kind == Map && n.Is(source.Object):
		for _, m := range n.Members {
			b.inRange(h, t.Elem, m.Value)
		}
	case t.Kind == Ref && n.Is(source.Object):
		b.inObject(h, structOf(t.Ref, n), n)
	}
}

func (b *builder) inObject(h typedValue, o *Object, n *source.Node) {
	if o == nil {
		return
	}
	for _, m := range n.Members {
		if field := o.field(m.Key); field != nil {
			b.inRange(h, field.Type, m.Value)
		} else {
			b.inRange(h, o.Extra, m.Value)
		}
	}
}

// structOf is the struct that holds an object: that of the type, or the arm of the
// union that the object's tag chooses.
func structOf(named *Named, n *source.Node) *Object {
	if named.Union == nil {
		return named.Object
	}
	for _, arm := range named.Union.Arms {
		if n.Get(named.Union.Tag).Str() == arm.Value && arm.Struct != nil {
			return arm.Struct.Object
		}
	}
	return nil
}
