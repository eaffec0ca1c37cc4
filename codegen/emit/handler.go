package emit

import (
	"slices"
	"strings"

	"github.com/backstory-go/backstory/codegen/model"
	"github.com/dave/jennifer/jen"
)

// handler emits what the user implements, and Describe, which hands it to the engine.
func (p *plan) handler(a *model.Actor) error {
	f := p.goFile(p.dir(&a.Component), a.Package, "handler_gen.go", folder(&a.Component))
	f.packageDoc("is the actor " + a.Type() + ": " + orElse(a.Doc, "its messages, state and handlers."))
	f.decider(a)
	f.past(a)
	f.evolver(a)
	f.upcaster(a)
	f.doc("Handler is everything that " + a.Type() + " needs of its user.")
	f.Type().Id("Handler").InterfaceFunc(func(g *jen.Group) {
		g.Id("Decider")
		g.Id("Evolver")
		if hasOlder(a) {
			g.Id("Upcaster")
		}
	})
	f.Line()
	f.describeActor(a)
	f.commandTypes(a)
	f.eventTypes(a)
	f.evolve(a)
	f.handle(a)
	f.boundary(a)
	return f.save()
}

func orElse(text, fallback string) string {
	if strings.TrimSpace(text) == "" {
		return fallback
	}
	return text
}

// decider emits:
//
//	type Decider interface {
//		AddItem(in engine.Decision, state *State, cmd AddItem, emit AddItemEmitter) AddItemRefusal
//	}
func (f *goFile) decider(a *model.Actor) {
	f.doc("Decider decides what follows from a command. Its methods only read the state: events change it.")
	f.Type().Id("Decider").InterfaceFunc(func(g *jen.Group) {
		for _, c := range a.Commands {
			for _, line := range docLines(c.Doc) {
				g.Comment(line)
			}
			params := []jen.Code{jen.Id("in").Add(engine("Decision")), jen.Id("state").Op("*").Id("State")}
			if c.Past {
				params = append(params, jen.Id("past").Id("Past"))
			}
			method := g.Id(c.GoName).Params(append(params, jen.Id("cmd").Id(c.GoName), jen.Id("emit").Id(c.GoName+"Emitter"))...)
			if len(c.Rejects) > 0 {
				method.Id(c.GoName + "Refusal")
			}
		}
	})
	f.Line()
}

// past emits, where a command has x-past:
//
//	type Past = engine.Past[*State]
func (f *goFile) past(a *model.Actor) {
	if !slices.ContainsFunc(a.Commands, func(c *model.Command) bool { return c.Past }) {
		return
	}
	f.doc("Past is what the stream was before the command.")
	f.Type().Id("Past").Op("=").Add(pastType("Past"))
	f.Line()
}

func pastType(name string) *jen.Statement { return engine(name).Types(jen.Op("*").Id("State")) }

// evolver emits:
//
//	type Evolver interface {
//		ItemAdded(m engine.Meta, state *State, event ItemAdded)
//	}
func (f *goFile) evolver(a *model.Actor) {
	f.doc("Evolver folds an event into the state.")
	f.Type().Id("Evolver").InterfaceFunc(func(g *jen.Group) {
		for _, e := range slices.Concat(a.Events, a.Evolves) {
			for _, line := range docLines(e.Doc) {
				g.Comment(line)
			}
			g.Id(e.GoName).Params(jen.Id("m").Add(engine("Meta")), jen.Id("state").Op("*").Id("State"), jen.Id("event").Add(f.eventRef(e)))
		}
	})
	f.Line()
}

// upcaster emits:
//
//	type Upcaster interface {
//		UpcastItemAddedV1(event ItemAddedV1) ItemAddedV2
//	}
func (f *goFile) upcaster(a *model.Actor) {
	if !hasOlder(a) {
		return
	}
	f.doc("Upcaster makes the next version of an event out of an older one.")
	f.Type().Id("Upcaster").InterfaceFunc(func(g *jen.Group) {
		for _, e := range a.Events {
			for i, old := range e.Older {
				next := e.Version
				if i+1 < len(e.Older) {
					next = e.Older[i+1].Version
				}
				name := versioned(e.GoName, old.Version)
				g.Id("Upcast" + name).Params(jen.Id("event").Id(name)).Id(versioned(e.GoName, next))
			}
		}
	})
	f.Line()
}

func hasOlder(a *model.Actor) bool {
	for _, e := range a.Events {
		if len(e.Older) > 0 {
			return true
		}
	}
	return false
}

