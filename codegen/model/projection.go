package model

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/backstory-go/backstory/codegen/source"
)

func (b *builder) finishProjection(c *component) {
	root, p := c.main.root, c.projection
	p.Projects = b.events(c.main, root.Get("x-projects"))
	b.folds(c, root.Get("x-projects"))
	b.columns(p)
	for _, name := range texts(root.Get("x-key")) {
		field := b.keyField(p.Row, name, codeKey, "the row")
		if field != nil && slices.Contains(p.Key, field) {
			b.twice(name)
			continue
		}
		if field != nil {
			p.Key = append(p.Key, field)
		}
	}
	if list := root.Get("x-indexes"); list.Is(source.Array) {
		for _, index := range list.Items {
			if index.Is(source.Object) {
				b.search(p, index.Get("search"))
				continue
			}
			p.Indexes = append(p.Indexes, b.index(p, index))
		}
	}
	b.queries(c, root.Get("x-queries"))
}

// columns wants every property to be what a column can hold.
func (b *builder) columns(p *Projection) {
	if p.Row == nil {
		return
	}
	if p.Row.Additional == Typed {
		b.fault(p.Row.Pos, codeColumn, "keep them in one property that is a map", "a table has fixed columns, so additionalProperties cannot have a schema here")
	}
	for _, field := range p.Row.Fields {
		if field.Type.Nullable && !field.Required && field.Default == nil {
			b.fault(field.Pos, codeColumn, "make it required, or do not let it be null", "the column %q may be absent and null, but SQL has only one NULL", field.Name)
		}
	}
}

// rowField finds a property of the row, and complains when there is none.
func (b *builder) rowField(p *Projection, n *source.Node, name string) *Field {
	if p.Row == nil {
		return nil
	}
	field := p.Row.field(name)
	if field == nil {
		b.fault(n.Pos(), codeProperty, suggestion(name, p.Row.fieldList(), "name a property of the projection, or declare this one"), "the projection has no property %q", name)
	}
	return field
}

func (b *builder) index(p *Projection, n *source.Node) []*Field {
	var out []*Field
	for _, name := range texts(n) {
		field := b.rowField(p, name, name.Text)
		if field != nil && slices.Contains(out, field) {
			b.twice(name)
			continue
		}
		if field != nil {
			out = append(out, field)
		}
	}
	return out
}

// search is an index over the words of a text.
func (b *builder) search(p *Projection, name *source.Node) {
	if !name.Is(source.String) {
		return
	}
	field := b.rowField(p, name, name.Text)
	switch {
	case field == nil:
	case field.Type.Kind != String:
		b.fault(name.Pos(), codeQuery, "keep the words to be found in a property of its own, a string", "%q is no text, so it has no words to search for", field.Name)
	case slices.Contains(p.Searches, field):
		b.twice(name)
	default:
		p.Searches = append(p.Searches, field)
	}
}

func (b *builder) queries(c *component, n *source.Node) {
	if !n.Is(source.Object) {
		return
	}
	seen := map[string]*Query{}
	for _, m := range n.Members {
		if !m.Value.Is(source.Object) {
			continue
		}
		if !validName(m.Key) {
			b.fault(m.Pos(), codeName, "use lower-case words joined by single underscores, such as by_status", "%q is no name for a query", m.Key)
		}
		if slices.Contains([]string{"get", "put", "patch", "delete", "list"}, m.Key) {
			b.fault(m.Pos(), codeReservedName, "choose another name, such as "+m.Key+"_by_name", "every projection has a query %q already", m.Key)
		}
		q := b.query(c, m)
		if other := seen[q.GoName]; other != nil {
			b.fault(m.Pos(), codeCollision, "rename one of the two", "the queries %q and %q would both be %s in Go", other.Name, q.Name, q.GoName)
		}
		seen[q.GoName] = q
		c.projection.Queries = append(c.projection.Queries, q)
	}
	slices.SortFunc(c.projection.Queries, func(x, y *Query) int { return strings.Compare(x.Name, y.Name) })
}

