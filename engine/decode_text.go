package engine

import (
	"encoding/json"
	"iter"
	"strconv"
	"unicode/utf8"
)

// What stands here walks over JSON whose syntax is known to be right.

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// trimSpace cuts JSON white space at both ends.
func trimSpace(data []byte) []byte {
	for len(data) > 0 && isSpace(data[0]) {
		data = data[1:]
	}
	for len(data) > 0 && isSpace(data[len(data)-1]) {
		data = data[:len(data)-1]
	}
	return data
}

// skipSpace is the index of the first byte from i on that is not white space,
// a comma or a colon: they are where the syntax wants them.
func skipSpace(data []byte, i int) int {
	for isSpace(data[i]) || data[i] == ',' || data[i] == ':' {
		i++
	}
	return i
}

// valueEnd is the index behind the value that begins at i.
func valueEnd(data []byte, i int) int {
	switch data[i] {
	case '"':
		return stringEnd(data, i)
	case '{', '[':
		return groupEnd(data, i)
	}
	for i < len(data) && !isSpace(data[i]) && data[i] != ',' && data[i] != ']' && data[i] != '}' {
		i++
	}
	return i
}

func stringEnd(data []byte, i int) int {
	for i++; data[i] != '"'; i++ {
		if data[i] == '\\' {
			i++
		}
	}
	return i + 1
}

func groupEnd(data []byte, i int) int {
	for depth := 0; ; i++ {
		switch data[i] {
		case '"':
			i = stringEnd(data, i) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
}

// members walks over an object, in order.
type members struct {
	Name, Value []byte // of the member: unquoted, and JSON

	raw  []byte
	next int // index behind the member
}

func membersOf(raw []byte) members { return members{raw: raw, next: 1} }

// advance goes on to the next member, if there is one.
func (m *members) advance() bool {
	i := skipSpace(m.raw, m.next)
	if m.raw[i] == '}' {
		return false
	}
	end := stringEnd(m.raw, i)
	m.Name = unquoted(m.raw[i:end])
	i = skipSpace(m.raw, end)
	m.next = valueEnd(m.raw, i)
	m.Value = m.raw[i:m.next]
	return true
}

// elements yields the values of an array, in order.
func elements(raw []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for i := skipSpace(raw, 1); raw[i] != ']'; i = skipSpace(raw, i) {
			end := valueEnd(raw, i)
			if !yield(raw[i:end]) {
				return
			}
			i = end
		}
	}
}

// unquote is the text of a JSON string.
func unquote(raw []byte) string {
	if plain(raw) {
		return string(raw[1 : len(raw)-1])
	}
	return unquoteSlow(raw)
}

// unquoted is unquote without a copy, where there is nothing to unescape.
func unquoted(raw []byte) []byte {
	if plain(raw) {
		return raw[1 : len(raw)-1]
	}
	return []byte(unquoteSlow(raw))
}

// plain says whether a JSON string stands for what is between its quotes.
func plain(raw []byte) bool {
	for _, c := range raw {
		if c == '\\' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func unquoteSlow(raw []byte) string {
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return "" // cannot be: the syntax was judged
	}
	return s
}

// textFaults finds what JSON's syntax leaves open and a strict reader refuses:
// text that is not Unicode, and names given twice in one object.
func textFaults(data []byte) []Fault {
	d := &Decoder{}
	if !utf8.Valid(data) {
		d.Fault(FaultEncoding, "is not valid Unicode (UTF-8)")
		return d.faults
	}
	d.scan(trimSpace(data))
	return d.faults
}

func (d *Decoder) scan(raw []byte) {
	switch raw[0] {
	case '"':
		if loneSurrogate(raw) {
			d.Fault(FaultEncoding, "contains half a character, which is not valid Unicode")
		}
	case '{':
		d.scanObject(raw)
	case '[':
		for _, value := range d.Items(raw) {
			d.scan(value)
		}
	}
}

// fewNames is up to how many names a list is searched faster than a set.
const fewNames = 16

func (d *Decoder) scanObject(raw []byte) {
	var names []string
	var set map[string]bool
	for name, value := range d.Members(raw) {
		if given(names, set, name) {
			d.Fault(FaultDuplicate, "is given twice")
		}
		names = append(names, name)
		if set == nil && len(names) > fewNames {
			set = map[string]bool{}
			for _, n := range names {
				set[n] = true
			}
		}
		if set != nil {
			set[name] = true
		}
		d.scan(value)
	}
}

func given(names []string, set map[string]bool, name string) bool {
	if set != nil {
		return set[name]
	}
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}

// loneSurrogate says whether a JSON string escapes half of a surrogate pair.
func loneSurrogate(raw []byte) bool {
	for i := 1; i < len(raw)-1; i++ {
		if raw[i] != '\\' {
			continue
		}
		i++
		if raw[i] != 'u' {
			continue
		}
		unit := hex4(raw[i+1:])
		i += 4
		if unit < 0xD800 || unit > 0xDFFF {
			continue
		}
		if unit > 0xDBFF || i+6 >= len(raw) || raw[i+1] != '\\' || raw[i+2] != 'u' {
			return true
		}
		if low := hex4(raw[i+3:]); low < 0xDC00 || low > 0xDFFF {
			return true
		}
		i += 6
	}
	return false
}

func hex4(raw []byte) uint64 {
	unit, err := strconv.ParseUint(string(raw[:4]), 16, 32)
	if err != nil {
		return 0
	}
	return unit
}
