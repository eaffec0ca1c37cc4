package engine

import (
	"errors"
	"math/big"
	"strconv"
	"strings"
)

// Integer is what a schema demands of a whole number.
type Integer struct {
	Range      Range
	MultipleOf string // a JSON number, or ""
}

// Number is what a schema demands of a number. Bounds are JSON numbers, so that
// none is rounded; "" bounds nothing.
type Number struct {
	Min, Max, Above, Below, MultipleOf string
}

// Int64 reads a whole number, however it is written: 1, 1.0 and 10e-1 are equal.
func (d *Decoder) Int64(raw []byte, rules Integer) int64 {
	text, ok := d.number(raw, "must be a whole number")
	if !ok {
		return 0
	}
	n, err := ParseInteger(text)
	switch {
	case errors.Is(err, strconv.ErrRange):
		d.Fault(FaultOutOfRange, "is too large a number")
		return 0
	case err != nil:
		d.Fault(FaultType, "must be a whole number")
		return 0
	case rules.Range.below(n):
		d.constraint(FaultTooSmall, "must be at least "+strconv.FormatInt(rules.Range.min, 10))
	case rules.Range.above(n):
		d.constraint(FaultTooLarge, "must be at most "+strconv.FormatInt(rules.Range.max, 10))
	}
	d.multiple(text, rules.MultipleOf)
	return n
}

// Float64 reads a number.
func (d *Decoder) Float64(raw []byte, rules Number) float64 {
	text, ok := d.number(raw, "must be a number")
	if !ok {
		return 0
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		d.Fault(FaultOutOfRange, "is too large a number")
		return 0
	}
	switch {
	case rules.Min != "" && compareNumbers(text, rules.Min) < 0:
		d.constraint(FaultTooSmall, "must be at least "+rules.Min)
	case rules.Above != "" && compareNumbers(text, rules.Above) <= 0:
		d.constraint(FaultTooSmall, "must be more than "+rules.Above)
	}
	switch {
	case rules.Max != "" && compareNumbers(text, rules.Max) > 0:
		d.constraint(FaultTooLarge, "must be at most "+rules.Max)
	case rules.Below != "" && compareNumbers(text, rules.Below) >= 0:
		d.constraint(FaultTooLarge, "must be less than "+rules.Below)
	}
	d.multiple(text, rules.MultipleOf)
	return f
}

func (d *Decoder) number(raw []byte, message string) (string, bool) {
	if raw[0] != '-' && (raw[0] < '0' || raw[0] > '9') {
		d.Fault(FaultType, message)
		return "", false
	}
	return string(raw), true
}

func (d *Decoder) multiple(text, of string) {
	if of == "" || !d.strict {
		return
	}
	n, ok := rational(text)
	step, ok2 := rational(of)
	if ok && ok2 && !new(big.Rat).Quo(n, step).IsInt() {
		d.Fault(FaultMultiple, "must be a multiple of "+of)
	}
}

// ParseInteger reads a JSON number that is whole. The error is strconv.ErrRange
// when it is whole but outside int64.
func ParseInteger(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err == nil:
		return n, nil
	case !strings.ContainsAny(text, ".eE"):
		return 0, errors.Unwrap(err)
	}
	if f, err := strconv.ParseFloat(text, 64); err != nil || f > 1e19 || f < -1e19 {
		return 0, strconv.ErrRange // far outside: the exact value is not worth its memory
	}
	exact, ok := rational(text)
	switch {
	case !ok && strings.Trim(mantissa(text), "-0.") == "":
		return 0, nil // 0e-99999999
	case !ok || !exact.IsInt():
		return 0, strconv.ErrSyntax
	case !exact.Num().IsInt64():
		return 0, strconv.ErrRange
	}
	return exact.Num().Int64(), nil
}

func mantissa(text string) string {
	m, _, _ := strings.Cut(strings.ToLower(text), "e")
	return m
}

// maxExponent keeps a short text from becoming a number of a million digits.
const maxExponent = 5000

// rational is the exact value of a JSON number; false when it is too long.
func rational(text string) (*big.Rat, bool) {
	_, exponent, ok := strings.Cut(strings.ToLower(text), "e")
	if ok {
		if n, err := strconv.Atoi(exponent); err != nil || n > maxExponent || n < -maxExponent {
			return nil, false
		}
	}
	return new(big.Rat).SetString(text)
}

// compareNumbers orders two JSON numbers by value. Rounding to float64 keeps the
// order, so the exact values are needed only when the rounded ones are equal.
func compareNumbers(a, b string) int {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	switch {
	case errX == nil && errY == nil && x < y:
		return -1
	case errX == nil && errY == nil && x > y:
		return 1
	}
	p, okP := rational(a)
	q, okQ := rational(b)
	if !okP || !okQ {
		return 0
	}
	return p.Cmp(q)
}
