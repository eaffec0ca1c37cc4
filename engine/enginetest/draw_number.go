package enginetest

import (
	"encoding/json"
	"fmt"
	"math/big"
)

// span is the set of numbers that a schema accepts.
type span struct {
	low, high         *big.Rat // nil: none
	openLow, openHigh bool     // the bound itself is outside
	step              *big.Rat // nil: any number
	whole             bool
}

func spanOf(typ string, s node) span {
	sp := span{whole: typ == "integer"}
	sp.low, sp.high, sp.step = rat(s["minimum"]), rat(s["maximum"]), rat(s["multipleOf"])
	if v := rat(s["exclusiveMinimum"]); v != nil && (sp.low == nil || v.Cmp(sp.low) >= 0) {
		sp.low, sp.openLow = v, true
	}
	if v := rat(s["exclusiveMaximum"]); v != nil && (sp.high == nil || v.Cmp(sp.high) <= 0) {
		sp.high, sp.openHigh = v, true
	}
	return sp
}

func rat(value any) *big.Rat {
	n, ok := value.(json.Number)
	if !ok {
		return nil
	}
	r, _ := new(big.Rat).SetString(n.String())
	return r
}

func (sp span) holds(v *big.Rat) bool {
	switch {
	case sp.low != nil && (v.Cmp(sp.low) < 0 || sp.openLow && v.Cmp(sp.low) == 0):
		return false
	case sp.high != nil && (v.Cmp(sp.high) > 0 || sp.openHigh && v.Cmp(sp.high) == 0):
		return false
	case sp.whole && !v.IsInt():
		return false
	}
	return sp.step == nil || new(big.Rat).Quo(v, sp.step).IsInt()
}

// grid is the distance of the numbers that are tried.
func (sp span) grid() *big.Rat {
	grid := big.NewRat(1, 4)
	if sp.whole {
		grid = big.NewRat(1, 1)
	}
	if sp.step == nil {
		return grid
	}
	for k := int64(1); sp.whole && k <= 1000; k++ { // of a step of 1.5, every second is whole
		if v := new(big.Rat).Mul(sp.step, big.NewRat(k, 1)); v.IsInt() {
			return v
		}
	}
	return sp.step
}

// number takes one of the candidates that the schema accepts: at the bounds, near
// zero, or anywhere.
func (d *drawer) number(typ string, s node) any {
	sp := spanOf(typ, s)
	var fit []*big.Rat
	for _, v := range sp.candidates(int64(d.IntN(1000))) {
		if sp.holds(v) {
			fit = append(fit, v)
		}
	}
	if len(fit) == 0 {
		panic(noneError("a number has bounds between which none was found"))
	}
	chosen := fit[d.IntN(len(fit))]
	for _, v := range fit {
		if d.mode == least && v.Cmp(chosen) < 0 || d.mode == most && v.Cmp(chosen) > 0 {
			chosen = v
		}
	}
	return json.Number(decimal(chosen))
}

func (sp span) candidates(any int64) []*big.Rat {
	grid := sp.grid()
	var list []*big.Rat
	around := func(v *big.Rat) {
		list = append(list, v)
		quotient := new(big.Rat).Quo(v, grid)
		k := new(big.Int).Div(quotient.Num(), quotient.Denom()) // downward
		for offset := int64(-2); offset <= 2; offset++ {
			shifted := new(big.Int).Add(k, big.NewInt(offset))
			list = append(list, new(big.Rat).Mul(new(big.Rat).SetInt(shifted), grid))
		}
	}
	around(new(big.Rat))
	around(new(big.Rat).Mul(big.NewRat(any, 1), grid))
	if sp.low != nil {
		around(sp.low)
	}
	if sp.high != nil {
		around(sp.high)
	}
	if sp.low != nil && sp.high != nil {
		around(new(big.Rat).Quo(new(big.Rat).Add(sp.low, sp.high), big.NewRat(2, 1)))
	}
	return list
}

// decimal writes a number in full; those that are drawn have a finite form.
func decimal(r *big.Rat) string {
	digits, exact := r.FloatPrec()
	if !exact {
		return fmt.Sprint(r.FloatString(6))
	}
	return r.FloatString(digits)
}
