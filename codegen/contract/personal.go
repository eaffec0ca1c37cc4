package contract

import (
	"bytes"
	"encoding/json"

	"github.com/backstory-go/backstory/codegen/model"
)

// Redact returns an example of the object with the text in place of each
// personal value (x-personal), and whether there was any. Such an example may no
// longer be valid: a text is no date. The keys keep their order. An example that
// is no JSON is replaced as a whole.
func Redact(o *model.Object, example json.RawMessage, text string) (json.RawMessage, bool) {
	value, err := decode(example)
	if err == nil && o != nil {
		r := &redaction{text: text}
		value = r.object(o, value)
		if !r.hit {
			return example, false
		}
		var b bytes.Buffer
		if err = encode(&b, value); err == nil {
			return b.Bytes(), true
		}
	}
	whole, _ := json.Marshal(text) // a string always encodes
	return whole, true
}

// redaction walks along a value and the types that describe it.
type redaction struct {
	text string
	hit  bool
}

func (r *redaction) object(o *model.Object, value any) any {
	members, ok := value.(object)
	if !ok {
		return value
	}
	for i, m := range members {
		members[i].value = r.member(o, m)
	}
	return members
}

func (r *redaction) member(o *model.Object, m member) any {
	for _, field := range o.Fields {
		switch {
		case field.Name != m.key:
		case field.Personal:
			r.hit = true
			return r.text
		default:
			return r.typ(field.Type, m.value)
		}
	}
	if o.Extra != nil {
		return r.typ(o.Extra, m.value)
	}
	return m.value
}

func (r *redaction) typ(t *model.Type, value any) any {
	switch v := value.(type) {
	case list:
		if t.Kind == model.Array {
			for i := range v {
				v[i] = r.typ(t.Elem, v[i])
			}
		}
	case object:
		switch t.Kind {
		case model.Map:
			for i := range v {
				v[i].value = r.typ(t.Elem, v[i].value)
			}
		case model.Ref:
			return r.named(t.Ref, v)
		}
	}
	return value
}

func (r *redaction) named(n *model.Named, v object) any {
	if n.Form == model.StructForm {
		return r.object(n.Object, v)
	}
	if n.Form != model.UnionForm {
		return v
	}
	for _, m := range v {
		for _, arm := range n.Union.Arms {
			if m.key == n.Union.Tag && m.value == arm.Value {
				return r.object(arm.Struct.Object, v)
			}
		}
	}
	return v
}
