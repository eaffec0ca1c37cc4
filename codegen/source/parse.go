package source

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// parser reads JSON by the grammar of RFC 8259 and keeps what encoding/json
// drops: positions, the order of keys, and keys that occur twice.
type parser struct {
	file   *File
	data   []byte
	at     int
	faults *Faults
	broken bool // a fault after which the nodes must not be used
}

// syntaxError stops the parser; it is the only fault of its kind in a file.
type syntaxError struct {
	at              int
	code            string
	message, remedy string
}

func parse(file *File, faults *Faults) *Node {
	p := &parser{file: file, data: file.data, faults: faults}
	before := len(*faults)
	root, err := p.document()
	file.Damaged = err != nil || len(*faults) > before
	if err != nil {
		faults.Add(file.pos(err.at), err.code, err.message, err.remedy)
		return nil
	}
	if p.broken {
		return nil
	}
	return root
}

func (p *parser) document() (*Node, *syntaxError) {
	p.space()
	if p.at == len(p.data) {
		return nil, p.syntax("the file is empty", "write a schema, beginning with {\"$schema\": …}, or delete the file")
	}
	root, err := p.value(nil, 0)
	if err != nil {
		return nil, err
	}
	if p.space(); p.at < len(p.data) {
		return nil, p.syntax("there is something after the end of the schema", "delete what follows, or close the outermost brace later")
	}
	return root, nil
}

func (p *parser) syntax(message, remedy string) *syntaxError {
	return &syntaxError{p.at, CodeSyntax, message, remedy}
}

func (p *parser) space() {
	for p.at < len(p.data) && strings.IndexByte(" \t\r\n", p.data[p.at]) >= 0 {
		p.at++
	}
}

// peek is the next byte, 0 at the end (a NUL is no legal byte of JSON either).
func (p *parser) peek() byte {
	if p.at < len(p.data) {
		return p.data[p.at]
	}
	return 0
}

func (p *parser) value(parent *Node, depth int) (*Node, *syntaxError) {
	n := &Node{File: p.file, Parent: parent, start: p.at}
	if depth > maxDepth {
		return nil, &syntaxError{p.at, CodeTooDeep, fmt.Sprintf("the schema is nested more than %d levels deep", maxDepth), "move inner schemas to $defs and refer to them with $ref"}
	}
	var err *syntaxError
	switch c := p.peek(); {
	case c == '{':
		err = p.object(n, depth)
	case c == '[':
		err = p.array(n, depth)
	case c == '"':
		n.Kind = String
		n.Text, err = p.text()
	case c == '-' || c >= '0' && c <= '9':
		err = p.number(n)
	default:
		err = p.word(n)
	}
	n.end = p.at
	return n, err
}

func (p *parser) word(n *Node) *syntaxError {
	rest := p.data[p.at:]
	for _, w := range []struct {
		text string
		kind NodeKind
	}{{"true", Bool}, {"false", Bool}, {"null", Null}} {
		if len(rest) >= len(w.text) && string(rest[:len(w.text)]) == w.text {
			n.Kind, n.Text = w.kind, w.text
			p.at += len(w.text)
			return nil
		}
	}
	return p.unexpected("a value")
}

// unexpected words the mistakes that people make most.
func (p *parser) unexpected(wanted string) *syntaxError {
	switch c := p.peek(); {
	case p.at >= len(p.data):
		return p.syntax("the file ends where "+wanted+" should follow", "complete the file; a closing brace or bracket may be missing")
	case c == '/' || c == '#':
		return p.syntax("JSON has no comments", "put the text into a \"$comment\" or a \"description\"")
	case c == '\'':
		return p.syntax("JSON quotes with double quotes only", "write \" instead of '")
	case c == '}' || c == ']':
		return p.syntax("there is a comma too many, or "+wanted+" is missing, before this "+string(c), "delete the comma, or write "+wanted)
	}
	r := []rune(string(p.data[p.at:min(len(p.data), p.at+8)]))
	return p.syntax(fmt.Sprintf("%q cannot stand here: %s should follow", r[0], wanted), "write "+wanted)
}

