package lint

import (
	"slices"
	"strings"

	"github.com/backstory-go/backstory/codegen/model"
)

// step is what leads from one command to the next.
type step struct {
	to  *model.Command
	via string // what happens between the two
	by  *reaction
}

// circles reports circles of reactions without an exit. One that goes round at
// once is an error; one with a delay is a clock, which may be meant.
func (f *flow) circles() {
	reported := map[*model.Command]bool{}
	for _, delays := range []bool{false, true} {
		g := &circling{flow: f, delays: delays, stays: map[*model.Command]bool{}}
		g.shrink()
		for _, c := range f.commands {
			path := g.circle(c)
			if len(path) == 0 || reported[c] {
				continue
			}
			for _, other := range f.commands {
				if other == c || g.leads(c, other) && g.leads(other, c) {
					reported[other] = true
				}
			}
			f.reportCircle(c, path, delays)
		}
	}
}

func (f *flow) reportCircle(c *model.Command, path []step, delayed bool) {
	var text strings.Builder
	text.WriteString(c.Type)
	for _, s := range path {
		text.WriteString(" → " + s.via + " → " + s.to.Type)
	}
	if delayed {
		f.add(Warning, path[0].by.Pos, codeCircle, "let a command on it refuse, or emit an event that nothing on the circle follows",
			"this circle of reactions goes round for ever, though with a delay: %s", text.String())
		return
	}
	f.add(Error, path[0].by.Pos, codeCircle, "let a command on it refuse, or emit an event that nothing on the circle follows",
		"this circle of reactions has no exit: %s", text.String())
}

// circling finds the commands from which every declared outcome leads on, and
// on, without an end.
type circling struct {
	*flow
	delays bool // delayed dispatches count, too
	stays  map[*model.Command]bool
}

// shrink starts with all commands and takes out, until nothing changes, every
// one that has an outcome from which no command is reached that is still in.
func (g *circling) shrink() {
	for _, c := range g.commands {
		g.stays[c] = true
	}
	for changed := true; changed; {
		changed = false
		for _, c := range g.commands {
			if g.stays[c] && g.exits(c) {
				delete(g.stays, c)
				changed = true
			}
		}
	}
}

// exits says whether something may follow from the command that leads nowhere.
func (g *circling) exits(c *model.Command) bool {
	if len(c.Emits) == 0 && len(c.Rejects) == 0 {
		return true
	}
	for _, e := range c.Emits {
		if len(g.after(e)) == 0 {
			return true
		}
	}
	if len(c.Rejects) == 0 {
		return false
	}
	return len(g.senders[c]) == 0 || slices.ContainsFunc(g.senders[c], func(r *reaction) bool {
		return len(g.afterRefusal(r)) == 0
	})
}

// after lists what follows from an event.
func (g *circling) after(e *model.Event) []step {
	var steps []step
	for _, r := range g.followers[e] {
		for _, d := range r.Dispatches {
			if g.stays[d.Command] && (d.After == "" || g.delays) {
				steps = append(steps, step{d.Command, e.Type + " → " + r.name(), r})
			}
		}
	}
	return steps
}

// afterRefusal lists what follows when a command of the reaction is refused.
func (g *circling) afterRefusal(r *reaction) []step {
	var steps []step
	for _, c := range r.OnRefused {
		if g.stays[c] {
			steps = append(steps, step{c, "refused → " + r.name(), r})
		}
	}
	return steps
}

func (g *circling) next(c *model.Command) []step {
	if !g.stays[c] {
		return nil
	}
	var steps []step
	for _, e := range c.Emits {
		steps = append(steps, g.after(e)...)
	}
	if len(c.Rejects) > 0 {
		for _, r := range g.senders[c] {
			steps = append(steps, g.afterRefusal(r)...)
		}
	}
	return steps
}

// circle is the shortest way from a command back to it, nil when there is none.
func (g *circling) circle(c *model.Command) []step { return g.path(c, c) }

func (g *circling) leads(from, to *model.Command) bool { return g.path(from, to) != nil }

func (g *circling) path(from, to *model.Command) []step {
	came := map[*model.Command][]step{}
	queue := []*model.Command{from}
	for len(queue) > 0 {
		c := queue[0]
		queue = queue[1:]
		for _, s := range g.next(c) {
			if came[s.to] != nil {
				continue
			}
			came[s.to] = append(slices.Clone(came[c]), s)
			if s.to == to {
				return came[s.to]
			}
			queue = append(queue, s.to)
		}
	}
	return nil
}
