package compat

import (
	"slices"

	"github.com/backstory-go/backstory/codegen/model"
)

// object compares two objects property by property.
func (s *subject) object(at place, old, now *model.Object) {
	pair := [2]*model.Object{old, now}
	if s.seen[pair] {
		return
	}
	s.seen[pair] = true
	d := difference(old, now)
	for _, f := range now.Fields {
		s.present(at, old, f, d)
	}
	for _, f := range d.removed {
		s.removed(at, f, now)
	}
	if d.renamed[0] != nil {
		s.renamedSilently(at, d.renamed)
	}
	s.reserved(at, old, now)
	s.additional(at, old, now)
	s.counts(at, "minProperties", "maxProperties", bounds{old.MinProperties, old.MaxProperties}, bounds{now.MinProperties, now.MaxProperties})
}

// delta is which properties came and went.
type delta struct {
	added, removed []*model.Field
	renamed        [2]*model.Field // one that looks renamed without x-renamed-from: old, new
}

func difference(old, now *model.Object) delta {
	var d delta
	taken := map[string]bool{}
	for _, f := range now.Fields {
		for _, name := range f.RenamedFrom {
			taken[name] = true
		}
		if field(old, f.Name) == nil && !slices.ContainsFunc(f.RenamedFrom, func(name string) bool { return field(old, name) != nil }) {
			d.added = append(d.added, f)
		}
	}
	for _, f := range old.Fields {
		if field(now, f.Name) == nil && !taken[f.Name] {
			d.removed = append(d.removed, f)
		}
	}
	if len(d.added) == 1 && len(d.removed) == 1 && looksRenamed(d.removed[0], d.added[0], now) {
		d.renamed = [2]*model.Field{d.removed[0], d.added[0]}
		d.added, d.removed = nil, nil
	}
	return d
}

// looksRenamed is a guess that the author can refute by reserving the old name.
func looksRenamed(old, now *model.Field, in *model.Object) bool {
	return !slices.Contains(in.Reserved, old.Name) && old.Required == now.Required && typeHash(old.Type) == typeHash(now.Type)
}

