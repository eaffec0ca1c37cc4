package compat

import (
	"encoding/json"
	"math/big"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/backstory-go/backstory/codegen/model"
)

// bounds are two optional sizes.
type bounds struct{ low, high *int64 }

// constraints compares what is demanded of a value beside its form. Only
// commands are judged by it: stored events are read without.
func (s *subject) constraints(at place, old, now *model.Type) {
	if !s.minds(API) {
		return
	}
	a, b := checks(old), checks(now)
	s.counts(at, "minLength", "maxLength", bounds{a.MinLength, a.MaxLength}, bounds{b.MinLength, b.MaxLength})
	s.counts(at, "minItems", "maxItems", bounds{a.MinItems, a.MaxItems}, bounds{b.MinItems, b.MaxItems})
	s.counts(at, "minProperties", "maxProperties", bounds{a.MinProperties, a.MaxProperties}, bounds{b.MinProperties, b.MaxProperties})
	if b.UniqueItems && !a.UniqueItems {
		s.say(codeTightened, at, "may no longer have equal elements (uniqueItems)")
	}
	s.numbers(at, old, now)
	if b.Pattern != "" && a.Pattern != b.Pattern {
		s.say(codePattern, at, "must match another pattern now")
	}
	if b.Format != "" && a.Format != b.Format {
		s.say(codePattern, at, "must be of the format %s now", b.Format)
	}
	if a.Trim != b.Trim {
		s.say(codeTrim, at, "%s", changed(b.Trim, "is taken without the white space around it now", "is taken with the white space around it now"))
	}
}

// counts compares bounds of a size.
func (s *subject) counts(at place, low, high string, old, now bounds) {
	if now.low != nil && *now.low > 0 && (old.low == nil || *old.low < *now.low) {
		s.say(codeTightened, at, "has a greater %s now: %d", low, *now.low)
	}
	if now.high != nil && (old.high == nil || *old.high > *now.high) {
		s.say(codeTightened, at, "has a lesser %s now: %d", high, *now.high)
	}
}

// numbers compares bounds and steps of numbers.
func (s *subject) numbers(at place, old, now *model.Type) {
	if a, b := lowest(old), lowest(now); b.tighter(a, 1) {
		s.say(codeTightened, at, "has a greater minimum now: %s", b)
	}
	if a, b := highest(old), highest(now); b.tighter(a, -1) {
		s.say(codeTightened, at, "has a lesser maximum now: %s", b)
	}
	a, b := step(old), step(now)
	if old.Kind != now.Kind && now.Checks.MultipleOf == nil {
		return // that a whole number has no fraction is said already
	}
	if b != nil && (a == nil || !new(big.Rat).Quo(a, b).IsInt()) {
		s.say(codeTightened, at, "must be a multiple of %s now", decimal(b))
	}
}

// limit is one end of a range; nil bounds nothing.
type limit struct {
	value *big.Rat
	open  bool // the value itself is outside
}

// tighter says whether a limit leaves out what another one, on the same side,
// lets in. The sign is 1 for a lower end and -1 for an upper one.
func (l limit) tighter(old limit, sign int) bool {
	switch {
	case l.value == nil:
		return false
	case old.value == nil:
		return true
	}
	c := l.value.Cmp(old.value) * sign
	return c > 0 || c == 0 && l.open && !old.open
}

// String writes the limit as a person would.
func (l limit) String() string {
	if l.open {
		return decimal(l.value) + ", exclusive"
	}
	return decimal(l.value)
}

func decimal(r *big.Rat) string {
	if r.IsInt() {
		return r.Num().String()
	}
	return strings.TrimRight(r.FloatString(12), "0")
}

func lowest(t *model.Type) limit {
	return innermost(t, t.Checks.Minimum, t.Checks.ExclusiveMinimum, 1)
}

func highest(t *model.Type) limit {
	return innermost(t, t.Checks.Maximum, t.Checks.ExclusiveMaximum, -1)
}

// innermost is the tighter of the two bounds of one side. Above 3 means from 4 on
// for whole numbers.
func innermost(t *model.Type, inclusive, exclusive *json.Number, sign int) limit {
	in, out := limit{value: number(inclusive)}, limit{value: number(exclusive), open: true}
	if out.value != nil && t.Kind == model.Integer {
		out = limit{value: new(big.Rat).Add(out.value, big.NewRat(int64(sign), 1))}
	}
	if out.tighter(in, sign) {
		return out
	}
	return in
}

func number(n *json.Number) *big.Rat {
	if n == nil {
		return nil
	}
	r, ok := new(big.Rat).SetString(n.String())
	if !ok {
		return nil
	}
	return r
}

// step is multipleOf; whole numbers are multiples of 1.
func step(t *model.Type) *big.Rat {
	if r := number(t.Checks.MultipleOf); r != nil {
		return r
	}
	if t.Kind == model.Integer {
		return big.NewRat(1, 1)
	}
	return nil
}

// freed judges an enum that became text: its words are known, so whether the
// constraints of the text accept them can be tried.
func (s *subject) freed(at place, old, now *model.Type) {
	c := checks(now)
	for _, v := range old.Ref.Enum {
		if !acceptsText(c, v.Value) {
			s.say(codeTightened, at, "can no longer be %q", v.Value)
		}
	}
	if c.Format != "" {
		s.say(codePattern, at, "must be of the format %s now", c.Format)
	}
}

// acceptsText judges a text by length and pattern.
func acceptsText(c model.Checks, text string) bool {
	n := int64(utf8.RuneCountInString(text))
	if c.MinLength != nil && n < *c.MinLength || c.MaxLength != nil && n > *c.MaxLength {
		return false
	}
	if c.Pattern == "" {
		return true
	}
	matched, err := regexp.MatchString(c.Pattern, text)
	return err == nil && matched
}
