package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/backstory-go/backstory/codegen/model"
	"github.com/backstory-go/backstory/codegen/source"
)

// Flow finds what is wrong with the flow of messages: it needs the schemas and
// no code. The findings are sorted by place; nil means that there are none.
func Flow(sys *model.System) []Finding {
	f := index(sys)
	for _, ctx := range sys.Contexts {
		for _, a := range ctx.Actors {
			f.actor(a)
		}
		for _, p := range ctx.Projections {
			f.projection(p)
		}
	}
	for _, r := range f.reactions {
		f.answers(r)
	}
	f.circles()
	return sorted(f.findings)
}

// index notes who does what with which message.
func index(sys *model.System) *flow {
	f := &flow{
		emitted:   map[*model.Event]bool{},
		heard:     map[*model.Event]bool{},
		sent:      map[*model.Command]bool{},
		followers: map[*model.Event][]*reaction{},
		senders:   map[*model.Command][]*reaction{},
		places:    map[source.Pos]bool{},
	}
	for _, ctx := range sys.Contexts {
		f.context(ctx)
	}
	return f
}

// flow is one run: who does what with which message.
type flow struct {
	findings  []Finding
	commands  []*model.Command
	reactions []*reaction
	emitted   map[*model.Event]bool // by a command
	heard     map[*model.Event]bool // by anything but its own actor's state
	sent      map[*model.Command]bool
	followers map[*model.Event][]*reaction
	senders   map[*model.Command][]*reaction // by dispatches; on_refused and on_parked have no one to answer
	places    map[source.Pos]bool            // integers found already: several commands may share a type
}

// reaction is a reaction and whose it is.
type reaction struct {
	*model.Reaction
	owner *model.Component
}

func (r *reaction) name() string { return r.owner.Type() + "." + r.Name }

func (f *flow) add(level Level, pos source.Pos, code, remedy, message string, args ...any) {
	f.findings = append(f.findings, Finding{Level: level, Pos: pos, Code: code, Message: fmt.Sprintf(message, args...), Remedy: remedy})
}

func (f *flow) context(ctx *model.Context) {
	for _, a := range ctx.Actors {
		for _, c := range a.Commands {
			f.commands = append(f.commands, c)
			mark(f.emitted, c.Emits)
			f.settles(c.Settles)
		}
		mark(f.heard, a.Evolves)
		f.follow(&a.Component, a.Reactions)
	}
	for _, r := range ctx.Reactors {
		mark(f.heard, r.Evolves)
		f.follow(&r.Component, r.Reactions)
	}
	for _, p := range ctx.Projections {
		mark(f.heard, p.Projects)
	}
}

func mark[M any](set map[*M]bool, messages []*M) {
	for _, m := range messages {
		set[m] = true
	}
}

// settles counts whoever waits for a command's outcome as hearing its events.
func (f *flow) settles(s *model.Settles) {
	if s == nil {
		return
	}
	mark(f.heard, s.Accepted)
	for _, refused := range s.Refused {
		f.heard[refused.Event] = true
	}
}

func (f *flow) follow(owner *model.Component, reactions []*model.Reaction) {
	for _, m := range reactions {
		r := &reaction{m, owner}
		f.reactions = append(f.reactions, r)
		mark(f.heard, r.On)
		mark(f.sent, r.OnRefused)
		mark(f.sent, r.OnParked)
		for _, e := range r.On {
			f.followers[e] = append(f.followers[e], r)
		}
		for _, d := range r.Dispatches {
			f.sent[d.Command] = true
			f.senders[d.Command] = append(f.senders[d.Command], r)
		}
	}
}

func (f *flow) actor(a *model.Actor) {
	for _, e := range a.Events {
		f.event(a, e)
	}
	for _, c := range a.Commands {
		f.command(c)
	}
	for _, r := range a.Refusals {
		if !slices.ContainsFunc(a.Commands, func(c *model.Command) bool { return gives(c, r) }) {
			f.add(Warning, r.Pos, codeUnusedCode, fmt.Sprintf("write \"x-rejects\": [%q] in the commands that can be refused so, or delete it", r.Code),
				"no command of %s gives the refusal %s", a.Type(), r.Code)
		}
	}
}

func gives(c *model.Command, r *model.Refusal) bool {
	later := c.Settles != nil && slices.ContainsFunc(c.Settles.Refused, func(s model.SettledRefusal) bool { return s.Refusal == r })
	return later || slices.Contains(c.Rejects, r)
}

func (f *flow) event(a *model.Actor, e *model.Event) {
	if e.Retired {
		return // only old ones are read, and whoever used them may be gone
	}
	if !f.emitted[e] {
		f.add(Error, e.Pos, codeUnemitted, "add it to the \"x-emits\" of a command of "+a.Type()+", or write \"x-retired\": true",
			"no command emits %s, so it can never happen", e.Type)
	}
	if !f.heard[e] && stateless(a.State) {
		f.add(Warning, e.Pos, codeUnheard, "project it, react to it, or give "+a.Type()+" a state that it changes",
			"nobody folds, projects or reacts to %s", e.Type)
	}
}

func stateless(o *model.Object) bool { return o == nil || len(o.Fields) == 0 && o.Extra == nil }

func (f *flow) projection(p *model.Projection) {
	if len(p.Queries) > 0 || len(p.Key) < 2 {
		return
	}
	names := make([]string, len(p.Key))
	for i, field := range p.Key {
		names[i] = field.Name
	}
	f.add(Warning, p.Pos, codeUnread, "declare in \"x-queries\" how it is read, such as all rows of one "+names[0],
		"%s has no query, so it can be read only with all of %s in hand, or as a whole", p.Type(), strings.Join(names, ", "))
}

// answers wants a reaction to say what follows from a refusal.
func (f *flow) answers(r *reaction) {
	if r.AnswersRefused {
		return
	}
	var refused []string
	for _, d := range r.Dispatches {
		if len(d.Command.Rejects) == 0 {
			continue
		}
		codes := make([]string, len(d.Command.Rejects))
		for i, refusal := range d.Command.Rejects {
			codes[i] = refusal.Code
		}
		refused = append(refused, d.Command.Type+" is refused ("+strings.Join(codes, ", ")+")")
	}
	if len(refused) > 0 {
		f.add(Error, r.Pos, codeUnanswered, "add \"on_refused\" with the commands to send then, or \"on_refused\": [] to ignore it knowingly",
			"%s does not say what follows when %s", r.name(), strings.Join(refused, " or when "))
	}
}
