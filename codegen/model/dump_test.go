package model_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/backstory-go/backstory/codegen/internal/golden"
	"github.com/backstory-go/backstory/codegen/model"
)

// TestSystem compares everything that is worked out from the valid tree with a
// text that people can check against the schemas.
func TestSystem(t *testing.T) {
	_, system, faults := build(load(t, "testdata/base/schemas"))
	if system == nil {
		t.Fatal(faults)
	}
	d := &dump{}
	for _, ctx := range system.Contexts {
		d.context(ctx)
	}
	golden.Check(t, "testdata/base/system.txt", d.String())
}

func TestBuildIsDeterministic(t *testing.T) {
	files := load(t, "testdata/base/schemas")
	var first string
	for range 20 {
		_, system, _ := build(files)
		d := &dump{}
		for _, ctx := range system.Contexts {
			d.context(ctx)
		}
		if first == "" {
			first = d.String()
		}
		if d.String() != first {
			t.Fatal("two runs differ")
		}
	}
}

// dump writes a System as indented text.
type dump struct{ strings.Builder }

func (d *dump) line(indent int, format string, args ...any) {
	d.WriteString(strings.Repeat("  ", indent) + strings.TrimRight(fmt.Sprintf(format, args...), " ") + "\n")
}

func (d *dump) context(ctx *model.Context) {
	d.line(0, "context %s package %s", ctx.Name, ctx.Package)
	d.types(ctx.Types)
	for _, a := range ctx.Actors {
		d.actor(a)
	}
	for _, p := range ctx.Projections {
		d.projection(p)
	}
	for _, r := range ctx.Reactors {
		d.line(1, "reactor %s %s package %s evolves %s", r.Type(), r.GoName, r.Package, events(r.Evolves))
		d.types(r.Types)
		d.object(r.State)
		for _, e := range slices.Sorted(maps.Keys(r.Key)) {
			d.line(2, "key of %s: %s", e, r.Key[e])
		}
		d.reactions(r.Reactions)
	}
}

func (d *dump) actor(a *model.Actor) {
	d.line(1, "actor %s %s package %s %q", a.Type(), a.GoName, a.Package, a.Doc)
	d.line(2, "id %s normalize %v composite %v snapshot %d", text(a.ID.Type), a.ID.Normalize, a.ID.Composite, a.SnapshotEvery)
	d.types(a.Types)
	d.object(a.State)
	for _, r := range a.Refusals {
		d.line(2, "refusal %s %s at %q: %s", r.Code, r.GoName, r.At, r.Text)
		d.object(r.Data)
	}
	for _, c := range a.Commands {
		d.line(2, "command %s %s creates %d internal %v past %v emits %s", c.Type, c.GoName, c.Creates, c.Internal, c.Past, events(c.Emits))
		for _, r := range c.Rejects {
			d.line(3, "rejects %s", r.Code)
		}
		if s := c.Settles; s != nil {
			d.line(3, "settles %s refused %s by %s within %s", events(s.Accepted), s.Refused[0].Refusal.Code, s.Refused[0].Event.Name, s.Within)
		}
		d.object(c.Body)
	}
	for _, e := range a.Events {
		d.event(e)
		for _, old := range e.Older {
			d.event(old)
		}
	}
	d.reactions(a.Reactions)
}

func (d *dump) event(e *model.Event) {
	d.line(2, "event %s v%d %s retired %v renamed from %v", e.Type, e.Version, e.GoName, e.Retired, e.RenamedFrom)
	d.object(e.Body)
}

