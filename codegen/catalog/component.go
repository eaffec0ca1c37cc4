package catalog

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/backstory-go/backstory/codegen/model"
)

func (b *book) component(c *model.Component, kind string) *page {
	p := b.open(componentPath(c), c.Pos.File, model.Label(c.Name), indexPath, "Catalog", contextPath(c.Context), model.Label(c.Context.Name))
	p.line("%s %s", kind, code(c.Type()))
	p.doc(c.Doc)
	return p
}

// end draws the component and closes its page.
func (p *page) end(c *model.Component) {
	p.picture(p.book.graph.Component(c.Type()))
	p.close()
}

func lane(c *model.Component) string { return inline(c.Lane) }

func (b *book) actor(a *model.Actor) {
	p := b.component(&a.Component, "Actor")
	snapshots := ""
	if a.SnapshotEvery > 0 {
		snapshots = "every " + count(int64(a.SnapshotEvery), "event")
	}
	p.facts(
		"Identified by", p.identity(a),
		"Part of", lane(&a.Component),
		"Snapshots", snapshots,
		"Decides over", boundary(a),
		"Also folds", p.events(a.Evolves),
	)
	p.messages(a)
	p.line("## State")
	p.fields(a.State)
	p.refusals(a.Refusals)
	p.reactions(a.Reactions)
	p.end(&a.Component)
}

// identity says what tells the actor's streams apart.
func (p *page) identity(a *model.Actor) string {
	text := joined(p.typ(a.ID.Type), typeRules(a.ID.Type))
	if len(a.ID.Composite) > 0 {
		text = "the fields " + codes(a.ID.Composite) + " of the command that begins it"
	}
	for _, step := range a.ID.Normalize {
		text += "; " + map[string]string{"trim": "white space at both ends is cut off", "fold": "case does not matter"}[step]
	}
	return text
}

// boundary says which events a boundary actor's decisions rest on.
func boundary(a *model.Actor) string {
	var out []string
	for _, tag := range a.Boundary {
		out = append(out, "tag "+code(tag.Tag)+" of "+codes(tag.Properties))
	}
	return strings.Join(out, ", ")
}

// messages writes an actor's tables of commands and events.
func (p *page) messages(a *model.Actor) {
	var rows [][]string
	for _, c := range a.Commands {
		name := p.command(c)
		if c.Internal {
			name += " (internal)"
		}
		codes := make([]string, len(c.Rejects))
		for i, r := range c.Rejects {
			codes[i] = code(r.Code)
		}
		rows = append(rows, []string{name, inline(firstSentence(c.Doc)), p.events(c.Emits), strings.Join(codes, ", ")})
	}
	if len(rows) > 0 {
		p.line("## Commands")
		p.table([]string{"command", "what it does", "events", "refusals"}, rows)
	}
	rows = nil
	for _, e := range a.Events {
		name := p.event(e)
		if e.Retired {
			name += " (retired)"
		}
		rows = append(rows, []string{name, inline(firstSentence(e.Doc)), strconv.Itoa(e.Version), p.followed(e)})
	}
	if len(rows) > 0 {
		p.line("## Events")
		p.table([]string{"event", "what it says", "version", "who follows"}, rows)
	}
}

// reactions writes what a component does when events are stored.
func (p *page) reactions(list []*model.Reaction) {
	for i, r := range list {
		if i == 0 {
			p.line("## Reactions")
		}
		p.line("### %s", headingText(reactionHeading(r)))
		p.doc(r.Doc)
		var sends []string
		for _, d := range r.Dispatches {
			sends = append(sends, strings.TrimSpace(p.command(d.Command)+" "+after(d)))
		}
		p.facts(
			"On", p.events(r.On),
			"Sends", strings.Join(sends, ", "),
			"When one is refused", ignored(p.commands(r.OnRefused), r.AnswersRefused),
			"When it is parked", ignored(p.commands(r.OnParked), r.AnswersParked),
			"Calls", inline(strings.Join(r.Calls, ", ")),
		)
	}
}

// headingText keeps underscores as they are: in a word they mean nothing, and
// an escape would show in what some forges make of a heading.
func headingText(text string) string { return strings.ReplaceAll(inline(text), `\_`, "_") }

// ignored says that a case was thought of, though nothing is sent.
func ignored(commands string, answered bool) string {
	if commands == "" && answered {
		return "nothing is sent"
	}
	return commands
}

func (b *book) projection(x *model.Projection) {
	p := b.component(&x.Component, "Projection")
	p.facts(
		"Table", code(x.Table),
		"Key", fieldNames(x.Key),
		"Part of", lane(&x.Component),
		"Follows", p.events(x.Projects),
		"Indexes", indexes(x),
	)
	p.line("## Fields of a row")
	p.fields(x.Row)
	var rows [][]string
	for _, q := range x.Queries {
		rows = append(rows, []string{code(q.Name), where(q), order(q), limits(q)})
	}
	if len(rows) > 0 {
		p.line("## Queries")
		p.table([]string{"query", "where", "order", "gives"}, rows)
	}
	p.end(&x.Component)
}

func fieldNames(fields []*model.Field) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	return codes(names)
}

func indexes(x *model.Projection) string {
	var out []string
	for _, index := range x.Indexes {
		out = append(out, fieldNames(index))
	}
	for _, field := range x.Searches {
		out = append(out, "the words of "+code(field.Name))
	}
	return strings.Join(out, "; ")
}

func where(q *model.Query) string {
	var out []string
	for _, c := range q.Where {
		switch {
		case c.Op == "is_null":
			out = append(out, code(c.Field.Name)+" is null")
		case c.Value != nil:
			out = append(out, code(c.Field.Name)+" "+inline(c.Op)+" "+code(compact(c.Value)))
		default:
			out = append(out, code(c.Field.Name)+" "+inline(c.Op)+" …")
		}
	}
	return strings.Join(out, ", ")
}

func order(q *model.Query) string {
	var out []string
	for _, o := range q.Order {
		text := code(o.Field.Name)
		if o.Desc {
			text += " downwards"
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

func limits(q *model.Query) string {
	switch {
	case q.One:
		return "one row"
	case q.Limit > 0:
		return "pages of " + count(int64(q.Limit), "row")
	}
	return "all rows"
}

func (b *book) reactor(r *model.Reactor) {
	p := b.component(&r.Component, "Reactor")
	p.facts(
		"Part of", lane(&r.Component),
		"Folds", p.events(r.Evolves),
		"Key", keys(r),
	)
	if r.State != nil {
		p.line("## State")
		p.fields(r.State)
	}
	p.reactions(r.Reactions)
	p.end(&r.Component)
}

// keys says by what a reactor keeps its state and its order.
func keys(r *model.Reactor) string {
	var out []string
	for _, event := range slices.Sorted(maps.Keys(r.Key)) {
		by := code(r.Key[event])
		if r.Key[event] == "$stream" {
			by = "the stream"
		}
		out = append(out, by+" of "+code(event))
	}
	return strings.Join(out, ", ")
}
