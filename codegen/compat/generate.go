package compat

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/backstory-go/backstory/codegen/model"
)

// chooser makes the choices that a schema leaves open.
type chooser struct {
	pick    func(n int) int // one of n, from 0
	include func() bool     // whether to write what may be left out, and a value where null would do
}

// generator makes instances that a schema accepts. What it makes depends on the
// schema and the chooser only.
type generator struct {
	chooser
	failed string
	depth  int
	within map[*model.Object]bool // what is being made
	again  int                    // how often something is made within itself
}

// deepest is how deep optional properties are followed.
const deepest = 6

// instance makes one instance of a message; why says where that is beyond it.
func instance(body *model.Object, choose chooser) (data json.RawMessage, why string) {
	g := &generator{chooser: choose, within: map[*model.Object]bool{}}
	value := g.object("", body)
	if g.failed != "" {
		return nil, g.failed
	}
	data, err := json.Marshal(value)
	if err != nil {
		return nil, err.Error()
	}
	return data, ""
}

func (g *generator) fail(at, message string, args ...any) any {
	if g.failed == "" {
		g.failed = strings.TrimPrefix(at, "/") + " " + fmt.Sprintf(message, args...)
	}
	return nil
}

func (g *generator) object(at string, o *model.Object) map[string]any {
	defer g.enter(o)()
	members := map[string]any{}
	room := len(o.Fields) + 2
	if o.MaxProperties != nil {
		room = int(min(*o.MaxProperties, int64(room)))
	}
	least := 0
	if o.MinProperties != nil {
		least = int(min(*o.MinProperties, 1000))
	}
	for _, f := range o.Fields {
		if f.Required {
			members[f.Name] = g.value(at+"/"+f.Name, f.Type, 0)
		}
	}
	for _, f := range o.Fields {
		if f.Required || len(members) >= room {
			continue
		}
		if g.wanted() || len(members) < least {
			members[f.Name] = g.value(at+"/"+f.Name, f.Type, 0)
		}
	}
	g.fillUp(at, o, members, least, room)
	return members
}

// enter notes that an object is being made; what it returns ends that.
func (g *generator) enter(o *model.Object) (leave func()) {
	g.depth++
	if g.within[o] {
		g.again++
		return func() { g.depth--; g.again-- }
	}
	g.within[o] = true
	return func() { g.depth--; delete(g.within, o) }
}

// deep says whether it is time to come to an end.
func (g *generator) deep() bool { return g.depth > deepest || g.again > 0 }

// wanted says whether to add what may be left out.
func (g *generator) wanted() bool { return !g.deep() && g.include() }

// fillUp adds undeclared properties where a schema keeps them, or where there
// are too few.
func (g *generator) fillUp(at string, o *model.Object, members map[string]any, least, room int) {
	extra := o.Additional == model.Typed && len(members) < room && g.wanted()
	for i := 0; extra || len(members) < least; i++ {
		extra = false
		name := fmt.Sprintf("undeclared_%d", i+1)
		switch o.Additional {
		case model.Closed:
			g.fail(at, "needs more properties than it has")
			return
		case model.Typed:
			members[name] = g.value(at+"/"+name, o.Extra, 0)
		case model.Open:
			members[name] = true
		}
	}
}

// value makes a value of a type; the salt tells apart those that must differ.
func (g *generator) value(at string, t *model.Type, salt int) any {
	t = resolve(t)
	if t.Nullable && t.Kind != model.Const && !g.wanted() {
		return nil
	}
	switch t.Kind {
	case model.Const:
		return t.Const
	case model.Boolean:
		return (g.pick(2)+salt)%2 == 0
	case model.Integer, model.Number:
		return g.number(at, t, salt)
	case model.Array:
		return g.array(at, t)
	case model.Map:
		return g.dictionary(at, t)
	case model.Ref:
		return g.named(at, t.Ref, salt)
	}
	return g.text(at, t, salt)
}

