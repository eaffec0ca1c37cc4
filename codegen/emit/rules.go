package emit

import (
	"encoding/json"
	"fmt"
	"math/big"

	"github.com/backstory-go/backstory/codegen/model"
	"github.com/dave/jennifer/jen"
)

// rangeOf emits: engine.Between(1, 200), engine.AtLeast(1), engine.AtMost(200);
// nil without a bound.
func rangeOf(low, high *int64) *jen.Statement {
	switch {
	case low != nil && high != nil:
		return engine("Between").Call(jen.Lit(int(*low)), jen.Lit(int(*high)))
	case low != nil:
		return engine("AtLeast").Call(jen.Lit(int(*low)))
	case high != nil:
		return engine("AtMost").Call(jen.Lit(int(*high)))
	}
	return nil
}

// sizeOf is rangeOf with engine.Range{} for no bound.
func sizeOf(low, high *int64) *jen.Statement {
	if r := rangeOf(low, high); r != nil {
		return r
	}
	return engine("Range").Values()
}

// entry is one key and value of a composite literal whose order we keep.
type entry struct {
	key   string
	value jen.Code
}

// literal emits: engine.Text{Length: …, Trim: true}
func literal(typ *jen.Statement, entries []entry) *jen.Statement {
	return typ.ValuesFunc(func(g *jen.Group) {
		for _, e := range entries {
			g.Id(e.key).Op(":").Add(e.value)
		}
	})
}

// textRules emits: engine.Text{Length: engine.Between(1, 200), Pattern: patternAddItem1}
func (f *goFile) textRules(c model.Checks) *jen.Statement {
	var entries []entry
	if r := rangeOf(c.MinLength, c.MaxLength); r != nil {
		entries = append(entries, entry{"Length", r})
	}
	if c.Pattern != "" {
		entries = append(entries, entry{"Pattern", f.pattern(c.Pattern)})
	}
	if c.Format != "" {
		entries = append(entries, entry{"Format", jen.Lit(c.Format)})
	}
	if c.Trim {
		entries = append(entries, entry{"Trim", jen.True()})
	}
	return literal(engine("Text"), entries)
}

func hasTextRules(c model.Checks) bool {
	return c.MinLength != nil || c.MaxLength != nil || c.Pattern != ""
}

// pattern emits: var patternAddItem1 = regexp.MustCompile("^[a-z]+$")
// and stands for its name.
func (f *goFile) pattern(re string) *jen.Statement {
	f.count++
	name := fmt.Sprintf("pattern%s%d", f.owner, f.count)
	f.Var().Id(name).Op("=").Qual("regexp", "MustCompile").Call(jen.Lit(re))
	f.Line()
	return jen.Id(name)
}

// integerRules emits: engine.Integer{Range: engine.AtLeast(0), MultipleOf: "5"}
func integerRules(c model.Checks) *jen.Statement {
	low := tighter(wholeBound(c.Minimum, false, false), wholeBound(c.ExclusiveMinimum, true, false), 1)
	high := tighter(wholeBound(c.Maximum, false, true), wholeBound(c.ExclusiveMaximum, true, true), -1)
	var entries []entry
	if r := rangeOf(low, high); r != nil {
		entries = append(entries, entry{"Range", r})
	}
	if c.MultipleOf != nil {
		entries = append(entries, entry{"MultipleOf", jen.Lit(c.MultipleOf.String())})
	}
	return literal(engine("Integer"), entries)
}

// wholeBound is the nearest whole number that a bound of a whole number allows.
func wholeBound(n *json.Number, exclusive, upper bool) *int64 {
	if n == nil {
		return nil
	}
	exact, ok := new(big.Rat).SetString(n.String())
	if !ok {
		unsupported("bound %s is not a number", n)
	}
	whole := new(big.Int).Div(exact.Num(), exact.Denom()) // rounds down
	if !exact.IsInt() && !upper {
		whole.Add(whole, big.NewInt(1))
	}
	if exact.IsInt() && exclusive {
		step := int64(1)
		if upper {
			step = -1
		}
		whole.Add(whole, big.NewInt(step))
	}
	if !whole.IsInt64() {
		unsupported("bound %s is outside int64", n)
	}
	bound := whole.Int64()
	return &bound
}

// tighter picks the larger bound for sign 1, the smaller one for -1.
func tighter(a, b *int64, sign int64) *int64 {
	if a == nil || b != nil && sign*(*b) > sign*(*a) {
		return b
	}
	return a
}

// numberRules emits: engine.Number{Min: "0.5", Below: "1"}
func numberRules(c model.Checks) *jen.Statement {
	var entries []entry
	for _, bound := range []struct {
		key   string
		value *json.Number
	}{{"Min", c.Minimum}, {"Max", c.Maximum}, {"Above", c.ExclusiveMinimum}, {"Below", c.ExclusiveMaximum}, {"MultipleOf", c.MultipleOf}} {
		if bound.value != nil {
			entries = append(entries, entry{bound.key, jen.Lit(bound.value.String())})
		}
	}
	return literal(engine("Number"), entries)
}

// itemRules emits: engine.Items{Count: engine.AtMost(10), Unique: true}
func itemRules(c model.Checks) *jen.Statement {
	var entries []entry
	if r := rangeOf(c.MinItems, c.MaxItems); r != nil {
		entries = append(entries, entry{"Count", r})
	}
	if c.UniqueItems {
		entries = append(entries, entry{"Unique", jen.True()})
	}
	return literal(engine("Items"), entries)
}