func (d *dump) projection(p *model.Projection) {
	d.line(1, "projection %s %s table %s lane %q projects %s", p.Type(), p.GoName, p.Table, p.Lane, events(p.Projects))
	d.types(p.Types)
	d.object(p.Row)
	for _, f := range p.Key {
		d.line(2, "key %s", f.Name)
	}
	for _, index := range p.Indexes {
		d.line(2, "index of %d, first %s", len(index), index[0].Name)
	}
	for _, q := range p.Queries {
		d.line(2, "query %s %s limit %d one %v", q.Name, q.GoName, q.Limit, q.One)
		for _, c := range q.Where {
			d.line(3, "where %s %s %s", c.Field.Name, c.Op, c.Value)
		}
		for _, o := range q.Order {
			d.line(3, "order %s desc %v", o.Field.Name, o.Desc)
		}
	}
}

func (d *dump) reactions(list []*model.Reaction) {
	for _, r := range list {
		d.line(2, "reaction %s %s on %s calls %v answers %v %v", r.Name, r.GoName, events(r.On), r.Calls, r.AnswersRefused, r.AnswersParked)
		for _, p := range r.Dispatches {
			d.line(3, "dispatches %s after %q", p.Command.Type, p.After)
		}
		for _, c := range r.OnRefused {
			d.line(3, "on refused %s", c.Type)
		}
	}
}

func (d *dump) types(list []*model.Named) {
	for _, n := range list {
		d.line(2, "type %s form %d in %s %q", n.GoName, n.Form, n.Package, n.Doc)
		d.object(n.Object)
		for _, v := range n.Enum {
			d.line(3, "%s = %q", v.GoName, v.Value)
		}
		if n.Union != nil {
			for _, arm := range n.Union.Arms {
				d.line(3, "arm %s=%s: %s", n.Union.Tag, arm.Value, arm.Struct.GoName)
			}
		}
		if n.Alias != nil {
			d.line(3, "alias of %s", text(n.Alias))
		}
	}
}

func (d *dump) object(o *model.Object) {
	if o == nil {
		return
	}
	d.line(3, "object %s additional %d", o.GoName, o.Additional)
	if len(o.Reserved) > 0 {
		d.line(4, "reserved %v", o.Reserved)
	}
	for _, f := range o.Fields {
		extra := ""
		if f.Default != nil {
			extra += " default " + string(f.Default)
		}
		if f.Tag != "" {
			extra += " tag " + f.Tag
		}
		if f.Personal {
			extra += " personal"
		}
		if f.Required {
			extra += " required"
		}
		d.line(4, "%s %s %s%s", f.Name, f.GoName, text(f.Type), extra)
	}
}

func events(list []*model.Event) string {
	names := make([]string, len(list))
	for i, e := range list {
		names[i] = e.Type
	}
	return "[" + strings.Join(names, " ") + "]"
}

func text(t *model.Type) string {
	kinds := []string{"string", "uuid", "date-time", "date", "time", "duration", "integer", "number", "boolean", "array", "map", "ref", "id", "const"}
	s := kinds[t.Kind]
	switch {
	case t.Elem != nil && t.KeyUUID:
		s += " by uuid of " + text(t.Elem)
	case t.Elem != nil:
		s += " of " + text(t.Elem)
	case t.Ref != nil:
		s += " " + t.Ref.GoName
	case t.Actor != nil:
		s += " of " + t.Actor.Type()
	case t.Const != nil:
		s += " " + string(t.Const)
	}
	if t.Nullable {
		s += " or null"
	}
	return s + checks(t.Checks)
}

func checks(c model.Checks) string {
	s := ""
	if c.Format != "" {
		s += " format=" + c.Format
	}
	if c.MinLength != nil {
		s += fmt.Sprintf(" minLength=%d", *c.MinLength)
	}
	if c.MaxLength != nil {
		s += fmt.Sprintf(" maxLength=%d", *c.MaxLength)
	}
	if c.Minimum != nil {
		s += " minimum=" + c.Minimum.String()
	}
	if c.Maximum != nil {
		s += " maximum=" + c.Maximum.String()
	}
	if c.MaxItems != nil {
		s += fmt.Sprintf(" maxItems=%d", *c.MaxItems)
	}
	if c.UniqueItems {
		s += " unique"
	}
	if c.Trim {
		s += " trim"
	}
	return s
}