func field(o *model.Object, name string) *model.Field {
	for _, f := range o.Fields {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// present judges a property of the new object.
func (s *subject) present(at place, old *model.Object, now *model.Field, d delta) {
	here := at.property(now.Name, now.Pos)
	before := field(old, now.Name)
	if before != nil {
		s.field(here, before, now)
	}
	for _, name := range now.RenamedFrom {
		if was := field(old, name); was != nil {
			s.say(codeRenamed, here, "was called %q, and code that is still running looks for that", name)
			s.renamedField(here, was, now, before != nil)
		}
	}
	if old.Additional == model.Typed && before == nil {
		s.typ(here, old.Extra, now.Type) // undeclared so far, and kept under any name
	}
	if slices.Contains(d.added, now) {
		s.added(here, now)
	}
}

// renamedField compares a property with the one whose name it also reads.
func (s *subject) renamedField(at place, old, now *model.Field, merged bool) {
	if merged { // whether it may be absent is judged by the property of the same name
		s.typ(at, old.Type, now.Type)
		return
	}
	s.field(at, old, now)
}

func (s *subject) added(at place, now *model.Field) {
	switch {
	case now.Required && now.Default == nil:
		s.say(codeRequiredAdded, at, "is new and required, and has no default: what was written before lacks it")
	case now.Required:
		s.say(codeRequiredDefault, at, "is new and required: callers do not send it, and the default does not help them")
	}
}

func (s *subject) removed(at place, old *model.Field, now *model.Object) {
	here := place{at.property(old.Name, at.pos).path, now.Pos}
	if now.Additional == model.Typed {
		s.typ(here, old.Type, now.Extra) // undeclared now, and kept
	}
	if !slices.Contains(now.Reserved, old.Name) {
		s.say(codeRemoved, here, "is gone, and nothing keeps the name from coming back with another meaning")
	}
	if old.Required {
		s.say(codeRequiredRemoved, here, "is gone, and code that is still running requires it")
	}
	switch now.Additional {
	case model.Closed:
		s.say(codeRemovedClosed, here, "is gone, and undeclared properties are refused")
	case model.Open:
		s.say(codeRemovedOpen, here, "is gone: callers may still send it, and it is ignored")
	}
}

func (s *subject) renamedSilently(at place, pair [2]*model.Field) {
	here := at.property(pair[1].Name, pair[1].Pos)
	s.say(codeRenamedSilently, here, "looks like %q under a new name, and does not say so", pair[0].Name)
}

func (s *subject) reserved(at place, old, now *model.Object) {
	for _, name := range old.Reserved {
		if slices.Contains(now.Reserved, name) {
			continue
		}
		here := place{at.property(name, at.pos).path, now.Pos}
		if f := field(now, name); f != nil {
			here.pos = f.Pos
		}
		s.say(codeUnreserved, here, "was a reserved name and is free now")
	}
}

func (s *subject) additional(at place, old, now *model.Object) {
	here := place{at.path, now.Pos}
	switch {
	case old.Additional == model.Typed && now.Additional == model.Typed:
		s.typ(here.inside(".*"), old.Extra, now.Extra)
	case old.Additional == model.Typed:
		s.say(codeExtra, here, "kept undeclared properties and does so no longer")
	case now.Additional == model.Typed:
		s.say(codeExtra, here, "reads and keeps undeclared properties now, and those written before may be anything")
	case old.Additional == model.Open && now.Additional == model.Closed:
		s.say(codeClosed, here, "refuses undeclared properties now")
	}
}

// field compares two properties that are the same one.
func (s *subject) field(at place, old, now *model.Field) {
	switch {
	case !old.Required && now.Required && now.Default == nil:
		s.say(codeBecameRequired, at, "is required now, and what was written before may lack it")
	case !old.Required && now.Required:
		s.say(codeRequiredDefault, at, "is required now: callers may leave it out, and the default does not help them")
	case old.Required && !now.Required:
		s.say(codeBecameOptional, at, "is optional now, and code that is still running requires it")
	}
	s.defaults(at, old, now)
	for _, name := range old.RenamedFrom {
		if name != now.Name && !slices.Contains(now.RenamedFrom, name) {
			s.say(codeAliasGone, at, "is no longer read from its old name %q", name)
		}
	}
	if old.Personal != now.Personal {
		s.say(codePersonal, at, "%s", changed(now.Personal, "is personal data now", "is no longer personal data"))
	}
	if old.Tag != now.Tag {
		s.say(codeTag, at, "%s", tagChange(old.Tag, now.Tag))
	}
	s.typ(at, old.Type, now.Type)
}

func (s *subject) defaults(at place, old, now *model.Field) {
	switch {
	case old.Default == nil && now.Default == nil, old.Default == nil && old.Required:
	case old.Default == nil && !now.Required:
		s.say(codeDefaultAdded, at, "is read as %s where it is absent", compact(now.Default))
	case old.Default == nil: // it became required with a default, which has a rule of its own
	case now.Default == nil && !old.Required && now.Required: // likewise without one
	case now.Default == nil:
		s.say(codeDefault, at, "was read as %s where it is absent, and is not any more", compact(old.Default))
	case canonical(old.Default) != canonical(now.Default):
		s.say(codeDefault, at, "was read as %s where it is absent, and is read as %s now", compact(old.Default), compact(now.Default))
	}
}

func tagChange(old, now string) string {
	switch {
	case old == "":
		return "is indexed as the tag " + now + " now, and stored events are not"
	case now == "":
		return "is no longer indexed as the tag " + old
	}
	return "is indexed as the tag " + now + " in place of " + old
}

func changed(now bool, yes, no string) string {
	if now {
		return yes
	}
	return no
}
