package catalog

import (
	"strings"

	"github.com/backstory-go/backstory/codegen/model"
)

// component links to a component's page. Of another context than the page's it
// says which.
func (p *page) component(c *model.Component) string {
	text := model.Label(c.Name)
	if own, _, _ := strings.Cut(p.path, "/"); own != c.Context.Name && p.path != indexPath {
		text = model.Label(c.Context.Name) + ": " + text
	}
	return p.link(inline(text), componentPath(c))
}

func (p *page) command(c *model.Command) string {
	return p.link(inline(model.Label(c.Name)), commandPath(c))
}

func (p *page) event(e *model.Event) string { return p.link(inline(model.Label(e.Name)), eventPath(e)) }

func (p *page) commands(list []*model.Command) string {
	out := make([]string, len(list))
	for i, c := range list {
		out[i] = p.command(c)
	}
	return strings.Join(out, ", ")
}

func (p *page) events(list []*model.Event) string {
	out := make([]string, len(list))
	for i, e := range list {
		out[i] = p.event(e)
	}
	return strings.Join(out, ", ")
}

func (p *page) components(list []*model.Component) string {
	out := make([]string, len(list))
	for i, c := range list {
		out[i] = p.component(c)
	}
	return strings.Join(out, ", ")
}

func (p *page) projections(list []*model.Projection) string {
	out := make([]string, len(list))
	for i, x := range list {
		out[i] = p.component(&x.Component)
	}
	return strings.Join(out, ", ")
}

// reactionHeading is what a reaction is called on its component's page.
func reactionHeading(r *model.Reaction) string { return "Reaction " + r.Name }

// step links to a reaction.
func (p *page) step(s step) string {
	text := model.Label(s.owner.Name) + " " + model.Phrase(s.reaction.Name)
	link := p.link(inline(text), componentPath(s.owner)+"#"+slug(reactionHeading(s.reaction)))
	if s.note == "" {
		return link
	}
	return link + " " + s.note
}

func (p *page) steps(list []step) (out []string) {
	for _, s := range list {
		out = append(out, p.step(s))
	}
	return out
}
