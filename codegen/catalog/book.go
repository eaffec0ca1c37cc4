package catalog

import (
	"slices"
	"strings"

	"github.com/backstory-go/backstory/codegen/graph"
	"github.com/backstory-go/backstory/codegen/model"
)

// Pages returns the catalog: path below its folder (README.md,
// todos/list/commands/add_item.md, …) → Markdown.
func Pages(sys *model.System) map[string][]byte {
	b := newBook(sys)
	b.index()
	for _, c := range sys.Contexts {
		b.context(c)
		for _, a := range c.Actors {
			b.actor(a)
			for _, cmd := range a.Commands {
				b.command(cmd)
			}
			for _, e := range a.Events {
				b.event(e)
			}
		}
		for _, p := range c.Projections {
			b.projection(p)
		}
		for _, r := range c.Reactors {
			b.reactor(r)
		}
	}
	return b.pages
}

// target is a page and what links to it say.
type target struct{ path, text string }

// step is one reaction with the component that has it.
type step struct {
	owner    *model.Component
	reaction *model.Reaction
	note     string // how it sends a command, when not at once
}

// book holds the pages and the relations that the model has one way only.
type book struct {
	sys       *model.System
	graph     *graph.Whole
	pages     map[string][]byte
	bodies    map[*model.Object]target
	emitters  map[*model.Event][]*model.Command
	settled   map[*model.Event][]*model.Command
	followers map[*model.Event][]*model.Projection
	folders   map[*model.Event][]*model.Component
	steps     map[*model.Event][]step
	senders   map[*model.Command][]step
}

func newBook(sys *model.System) *book {
	b := &book{
		sys: sys, graph: graph.Of(sys), pages: map[string][]byte{},
		bodies:    map[*model.Object]target{},
		emitters:  map[*model.Event][]*model.Command{},
		settled:   map[*model.Event][]*model.Command{},
		followers: map[*model.Event][]*model.Projection{},
		folders:   map[*model.Event][]*model.Component{},
		steps:     map[*model.Event][]step{},
		senders:   map[*model.Command][]step{},
	}
	for _, c := range sys.Contexts {
		for _, a := range c.Actors {
			b.learnActor(a)
		}
		for _, p := range c.Projections {
			for _, e := range p.Projects {
				b.followers[e] = append(b.followers[e], p)
			}
		}
		for _, r := range c.Reactors {
			b.learnFolds(&r.Component, r.Evolves)
			b.learnReactions(&r.Component, r.Reactions)
		}
	}
	return b
}

func (b *book) learnActor(a *model.Actor) {
	for _, c := range a.Commands {
		b.bodies[c.Body] = target{commandPath(c), model.Label(c.Name)}
		for _, e := range c.Emits {
			b.emitters[e] = append(b.emitters[e], c)
		}
		if c.Settles != nil {
			for _, e := range c.Settles.Accepted {
				b.settled[e] = append(b.settled[e], c)
			}
			for _, r := range c.Settles.Refused {
				b.settled[r.Event] = append(b.settled[r.Event], c)
			}
		}
	}
	for _, e := range a.Events {
		b.bodies[e.Body] = target{eventPath(e), model.Label(e.Name)}
	}
	b.learnFolds(&a.Component, a.Evolves)
	b.learnReactions(&a.Component, a.Reactions)
}

func (b *book) learnFolds(c *model.Component, events []*model.Event) {
	for _, e := range events {
		b.folders[e] = append(b.folders[e], c)
	}
}

func (b *book) learnReactions(c *model.Component, reactions []*model.Reaction) {
	for _, r := range reactions {
		for _, e := range r.On {
			b.steps[e] = append(b.steps[e], step{c, r, ""})
		}
		send := func(cmd *model.Command, note string) {
			b.senders[cmd] = append(b.senders[cmd], step{c, r, note})
		}
		for _, d := range r.Dispatches {
			send(d.Command, after(d))
		}
		for _, cmd := range r.OnRefused {
			send(cmd, "when refused")
		}
		for _, cmd := range r.OnParked {
			send(cmd, "when parked")
		}
	}
}

// after words when a command is sent.
func after(d model.Dispatch) string {
	if d.After == "" {
		return ""
	}
	return "after " + code(d.After)
}

const indexPath = "README.md"

func contextPath(c *model.Context) string { return c.Name + "/README.md" }

