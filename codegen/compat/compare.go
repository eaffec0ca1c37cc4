package compat

import (
	"slices"

	"github.com/backstory-go/backstory/codegen/model"
	"github.com/backstory-go/backstory/codegen/source"
)

// Compare finds every change from the old schemas to the new ones that breaks a
// rule set or deserves a warning. An old side without schemas breaks nothing.
func Compare(old, now Side) Findings {
	if old.System == nil || now.System == nil {
		return nil
	}
	c := newComparer(old, now)
	c.events()
	c.commands()
	c.components()
	c.keywords()
	return c.findings.sorted()
}

// comparer is one run of Compare.
type comparer struct {
	old, now Side
	rules    map[string]Rule
	findings Findings
}

func newComparer(old, now Side) *comparer {
	c := &comparer{old: old, now: now, rules: map[string]Rule{}}
	for _, r := range Rules() {
		c.rules[r.ID] = r
	}
	return c
}

// report adds a finding under those of the sets that mind the rule. Warnings
// beside a break are left out: the break says it all.
func (c *comparer) report(code string, sets []Set, pos source.Pos, message, remedy string) {
	by := map[Level][]Set{}
	for _, set := range sets {
		level := c.rules[code].under(set)
		by[level] = append(by[level], set)
	}
	level := Break
	if len(by[Break]) == 0 {
		level = Warning
	}
	if len(by[level]) == 0 {
		return
	}
	text := prefix(by[level], level) + ": " + message
	c.findings = append(c.findings, Finding{
		Fault: source.Fault{Pos: pos, Code: code, Message: text, Remedy: remedy},
		Sets:  by[level], Level: level,
	})
}

func eventSets() []Set   { return []Set{Log, Rolling} }
func commandSets() []Set { return []Set{API} }
func allSets() []Set     { return []Set{Log, Rolling, API} }

// versions are all versions of an event, ascending.
func versions(e *model.Event) []*model.Event { return append(slices.Clone(e.Older), e) }

// eachActor visits the actors by type.
func eachActor(s *model.System, visit func(*model.Actor)) {
	for _, ctx := range s.Contexts {
		for _, a := range ctx.Actors {
			visit(a)
		}
	}
}

// events are the current versions by type.
func eventsOf(s *model.System) (list []*model.Event) {
	eachActor(s, func(a *model.Actor) { list = append(list, a.Events...) })
	return list
}

// eventOf finds the event that reads what is stored under a type: the one of
// that name, or the one that was called so.
func eventOf(s *model.System, typ string) (e *model.Event, renamed bool) {
	for _, e := range eventsOf(s) {
		if e.Type == typ {
			return e, false
		}
	}
	for _, e := range eventsOf(s) {
		if slices.Contains(e.RenamedFrom, typ) {
			return e, true
		}
	}
	return nil, false
}

func commandsOf(s *model.System) (list []*model.Command) {
	eachActor(s, func(a *model.Actor) { list = append(list, a.Commands...) })
	return list
}

func find[T any](list []T, same func(T) bool) (found T, ok bool) {
	if i := slices.IndexFunc(list, same); i >= 0 {
		return list[i], true
	}
	return found, false
}
