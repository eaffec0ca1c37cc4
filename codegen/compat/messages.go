package compat

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/backstory-go/backstory/codegen/model"
	"github.com/backstory-go/backstory/codegen/source"
)

func (c *comparer) events() {
	for _, old := range eventsOf(c.old.System) {
		now, renamed := eventOf(c.now.System, old.Type)
		if now == nil {
			c.eventGone(old)
			continue
		}
		if renamed && now.Actor.Type() != old.Actor.Type() {
			c.report(codeMoved, eventSets(), now.Pos,
				fmt.Sprintf("%s was %s, whose events lie in the streams of %s", now.Type, old.Type, old.Actor.Type()), c.rules[codeMoved].event)
		}
		for _, alias := range old.RenamedFrom {
			if owner, _ := eventOf(c.now.System, alias); owner == nil {
				c.report(codeAliasGone, eventSets(), now.Pos,
					fmt.Sprintf("nobody reads events stored as %s any more", alias), fmt.Sprintf("put %q back into \"x-renamed-from\"", alias))
			}
		}
		for _, version := range versions(old) {
			c.version(version, now)
		}
	}
}

// eventGone looks for the event under a new name before it says that it is gone.
func (c *comparer) eventGone(old *model.Event) {
	var heirs []*model.Event
	for _, e := range eventsOf(c.now.System) {
		_, before := find(eventsOf(c.old.System), func(o *model.Event) bool { return o.Type == e.Type })
		same := e.Name == old.Name || len(old.Body.Fields) > 0 && e.Actor.Type() == old.Actor.Type()
		if !before && len(e.RenamedFrom) == 0 && same && Hash(e.Body) == Hash(old.Body) {
			heirs = append(heirs, e)
		}
	}
	if len(heirs) == 1 {
		c.report(codeEventRenamed, eventSets(), heirs[0].Pos,
			fmt.Sprintf("%s looks like %s under a new name, and does not say so", heirs[0].Type, old.Type),
			fmt.Sprintf("write \"x-renamed-from\": [%q] here, or restore %s", old.Type, old.Pos.File))
		return
	}
	c.report(codeEventRemoved, eventSets(), source.Pos{File: old.Pos.File},
		fmt.Sprintf("%s is gone, and the log holds it for ever", old.Type),
		fmt.Sprintf("restore the file; if nobody may emit the event any more, add \"x-retired\": true to it; if it has a new name, write \"x-renamed-from\": [%q] into the new file", old.Type))
}

// version compares one version of an old event with the same one of the new.
func (c *comparer) version(old, now *model.Event) {
	same, ok := find(versions(now), func(e *model.Event) bool { return e.Version == old.Version })
	if !ok {
		file := fmt.Sprintf("%s.v%d.json", now.Name, old.Version)
		c.report(codeVersionGone, eventSets(), now.Pos,
			fmt.Sprintf("version %d of %s is gone, and the log holds events of it", old.Version, now.Type),
			fmt.Sprintf("keep the old file as %s beside this one, and let \"x-version\" here be greater than %d", file, old.Version))
		return
	}
	s := &subject{comparer: c, sets: eventSets(), name: now.Type, file: same.Pos.File, remedy: versionRemedy(same, now)}
	if len(now.Older) > 0 {
		s.name = fmt.Sprintf("%s (version %d)", now.Type, same.Version)
	}
	s.compare(old.Body, same.Body)
}

// versionRemedy says how to change an event whose present form is stored.
func versionRemedy(e, current *model.Event) string {
	if e != current {
		return fmt.Sprintf("restore version %d as it was and change a later one", e.Version)
	}
	return fmt.Sprintf("keep the old file as %s.v%d.json, set \"x-version\": %d in %s.json and write the upcaster Upcast%sV%d",
		e.Name, e.Version, e.Version+1, e.Name, e.GoName, e.Version)
}

func (c *comparer) commands() {
	for _, old := range commandsOf(c.old.System) {
		now, ok := find(commandsOf(c.now.System), func(n *model.Command) bool { return n.Type == old.Type })
		if !ok {
			c.report(codeCommandRemoved, commandSets(), source.Pos{File: old.Pos.File}, fmt.Sprintf("the command %s is gone", old.Type), c.rules[codeCommandRemoved].command)
			continue
		}
		c.admission(old, now)
		s := &subject{comparer: c, sets: commandSets(), name: now.Type, file: now.Pos.File, command: true}
		s.compare(old.Body, now.Body)
	}
}

// admission compares on which streams, and from whom, a command is accepted.
func (c *comparer) admission(old, now *model.Command) {
	if old.Creates != now.Creates && now.Creates != model.CreatesOrUpdates {
		c.report(codeCreates, commandSets(), c.keyword(now.Pos, "x-creates"),
			fmt.Sprintf("%s was accepted on %s and is accepted on %s only", now.Type, streams(old.Creates), streams(now.Creates)), c.rules[codeCreates].command)
	}
	if now.Internal && !old.Internal {
		c.report(codeInternal, commandSets(), c.keyword(now.Pos, "x-internal"), fmt.Sprintf("only reactions may send %s now", now.Type), c.rules[codeInternal].command)
	}
}

func streams(creates model.Creates) string {
	switch creates {
	case model.CreatesYes:
		return "new streams"
	case model.CreatesOrUpdates:
		return "new and existing streams"
	}
	return "existing streams"
}

// keyword is the place of a keyword at the top of a new file, or of the file.
func (c *comparer) keyword(at source.Pos, keyword string) source.Pos {
	if file := c.now.Tree.File(at.File); file != nil {
		if pos, ok := file.Key("/" + keyword); ok {
			return pos
		}
	}
	return at
}

// subject is the message that is being compared.
type subject struct {
	*comparer
	sets    []Set
	name    string // todos.list.item_added
	file    string // the new one
	remedy  string // how to make a new version
	command bool
	seen    map[[2]*model.Object]bool
}

// place is where in a message, for a sentence, and where in a file.
type place struct {
	path string
	pos  source.Pos
}

func (p place) property(name string, pos source.Pos) place {
	return place{strings.TrimPrefix(p.path+"."+name, "."), pos}
}

func (p place) inside(suffix string) place {
	return place{strings.TrimPrefix(p.path+suffix, "."), p.pos}
}

func (s *subject) compare(old, now *model.Object) {
	s.seen = map[[2]*model.Object]bool{}
	s.object(place{pos: now.Pos}, old, now)
}

// say reports a change at a place; the message goes on after the place's name.
func (s *subject) say(code string, at place, message string, args ...any) {
	what := s.name
	if at.path != "" {
		what = fmt.Sprintf("%q of %s", at.path, s.name)
	}
	remedy := s.rules[code].event
	if s.command {
		remedy = s.rules[code].command
	}
	version := s.remedy
	if at.pos.File != s.file && strings.HasPrefix(version, "keep the old file") {
		version = strings.Replace(version, ".json,", ".json with its own copy of what stands in "+path.Base(at.pos.File)+",", 1)
	}
	remedy = strings.ReplaceAll(remedy, "{version}", version)
	s.report(code, s.sets, at.pos, what+" "+fmt.Sprintf(message, args...), remedy)
}

// minds says whether one of the sets is looked at here.
func (s *subject) minds(set Set) bool { return slices.Contains(s.sets, set) }
