package enginetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
)

// mode is how the choices that a schema leaves open are made.
type mode int

const (
	likely mode = iota // at random, often at a bound
	least              // at the lower bounds, without what may be left out
	most               // at the upper bounds, with everything
)

// errNone means that no instance of a schema was found.
var errNone = errors.New("no instance was found")

// undeclared begins the names of members that no schema declares.
const undeclared = "undeclared_"

// deepest is how deep optional values are followed.
const deepest = 6

// drawer draws instances of one schema.
type drawer struct {
	*rand.Rand
	root  node
	mode  mode
	seen  []string // ids that exist already: a good part of what is drawn
	depth int
}

func newDrawer(schema string, r *rand.Rand) (*drawer, error) {
	root, err := parse([]byte(schema))
	if err != nil {
		return nil, fmt.Errorf("read the schema: %w", err)
	}
	return &drawer{Rand: r, root: root.(node)}, nil
}

// draw makes one instance; the error is errNone with the place.
func (d *drawer) draw(m mode) (value any, err error) {
	defer func() {
		if p := recover(); p != nil {
			none, ok := p.(noneError)
			if !ok {
				panic(p)
			}
			err = fmt.Errorf("%w: %s", errNone, string(none))
		}
	}()
	d.mode, d.depth = m, 0
	return d.value(d.root), nil
}

// noneError leaves a drawing that has come to no end.
type noneError string

// behind follows a reference.
func (d *drawer) behind(s node) node {
	for s["$ref"] != nil {
		name := s["$ref"].(string)[len("#/$defs/"):]
		s = d.root["$defs"].(node)[name].(node)
	}
	return s
}

func (d *drawer) value(s node) any {
	d.depth++
	defer func() { d.depth-- }()
	s = d.behind(s)
	if c, ok := s["const"]; ok {
		return c
	}
	if list, ok := s["enum"].([]any); ok {
		return list[d.IntN(len(list))]
	}
	if arms, ok := s["oneOf"].([]any); ok {
		return d.value(d.arm(arms))
	}
	if of, ok := s["anyOf"].([]any); ok { // [T, null]
		if d.without() {
			return nil
		}
		return d.value(of[0].(node))
	}
	if types, ok := s["type"].([]any); ok { // [T, null]
		if d.without() {
			return nil
		}
		return d.typed(types[0].(string), s)
	}
	return d.typed(s["type"].(string), s)
}

func (d *drawer) typed(typ string, s node) any {
	switch typ {
	case "string":
		return d.text(s)
	case "integer", "number":
		return d.number(typ, s)
	case "boolean":
		return d.IntN(2) == 0
	case "array":
		return d.array(s)
	}
	return d.object(s)
}

// without says whether to leave out what may be left out.
func (d *drawer) without() bool {
	return d.mode == least || d.depth > deepest || d.mode == likely && d.IntN(3) == 0
}

// arm chooses an arm of a union; deep down one that needs no further objects.
func (d *drawer) arm(arms []any) node {
	if d.depth > deepest {
		for _, arm := range arms {
			if s := d.behind(arm.(node)); !d.nests(s) {
				return s
			}
		}
	}
	return arms[d.IntN(len(arms))].(node)
}

func (d *drawer) nests(s node) bool {
	properties := s["properties"].(node)
	for _, name := range required(s) {
		p := properties[name].(node)
		if p["$ref"] != nil || p["oneOf"] != nil || p["type"] == "object" {
			return true
		}
	}
	return false
}

func required(s node) []string {
	list, _ := s["required"].([]any)
	names := make([]string, len(list))
	for i, name := range list {
		names[i] = name.(string)
	}
	return names
}

func (d *drawer) object(s node) any {
	out := node{}
	properties, _ := s["properties"].(node)
	must := required(s)
	low, high := bounds(s, "minProperties", "maxProperties")
	if len(must) > high {
		panic(noneError("an object requires more properties than it may have"))
	}
	names := slices.Sorted(maps.Keys(properties))
	d.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for _, name := range must {
		out[name] = d.value(properties[name].(node))
	}
	for _, name := range names {
		if slices.Contains(must, name) || len(out) >= high || d.without() && len(out) >= low {
			continue
		}
		out[name] = d.value(properties[name].(node))
	}
	d.more(s, out, low, high)
	return out
}

// more adds undeclared members where the schema keeps them, or wants more.
func (d *drawer) more(s node, out node, low, high int) {
	extra, typed := s["additionalProperties"].(node)
	want := low
	if typed && !d.without() {
		want = max(low, len(out)+1+d.IntN(2))
	}
	if typed && d.mode == most && high < 50 {
		want = high
	}
	for i := 0; len(out) < min(want, high); i++ {
		name := fmt.Sprintf("%s%d", undeclared, i+1)
		if s["propertyNames"] != nil {
			name = d.uuid()
		}
		switch {
		case typed:
			out[name] = d.value(extra)
		case s["additionalProperties"] == false:
			panic(noneError("an object needs more properties than it has"))
		default:
			out[name] = true
		}
	}
}

func (d *drawer) array(s node) any {
	low, high := bounds(s, "minItems", "maxItems")
	n := low
	switch {
	case d.mode == most && high < 50:
		n = high
	case !d.without():
		n = min(high, low+1+d.IntN(3))
	}
	out := []any{}
	taken := map[string]bool{}
	for try := 0; len(out) < n && try < n+100; try++ {
		item := d.value(s["items"].(node))
		if key := string(encode(item)); s["uniqueItems"] == true {
			if taken[key] {
				continue
			}
			taken[key] = true
		}
		out = append(out, item)
	}
	if len(out) < low {
		panic(noneError(fmt.Sprintf("a list needs %d different elements", low)))
	}
	return out
}

// bounds reads two counts; the upper one is huge where none is stated.
func bounds(s node, low, high string) (from, to int) {
	to = 1 << 30
	if n, ok := s[low].(json.Number); ok {
		v, _ := n.Int64() // the compiler judged it
		from = int(v)
	}
	if n, ok := s[high].(json.Number); ok {
		v, _ := n.Int64()
		to = int(min(v, 1<<30))
	}
	return from, to
}
