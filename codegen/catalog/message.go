package catalog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/backstory-go/backstory/codegen/contract"
	"github.com/backstory-go/backstory/codegen/model"
)

// hidden stands where a personal value stood.
const hidden = "…"

// message begins the page of a command or an event.
func (b *book) message(m *model.Message, a *model.Actor, path string) *page {
	return b.open(path, m.Pos.File, model.Label(m.Name),
		indexPath, "Catalog", contextPath(a.Context), model.Label(a.Context.Name), componentPath(&a.Component), model.Label(a.Name))
}

// doc writes a description, if there is one.
func (p *page) doc(text string) {
	if text = strings.TrimRight(block(text), "\n"); text != "" {
		p.line("%s", text)
	}
}

func (b *book) command(c *model.Command) {
	p := b.message(&c.Message, c.Actor, commandPath(c))
	p.line("%s %s", model.Label(commandKind(c)), code(c.Type))
	p.doc(c.Doc)
	senders := p.steps(b.senders[c])
	if !c.Internal {
		senders = append([]string{"pages, the API and the command line"}, senders...)
	}
	past := ""
	if c.Past {
		past = "its handler also reads the stream's past"
	}
	p.facts(
		"Sent by", strings.Join(senders, ", "),
		"Handled by", p.component(&c.Actor.Component),
		"Stream", stream(c.Creates),
		"Emits", p.events(c.Emits),
		"Projections that follow", p.projections(b.following(c)),
		"Past", past,
	)
	p.settles(c)
	p.line("## Fields")
	p.fields(c.Body)
	p.examples(&c.Message)
	p.refusals(c.Rejects)
	p.neighbours(&c.Message)
	p.close()
}

// stream says on which streams a command works.
func stream(creates model.Creates) string {
	switch creates {
	case model.CreatesYes:
		return "begins one; refused with `already_exists` when there is one"
	case model.CreatesOrUpdates:
		return "begins one, or goes on with it"
	}
	return "goes on with one; refused with `not_found` when there is none"
}

// following are the projections that take up what a command emits.
func (b *book) following(c *model.Command) (out []*model.Projection) {
	for _, e := range c.Emits {
		for _, x := range b.followers[e] {
			if !slices.Contains(out, x) {
				out = append(out, x)
			}
		}
	}
	return out
}

// settles says when the outcome of a command comes later.
func (p *page) settles(c *model.Command) {
	if c.Settles == nil {
		return
	}
	p.line("## Outcome")
	p.line("It comes later, with the first of these events that follows from the command; whoever waits is told after %s.", code(c.Settles.Within))
	rows := [][]string{}
	for _, e := range c.Settles.Accepted {
		rows = append(rows, []string{p.event(e), "accepted", ""})
	}
	for _, r := range c.Settles.Refused {
		rows = append(rows, []string{p.event(r.Event), "refused, " + code(r.Refusal.Code), inline(r.Refusal.Text)})
	}
	p.table([]string{"event", "outcome", "why"}, rows)
}

func (b *book) event(e *model.Event) {
	p := b.message(&e.Message, e.Actor, eventPath(e))
	p.line("%s %s, version %d", model.Label(eventKind(e)), code(e.Type), e.Version)
	p.doc(e.Doc)
	retired := ""
	if e.Retired {
		retired = "it stays in the log and is no longer emitted"
	}
	folded := append([]*model.Component{&e.Actor.Component}, b.folders[e]...)
	p.facts(
		"Emitted by", p.commands(b.emitters[e]),
		"Folded by", p.components(folded),
		"Projections that follow", p.projections(b.followers[e]),
		"Reactions", strings.Join(p.steps(b.steps[e]), ", "),
		"Settles", p.commands(b.settled[e]),
		"Retired", retired,
		"Was called", codes(e.RenamedFrom),
		"Earlier versions", p.versions(e),
	)
	p.line("## Fields")
	p.fields(e.Body)
	p.examples(&e.Message)
	for _, older := range slices.Backward(e.Older) {
		p.line("## Version %d", older.Version)
		p.doc(older.Doc)
		p.fields(older.Body)
	}
	p.neighbours(&e.Message)
	p.close()
}

// versions links to the older versions below.
func (p *page) versions(e *model.Event) string {
	var out []string
	for _, older := range slices.Backward(e.Older) {
		out = append(out, fmt.Sprintf("[%d](#version-%[1]d)", older.Version))
	}
	return strings.Join(out, ", ")
}

// examples shows a message's examples, without what is personal.
func (p *page) examples(m *model.Message) {
	if len(m.Examples) == 0 {
		return
	}
	p.line("## Examples")
	anyHidden := false
	for _, e := range m.Examples {
		shown, personal := contract.Redact(m.Body, e, hidden)
		anyHidden = anyHidden || personal
		p.line("```json\n%s\n```", indented(shown))
	}
	if anyHidden {
		p.line("Personal data is left out: `%s`.", hidden)
	}
}

func indented(raw json.RawMessage) string {
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		return string(raw)
	}
	return b.String()
}

// refusals writes a table of refusals, if there are any.
func (p *page) refusals(list []*model.Refusal) {
	var rows [][]string
	for _, r := range list {
		at := ""
		if r.At != "" {
			at = code(r.At)
		}
		rows = append(rows, []string{code(r.Code), inline(r.Text), at, p.data(r.Data)})
	}
	if len(rows) > 0 {
		p.line("## Refusals")
		p.table([]string{"code", "what people read", "shown at", "carries"}, rows)
	}
}

// data says what a refusal carries.
func (p *page) data(o *model.Object) string {
	if o == nil {
		return ""
	}
	var out []string
	for _, f := range o.Fields {
		text := code(f.Name) + " (" + joined(p.typ(f.Type), fieldRules(f)) + ")"
		if f.Doc != "" {
			text += ": " + inline(f.Doc)
		}
		out = append(out, text)
	}
	return strings.Join(out, "<br>")
}

func (p *page) neighbours(m *model.Message) {
	if g, ok := p.book.graph.Message(m.Type); ok {
		p.picture(g)
	}
}
