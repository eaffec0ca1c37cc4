package engine

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
)

// Range bounds lengths, counts and whole numbers, both ends included. The zero
// Range bounds nothing.
type Range struct {
	min, max       int64
	hasMin, hasMax bool
}

// AtLeast has no upper bound.
func AtLeast(low int64) Range { return Range{min: low, hasMin: true} }

// AtMost has no lower bound.
func AtMost(high int64) Range { return Range{max: high, hasMax: true} }

// Between has both bounds.
func Between(low, high int64) Range { return Range{low, high, true, true} }

func (r Range) below(n int64) bool { return r.hasMin && n < r.min }
func (r Range) above(n int64) bool { return r.hasMax && n > r.max }

// Text is what a schema demands of a string.
type Text struct {
	Length  Range // code points
	Pattern *regexp.Regexp
	Format  string // asserted, as formats.go lists them
	Trim    bool   // white space at both ends is cut first
}

// String reads text.
func (d *Decoder) String(raw []byte, rules Text) string {
	text, ok := d.text(raw)
	if !ok {
		return ""
	}
	if rules.Trim {
		text = Trim(text)
	}
	if d.strict {
		rules.check(text, d.Fault)
	}
	return text
}

// Checked reports what the rules have against a text and returns it unread, for
// texts that are read as something else: a date, an id.
func (d *Decoder) Checked(raw []byte, rules Text) []byte {
	if d.strict && raw[0] == '"' {
		rules.check(unquote(raw), d.Fault)
	}
	return raw
}

func (d *Decoder) text(raw []byte) (string, bool) {
	if raw[0] != '"' {
		d.Fault(FaultType, "must be text")
		return "", false
	}
	return unquote(raw), true
}

func (r Text) check(text string, fault func(code, message string)) {
	n := int64(utf8.RuneCountInString(text))
	switch {
	case r.Length.below(n) && n == 0:
		fault(FaultTooShort, "must not be empty")
	case r.Length.below(n):
		fault(FaultTooShort, "must be at least "+count(r.Length.min, "character", "characters"))
	case r.Length.above(n):
		fault(FaultTooLong, "must be at most "+count(r.Length.max, "character", "characters"))
	}
	if r.Pattern != nil && !r.Pattern.MatchString(text) {
		fault(FaultPattern, "is not written as it must be")
	}
	if r.Format != "" && !ValidFormat(r.Format, text) {
		fault(FaultFormat, "must be "+formatName(r.Format))
	}
}

// CheckText is what rules have against a text, as a *FaultsError at the root.
func CheckText(text string, rules Text) error {
	d := &Decoder{}
	rules.check(text, d.Fault)
	if len(d.faults) > 0 {
		return &FaultsError{Faults: d.faults}
	}
	return nil
}

// Trim cuts Unicode white space at both ends.
func Trim(text string) string { return strings.TrimFunc(text, unicode.IsSpace) }

// Bool reads true or false.
func (d *Decoder) Bool(raw []byte) bool {
	switch raw[0] {
	case 't':
		return true
	case 'f':
		return false
	}
	d.Fault(FaultType, "must be true or false")
	return false
}

// UUID reads a UUID in its 36-character form.
func (d *Decoder) UUID(raw []byte) uuid.UUID {
	if len(raw) == len(`"00000000-0000-0000-0000-000000000000"`) && raw[0] == '"' {
		if id, err := uuid.ParseBytes(raw[1 : len(raw)-1]); err == nil {
			return id
		}
	}
	return parsed(d, raw, "uuid", ParseUUID) // it is escaped, or not one
}

// Time reads a date-time as an instant in UTC.
func (d *Decoder) Time(raw []byte) time.Time { return parsed(d, raw, "date-time", ParseInstant) }

// Date reads a calendar date; in what was stored, also the zero one of a state
// in which it was never set.
func (d *Decoder) Date(raw []byte) Date {
	if !d.strict && string(raw) == `"`+(Date{}).String()+`"` {
		return Date{}
	}
	return parsed(d, raw, "date", ParseDate)
}

// TimeOfDay reads a time of day with its offset.
func (d *Decoder) TimeOfDay(raw []byte) Time { return parsed(d, raw, "time", ParseTime) }

// Duration reads an ISO 8601 duration.
func (d *Decoder) Duration(raw []byte) Duration { return parsed(d, raw, "duration", ParseDuration) }

func parsed[T any](d *Decoder, raw []byte, format string, parse func(string) (T, error)) T {
	text, ok := d.text(raw)
	if !ok {
		var zero T
		return zero
	}
	value, err := parse(text)
	if err != nil {
		d.Fault(FaultFormat, "must be "+formatName(format))
	}
	return value
}

// DecodeID reads an identity whose form is text. What was stored is not judged
// again.
func DecodeID[T ~string](d *Decoder, raw []byte, parse func(string) (T, error)) T {
	text, ok := d.text(raw)
	if !ok || !d.strict {
		return T(text)
	}
	id, err := parse(text)
	if faults, ok := errors.AsType[*FaultsError](err); ok {
		for _, f := range faults.Faults {
			d.Fault(f.Code, f.Message)
		}
	}
	return id
}

// Enum reads one of the known texts; what was stored may be another.
func (d *Decoder) Enum(raw []byte, known ...string) string {
	for _, text := range known {
		if len(raw) == len(text)+2 && raw[0] == '"' && string(raw[1:len(raw)-1]) == text && plain(raw) {
			return text
		}
	}
	text, ok := d.text(raw)
	if ok && d.strict && !slices.Contains(known, text) {
		d.Fault(FaultEnum, "must be one of "+strings.Join(known, ", "))
	}
	return text
}

// Const reads a value that can only be one: text is its JSON.
func (d *Decoder) Const(raw []byte, text string) {
	if d.strict && canonical(raw) != canonical([]byte(text)) {
		d.Fault(FaultConst, "must be "+text)
	}
}

func isNull(raw []byte) bool { return bytes.Equal(raw, []byte("null")) }

// count writes "1 character", "200 characters".
func count(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
