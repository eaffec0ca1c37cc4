package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// An identity made of several properties is one text: its parts joined by colons,
// a colon or per cent sign inside a part written %3A or %25. Two identities have
// the same text only if all their parts are equal.
var (
	partEscape   = strings.NewReplacer("%", "%25", ":", "%3A")
	partUnescape = strings.NewReplacer("%25", "%", "%3A", ":")
)

// JoinID writes an identity of several parts.
func JoinID(parts ...string) string {
	escaped := make([]string, len(parts))
	for i, part := range parts {
		escaped[i] = partEscape.Replace(part)
	}
	return strings.Join(escaped, ":")
}

// NumberPart writes a number as a part: the shortest text that reads back as it.
func NumberPart(v float64) string {
	return strconv.FormatFloat(v+0, 'g', -1, 64) // + 0: there is one zero
}

// IDParts takes an identity apart. Generated parsers read its parts in order.
type IDParts struct {
	names  []string
	parts  []string
	next   int
	faults []Fault
}

// SplitID begins with the text of an identity, whose parts have these names.
func SplitID(text string, names ...string) *IDParts {
	p := &IDParts{names: names, parts: strings.Split(text, ":")}
	if len(p.parts) != len(names) {
		p.fault(FaultFormat, fmt.Sprintf("must be %s, joined by colons", strings.Join(names, ", ")))
		p.parts = nil
	}
	return p
}

func (p *IDParts) fault(code, message string) {
	p.faults = append(p.faults, Fault{Code: code, Message: message})
}

// TextPart reads a part that stands as a text in JSON.
func TextPart[T any](p *IDParts, read func(*Decoder, []byte) T) T {
	return readPart(p, read, func(part string) []byte {
		data, _ := json.Marshal(part) // a string always has a form in JSON
		return data
	})
}

// PlainPart reads a part that stands as it is in JSON: a number or boolean.
func PlainPart[T any](p *IDParts, read func(*Decoder, []byte) T) T {
	return readPart(p, read, func(part string) []byte { return []byte(part) })
}

func readPart[T any](p *IDParts, read func(*Decoder, []byte) T, form func(string) []byte) (value T) {
	if p.parts == nil {
		return value
	}
	i := p.next
	p.next++
	part := partUnescape.Replace(p.parts[i])
	if partEscape.Replace(part) != p.parts[i] {
		p.fault(FaultFormat, p.names[i]+" has a % that is neither %25 nor %3A")
		return value
	}
	value, err := DecodeStrict(form(part), read)
	if faults, ok := errors.AsType[*FaultsError](err); ok {
		for _, f := range faults.Faults {
			p.fault(f.Code, p.names[i]+" "+f.Message)
		}
	} else if err != nil {
		p.fault(FaultSyntax, p.names[i]+" "+err.Error())
	}
	return value
}

// Err is nil or a *FaultsError with everything that is wrong.
func (p *IDParts) Err() error {
	if len(p.faults) == 0 {
		return nil
	}
	return &FaultsError{Faults: p.faults}
}
