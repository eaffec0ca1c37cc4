package emit

import (
	"crypto/sha256"
	"encoding/hex"
	"path"

	"github.com/backstory-go/backstory/codegen/model"
	"github.com/dave/jennifer/jen"
)

func (p *plan) dir(c *model.Component) string {
	return path.Join("generated", c.Context.Package, c.Package)
}

// folder is where a component's schemas lie.
func folder(c *model.Component) string { return "schemas/" + c.Context.Name + "/" + c.Name }

// actor emits the package of an actor.
func (p *plan) actor(a *model.Actor) error {
	for _, c := range a.Commands {
		if err := p.command(a, c); err != nil {
			return err
		}
	}
	for _, e := range a.Events {
		if err := p.event(a, e); err != nil {
			return err
		}
	}
	for _, emit := range []func(*model.Actor) error{p.state, p.refusalTypes, p.handler, p.given, p.properties} {
		if err := emit(a); err != nil {
			return err
		}
	}
	return p.types(p.dir(&a.Component), a.Package, folder(&a.Component), a.Types)
}

// state emits:
//
//	type State struct { … }
//	func NewState() *State
//	func (s *State) Clone() *State
//	func ReadState(d *engine.Decoder, raw []byte) State
func (p *plan) state(a *model.Actor) error {
	f := p.goFile(p.dir(&a.Component), a.Package, "state_gen.go", folder(&a.Component)+"/actor.json")
	f.stateType(a.State)
	return f.save()
}

func (f *goFile) stateType(o *model.Object) {
	f.structType("State", describe("State", o.Doc, "what decisions are made from."), o, true)
	body := []jen.Code{jen.Id("s").Op(":=").Op("&").Id("State").Values()}
	f.doc("NewState is the state before the first event: the defaults.")
	f.Func().Id("NewState").Params().Op("*").Id("State").Block(append(append(body, f.defaults(jen.Id("s"), o, true)...), jen.Return(jen.Id("s")))...)
	f.Line()
	f.doc("Clone is a copy that shares nothing.")
	f.Func().Params(jen.Id("s").Op("*").Id("State")).Id("Clone").Params().Op("*").Id("State").Block(
		append(append([]jen.Code{jen.Id("v").Op(":=").Op("*").Id("s")}, f.cloneFields("v", o, true)...), jen.Return(jen.Op("&").Id("v")))...)
	f.Line()
	f.readStruct("State", o, true)
}

// defaults emits: s.Theme = "dark", and of objects within: s.Address.Zip = "1"
func (f *goFile) defaults(place *jen.Statement, o *model.Object, state bool) []jen.Code {
	var stmts []jen.Code
	for _, field := range o.Fields {
		t, inner := resolve(field.Type), place.Clone().Dot(field.GoName)
		switch {
		case f.fieldKind(field, state) != plainField:
		case field.Default != nil:
			stmts = append(stmts, inner.Op("=").Add(f.defaultExpr(field.Type, field.Default)))
		case t.Kind == model.Ref && t.Ref.Form == model.StructForm && !t.Nullable:
			stmts = append(stmts, f.defaults(inner, t.Ref.Object, false)...)
		}
	}
	return stmts
}

// refusalTypes emits, for each code of the component:
//
//	type NotActive struct{}
//
//	func (NotActive) Code() string { return "not_active" }
//	func (NotActive) Message() string { return "This list is archived." }
//	func (NotActive) Field() string { return "" }
func (p *plan) refusalTypes(a *model.Actor) error {
	f := p.goFile(p.dir(&a.Component), a.Package, "refusals_gen.go", folder(&a.Component))
	for _, r := range a.Refusals {
		data := r.Data
		if data == nil {
			data = &model.Object{}
		}
		f.structType(r.GoName, describe(r.GoName, r.Text, "a refusal."), data, false)
		for _, m := range [][2]string{{"Code", r.Code}, {"Message", r.Text}, {"Field", r.At}} {
			f.doc(m[0] + " implements engine.Refusal.")
			f.Func().Params(jen.Id(r.GoName)).Id(m[0]).Params().String().Block(jen.Return(jen.Lit(m[1])))
			f.Line()
		}
	}
	f.refused(a)
	return f.save()
}