// describeActor emits:
//
//	func Describe(h Handler) engine.Actor {
//		return engine.Actor{
//			Type: "todos.list",
//			…
//		}
//	}
func (f *goFile) describeActor(a *model.Actor) {
	state := func() *jen.Statement { return jen.Id("state").Assert(jen.Op("*").Id("State")) }
	anyState := func() *jen.Statement { return jen.Id("state").Any() }
	entries := []entry{
		{"Type", jen.Lit(a.Type())},
		{"StateHash", jen.Lit(hash(shape(a.State)))},
		{"SnapshotEvery", jen.Lit(a.SnapshotEvery)},
		{"ParseID", jen.Func().Params(jen.Id("text").String()).Params(jen.String(), jen.Error()).Block(
			jen.List(jen.Id("id"), jen.Id("err")).Op(":=").Qual(f.plan.idsPath(a.Context), "Parse"+a.GoName).Call(jen.Id("text")),
			jen.Return(jen.Id("id").Dot("String").Call(), jen.Id("err")))},
		{"NewState", jen.Func().Params().Any().Block(jen.Return(jen.Id("NewState").Call()))},
		{"CloneState", jen.Func().Params(anyState()).Any().Block(jen.Return(state().Dot("Clone").Call()))},
		{"EncodeState", jen.Func().Params(anyState()).Params(jen.Index().Byte(), jen.Error()).Block(
			jen.Return(jen.Qual("encoding/json", "Marshal").Call(state())))},
		{"DecodeState", jen.Func().Params(jen.Id("data").Index().Byte()).Params(jen.Any(), jen.Error()).Block(
			jen.List(jen.Id("v"), jen.Id("err")).Op(":=").Add(engine("DecodeStored")).Call(jen.Id("data"), jen.Id("ReadState")),
			jen.Return(jen.Op("&").Id("v"), jen.Id("err")))},
		{"Commands", jen.Id("CommandTypes").Call()},
		{"Events", jen.Id("EventTypes").Call(f.upcasterArg(a)...)},
		{"Evolve", jen.Func().Params(jen.Id("m").Add(engine("Meta")), anyState(), jen.Id("event").Add(engine("Event"))).Block(
			jen.Id("evolve").Call(jen.Id("h"), jen.Id("m"), state(), jen.Id("event")))},
		{"Handle", jen.Func().Params(jen.Id("in").Add(engine("Decision")), anyState(), jen.Id("command").Add(engine("Command")), jen.Id("out").Op("*").Add(engine("Emission"))).Add(engine("Refusal")).Block(
			jen.Return(jen.Id("handle").Call(jen.Id("h"), jen.Id("in"), state(), jen.Id("command"), jen.Id("out"))))},
	}
	if len(a.Boundary) > 0 {
		entries = append(entries, entry{"Boundary", jen.Id("boundary").Call()})
	}
	f.doc("Describe hands the actor and its handlers to the engine.")
	f.Func().Id("Describe").Params(jen.Id("h").Id("Handler")).Add(engine("Actor")).Block(jen.Return(lines(engine("Actor"), entries)))
	f.Line()
}

func (f *goFile) upcasterArg(a *model.Actor) []jen.Code {
	if hasOlder(a) {
		return []jen.Code{jen.Id("h")}
	}
	return nil
}

// lines is literal with one entry a line.
func lines(typ *jen.Statement, entries []entry) *jen.Statement {
	values := make([]jen.Code, 0, len(entries)+1)
	for _, e := range entries {
		values = append(values, jen.Line().Id(e.key).Op(":").Add(e.value))
	}
	return typ.Values(append(values, jen.Line())...)
}

// evolve emits:
//
//	func evolve(h Evolver, m engine.Meta, state *State, event engine.Event) {
//		switch event := event.(type) {
//		case ItemAdded:
//			h.ItemAdded(m, state, event)
//		default:
//			panic(engine.UnexpectedMessage(event))
//		}
//	}
func (f *goFile) evolve(a *model.Actor) {
	var cases []jen.Code
	for _, e := range slices.Concat(a.Events, a.Evolves) {
		cases = append(cases, jen.Case(f.eventRef(e)).Block(jen.Id("h").Dot(e.GoName).Call(jen.Id("m"), jen.Id("state"), jen.Id("event"))))
	}
	f.Func().Id("evolve").Params(jen.Id("h").Id("Evolver"), jen.Id("m").Add(engine("Meta")), jen.Id("state").Op("*").Id("State"), jen.Id("event").Add(engine("Event"))).Block(
		jen.Switch(jen.Id("event").Op(":=").Id("event").Assert(jen.Type())).Block(append(cases, unexpected("event"))...))
	f.Line()
}

func unexpected(variable string) jen.Code {
	return jen.Default().Block(jen.Panic(engine("UnexpectedMessage").Call(jen.Id(variable))))
}

// handle emits:
//
//	func handle(h Decider, in engine.Decision, state *State, command engine.Command, out *engine.Emission) engine.Refusal {
//		switch cmd := command.(type) {
//		case AddItem:
//			return refused(h.AddItem(in, state, cmd, AddItemEmitter{out: out}))
//		case Create:
//			h.Create(in, state, cmd, CreateEmitter{out: out})
//			return nil
//		case Undo:
//			return refused(h.Undo(in, state, engine.PastOf[*State](out), cmd, UndoEmitter{out: out}))
//		default:
//			panic(engine.UnexpectedMessage(command))
//		}
//	}
func (f *goFile) handle(a *model.Actor) {
	var cases []jen.Code
	for _, c := range a.Commands {
		args := []jen.Code{jen.Id("in"), jen.Id("state")}
		if c.Past {
			args = append(args, pastType("PastOf").Call(jen.Id("out")))
		}
		call := jen.Id("h").Dot(c.GoName).Call(append(args, jen.Id("cmd"), jen.Id(c.GoName+"Emitter").Values(jen.Id("out").Op(":").Id("out")))...)
		if len(c.Rejects) > 0 {
			cases = append(cases, jen.Case(jen.Id(c.GoName)).Block(jen.Return(jen.Id("refused").Call(call))))
			continue
		}
		cases = append(cases, jen.Case(jen.Id(c.GoName)).Block(call, jen.Return(jen.Nil())))
	}
	f.Func().Id("handle").Params(jen.Id("h").Id("Decider"), jen.Id("in").Add(engine("Decision")), jen.Id("state").Op("*").Id("State"),
		jen.Id("command").Add(engine("Command")), jen.Id("out").Op("*").Add(engine("Emission"))).Add(engine("Refusal")).Block(
		jen.Switch(jen.Id("cmd").Op(":=").Id("command").Assert(jen.Type())).Block(append(cases, unexpected("cmd"))...))
	f.Line()
}
