package lint

import (
	"encoding/json"
	"math/big"
	"slices"

	"github.com/backstory-go/backstory/codegen/model"
	"github.com/backstory-go/backstory/codegen/source"
)

func (f *flow) command(c *model.Command) {
	if c.Internal && !f.sent[c] {
		f.add(Error, c.Pos, codeUnsent, "add it to the \"dispatches\" of a reaction, or delete \"x-internal\"",
			"%s is internal and no reaction dispatches it, so it can never run", c.Type)
	}
	if len(c.Emits) == 0 && len(c.Rejects) == 0 && c.Settles == nil {
		f.add(Warning, c.Pos, codeNoOutcome, "declare in \"x-emits\" what follows from it, or delete it",
			"%s can neither emit an event nor be refused", c.Type)
	}
	if c.Body == nil {
		return
	}
	w := &walk{flow: f, command: c, seen: map[*model.Object]bool{}}
	w.object(c.Body, c.Pos)
}

// walk goes through everything that a command can carry.
type walk struct {
	*flow
	command *model.Command
	seen    map[*model.Object]bool
}

func (w *walk) object(o *model.Object, at source.Pos) {
	if w.seen[o] {
		return
	}
	w.seen[o] = true
	// A shared type is left alone: closing it for a command would close it for
	// the events that hold it, too.
	if o.Additional == model.Open && at.File == w.command.Pos.File {
		w.add(Warning, at, codeOpen, "write \"additionalProperties\": false", "%s", w.open(o))
	}
	for _, field := range o.Fields {
		w.typ(field.Type)
	}
	if o.Extra != nil {
		w.typ(o.Extra)
	}
}

func (w *walk) open(o *model.Object) string {
	if o == w.command.Body {
		return w.command.Type + " accepts properties that it does not name, and drops them"
	}
	return "an object in " + w.command.Type + " accepts properties that it does not name, and drops them"
}

func (w *walk) typ(t *model.Type) {
	if t.Kind == model.Integer && !safe(t.Checks) && !w.places[t.Pos] {
		w.places[t.Pos] = true
		w.add(Warning, t.Pos, codeInteger, "write a \"minimum\" and a \"maximum\" within ±9007199254740992",
			"an integer of %s is not bounded within ±2^53, and browsers garble larger ones", w.command.Type)
	}
	if t.Elem != nil {
		w.typ(t.Elem)
	}
	if t.Ref == nil {
		return
	}
	switch t.Ref.Form {
	case model.StructForm:
		w.object(t.Ref.Object, t.Ref.Object.Pos)
	case model.UnionForm:
		for _, arm := range t.Ref.Union.Arms {
			w.object(arm.Struct.Object, arm.Struct.Object.Pos)
		}
	case model.AliasForm:
		w.typ(t.Ref.Alias)
	case model.EnumForm:
	}
}

// safe says whether the bounds keep an integer where 64-bit floating point
// holds every one: RFC 8259, section 6.
func safe(c model.Checks) bool {
	limit := new(big.Rat).SetInt64(1 << 53)
	least := new(big.Rat).Neg(limit)
	low, high := bound(c.Minimum, c.ExclusiveMinimum), bound(c.Maximum, c.ExclusiveMaximum)
	return slices.ContainsFunc(low, func(b *big.Rat) bool { return b.Cmp(least) >= 0 }) &&
		slices.ContainsFunc(high, func(b *big.Rat) bool { return b.Cmp(limit) <= 0 })
}

// bound is the stated limits as numbers.
func bound(stated ...*json.Number) []*big.Rat {
	var out []*big.Rat
	for _, n := range stated {
		if n == nil {
			continue
		}
		if r, ok := new(big.Rat).SetString(n.String()); ok {
			out = append(out, r)
		}
	}
	return out
}