// refused emits what keeps a nil *NotActive from being taken for a refusal:
//
//	func refused(refusal engine.Refusal) engine.Refusal {
//		switch r := refusal.(type) {
//		case nil:
//			return nil
//		case *NotActive:
//			if r == nil {
//				return nil
//			}
//			return *r
//		}
//		return refusal
//	}
func (f *goFile) refused(a *model.Actor) {
	if len(a.Refusals) == 0 {
		return
	}
	cases := make([]jen.Code, 0, len(a.Refusals))
	for _, r := range a.Refusals {
		cases = append(cases, jen.Case(jen.Op("*").Id(r.GoName)).Block(
			jen.If(jen.Id("r").Op("==").Nil()).Block(jen.Return(jen.Nil())),
			jen.Return(jen.Op("*").Id("r"))))
	}
	f.Comment("// refused makes a nil pointer to a refusal no refusal.")
	f.Func().Id("refused").Params(jen.Id("refusal").Add(engine("Refusal"))).Add(engine("Refusal")).Block(
		jen.Switch(jen.Id("r").Op(":=").Id("refusal").Assert(jen.Type())).Block(cases...),
		jen.Return(jen.Id("refusal")),
	)
	f.Line()
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// given emits the test DSL:
//
//	func Given(t engine.TB, h Handler, history ...engine.Event) *GivenState
//	func (g *GivenState) As(who string) *GivenState
//	func (g *GivenState) Stream(id ids.List) *GivenState
//	func (g *GivenState) When(cmd Command) *GivenResult
func (p *plan) given(a *model.Actor) error {
	f := p.goFile(p.dir(&a.Component), a.Package, "given_gen.go", folder(&a.Component))
	self := func() *jen.Statement { return jen.Op("*").Id("GivenState") }
	method := func(doc, name string, param *jen.Statement, call *jen.Statement) {
		f.doc(doc)
		f.Func().Params(jen.Id("g").Add(self())).Id(name).Params(param).Add(self()).Block(call, jen.Return(jen.Id("g")))
		f.Line()
	}
	f.doc("GivenState is a stream under test.")
	f.Type().Id("GivenState").Struct(jen.Id("given").Op("*").Add(engine("Given")))
	f.Line()
	f.doc("Given starts a test with a stream's history; engine.By says who caused an event.")
	f.Func().Id("Given").Params(jen.Id("t").Add(engine("TB")), jen.Id("h").Id("Handler"), jen.Id("history").Op("...").Add(engine("Event"))).Add(self()).Block(
		jen.Id("t").Dot("Helper").Call(),
		jen.Return(jen.Op("&").Id("GivenState").Values(engine("NewGiven").Call(jen.Id("t"), jen.Id("Describe").Call(jen.Id("h")), jen.Id("history")))))
	f.Line()
	method("As says who sends the command.", "As", jen.Id("who").String(), jen.Id("g").Dot("given").Dot("As").Call(jen.Id("who")))
	method("Stream says which stream it is; there is one otherwise, too.", "Stream", jen.Id("id").Add(f.idType(a)),
		jen.Id("g").Dot("given").Dot("Stream").Call(jen.Id("id").Dot("String").Call()))
	f.givenWhen(a)
	return f.save()
}

func (f *goFile) givenWhen(a *model.Actor) {
	f.doc("When decides about a command of this actor, twice, and proves that only events changed the state.")
	f.Func().Params(jen.Id("g").Op("*").Id("GivenState")).Id("When").Params(jen.Id("cmd").Id("GivenCommand")).Op("*").Add(engine("GivenResult")).Block(
		jen.Return(jen.Id("g").Dot("given").Dot("When").Call(jen.Id("cmd"))))
	f.Line()
	f.doc("GivenCommand is any command of " + a.Type() + ".")
	f.Type().Id("GivenCommand").Interface(engine("Command"), jen.Id("isCommand").Params())
}
