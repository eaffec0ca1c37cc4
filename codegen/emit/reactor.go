package emit

import (
	"path"

	"github.com/backstory-go/backstory/codegen/model"
	"github.com/dave/jennifer/jen"
)

// reactor emits the package of a reactor: its state and what folds events into
// it. A reactor without state has none.
func (p *plan) reactor(r *model.Reactor) error {
	from := folder(&r.Component) + "/reactor.json"
	if r.State != nil {
		f := p.goFile(p.dir(&r.Component), r.Package, "state_gen.go", from)
		f.packageDoc("is the reactor " + r.Type() + ": " + orElse(r.Doc, "its state and what folds events into it."))
		f.stateType(r.State)
		f.reactorEvolver(r)
		if err := f.save(); err != nil {
			return err
		}
	}
	return p.types(p.dir(&r.Component), r.Package, from, r.Types)
}

// reactorEvolver emits:
//
//	type Evolver interface {
//		ItemAdded(m engine.Meta, state *State, event list.ItemAdded)
//	}
func (f *goFile) reactorEvolver(r *model.Reactor) {
	f.doc("Evolver folds an event into the state.")
	f.Type().Id("Evolver").InterfaceFunc(func(g *jen.Group) {
		for _, e := range r.Evolves {
			g.Id(e.GoName).Params(jen.Id("m").Add(engine("Meta")), jen.Id("state").Op("*").Id("State"), jen.Id("event").Add(f.eventRef(e)))
		}
	})
	f.Line()
}

// wireReactor emits what connects a reactor to the engine, one file.
func (p *plan) wireReactor(r *model.Reactor) error {
	f := p.goFile(path.Join("generated", r.Context.Package), r.Context.Package, "reactor_"+r.Name+"_gen.go", folder(&r.Component)+"/reactor.json")
	pkg := p.componentPath(&r.Component)
	f.doc(r.GoName + "Handler is everything that " + r.Type() + " needs of its user.")
	f.Type().Id(r.GoName + "Handler").InterfaceFunc(func(g *jen.Group) {
		if r.State != nil {
			g.Qual(pkg, "Evolver")
		}
		if len(r.Reactions) > 0 {
			g.Id(r.GoName + "Reactions")
		}
	})
	f.Line()
	f.describeReactor(r, pkg)
	if r.State != nil {
		f.evolveReactor(r, pkg)
	}
	return f.save()
}

// describeReactor emits: func describeWelcome(h WelcomeHandler) engine.Reactor
func (f *goFile) describeReactor(r *model.Reactor, pkg string) {
	entries := []entry{{"Type", jen.Lit(r.Type())}}
	if f.reactorKey(r) {
		entries = append(entries, entry{"Key", jen.Id("keyOf" + r.GoName)})
	}
	if r.State != nil {
		state := func() *jen.Statement { return jen.Id("state").Assert(jen.Op("*").Qual(pkg, "State")) }
		entries = append(entries,
			entry{"StateHash", jen.Lit(hash(shape(r.State)))},
			entry{"NewState", jen.Func().Params().Any().Block(jen.Return(jen.Qual(pkg, "NewState").Call()))},
			entry{"CloneState", jen.Func().Params(jen.Id("state").Any()).Any().Block(jen.Return(state().Dot("Clone").Call()))},
			entry{"EncodeState", jen.Func().Params(jen.Id("state").Any()).Params(jen.Index().Byte(), jen.Error()).Block(
				jen.Return(jen.Qual("encoding/json", "Marshal").Call(state())))},
			entry{"DecodeState", jen.Func().Params(jen.Id("data").Index().Byte()).Params(jen.Any(), jen.Error()).Block(
				jen.List(jen.Id("v"), jen.Id("err")).Op(":=").Add(engine("DecodeStored")).Call(jen.Id("data"), jen.Qual(pkg, "ReadState")),
				jen.Return(jen.Op("&").Id("v"), jen.Id("err")))},
			entry{"Evolves", texts(eventTypesOf(r.Evolves))},
			entry{"Evolve", jen.Func().Params(jen.Id("m").Add(engine("Meta")), jen.Id("state").Any(), jen.Id("event").Add(engine("Event"))).Block(
				jen.Id("evolve"+r.GoName).Call(jen.Id("h"), jen.Id("m"), state(), jen.Id("event")))})
	}
	if len(r.Reactions) > 0 {
		entries = append(entries, entry{"Reactions", jen.Id("reactionsOf" + r.GoName).Call(jen.Id("h"))})
	}
	f.Func().Id("describe" + r.GoName).Params(jen.Id("h").Id(r.GoName + "Handler")).Add(engine("Reactor")).Block(jen.Return(lines(engine("Reactor"), entries)))
	f.Line()
}

// evolveReactor emits a type switch over x-evolves.
func (f *goFile) evolveReactor(r *model.Reactor, pkg string) {
	var cases []jen.Code
	for _, e := range r.Evolves {
		cases = append(cases, jen.Case(f.eventRef(e)).Block(jen.Id("h").Dot(e.GoName).Call(jen.Id("m"), jen.Id("state"), jen.Id("event"))))
	}
	f.Func().Id("evolve"+r.GoName).Params(jen.Id("h").Qual(pkg, "Evolver"), jen.Id("m").Add(engine("Meta")),
		jen.Id("state").Op("*").Qual(pkg, "State"), jen.Id("event").Add(engine("Event"))).Block(
		jen.Switch(jen.Id("event").Op(":=").Id("event").Assert(jen.Type())).Block(append(cases, unexpected("event"))...))
	f.Line()
}

// reactorKey says whether x-key names a property of any event. Then it emits:
//
//	func keyOfWelcome(m engine.Meta, event engine.Event) string {
//		switch event := event.(type) {
//		case list.ItemAdded:
//			return event.ID.String()
//		}
//		return m.Stream.String()
//	}
func (f *goFile) reactorKey(r *model.Reactor) bool {
	var cases []jen.Code
	seen := map[*model.Event]bool{}
	for _, e := range eventsOf(r) {
		field := fieldNamed(e.Body, r.Key[e.Type])
		if field == nil || seen[e] {
			continue
		}
		seen[e] = true
		value := jen.Id("event").Dot(field.GoName)
		if f.fieldKind(field, false) == optField {
			unsupported("%s: x-key names %s of %s, which is optional: a key must be required", r.Pos, field.Name, e.Type)
		}
		cases = append(cases, jen.Case(f.eventRef(e)).Block(jen.Return(f.textOf(resolve(field.Type), value))))
	}
	if len(cases) == 0 {
		return false
	}
	f.Func().Id("keyOf"+r.GoName).Params(jen.Id("m").Add(engine("Meta")), jen.Id("event").Add(engine("Event"))).String().Block(
		jen.Switch(jen.Id("event").Op(":=").Id("event").Assert(jen.Type())).Block(cases...),
		jen.Return(jen.Id("m").Dot("Stream").Dot("String").Call()))
	f.Line()
	return true
}

// eventsOf lists everything that a reactor follows.
func eventsOf(r *model.Reactor) []*model.Event {
	var events []*model.Event
	events = append(events, r.Evolves...)
	for _, reaction := range r.Reactions {
		events = append(events, reaction.On...)
	}
	return events
}

func fieldNamed(o *model.Object, name string) *model.Field {
	for _, field := range o.Fields {
		if field.Name == name {
			return field
		}
	}
	return nil
}
