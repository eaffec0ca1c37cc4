package emit

import (
	"github.com/backstory-go/backstory/codegen/model"
	"github.com/dave/jennifer/jen"
)

// boundary emits, for an actor with x-boundary:
//
//	func boundary() *engine.Boundary {
//		return &engine.Boundary{
//			Foreign: []engine.EventType{{Type: "campus.course.opened", …}},
//			Tags:    boundaryTags,
//			Prime:   func(state any, command engine.Command) { prime(state.(*State), command) },
//		}
//	}
//
// and the functions that it names.
func (f *goFile) boundary(a *model.Actor) {
	if len(a.Boundary) == 0 {
		return
	}
	f.Func().Id("boundary").Params().Op("*").Add(engine("Boundary")).Block(jen.Return(lines(jen.Op("&").Add(engine("Boundary")), []entry{
		{"Foreign", f.foreignEvents(a)},
		{"Tags", jen.Id("boundaryTags")},
		{"Prime", jen.Func().Params(jen.Id("state").Any(), jen.Id("command").Add(engine("Command"))).Block(
			jen.Id("prime").Call(jen.Id("state").Assert(jen.Op("*").Id("State")), jen.Id("command")))},
	})))
	f.Line()
	for _, e := range a.Evolves {
		f.tags(e)
	}
	f.boundaryTags(a)
	f.prime(a)
}

// foreignEvents emits what the engine wants to know of other actors' events.
func (f *goFile) foreignEvents(a *model.Actor) *jen.Statement {
	var values []jen.Code
	for _, e := range a.Evolves {
		for _, typ := range append([]string{e.Type}, e.RenamedFrom...) {
			entries := []entry{{"Type", jen.Lit(typ)}, {"Version", jen.Lit(e.Version)}}
			entries = append(entries, entry{"Check", jen.Func().Params(jen.Id("data").Index().Byte()).Error().Block(
				jen.Return(engine("CheckStrict").Call(jen.Id("data"), jen.Qual(f.plan.componentPath(&e.Actor.Component), "Read"+e.GoName))))})
			if tagged(e) {
				entries = append(entries, entry{"Tags", jen.Id("tagsOf" + e.GoName)})
			}
			values = append(values, jen.Line().Add(lines(jen.Null(), entries)))
		}
	}
	return jen.Index().Add(engine("EventType")).Values(append(values, jen.Line())...)
}

// boundaryTags emits:
//
//	func boundaryTags(command engine.Command) []string {
//		var tags []string
//		switch cmd := command.(type) {
//		case Subscribe:
//			tags = append(tags, engine.Tag("course", cmd.CourseID.String()))
//		}
//		return tags
//	}
func (f *goFile) boundaryTags(a *model.Actor) {
	f.byCommand(a, "boundaryTags", []jen.Code{jen.Id("command").Add(engine("Command"))}, func(c *model.Command) []jen.Code {
		var stmts []jen.Code
		for _, tag := range a.Boundary {
			for _, name := range tag.Properties {
				if field := fieldNamed(c.Body, name); field != nil {
					stmts = append(stmts, jen.Id("tags").Op("=").Add(f.tag(field, tag.Tag, "cmd")))
				}
			}
		}
		return stmts
	}, true)
}

// byCommand emits a function that switches over the actor's commands.
func (f *goFile) byCommand(a *model.Actor, name string, params []jen.Code, body func(*model.Command) []jen.Code, tags bool) {
	var cases []jen.Code
	for _, c := range a.Commands {
		if stmts := body(c); len(stmts) > 0 {
			cases = append(cases, jen.Case(jen.Id(c.GoName)).Block(stmts...))
		}
	}
	f.Func().Id(name).Params(params...).Do(func(s *jen.Statement) {
		if tags {
			s.Index().String()
		}
	}).BlockFunc(func(g *jen.Group) {
		if tags {
			g.Var().Id("tags").Index().String()
		}
		if len(cases) > 0 {
			g.Switch(jen.Id("cmd").Op(":=").Id("command").Assert(jen.Type())).Block(cases...)
		}
		if tags {
			g.Return(jen.Id("tags"))
		}
	})
	f.Line()
}

// prime emits what sets the state's properties that are named like the command's:
//
//	func prime(state *State, command engine.Command) {
//		switch cmd := command.(type) {
//		case Subscribe:
//			state.CourseID = cmd.CourseID
//		}
//	}
func (f *goFile) prime(a *model.Actor) {
	f.byCommand(a, "prime", []jen.Code{jen.Id("state").Op("*").Id("State"), jen.Id("command").Add(engine("Command"))}, func(c *model.Command) []jen.Code {
		var stmts []jen.Code
		for _, field := range c.Body.Fields {
			target := fieldNamed(a.State, field.Name)
			if target == nil || f.fieldKind(target, true) == constField || f.fieldKind(field, false) == constField {
				continue
			}
			stmts = append(stmts, f.primeField(field, target))
		}
		return stmts
	}, false)
}

// primeField emits one assignment; an absent or null property leaves the state's.
func (f *goFile) primeField(field, target *model.Field) jen.Code {
	from, to := jen.Id("cmd").Dot(field.GoName), jen.Id("state").Dot(target.GoName)
	value := func(v *jen.Statement) *jen.Statement { return f.primeValue(field, target, v) }
	guarded := func(get jen.Code) jen.Code {
		return jen.If(jen.List(jen.Id("v"), jen.Id("ok")).Op(":=").Add(get), jen.Id("ok")).Block(to.Op("=").Add(value(jen.Id("v"))))
	}
	switch {
	case f.fieldKind(field, false) == optField:
		return guarded(from.Dot("Get").Call())
	case resolve(field.Type).Nullable:
		return guarded(engine("OptOf").Call(from).Dot("Get").Call())
	}
	return to.Op("=").Add(value(from))
}

// primeValue emits the command's value as the state's type.
func (f *goFile) primeValue(field, target *model.Field, v *jen.Statement) *jen.Statement {
	from, to := bare(field.Type), bare(target.Type)
	switch {
	case model.SameEnum(from, to):
		v = f.goType(to).Call(v)
	case deep(from):
		v = f.cloneExpr(from, v)
	}
	if resolve(target.Type).Nullable {
		return jen.New(v)
	}
	return v
}
