package emit

import (
	"path"
	"slices"
	"strings"

	"github.com/backstory-go/backstory/codegen/model"
	"github.com/dave/jennifer/jen"
)

// reacting is a component with reactions, as its emitter sees it.
type reacting struct {
	*goFile
	component *model.Component
	reactions []*model.Reaction
	state     *jen.Statement // *list.State; nil: none
}

// reactions emits a component's reactions into the context's package, one file.
func (p *plan) reactions(c *model.Component, reactions []*model.Reaction, stateful bool, from string) error {
	if len(reactions) == 0 {
		return nil
	}
	f := p.goFile(path.Join("generated", c.Context.Package), c.Context.Package, "reactions_"+c.Name+"_gen.go", folder(c)+"/"+from)
	r := &reacting{goFile: f, component: c, reactions: reactions}
	if stateful {
		r.state = jen.Op("*").Qual(p.componentPath(c), "State")
	}
	r.interfaceType()
	r.list()
	if from == "actor.json" {
		f.givenReactions(c.GoName, "NewGivenActorReactions", "a stream's history")
	} else {
		f.givenReactions(c.GoName, "NewGivenReactor", "the events of one key")
	}
	for _, reaction := range reactions {
		r.eventType(reaction)
		r.dispatcher(r.name(reaction)+"Dispatcher", reaction.Dispatches)
		if answers(reaction.OnRefused) {
			r.dispatcher(r.name(reaction)+"RefusedDispatcher", atOnce(reaction.OnRefused))
		}
		if answers(reaction.OnParked) {
			r.dispatcher(r.name(reaction)+"ParkedDispatcher", atOnce(reaction.OnParked))
		}
	}
	return f.save()
}

func answers(commands []*model.Command) bool { return len(commands) > 0 }

func atOnce(commands []*model.Command) []model.Dispatch {
	list := make([]model.Dispatch, len(commands))
	for i, c := range commands {
		list[i].Command = c
	}
	return list
}

func (r *reacting) name(reaction *model.Reaction) string {
	return r.component.GoName + reaction.GoName
}

// interfaceType emits:
//
//	type ListReactions interface {
//		OnNameConfirmed(ctx context.Context, m engine.Meta, state *list.State, event list.NameConfirmed, dispatch ListOnNameConfirmedDispatcher) error
//	}
func (r *reacting) interfaceType() {
	r.doc(r.component.GoName + "Reactions reacts to stored events. What it dispatches is sent when it returns nil.")
	r.Type().Id(r.component.GoName + "Reactions").InterfaceFunc(func(g *jen.Group) {
		for _, reaction := range r.reactions {
			for _, line := range docLines(reaction.Doc) {
				g.Comment(line)
			}
			g.Id(reaction.GoName).Params(r.params(jen.Id("event").Add(r.eventParam(reaction)), r.name(reaction)+"Dispatcher")...).Error()
			if answers(reaction.OnRefused) {
				g.Id(reaction.GoName + "Refused").Params(r.params(jen.Id("refused").Add(engine("RefusedCommand")), r.name(reaction)+"RefusedDispatcher")...).Error()
			}
			if answers(reaction.OnParked) {
				g.Id(reaction.GoName + "Parked").Params(r.params(jen.Id("parked").Add(engine("ParkedMessage")), r.name(reaction)+"ParkedDispatcher")...).Error()
			}
		}
	})
	r.Line()
}

func (r *reacting) params(message *jen.Statement, dispatcher string) []jen.Code {
	params := []jen.Code{jen.Id("ctx").Qual("context", "Context"), jen.Id("m").Add(engine("Meta"))}
	if r.state != nil {
		params = append(params, jen.Id("state").Add(r.state))
	}
	return append(params, message, jen.Id("dispatch").Id(dispatcher))
}

// eventParam is the event's type, or the sealed interface of several.
func (r *reacting) eventParam(reaction *model.Reaction) *jen.Statement {
	if len(reaction.On) == 1 {
		return r.eventRef(reaction.On[0])
	}
	return jen.Id(r.name(reaction) + "Event")
}

// eventType emits, for a reaction to several events:
//
//	type ListOnChangeEvent interface {
//		engine.Event
//		isListOnChangeEvent()
//	}
//
//	type ListOnChangeItemAdded struct{ list.ItemAdded }
//
//	func (ListOnChangeItemAdded) isListOnChangeEvent() {}
func (r *reacting) eventType(reaction *model.Reaction) {
	if len(reaction.On) == 1 {
		return
	}
	name := r.name(reaction) + "Event"
	r.doc(name + " is one of the events that " + reaction.GoName + " reacts to.")
	r.Type().Id(name).Interface(engine("Event"), jen.Id("is"+name).Params())
	r.Line()
	for _, e := range reaction.On {
		r.doc(r.armName(reaction, e) + " is " + e.Type + ".")
		r.Type().Id(r.armName(reaction, e)).Struct(r.eventRef(e))
		r.Line()
		r.Func().Params(jen.Id(r.armName(reaction, e))).Id("is" + name).Params().Block()
		r.Line()
	}
}

