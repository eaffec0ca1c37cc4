package engine

import (
	"encoding/json"
	"iter"
	"strconv"
	"strings"
)

// Decoder reads the JSON of one message after the other for generated code: it
// knows where it is, whether it is strict, and collects every fault. Values are
// slices of the data whose syntax was judged before, so reading them cannot fail
// half-way. It belongs to one goroutine.
type Decoder struct {
	strict bool
	judged bool // by the database: the syntax is not judged again
	path   []step
	faults []Fault
}

// step is a member's name or an index.
type step struct {
	name  []byte // of the data
	index int
	item  bool
}

// StoredDecoder is for DecodeBy: it reads as DecodeStored does.
func StoredDecoder() *Decoder { return &Decoder{} }

// LogDecoder is a StoredDecoder for values of a json column, whose syntax
// PostgreSQL has judged; with anything else it may panic.
func LogDecoder() *Decoder { return &Decoder{judged: true} }

// DecodeStrict accepts exactly what the schema does; the error is a *FaultsError
// with every fault.
func DecodeStrict[T any](data []byte, read func(*Decoder, []byte) T) (T, error) {
	return DecodeBy(&Decoder{strict: true}, data, read)
}

// DecodeStored reads what was accepted once: undeclared properties are ignored,
// value constraints are not applied, defaults are filled. The error is a
// *FaultsError.
func DecodeStored[T any](data []byte, read func(*Decoder, []byte) T) (T, error) {
	return DecodeBy(StoredDecoder(), data, read)
}

// CheckStrict says what the schema has against the data, as DecodeStrict does.
func CheckStrict[T any](data []byte, read func(*Decoder, []byte) T) error {
	_, err := DecodeStrict(data, read)
	return err
}

// Default reads a default of a schema. It panics when the text does not fit:
// that is a fault of the generator, which checked it.
func Default[T any](text string, read func(*Decoder, []byte) T) T {
	value, err := DecodeStored([]byte(text), read)
	if err != nil {
		panic("default " + text + ": " + err.Error())
	}
	return value
}

// DecodeBy reads with a decoder that may have read other data before.
func DecodeBy[T any](d *Decoder, data []byte, read func(*Decoder, []byte) T) (T, error) {
	var zero T
	if !d.valid(data) {
		return zero, faultOf(FaultSyntax, "is not valid JSON")
	}
	d.path, d.faults = d.path[:0], nil
	if d.strict {
		d.faults = textFaults(data)
	}
	value := read(d, trimSpace(data))
	if len(d.faults) > 0 {
		return zero, &FaultsError{Faults: d.faults}
	}
	return value, nil
}

// mostNested is how deep encoding/json lets values nest. PostgreSQL's bound is
// another: it is that of the server's stack.
const mostNested = 10_000

// valid judges the syntax of the data, unless that was done: what is too short to
// be nested too deeply, the database and encoding/json judge alike.
func (d *Decoder) valid(data []byte) bool {
	if d.judged && len(data) > 0 && len(data) <= 2*mostNested {
		return true
	}
	return json.Valid(data)
}

// Strict says whether the schema's constraints are applied.
func (d *Decoder) Strict() bool { return d.strict }

// Fault reports a fault at the value that is being read.
func (d *Decoder) Fault(code, message string) {
	d.faults = append(d.faults, Fault{Pointer: d.pointer(), Code: code, Message: message})
}

// constraint reports a fault in strict mode only.
func (d *Decoder) constraint(code, message string) {
	if d.strict {
		d.Fault(code, message)
	}
}

// Members yields the members of an object; faults that are reported meanwhile
// are the member's. Of a name that is given twice, all are yielded.
func (d *Decoder) Members(raw []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		depth := len(d.path)
		defer func() { d.path = d.path[:depth] }()
		for m := d.Walk(raw); m.Next(); {
			if !yield(string(m.Name), m.Value) {
				return
			}
		}
	}
}

// Walk is Members for generated code, which makes nothing for the collector: go to
// the end.
//
//	for m := d.Walk(raw); m.Next(); {
//		switch string(m.Name) {
func (d *Decoder) Walk(raw []byte) Walker {
	m := Walker{members: members{raw: raw, next: 1}, d: d, depth: len(d.path)}
	if !d.Object(raw) {
		m.raw, m.next = noMembers, 0
	}
	return m
}

var noMembers = []byte("}")

// Walker is at a member of an object: Name is its name, Value its JSON. Both are
// slices of the data, as a rule.
type Walker struct {
	members
	d     *Decoder
	depth int
}

// Next goes on to the next member, if there is one.
func (m *Walker) Next() bool {
	there := m.advance()
	m.d.path = m.d.path[:m.depth]
	if there {
		m.d.path = append(m.d.path, step{name: m.Name})
	}
	return there
}

// Items yields the elements of an array; faults that are reported meanwhile are
// the element's.
func (d *Decoder) Items(raw []byte) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		if raw[0] != '[' {
			d.Fault(FaultType, "must be a list")
			return
		}
		depth, i := len(d.path), 0
		defer func() { d.path = d.path[:depth] }()
		for value := range elements(raw) {
			d.path = append(d.path[:depth], step{index: i, item: true})
			if !yield(i, value) {
				return
			}
			i++
		}
	}
}

// Object says whether the value is an object, and reports the fault when it is not.
func (d *Decoder) Object(raw []byte) bool {
	if raw[0] != '{' {
		d.Fault(FaultType, "must be an object")
		return false
	}
	return true
}

// Undeclared reports the member that is being read: a closed object has no such
// property.
func (d *Decoder) Undeclared() { d.constraint(FaultUndeclared, "is not a known field") }

// Require reports that the object lacks a required property, unless it is there.
func (d *Decoder) Require(there bool, name string) {
	if there {
		return
	}
	d.path = append(d.path, step{name: []byte(name)})
	d.Fault(FaultRequired, "is required")
	d.path = d.path[:len(d.path)-1]
}

// RequireStrict is Require for a property with a default: stored data may lack it.
func (d *Decoder) RequireStrict(there bool, name string) {
	if d.strict {
		d.Require(there, name)
	}
}

// Tag reads the text of an object's discriminator ahead of its other members.
// It reports the fault when there is none.
func (d *Decoder) Tag(raw []byte, name string) (tag string, ok bool) {
	if !d.strict && isNull(raw) {
		return "", false // a union of a state that was never set
	}
	if !d.Object(raw) {
		return "", false
	}
	for m := membersOf(raw); m.advance(); {
		if string(m.Name) == name && m.Value[0] == '"' {
			tag, ok = unquote(m.Value), true
		}
	}
	if !ok {
		d.Require(false, name)
	}
	return tag, ok
}

// UnknownTag reports that no arm of a union has the discriminator's value.
func (d *Decoder) UnknownTag(name string, known ...string) {
	d.path = append(d.path, step{name: []byte(name)})
	d.Fault(FaultEnum, "must be one of "+strings.Join(known, ", "))
	d.path = d.path[:len(d.path)-1]
}

// pointer is where the decoder is, as RFC 6901 writes it.
func (d *Decoder) pointer() string {
	var b strings.Builder
	for _, s := range d.path {
		b.WriteByte('/')
		if s.item {
			b.WriteString(strconv.Itoa(s.index))
			continue
		}
		b.WriteString(pointerEscapes.Replace(string(s.name)))
	}
	return b.String()
}

var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")
