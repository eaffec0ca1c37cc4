package scaffold

import (
	"slices"
	"strconv"
	"strings"

	"github.com/backstory-go/backstory/codegen/model"
)

// adviseDecisions says what each command may lead to. Until somebody decides, a
// command is refused, or accepted without an event where it has no refusal.
func adviseDecisions(methods []*method, a *model.Actor, pkg string) {
	for _, m := range methods {
		i := slices.IndexFunc(a.Commands, func(c *model.Command) bool { return c.GoName == m.name })
		if i < 0 {
			continue
		}
		c := a.Commands[i]
		var may []string
		if len(c.Emits) > 0 {
			may = append(may, "emit "+either(c.Emits, func(e *model.Event) string { return e.GoName }))
		}
		if len(c.Rejects) > 0 {
			may = append(may, "refuse with "+either(c.Rejects, func(r *model.Refusal) string { return r.GoName }))
			refusal := c.Rejects[0].GoName
			m.returns = []value{func(names *names) string { return names.qualified(pkg, refusal) + "{}" }}
		}
		m.advice = []string{"Decide here what follows from the command."}
		if len(may) > 0 {
			m.advice = append(m.advice, "It may "+strings.Join(may, ", and ")+".")
		}
		now := "As it stands, the command is accepted and nothing happens."
		if len(c.Rejects) > 0 {
			now = "As it stands, every command is refused."
		}
		m.advice = append(m.advice, now)
	}
}

// either lists names as a sentence does: A, B or C.
func either[T any](list []T, name func(T) string) string {
	names := make([]string, len(list))
	for i, v := range list {
		names[i] = name(v)
	}
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

func adviseState(methods []*method, state *model.Object) {
	for _, m := range methods {
		if state == nil || len(state.Fields) == 0 {
			m.advice = []string{"The state has no properties, so there is nothing to change."}
			continue
		}
		fields := either(state.Fields, func(f *model.Field) string { return "state." + f.GoName })
		m.advice = []string{"Write here what the event changes: " + fields + "."}
	}
}

func adviseRows(methods []*method) {
	for _, m := range methods {
		m.advice = []string{"Write here what the event changes, with rows.Put, rows.Patch or rows.Delete."}
	}
}

func adviseReactions(methods []*method, reactions []*model.Reaction) {
	for _, r := range reactions {
		sent := make([]*model.Command, len(r.Dispatches))
		for i, d := range r.Dispatches {
			sent[i] = d.Command
		}
		for _, m := range methods {
			switch m.name {
			case r.GoName:
				m.advice = append([]string{"Do here what follows from the event."}, sending(sent)...)
				if len(r.Calls) > 0 {
					m.advice = append(m.advice, "It calls "+strings.Join(r.Calls, " and ")+".")
				}
			case r.GoName + "Refused":
				m.advice = append([]string{"Answer here the refusal of a command of " + r.GoName + "."}, sending(r.OnRefused)...)
			case r.GoName + "Parked":
				m.advice = append([]string{"Answer here that " + r.GoName + " failed for good."}, sending(r.OnParked)...)
			default:
				continue
			}
			m.returns = []value{func(*names) string { return "nil" }}
		}
	}
}

func sending(commands []*model.Command) []string {
	if len(commands) == 0 {
		return nil
	}
	list := either(commands, func(c *model.Command) string { return c.Type })
	return []string{"It may dispatch " + list + ".", "As it stands, nothing is sent."}
}

// adviseUpcasts copies the properties that both versions have in the same form.
func adviseUpcasts(methods []*method, a *model.Actor, pkg string) {
	for _, e := range a.Events {
		for i, old := range e.Older {
			next := e
			if i+1 < len(e.Older) {
				next = e.Older[i+1]
			}
			for _, m := range methods {
				if m.name == "Upcast"+versioned(e, old) {
					m.advice = []string{"Properties of the same name and type are copied.", "Set here those that differ: " + differing(old.Body, next.Body) + "."}
					m.returns = []value{upcast(pkg, versioned(e, next), old.Body, next.Body)}
				}
			}
		}
	}
}

// versioned is the Go name of one version of an event.
func versioned(current, version *model.Event) string {
	return current.GoName + "V" + strconv.Itoa(version.Version)
}

func upcast(pkg, goName string, from, to *model.Object) value {
	var pairs []string
	for _, field := range to.Fields {
		if same(from, field) {
			pairs = append(pairs, field.GoName+": event."+field.GoName)
		}
	}
	return func(names *names) string {
		return names.qualified(pkg, goName) + "{" + strings.Join(pairs, ", ") + "}"
	}
}

func differing(from, to *model.Object) string {
	var list []string
	for _, field := range to.Fields {
		if !same(from, field) && field.Type.Kind != model.Const {
			list = append(list, field.GoName)
		}
	}
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

// same says whether the other version surely has the field with the same Go
// type. Types with names of their own differ from version to version.
func same(other *model.Object, field *model.Field) bool {
	i := slices.IndexFunc(other.Fields, func(f *model.Field) bool { return f.GoName == field.GoName })
	if i < 0 {
		return false
	}
	old := other.Fields[i]
	plain := func(f *model.Field) bool { return f.Required || f.Default != nil }
	a, b := old.Type, field.Type
	switch a.Kind {
	case model.Array, model.Map, model.Ref, model.Const:
		return false
	}
	return a.Kind == b.Kind && a.Nullable == b.Nullable && a.Actor == b.Actor && plain(old) == plain(field)
}
