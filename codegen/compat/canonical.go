package compat

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/backstory-go/backstory/codegen/model"
)

// compact is JSON without white space, for a sentence.
func compact(raw json.RawMessage) string {
	var out bytes.Buffer
	if json.Compact(&out, raw) != nil {
		return string(raw)
	}
	return out.String()
}

// canonical writes JSON so that two texts are equal exactly when the values are.
func canonical(raw json.RawMessage) string {
	value, err := decode(raw)
	if err != nil {
		return string(raw)
	}
	text, err := json.Marshal(normalized(value))
	if err != nil {
		return string(raw)
	}
	return string(text)
}

func decode(raw []byte) (value any, err error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	err = d.Decode(&value)
	return value, err
}

// normalized writes every number as a fraction in lowest terms: 1.0 is 1.
func normalized(value any) any {
	switch v := value.(type) {
	case json.Number:
		if r, ok := new(big.Rat).SetString(v.String()); ok {
			return map[string]any{"number": r.RatString()}
		}
	case []any:
		for i := range v {
			v[i] = normalized(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = normalized(v[key])
		}
	}
	return value
}

// Hash is the sha256, in hexadecimal, of what an event's schema means to stored
// data: names, forms, requiredness, defaults, enums, tags, personal data. Texts
// for people, value constraints, Go names, the order of properties and where a
// shared type stands leave it as it is.
func Hash(body *model.Object) string {
	h := hasher{}
	h.object(body)
	return h.sum()
}

func typeHash(t *model.Type) string {
	h := hasher{}
	h.typ(t)
	return h.sum()
}

// hasher writes the canonical form; a type within itself is written as how many
// levels up it began.
type hasher struct {
	text  strings.Builder
	above []*model.Object
}

func (h *hasher) sum() string {
	sum := sha256.Sum256([]byte(h.text.String()))
	return hex.EncodeToString(sum[:])
}

func (h *hasher) object(o *model.Object) {
	if i := slices.Index(h.above, o); i >= 0 {
		fmt.Fprintf(&h.text, "up %d", len(h.above)-i)
		return
	}
	h.above = append(h.above, o)
	defer func() { h.above = h.above[:len(h.above)-1] }()
	fields := slices.Clone(o.Fields)
	slices.SortFunc(fields, func(a, b *model.Field) int { return strings.Compare(a.Name, b.Name) })
	h.text.WriteString("object{")
	for _, f := range fields {
		fmt.Fprintf(&h.text, "%q required=%t personal=%t tag=%q renamed=%q", f.Name, f.Required, f.Personal, f.Tag, slices.Sorted(slices.Values(f.RenamedFrom)))
		if f.Default != nil {
			h.text.WriteString(" default=" + canonical(f.Default))
		}
		h.text.WriteByte(' ')
		h.typ(f.Type)
		h.text.WriteByte(';')
	}
	if o.Additional == model.Typed {
		h.text.WriteString("* ")
		h.typ(o.Extra)
	}
	h.text.WriteByte('}')
}

func (h *hasher) typ(t *model.Type) {
	t = resolve(t)
	if t.Nullable {
		h.text.WriteString("null or ")
	}
	switch t.Kind {
	case model.Array:
		h.text.WriteString("array of ")
		h.typ(t.Elem)
	case model.Map:
		fmt.Fprintf(&h.text, "map uuid=%t of ", t.KeyUUID)
		h.typ(t.Elem)
	case model.Const:
		h.text.WriteString("const " + canonical(t.Const))
	case model.ID:
		fmt.Fprintf(&h.text, "id of %s as %s", t.Actor.Type(), kindWord(wire(t)))
	case model.Ref:
		h.named(t.Ref)
	default:
		h.text.WriteString(kindWord(t.Kind))
	}
}

func (h *hasher) named(n *model.Named) {
	switch n.Form {
	case model.StructForm:
		h.object(n.Object)
	case model.EnumForm:
		words := make([]string, len(n.Enum))
		for i, v := range n.Enum {
			words[i] = v.Value
		}
		slices.Sort(words)
		fmt.Fprintf(&h.text, "enum %q", words)
	case model.UnionForm:
		arms := slices.Clone(n.Union.Arms)
		slices.SortFunc(arms, func(a, b *model.Arm) int { return strings.Compare(a.Value, b.Value) })
		fmt.Fprintf(&h.text, "union by %q(", n.Union.Tag)
		for _, arm := range arms {
			fmt.Fprintf(&h.text, "%q ", arm.Value)
			h.object(arm.Struct.Object)
		}
		h.text.WriteByte(')')
	}
}

// kindWord is a kind in the canonical form. The words stand in published hashes,
// so they never change.
func kindWord(k model.Kind) string {
	if format := formats()[k]; format != "" {
		return format
	}
	switch k {
	case model.Integer:
		return "integer"
	case model.Number:
		return "number"
	case model.Boolean:
		return "boolean"
	}
	return "string"
}
