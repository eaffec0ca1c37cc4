package engine

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// Items is what a schema demands of an array.
type Items struct {
	Count  Range
	Unique bool
}

// DecodeArray reads an array with a reader of its elements. It is never nil.
func DecodeArray[T any](d *Decoder, raw []byte, rules Items, read func(*Decoder, []byte) T) []T {
	list := []T{}
	var seen map[string]bool
	if rules.Unique && d.strict {
		seen = map[string]bool{}
	}
	for _, value := range d.Items(raw) {
		list = append(list, read(d, value))
		if seen == nil {
			continue
		}
		key := canonical(value)
		if seen[key] {
			d.Fault(FaultNotUnique, "is on the list twice")
		}
		seen[key] = true
	}
	if raw[0] == '[' {
		d.count(rules.Count, int64(len(list)), "entry", "entries")
	}
	return list
}

// DecodeMap reads an object as a map with a reader of its values. It is never nil.
func DecodeMap[T any](d *Decoder, raw []byte, size Range, read func(*Decoder, []byte) T) map[string]T {
	m := map[string]T{}
	for name, value := range d.Members(raw) {
		m[name] = read(d, value)
	}
	d.Size(raw, size)
	return m
}

// DecodeUUIDMap is DecodeMap for names that are UUIDs.
func DecodeUUIDMap[T any](d *Decoder, raw []byte, size Range, read func(*Decoder, []byte) T) map[uuid.UUID]T {
	m := map[uuid.UUID]T{}
	for name, value := range d.Members(raw) {
		key, err := ParseUUID(name)
		if err != nil {
			d.Fault(FaultFormat, "must be named by "+formatName("uuid"))
		}
		if _, twice := m[key]; twice && err == nil {
			d.constraint(FaultDuplicate, "is given twice")
		}
		m[key] = read(d, value)
	}
	d.Size(raw, size)
	return m
}

// Size checks how many members an object has.
func (d *Decoder) Size(raw []byte, size Range) {
	if !d.strict || raw[0] != '{' || size == (Range{}) {
		return
	}
	n := int64(0)
	for m := membersOf(raw); m.advance(); {
		n++
	}
	d.count(size, n, "field", "fields")
}

func (d *Decoder) count(bounds Range, n int64, one, many string) {
	switch {
	case bounds.below(n):
		d.constraint(FaultTooFew, "must have at least "+count(bounds.min, one, many))
	case bounds.above(n):
		d.constraint(FaultTooMany, "must have at most "+count(bounds.max, one, many))
	}
}

// DecodeNullable reads null as nil.
func DecodeNullable[T any](d *Decoder, raw []byte, read func(*Decoder, []byte) T) *T {
	if isNull(raw) {
		return nil
	}
	value := read(d, raw)
	return &value
}

// DecodeOpt reads an optional property that is there.
func DecodeOpt[T any](d *Decoder, raw []byte, read func(*Decoder, []byte) T) Opt[T] {
	return Some(read(d, raw))
}

// DecodeOptNullable reads an optional property that is there and may be null.
func DecodeOptNullable[T any](d *Decoder, raw []byte, read func(*Decoder, []byte) T) Opt[T] {
	if isNull(raw) {
		return Null[T]()
	}
	return Some(read(d, raw))
}

// canonical writes a JSON value so that two texts are equal exactly when the
// values are, as JSON Schema compares them.
func canonical(raw []byte) string {
	var b strings.Builder
	writeCanonical(&b, raw)
	return b.String()
}

func writeCanonical(b *strings.Builder, raw []byte) {
	switch raw[0] {
	case '"':
		quoted, err := json.Marshal(unquote(raw))
		if err == nil {
			b.Write(quoted)
		}
	case '[':
		b.WriteByte('[')
		for value := range elements(raw) {
			writeCanonical(b, value)
			b.WriteByte(',')
		}
		b.WriteByte(']')
	case '{':
		writeCanonicalObject(b, raw)
	case 't', 'f', 'n':
		b.Write(raw)
	default:
		writeCanonicalNumber(b, string(raw))
	}
}

func writeCanonicalObject(b *strings.Builder, raw []byte) {
	values := map[string][]byte{}
	for m := membersOf(raw); m.advance(); {
		values[string(m.Name)] = m.Value
	}
	b.WriteByte('{')
	for _, name := range slices.Sorted(maps.Keys(values)) {
		quoted, err := json.Marshal(name)
		if err == nil {
			b.Write(quoted)
		}
		b.WriteByte(':')
		writeCanonical(b, values[name])
		b.WriteByte(',')
	}
	b.WriteByte('}')
}

func writeCanonicalNumber(b *strings.Builder, text string) {
	exact, ok := rational(text)
	if !ok {
		b.WriteString(text)
		return
	}
	b.WriteString(exact.RatString())
}