func (g *generator) named(at string, n *model.Named, salt int) any {
	switch n.Form {
	case model.EnumForm:
		return n.Enum[(g.pick(len(n.Enum))+salt)%len(n.Enum)].Value
	case model.UnionForm:
		arm := g.arm(n.Union, salt)
		return g.object(at+"("+arm.Value+")", arm.Struct.Object)
	}
	return g.object(at, n.Object)
}

// arm chooses an arm; deep down, one that needs no further objects.
func (g *generator) arm(u *model.Union, salt int) *model.Arm {
	first := g.pick(len(u.Arms)) + salt
	for i := range u.Arms {
		arm := u.Arms[(first+i)%len(u.Arms)]
		needs := func(f *model.Field) bool {
			t := resolve(f.Type)
			return f.Required && t.Kind == model.Ref && t.Ref.Form != model.EnumForm && !t.Nullable
		}
		if !g.deep() || !slices.ContainsFunc(arm.Struct.Object.Fields, needs) {
			return arm
		}
	}
	return u.Arms[first%len(u.Arms)]
}

func (g *generator) array(at string, t *model.Type) any {
	n := g.size(t.Checks.MinItems, t.Checks.MaxItems)
	list := make([]any, 0, n)
	seen := map[string]bool{}
	for salt := 0; len(list) < n && salt < n+100; salt++ {
		item := g.value(at, t.Elem, salt)
		if t.Checks.UniqueItems {
			raw, err := json.Marshal(item)
			if err != nil || seen[canonical(raw)] {
				continue
			}
			seen[canonical(raw)] = true
		}
		list = append(list, item)
	}
	if t.Checks.MinItems != nil && int64(len(list)) < *t.Checks.MinItems {
		return g.fail(at, "needs %d different elements", *t.Checks.MinItems)
	}
	return list
}

func (g *generator) dictionary(at string, t *model.Type) any {
	n := g.size(t.Checks.MinProperties, t.Checks.MaxProperties)
	members := map[string]any{}
	for i := range n {
		name := fmt.Sprintf("key_%d", i+1)
		if t.KeyUUID {
			name = uuidOf(i)
		}
		members[name] = g.value(at+"/"+name, t.Elem, i)
	}
	return members
}

// size is how many elements to make: none more than needed where little is
// wanted, else one or two more.
func (g *generator) size(low, high *int64) int {
	n := int64(0)
	if low != nil {
		n = min(*low, 1000)
	}
	if g.wanted() {
		n += int64(1 + g.pick(2))
	}
	if high != nil {
		n = min(n, *high)
	}
	return int(n)
}

func uuidOf(i int) string { return fmt.Sprintf("6ba7b810-9dad-41d1-80b4-%012x", i+1) }

// variants are the deterministic choosers: the k-th takes the k-th arm and word
// everywhere, so that every arm is taken by one of them, and the last leaves out
// what may be left out.
func variants(body *model.Object) []chooser {
	var list []chooser
	for k := range widest(body, map[*model.Object]bool{}) {
		list = append(list, chooser{func(n int) int { return k % n }, func() bool { return true }})
	}
	return append(list, chooser{func(int) int { return 0 }, func() bool { return false }})
}

// widest is the greatest number of arms that a union has.
func widest(o *model.Object, seen map[*model.Object]bool) int {
	if seen[o] {
		return 1
	}
	seen[o] = true
	n := 1
	for _, f := range slices.Concat(o.Fields, []*model.Field{{Type: o.Extra}}) {
		t := f.Type
		for t != nil && (resolve(t).Kind == model.Array || resolve(t).Kind == model.Map) {
			t = resolve(t).Elem
		}
		if t == nil || resolve(t).Kind != model.Ref {
			continue
		}
		switch named := resolve(t).Ref; named.Form {
		case model.StructForm:
			n = max(n, widest(named.Object, seen))
		case model.UnionForm:
			n = max(n, len(named.Union.Arms))
			for _, arm := range named.Union.Arms {
				n = max(n, widest(arm.Struct.Object, seen))
			}
		}
	}
	return n
}
