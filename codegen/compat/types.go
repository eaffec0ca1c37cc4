package compat

import (
	"github.com/backstory-go/backstory/codegen/model"
)

// resolve looks through names that are used in place.
func resolve(t *model.Type) *model.Type {
	for t.Kind == model.Ref && t.Ref.Form == model.AliasForm {
		inner := *t.Ref.Alias
		inner.Nullable = inner.Nullable || t.Nullable
		inner.Checks.Trim = inner.Checks.Trim || t.Checks.Trim
		t = &inner
	}
	return t
}

// wire is the kind in which a value is written: an actor's id is a uuid or text.
func wire(t *model.Type) model.Kind {
	if t.Kind != model.ID {
		return t.Kind
	}
	return wire(identity(t.Actor))
}

// identity is the type of an actor's ids.
func identity(a *model.Actor) *model.Type {
	switch {
	case len(a.ID.Composite) > 0:
		return &model.Type{Kind: model.String}
	case a.ID.Type == nil:
		return &model.Type{Kind: model.UUID}
	}
	t := resolve(a.ID.Type)
	if t.Kind == model.UUID {
		return t
	}
	text := *t
	text.Kind = model.String // ids of other formats are kept as the text that they are
	if format := formats()[t.Kind]; format != "" {
		text.Checks.Format = format
	}
	return &text
}

// checks are the constraints of a text; an id is never empty.
func checks(t *model.Type) model.Checks {
	if t.Kind != model.ID {
		return t.Checks
	}
	c := identity(t.Actor).Checks
	if c.MinLength == nil || *c.MinLength < 1 {
		one := int64(1)
		c.MinLength = &one
	}
	return c
}

// formats are the names of the formats that have a Go type of their own.
func formats() map[model.Kind]string {
	return map[model.Kind]string{model.UUID: "uuid", model.DateTime: "date-time", model.Date: "date", model.Time: "time", model.Duration: "duration"}
}

// typ compares two types at one place.
func (s *subject) typ(at place, old, now *model.Type) {
	old, now = resolve(old), resolve(now)
	switch {
	case !old.Nullable && now.Nullable:
		s.say(codeNullAdded, at, "may be null now")
	case old.Nullable && !now.Nullable:
		s.say(codeNullRemoved, at, "may no longer be null")
	}
	a, b := wire(old), wire(now)
	switch {
	case old.Kind == model.Const && now.Kind == model.Const:
		if canonical(old.Const) != canonical(now.Const) {
			s.say(codeConst, at, "was always %s and is always %s now", compact(old.Const), compact(now.Const))
		}
	case old.Kind == model.ID && now.Kind == model.ID && old.Actor.Type() != now.Actor.Type():
		s.say(codeRef, at, "held the id of %s and holds that of %s now", old.Actor.Type(), now.Actor.Type())
		if a != b {
			s.changedType(at, old, now)
		}
	case a == model.Integer && b == model.Number:
		s.say(codeWidened, at, "was a whole number and may have a fraction now")
		s.constraints(at, old, now)
	case a == model.Number && b == model.Integer:
		s.say(codeNarrowed, at, "may no longer have a fraction")
		s.constraints(at, old, now)
	case isEnum(old) && b == model.String:
		s.say(codeEnumAdded, at, "was one of a few words and may be any text now")
		s.freed(at, old, now)
	case a == model.String && isEnum(now):
		s.say(codeEnumRemoved, at, "was any text and must be one of a few words now")
	case a != b:
		s.changedType(at, old, now)
	default:
		s.sameKind(at, old, now)
	}
}

func (s *subject) changedType(at place, old, now *model.Type) {
	if old.Kind == model.ID && now.Kind == model.ID { // one actor, whose ids have another form
		old, now = identity(old.Actor), identity(now.Actor)
	}
	s.say(codeType, at, "was %s and is %s now", kindName(old), kindName(now))
}

// sameKind looks into types that are written in one form.
func (s *subject) sameKind(at place, old, now *model.Type) {
	switch wire(old) {
	case model.Array:
		s.constraints(at, old, now)
		s.typ(at.inside("[]"), old.Elem, now.Elem)
	case model.Map:
		if old.KeyUUID != now.KeyUUID {
			s.say(codeType, at, "has keys of another form now")
		}
		s.constraints(at, old, now)
		s.typ(at.inside(".*"), old.Elem, now.Elem)
	case model.Ref:
		s.named(at, old, now)
	default:
		s.constraints(at, old, now)
	}
}

func (s *subject) named(at place, old, now *model.Type) {
	switch {
	case old.Ref.Form != now.Ref.Form:
		s.changedType(at, old, now)
	case old.Ref.Form == model.StructForm:
		s.object(at, old.Ref.Object, now.Ref.Object)
	case old.Ref.Form == model.UnionForm:
		s.union(at, old.Ref.Union, now.Ref.Union)
	case old.Ref.Form == model.EnumForm:
		s.enum(at, old.Ref.Enum, now.Ref.Enum)
	}
}

// union compares the arms that have one tag, wherever they stand.
func (s *subject) union(at place, old, now *model.Union) {
	if old.Tag != now.Tag {
		s.say(codeConst, at, "was told apart by %q and is told apart by %q now", old.Tag, now.Tag)
		return
	}
	for _, arm := range old.Arms {
		same := armOf(now, arm.Value)
		if same == nil {
			s.say(codeArmRemoved, at, "can no longer be %q", arm.Value)
			continue
		}
		s.object(at.inside("("+arm.Value+")"), arm.Struct.Object, same.Struct.Object)
	}
	for _, arm := range now.Arms {
		if armOf(old, arm.Value) == nil {
			s.say(codeArmAdded, at, "can also be %q now", arm.Value)
		}
	}
}

func armOf(u *model.Union, value string) *model.Arm {
	for _, arm := range u.Arms {
		if arm.Value == value {
			return arm
		}
	}
	return nil
}

func (s *subject) enum(at place, old, now []model.EnumValue) {
	for _, v := range old {
		if !lists(now, v.Value) {
			s.say(codeEnumRemoved, at, "can no longer be %q", v.Value)
		}
	}
	for _, v := range now {
		if !lists(old, v.Value) {
			s.say(codeEnumAdded, at, "can also be %q now", v.Value)
		}
	}
}

func lists(values []model.EnumValue, text string) bool {
	_, ok := find(values, func(v model.EnumValue) bool { return v.Value == text })
	return ok
}

func isEnum(t *model.Type) bool { return t.Kind == model.Ref && t.Ref.Form == model.EnumForm }

// kindName names a type for a sentence.
func kindName(t *model.Type) string {
	switch t.Kind {
	case model.Integer:
		return "a whole number"
	case model.Number:
		return "a number"
	case model.Boolean:
		return "true or false"
	case model.Array:
		return "an array"
	case model.Map:
		return "a map"
	case model.Const:
		return "a constant"
	case model.ID:
		return "the id of " + t.Actor.Type()
	case model.Ref:
		return map[model.Form]string{model.StructForm: "an object", model.EnumForm: "one of a few words", model.UnionForm: "one of several objects"}[t.Ref.Form]
	}
	if format := formats()[t.Kind]; format != "" {
		return "a " + format
	}
	return "text"
}
