package emit

import "github.com/dave/jennifer/jen"

// givenReactions emits the start of a test of a component's reactions:
//
//	func GivenList(t engine.TB, h ListHandler, history ...engine.Event) *engine.GivenReactions {
//		t.Helper()
//		return engine.NewGivenActorReactions(t, describeList(h), history)
//	}
func (f *goFile) givenReactions(goName, constructor, history string) {
	f.doc("Given" + goName + " starts a test of the reactions with " + history + "; engine.By says who caused an event, engine.In in which stream it stands.")
	f.given(goName, "h", "Handler", "history", engine("GivenReactions"), func(handler jen.Code) *jen.Statement {
		return engine(constructor).Call(jen.Id("t"), jen.Id("describe"+goName).Call(handler), jen.Id("history"))
	})
}

// given emits the start of a test of the projection's rows.
func (w *projectionWiring) given() {
	types := jen.Types(jen.Qual(w.pkg, "Key"), jen.Qual(w.pkg, "Row"))
	w.doc("Given" + w.p.GoName + " folds the events of a test into an empty table; engine.By says who caused an event, engine.In in which stream it stands.")
	w.goFile.given(w.p.GoName, "p", "Projector", "events", engine("GivenRows").Add(types), func(handler jen.Code) *jen.Statement {
		return engine("NewGivenRows").Call(jen.Id("t"), jen.Id("tableOf"+w.p.GoName).Call(handler), jen.Id("events"))
	})
}

func (f *goFile) given(goName, handler, suffix, events string, result *jen.Statement, make func(handler jen.Code) *jen.Statement) {
	f.Func().Id("Given"+goName).Params(jen.Id("t").Add(engine("TB")), jen.Id(handler).Id(goName+suffix), jen.Id(events).Op("...").Add(engine("Event"))).Op("*").Add(result).Block(
		jen.Id("t").Dot("Helper").Call(),
		jen.Return(make(jen.Id(handler))))
	f.Line()
}
