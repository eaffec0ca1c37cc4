package catalog

import (
	"strings"

	"github.com/backstory-go/backstory/codegen/model"
)

// enumInline is how many values a table shows in place.
const enumInline = 8

// typ says in words what a value is, linked to what describes it.
func (p *page) typ(t *model.Type) string {
	text := p.plain(t)
	if t.Nullable {
		text += " or null"
	}
	return text
}

func (p *page) plain(t *model.Type) string {
	switch t.Kind {
	case model.Array:
		return "list of " + p.typ(t.Elem)
	case model.Map:
		if t.KeyUUID {
			return "map of uuid to " + p.typ(t.Elem)
		}
		return "map of text to " + p.typ(t.Elem)
	case model.Ref:
		return p.named(t.Ref)
	case model.ID:
		return "id of " + p.component(&t.Actor.Component)
	case model.Const:
		return "always " + code(compact(t.Const))
	}
	return scalar(t.Kind)
}

func scalar(k model.Kind) string {
	switch k {
	case model.UUID:
		return "uuid"
	case model.DateTime:
		return "date and time"
	case model.Date:
		return "date"
	case model.Time:
		return "time of day"
	case model.Duration:
		return "duration"
	case model.Integer:
		return "whole number"
	case model.Number:
		return "number"
	case model.Boolean:
		return "true or false"
	}
	return "text"
}

// named links to a message's page, or to the description at the end of this
// page. A short enum is shown in place.
func (p *page) named(n *model.Named) string {
	if target, ok := p.book.bodies[n.Object]; ok && n.Object != nil {
		return p.link(target.text, target.path)
	}
	if n.Form == model.AliasForm {
		return p.typ(n.Alias)
	}
	if n.Form == model.EnumForm && len(n.Enum) <= enumInline {
		values := make([]string, len(n.Enum))
		for i, v := range n.Enum {
			values[i] = v.Value
		}
		return "one of " + codes(values)
	}
	heading := "Type " + p.name(n)
	return "[" + p.name(n) + "](#" + slug(heading) + ")"
}

// name is what the page calls a type; two of one name are told apart by where
// they come from.
func (p *page) name(n *model.Named) string {
	if name, ok := p.names[n]; ok {
		return name
	}
	name := n.GoName
	if p.taken[slug(name)] != nil {
		name += " of " + strings.ReplaceAll(strings.TrimPrefix(n.Package, "generated/"), "/", " ")
	}
	p.names[n], p.taken[slug(name)] = name, n
	p.types = append(p.types, n)
	return name
}

// describe writes what a type is made of.
func (p *page) describe(n *model.Named) {
	p.line("### Type %s", p.name(n))
	if n.Doc != "" {
		p.line("%s", strings.TrimRight(block(n.Doc), "\n"))
	}
	switch n.Form {
	case model.EnumForm:
		for _, v := range n.Enum {
			p.text.WriteString("- " + code(v.Value) + "\n")
		}
		p.text.WriteByte('\n')
	case model.UnionForm:
		var rows [][]string
		for _, arm := range n.Union.Arms {
			rows = append(rows, []string{code(arm.Value), p.named(arm.Struct), inline(firstSentence(arm.Struct.Doc))})
		}
		p.line("One of these, told apart by %s:", code(n.Union.Tag))
		p.table([]string{code(n.Union.Tag), "type", "description"}, rows)
	default:
		p.fields(n.Object)
	}
}