// armName carries the component's name where two events have one name.
func (r *reacting) armName(reaction *model.Reaction, e *model.Event) string {
	for _, other := range reaction.On {
		if other != e && other.GoName == e.GoName {
			return r.name(reaction) + e.Actor.GoName + e.GoName
		}
	}
	return r.name(reaction) + e.GoName
}

// list emits:
//
//	func reactionsOfList(h ListReactions) []engine.Reaction {
//		return []engine.Reaction{{Name: "todos.list.on_name_confirmed", …}}
//	}
func (r *reacting) list() {
	values := make([]jen.Code, 0, len(r.reactions)+1)
	for _, reaction := range r.reactions {
		entries := []entry{
			{"Name", jen.Lit(r.component.Type() + "." + reaction.Name)},
			{"Events", texts(eventTypesOf(reaction.On))},
		}
		if sends := dispatched(reaction); len(sends) > 0 {
			entries = append(entries, entry{"Dispatches", texts(sends)})
		}
		if len(reaction.Calls) > 0 {
			entries = append(entries, entry{"Calls", texts(reaction.Calls)})
		}
		entries = append(entries, entry{"Run", r.run(reaction)})
		if answers(reaction.OnRefused) {
			entries = append(entries, entry{"Refused", r.answer(reaction, "Refused", "RefusedCommand", reaction.OnRefused)})
		}
		if answers(reaction.OnParked) {
			entries = append(entries, entry{"Parked", r.answer(reaction, "Parked", "ParkedMessage", reaction.OnParked)})
		}
		values = append(values, jen.Line().Add(lines(jen.Null(), entries)))
	}
	r.Func().Id("reactionsOf" + r.component.GoName).Params(jen.Id("h").Id(r.component.GoName + "Reactions")).Index().Add(engine("Reaction")).Block(
		jen.Return(jen.Index().Add(engine("Reaction")).Values(append(values, jen.Line())...)))
	r.Line()
}

// dispatched lists the types of the commands that a reaction may send, each once.
func dispatched(reaction *model.Reaction) []string {
	var types []string
	for _, d := range reaction.Dispatches {
		types = append(types, d.Command.Type)
	}
	for _, c := range slices.Concat(reaction.OnRefused, reaction.OnParked) {
		types = append(types, c.Type)
	}
	slices.Sort(types)
	return slices.Compact(types)
}

func texts(list []string) *jen.Statement {
	return jen.Index().String().ValuesFunc(func(g *jen.Group) {
		for _, text := range list {
			g.Lit(text)
		}
	})
}

func eventTypesOf(events []*model.Event) []string {
	types := make([]string, len(events))
	for i, e := range events {
		types[i] = e.Type
	}
	return types
}

// run emits:
//
//	func(ctx context.Context, m engine.Meta, state any, event engine.Event, out *engine.Dispatch) error {
//		switch event := event.(type) {
//		case list.NameConfirmed:
//			return h.OnNameConfirmed(ctx, m, state.(*list.State), event, dispatchListOnNameConfirmed(out))
//		default:
//			panic(engine.UnexpectedMessage(event))
//		}
//	}
func (r *reacting) run(reaction *model.Reaction) *jen.Statement {
	var cases []jen.Code
	for _, e := range reaction.On {
		event := jen.Id("event")
		if len(reaction.On) > 1 {
			event = jen.Id(r.armName(reaction, e)).Values(jen.Id("event"))
		}
		cases = append(cases, jen.Case(r.eventRef(e)).Block(jen.Return(
			r.call(reaction.GoName, event, r.name(reaction)+"Dispatcher", reaction.Dispatches))))
	}
	return jen.Func().Params(r.runParams(jen.Id("event").Add(engine("Event")))...).Error().Block(
		jen.Switch(jen.Id("event").Op(":=").Id("event").Assert(jen.Type())).Block(append(cases, unexpected("event"))...))
}

func (r *reacting) runParams(message *jen.Statement) []jen.Code {
	return []jen.Code{jen.Id("ctx").Qual("context", "Context"), jen.Id("m").Add(engine("Meta")), jen.Id("state").Any(),
		message, jen.Id("out").Op("*").Add(engine("Dispatch"))}
}

// answer emits the same for a refused or parked command.
func (r *reacting) answer(reaction *model.Reaction, suffix, typ string, commands []*model.Command) *jen.Statement {
	message := strings.ToLower(suffix)
	return jen.Func().Params(r.runParams(jen.Id(message).Add(engine(typ)))...).Error().Block(jen.Return(
		r.call(reaction.GoName+suffix, jen.Id(message), r.name(reaction)+suffix+"Dispatcher", atOnce(commands))))
}

func (r *reacting) call(method string, message *jen.Statement, dispatcher string, dispatches []model.Dispatch) *jen.Statement {
	args := []jen.Code{jen.Id("ctx"), jen.Id("m")}
	if r.state != nil {
		args = append(args, jen.Id("state").Assert(r.state.Clone()))
	}
	return jen.Id("h").Dot(method).Call(append(args, message, r.newDispatcher(dispatcher, dispatches))...)
}
