package emit

import (
	"strings"

	"github.com/backstory-go/backstory/codegen/model"
	"github.com/dave/jennifer/jen"
)

// target is an actor that a reaction may send commands to.
type target struct {
	field      string // ListName
	actor      *model.Actor
	dispatches []model.Dispatch
}

// targets groups dispatches by actor, in the order of the schema. An actor whose
// name is another's, too, carries its context's.
func targets(dispatches []model.Dispatch) []*target {
	var list []*target
	for _, d := range dispatches {
		t := findTarget(list, d.Command.Actor)
		if t == nil {
			t = &target{field: d.Command.Actor.GoName, actor: d.Command.Actor}
			list = append(list, t)
		}
		t.dispatches = append(t.dispatches, d)
	}
	for i, t := range list {
		for j, other := range list {
			if i != j && other.actor.GoName == t.actor.GoName {
				pkg := t.actor.Context.Package
				t.field = strings.ToUpper(pkg[:1]) + pkg[1:] + t.actor.GoName
			}
		}
	}
	return list
}

func findTarget(list []*target, actor *model.Actor) *target {
	for _, t := range list {
		if t.actor == actor {
			return t
		}
	}
	return nil
}

// dispatcher emits:
//
//	type ListOnNameConfirmedDispatcher struct {
//		ListName ListOnNameConfirmedDispatcherToListName
//	}
//
// and the type of each target.
func (r *reacting) dispatcher(name string, dispatches []model.Dispatch) {
	r.doc(name + " sends the commands that the schema declares.")
	r.Type().Id(name).StructFunc(func(g *jen.Group) {
		for _, t := range targets(dispatches) {
			g.Id(t.field).Id(name + "To" + t.field)
		}
	})
	r.Line()
	for _, t := range targets(dispatches) {
		r.target(name+"To"+t.field, t)
	}
}

// target emits:
//
//	type ListOnNameConfirmedDispatcherToListName struct {
//		_   [0]func(ListOnNameConfirmedDispatcherToListName)
//		out *engine.Dispatch
//	}
//
//	func (d ListOnNameConfirmedDispatcherToListName) Confirm(id ids.ListName, cmd listname.Confirm) {
//		d.out.Send("todos.list_name", id.String(), cmd, "")
//	}
func (r *reacting) target(name string, t *target) {
	r.doc(name + " sends commands to " + t.actor.Type() + ".")
	r.Type().Id(name).Struct(
		jen.Id("_").Index(jen.Lit(0)).Func().Params(jen.Id(name)).Comment("// keeps one dispatcher from being converted into another"),
		jen.Id("out").Op("*").Add(engine("Dispatch")),
	)
	r.Line()
	for _, d := range t.dispatches {
		after := ""
		if d.After != "" {
			after = ", after " + d.After
		}
		r.doc(d.Command.GoName + " sends " + d.Command.Type + after + ".")
		r.Func().Params(jen.Id("d").Id(name)).Id(d.Command.GoName).Params(
			jen.Id("id").Add(r.idType(t.actor)), jen.Id("cmd").Qual(r.plan.componentPath(&t.actor.Component), d.Command.GoName)).Block(
			jen.Id("d").Dot("out").Dot("Send").Call(jen.Lit(t.actor.Type()), jen.Id("id").Dot("String").Call(), jen.Id("cmd"), jen.Lit(d.After)))
		r.Line()
	}
}

// newDispatcher emits: ListOnNameConfirmedDispatcher{ListName: ListOnNameConfirmedDispatcherToListName{out: out}}
func (r *reacting) newDispatcher(name string, dispatches []model.Dispatch) *jen.Statement {
	var entries []entry
	for _, t := range targets(dispatches) {
		entries = append(entries, entry{t.field, literal(jen.Id(name+"To"+t.field), []entry{{"out", jen.Id("out")}})})
	}
	return literal(jen.Id(name), entries)
}