func (b *builder) query(c *component, m *source.Member) *Query {
	q := &Query{Name: m.Key, GoName: m.Value.Get("x-go-name").Str(), One: m.Value.Get("one").True(), Pos: m.Pos()}
	if q.GoName == "" {
		q.GoName, _ = goName(m.Key)
	}
	q.Limit, _ = strconv.Atoi(canonicalInteger(m.Value.Get("limit")))
	if limit := m.Value.Member("limit"); limit != nil && q.One {
		b.fault(limit.Pos(), codeQuery, "delete one of the two", "a query for one row has no pages")
	}
	if where := m.Value.Get("where"); where.Is(source.Array) {
		for _, item := range where.Items {
			if cond, ok := b.condition(c, item); ok {
				q.Where = append(q.Where, cond)
			}
		}
	}
	for _, item := range texts(m.Value.Get("order")) {
		name, desc := strings.CutPrefix(item.Text, "-")
		if field := b.rowField(c.projection, item, name); field != nil {
			q.Order = append(q.Order, Ordering{Field: field, Desc: desc})
		}
	}
	return q
}

func (b *builder) condition(c *component, n *source.Node) (Condition, bool) {
	cond := Condition{Op: "="}
	name := n
	if n.Is(source.Object) {
		name = n.Get("property")
		cond.Op = n.Get("op").Str()
		cond.Value = raw(n.Get("value"))
	}
	if !name.Is(source.String) {
		return cond, false
	}
	cond.Field = b.rowField(c.projection, name, name.Text)
	if cond.Field == nil {
		return cond, false
	}
	b.checkCondition(c, n, cond)
	return cond, true
}

func (b *builder) checkCondition(c *component, n *source.Node, cond Condition) {
	value := n.Get("value")
	field := cond.Field
	at := n.Pos()
	switch cond.Op {
	case "is_null":
		if field.Required && !field.Type.Nullable || field.Default != nil {
			b.fault(at, codeQuery, "delete the condition, or make the property optional", "%q is never null", field.Name)
		}
		if value != nil && !value.Is(source.Bool) {
			b.fault(value.Pos(), codeQuery, "write true, false or nothing", "is_null is compared with true or false only")
		}
		return
	case "like":
		if field.Type.Kind != String {
			b.fault(at, codeQuery, "compare it with = or another operator", "the operator like is for text, and %q is none", field.Name)
		}
	case "search":
		b.checkSearch(c.projection, at, field, value)
		return
	}
	if !scalar(field.Type) {
		b.fault(at, codeQuery, "keep what you want to compare in a property of its own", "%q is not one value, so it cannot be compared", field.Name)
		return
	}
	b.checkOperand(c, cond, value)
}

// checkSearch wants the index that a search would read all rows without.
func (b *builder) checkSearch(p *Projection, at source.Pos, field *Field, value *source.Node) {
	if !slices.Contains(p.Searches, field) {
		b.fault(at, codeQuery, fmt.Sprintf(`add {"search": %q} to x-indexes`, field.Name), "no index has the words of %q", field.Name)
	}
	if value != nil {
		b.fault(value.Pos(), codeQuery, "delete the value", "what is searched for is always a parameter")
	}
}

// checkOperand compares a fixed value with the property's own schema.
func (b *builder) checkOperand(c *component, cond Condition, value *source.Node) {
	schema := c.main.root.Get("properties").Get(cond.Field.Name)
	if value == nil || schema == nil || cond.Op == "like" {
		return
	}
	values := []*source.Node{value}
	if cond.Op == "in" {
		if !value.Is(source.Array) {
			b.fault(value.Pos(), codeQuery, "write an array of values", "the operator in compares with an array")
			return
		}
		values = value.Items
	}
	for _, v := range values {
		b.instances = append(b.instances, instance{c.main, schema, v, codeQuery, "the property can never have this value"})
	}
}
