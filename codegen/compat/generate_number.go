package compat

import (
	"encoding/json"
	"math/big"

	"github.com/backstory-go/backstory/codegen/model"
)

// number finds a number between the bounds that is a multiple of the step. It
// looks from zero, or from the bound that lies nearest to it, inwards.
func (g *generator) number(at string, t *model.Type, salt int) any {
	low, high := lowest(t), highest(t)
	by := step(t)
	if by == nil {
		by = spacing(low, high)
	}
	from := new(big.Rat)
	switch {
	case low.value != nil && low.value.Sign() > 0:
		from = low.value
	case high.value != nil && high.value.Sign() < 0:
		from = high.value
	}
	first := floor(new(big.Rat).Quo(from, by))
	for _, offset := range []int{g.pick(5) + salt, 0} {
		for i := range 64 {
			for _, sign := range []int{1, -1} {
				k := new(big.Int).Add(first, big.NewInt(int64(sign*(offset+i))))
				v := new(big.Rat).Mul(new(big.Rat).SetInt(k), by)
				if within(v, low, high) {
					return json.Number(exact(v))
				}
			}
		}
	}
	return g.fail(at, "allows hardly any number")
}

// spacing is how far apart the numbers are that are tried: in quarters, or less
// in a narrow range.
func spacing(low, high limit) *big.Rat {
	quarter := big.NewRat(1, 4)
	if low.value == nil || high.value == nil {
		return quarter
	}
	width := new(big.Rat).Sub(high.value, low.value)
	if width.Sign() == 0 {
		if low.value.Sign() == 0 {
			return quarter
		}
		return new(big.Rat).Abs(low.value)
	}
	for quarter.Cmp(new(big.Rat).Quo(width, big.NewRat(8, 1))) > 0 {
		quarter.Quo(quarter, big.NewRat(2, 1))
	}
	return quarter
}

func floor(r *big.Rat) *big.Int { return new(big.Int).Div(r.Num(), r.Denom()) }

func within(v *big.Rat, low, high limit) bool {
	inside := limit{value: v}
	return !low.tighter(inside, 1) && !high.tighter(inside, -1)
}

// exact writes a number that has a finite decimal form in full; JSON gives us no
// others.
func exact(r *big.Rat) string {
	digits, _ := r.FloatPrec()
	return r.FloatString(digits)
}