func (p *parser) object(n *Node, depth int) *syntaxError {
	n.Kind = Object
	seen := map[string]*Member{}
	p.at++
	for p.space(); p.peek() != '}' || len(n.Members) > 0; p.space() {
		member, err := p.member(n, depth)
		if err != nil {
			return err
		}
		if first := seen[member.Key]; first != nil {
			p.faults.Add(p.file.pos(member.start), CodeDuplicate, fmt.Sprintf("the key %q stands here a second time; the first is in line %d", member.Key, p.file.pos(first.start).Line), "delete or rename one of the two")
		} else {
			seen[member.Key] = member
			n.Members = append(n.Members, member)
		}
		more, err := p.comma('}')
		if err != nil {
			return err
		}
		if !more {
			break
		}
	}
	if len(n.Members) > 8 {
		p.file.index[n] = seen
	}
	p.at++
	return nil
}

func (p *parser) member(n *Node, depth int) (*Member, *syntaxError) {
	m := &Member{start: p.at}
	if p.peek() != '"' {
		return nil, p.unexpected("a key in double quotes")
	}
	key, err := p.text()
	if err != nil {
		return nil, err
	}
	m.Key = key
	if p.space(); p.peek() != ':' {
		return nil, p.unexpected("a colon")
	}
	p.at++
	p.space()
	m.Value, err = p.value(n, depth+1)
	if err != nil {
		return nil, err
	}
	m.Value.Owner = m
	return m, nil
}

// comma steps over a comma and says that more follows, or stays before the
// closing byte.
func (p *parser) comma(closing byte) (more bool, err *syntaxError) {
	p.space()
	switch p.peek() {
	case ',':
		p.at++
		return true, nil
	case closing:
		return false, nil
	}
	return false, p.unexpected(fmt.Sprintf("a comma or %c", closing))
}

func (p *parser) array(n *Node, depth int) *syntaxError {
	n.Kind = Array
	p.at++
	for p.space(); p.peek() != ']' || len(n.Items) > 0; p.space() {
		if len(n.Items) == maxItems {
			return &syntaxError{n.start, CodeTooLarge, fmt.Sprintf("the array has more than %d elements", maxItems), "keep such long lists as data, not in a schema"}
		}
		item, err := p.value(n, depth+1)
		if err != nil {
			return err
		}
		n.Items = append(n.Items, item)
		more, err := p.comma(']')
		if err != nil {
			return err
		}
		if !more {
			break
		}
	}
	p.at++
	return nil
}

func (p *parser) text() (string, *syntaxError) {
	start := p.at
	for p.at++; p.at < len(p.data); p.at++ {
		switch c := p.data[p.at]; {
		case c == '\\':
			p.at++
		case c == '"':
			p.at++
			var s string
			if err := json.Unmarshal(p.data[start:p.at], &s); err != nil {
				p.at = start
				return "", p.syntax("this string has an escape that JSON does not know", "use only \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\uXXXX")
			}
			return s, nil
		case c < 0x20:
			p.at = start
			return "", p.syntax("this string is not closed before the end of the line", "close it with \"; a line end or control character within it is written as an escape such as \\n")
		}
	}
	p.at = start
	return "", p.syntax("this string is never closed", "close it with \"")
}

func (p *parser) number(n *Node) *syntaxError {
	n.Kind = Number
	start := p.at
	for p.at < len(p.data) && strings.IndexByte("+-.0123456789eE", p.data[p.at]) >= 0 {
		p.at++
	}
	literal := p.data[start:p.at]
	n.Text = string(literal)
	if !json.Valid(literal) {
		p.at = start
		return p.syntax(fmt.Sprintf("%q is no number of JSON", n.Text), "write digits with one dot and one exponent at most, without leading zeros")
	}
	// Such a number is no syntax error, but exact arithmetic on it could take for ever.
	f, err := strconv.ParseFloat(n.Text, 64)
	vanished := f == 0 && strings.ContainsAny(strings.SplitN(strings.ToLower(n.Text), "e", 2)[0], "123456789")
	if err != nil || math.IsInf(f, 0) || vanished || len(literal) > maxNumber || f == 0 && len(literal) > 8 && strings.ContainsAny(n.Text, "eE") {
		p.broken = true
		p.faults.Add(p.file.pos(start), CodeNumber, "this number does not fit a 64-bit floating point number", "write a smaller number, or one with fewer digits")
	}
	return nil
}
