package model

import (
	"cmp"
	"slices"
	"strings"

	"github.com/backstory-go/backstory/codegen/source"
)

// claim is one use of a Go name in a package.
type claim struct {
	pos  source.Pos
	what string
}

// claim notes that generated code needs a Go name. Clashes are judged at the
// end, in the order of positions, so that the second of two is blamed whatever
// the order of the walk was.
func (b *builder) claim(pkg, name string, pos source.Pos, what string) {
	if name == "" {
		return
	}
	if b.claims[pkg] == nil {
		b.claims[pkg] = map[string][]claim{}
	}
	b.claims[pkg][name] = append(b.claims[pkg][name], claim{pos, what})
}

func (b *builder) checkCollisions() {
	b.eachComponent(b.claimNames)
	for _, ctxName := range sortedKeys(b.contexts) {
		b.claimComponents(b.contexts[ctxName])
	}
	for _, pkg := range sortedKeys(b.claims) {
		for _, name := range sortedKeys(b.claims[pkg]) {
			b.judge(pkg, name, b.claims[pkg][name])
		}
	}
}

func (b *builder) judge(pkg, name string, claims []claim) {
	slices.SortStableFunc(claims, func(x, y claim) int {
		return cmp.Or(x.pos.Compare(y.pos), strings.Compare(x.what, y.what))
	})
	for i, c := range claims[1:] {
		other := claims[i]
		if c == other {
			continue
		}
		where := "in the package " + pkg
		if strings.Contains(pkg, " ") {
			where = pkg
		}
		pos := c.pos
		otherPlace := " (" + other.pos.String() + ")"
		if c.pos.File == "" { // a fixed name: the schema's side is the place to act
			pos, c, other = other.pos, other, c
		}
		if other.pos.File == "" {
			otherPlace = ""
		}
		b.fault(pos, codeCollision, "write \"x-go-name\" with another name on one of the two, or rename it", "the Go name %s would stand twice %s: for %s and for %s%s", name, where, c.what, other.what, otherPlace)
	}
}

// claimNames notes the Go names that a component's package and handler need.
func (b *builder) claimNames(c *component) {
	pkg := c.pkg()
	methods := "in the handler of " + c.context.name + "." + c.name
	for _, name := range fixedNames(c.kind()) {
		b.claim(pkg, name, source.Pos{}, "generated code")
	}
	for _, name := range sortedKeys(c.commandsOut) {
		cmd := c.commandsOut[name]
		what := "the command " + name
		b.claim(pkg, cmd.GoName, cmd.Pos, what)
		b.claim(pkg, "Read"+cmd.GoName, cmd.Pos, "the reader of "+what)
		b.claim(pkg, "Decode"+cmd.GoName, cmd.Pos, "the decoder of "+what)
		b.claim(pkg, cmd.GoName+"Emitter", cmd.Pos, "the emitter of "+what)
		if cmd.Past {
			b.claim(pkg, "Past", source.Pos{}, "generated code")
		}
		if len(cmd.Rejects) > 0 {
			b.claim(pkg, cmd.GoName+"Refusal", cmd.Pos, "the refusals of "+what)
		}
		b.claim(methods, cmd.GoName, cmd.Pos, what)
	}
	for _, name := range sortedKeys(c.eventsOut) {
		if c.commandsOut[name] == nil { // else the two have a fault of their own
			b.claimEvent(pkg, methods, c.eventsOut[name])
		}
	}
	for _, code := range sortedKeys(c.refusals) {
		r := c.refusals[code]
		b.claim(pkg, r.GoName, r.Pos, "the refusal "+code)
	}
	b.claimHandler(c, methods)
}

// fixedNames are the types that every package of the kind has.
func fixedNames(kind string) []string {
	switch kind {
	case "actor":
		return []string{"State", "NewState", "Decider", "Evolver", "Upcaster", "Handler", "Given", "GivenCommand", "GivenState", "Describe", "CommandTypes", "EventTypes", "Properties", "Fuzz"}
	case "projection":
		return []string{"Row", "Rows", "Key", "KeyOf", "Projector", "Given"}
	case "reactor":
		return []string{"State", "NewState", "Evolver", "Handler", "Given"}
	}
	return nil
}

func (b *builder) claimEvent(pkg, methods string, e *Event) {
	what := "the event " + e.Name
	b.claim(pkg, e.GoName, e.Pos, what)
	b.claim(pkg, "Read"+e.GoName, e.Pos, "the reader of "+what)
	b.claim(pkg, "Decode"+e.GoName, e.Pos, "the decoder of "+what)
	b.claim(pkg, "DecodeStored"+e.GoName, e.Pos, "the stored decoder of "+what)
	b.claim(methods, e.GoName, e.Pos, what)
	for _, old := range e.Older {
		b.claim(pkg, old.GoName, old.Pos, "an old version of "+what)
		b.claim(methods, "Upcast"+old.GoName, old.Pos, "the upcast of "+what)
	}
	if n := len(e.Older); n > 0 && e.Older[n-1].Version < e.Version {
		b.claim(pkg, e.GoName+"V"+itoa(e.Version), e.Pos, "the current version of "+what)
	}
}

func (b *builder) claimHandler(c *component, methods string) {
	var folded []*Event
	var reactions []*Reaction
	switch c.kind() {
	case "actor":
		folded, reactions = c.actor.Evolves, c.actor.Reactions
	case "reactor":
		folded, reactions = c.reactor.Evolves, c.reactor.Reactions
	case "projection":
		folded = c.projection.Projects
	}
	for _, e := range folded {
		b.claim(methods, e.GoName, e.Pos, "the event "+e.Type)
	}
	seen := map[string]bool{}
	for _, r := range reactions {
		if seen[r.GoName] { // a fault already
			continue
		}
		seen[r.GoName] = true
		what := "the reaction " + r.Name
		b.claim(methods, r.GoName, r.Pos, what)
		if r.AnswersRefused {
			b.claim(methods, r.GoName+"Refused", r.Pos, "the refused form of "+what)
		}
		if r.AnswersParked {
			b.claim(methods, r.GoName+"Parked", r.Pos, "the parked form of "+what)
		}
		b.claimTargets(c, r)
	}
}

// claimTargets wants the components that a reaction dispatches to, which may be
// of several contexts, to differ in the dispatcher.
func (b *builder) claimTargets(c *component, r *Reaction) {
	seen := map[*Actor]bool{}
	scope := "in the dispatcher of " + c.context.name + "." + c.name + "." + r.Name
	for _, d := range r.Dispatches {
		if a := d.Command.Actor; !seen[a] {
			seen[a] = true
			b.claim(scope, a.GoName, a.Pos, "the actor "+a.Type())
		}
	}
}

// claimComponents notes the Go names of the components in their context's
// package.
func (b *builder) claimComponents(ctx *context) {
	pkg := "generated/" + ctx.pkg
	for _, name := range sortedKeys(ctx.components) {
		c := ctx.components[name]
		b.claim(pkg, c.base.GoName, c.base.Pos, "the "+c.kind()+" "+name)
	}
}