func componentPath(c *model.Component) string {
	return c.Context.Name + "/" + c.Name + "/README.md"
}

func commandPath(c *model.Command) string {
	return dir(componentPath(&c.Actor.Component)) + "/commands/" + c.Name + ".md"
}

func eventPath(e *model.Event) string {
	return dir(componentPath(&e.Actor.Component)) + "/events/" + e.Name + ".md"
}

// index is the first page.
func (b *book) index() {
	p := b.open(indexPath, "schemas", "Catalog")
	p.line("Every message of the system: what it carries, who sends it, what follows from it.")
	if len(b.sys.Contexts) > 1 {
		if g := b.graph.Overview(""); len(g.Edges) > 0 && len(g.Nodes) <= graph.MaxNodes {
			p.line("```mermaid\n%s```", graph.Mermaid(g))
		}
	}
	for _, c := range b.sys.Contexts {
		p.line("## %s", p.link(inline(model.Label(c.Name)), contextPath(c)))
		p.contents(c)
	}
	p.close()
}

// context is the page of one context.
func (b *book) context(c *model.Context) {
	p := b.open(contextPath(c), "schemas/"+c.Name, model.Label(c.Name), indexPath, "Catalog")
	if g := b.graph.Overview(c.Name); len(g.Edges) > 0 && len(g.Nodes) <= graph.MaxNodes {
		p.line("```mermaid\n%s```", graph.Mermaid(g))
	}
	p.contents(c)
	p.close()
}

// contents lists the components of a context with their messages.
func (p *page) contents(c *model.Context) {
	for _, a := range c.Actors {
		p.line("### Actor %s", p.component(&a.Component))
		if a.Doc != "" {
			p.line("%s", inline(firstSentence(a.Doc)))
		}
		var rows [][]string
		for _, cmd := range a.Commands {
			rows = append(rows, []string{p.command(cmd), commandKind(cmd), inline(firstSentence(cmd.Doc)), p.events(cmd.Emits)})
		}
		for _, e := range a.Events {
			rows = append(rows, []string{p.event(e), eventKind(e), inline(firstSentence(e.Doc)), p.followed(e)})
		}
		p.table([]string{"message", "kind", "what it says", "what follows"}, rows)
	}
	var rows [][]string
	for _, x := range c.Projections {
		rows = append(rows, []string{p.component(&x.Component), "projection", inline(firstSentence(x.Doc)), p.events(x.Projects), ""})
	}
	for _, r := range c.Reactors {
		rows = append(rows, []string{p.component(&r.Component), "reactor", inline(firstSentence(r.Doc)), p.events(reactedTo(r)), p.effects(r)})
	}
	if len(rows) > 0 {
		p.line("### Read models and automations")
		p.table([]string{"component", "kind", "what it does", "events", "what follows"}, rows)
	}
}

func commandKind(c *model.Command) string {
	if c.Internal {
		return "internal command"
	}
	return "command"
}

func eventKind(e *model.Event) string {
	if e.Retired {
		return "retired event"
	}
	return "event"
}

// followed lists what takes an event up.
func (p *page) followed(e *model.Event) string {
	var out []string
	for _, x := range p.book.followers[e] {
		out = append(out, p.component(&x.Component))
	}
	for _, s := range p.book.steps[e] {
		out = append(out, p.step(s))
	}
	return strings.Join(out, ", ")
}

// effects are what a reactor sends and whom it calls outside, each once.
func (p *page) effects(r *model.Reactor) string {
	var out []string
	add := func(text string) {
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	for _, reaction := range r.Reactions {
		for _, d := range reaction.Dispatches {
			add(p.command(d.Command))
		}
		for _, c := range slices.Concat(reaction.OnRefused, reaction.OnParked) {
			add(p.command(c))
		}
	}
	for _, reaction := range r.Reactions {
		for _, system := range reaction.Calls {
			add("calls " + inline(system))
		}
	}
	return strings.Join(out, ", ")
}

// reactedTo are the events of a reactor's reactions, each once.
func reactedTo(r *model.Reactor) (events []*model.Event) {
	seen := map[*model.Event]bool{}
	for _, reaction := range r.Reactions {
		for _, e := range reaction.On {
			if !seen[e] {
				seen[e] = true
				events = append(events, e)
			}
		}
	}
	return events
}
