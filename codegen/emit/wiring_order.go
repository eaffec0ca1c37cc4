package emit

import (
	"github.com/backstory-go/backstory/codegen/model"
	"github.com/dave/jennifer/jen"
)

// order is how the events of a projection are kept in order: by its key when
// every event has it, else by stream when all are one actor's, else (no entry)
// all of them one after the other.
func (w *projectionWiring) order() []entry {
	switch {
	case w.keyed():
		return []entry{{"Key", jen.Id("orderOf" + w.p.GoName)}}
	case oneActor(w.p.Projects):
		return []entry{{"ByStream", jen.True()}}
	}
	return nil
}

// keyed says whether every event has required properties of the key's names.
func (w *projectionWiring) keyed() bool {
	for _, e := range w.p.Projects {
		for _, key := range w.p.Key {
			field := fieldNamed(e.Body, key.Name)
			if field == nil || w.fieldKind(field, false) == optField {
				return false
			}
		}
	}
	return len(w.p.Projects) > 0
}

func oneActor(events []*model.Event) bool {
	for _, e := range events {
		if e.Actor != events[0].Actor {
			return false
		}
	}
	return len(events) > 0
}

// orderFunc emits, when every event has the key:
//
//	func orderOfItems(_ engine.Meta, event engine.Event) string {
//		switch event := event.(type) {
//		case list.ItemAdded:
//			return event.List.String() + "/" + event.ID.String()
//		default:
//			panic(engine.UnexpectedMessage(event))
//		}
//	}
func (w *projectionWiring) orderFunc() {
	if !w.keyed() {
		return
	}
	var cases []jen.Code
	for _, e := range w.p.Projects {
		text := jen.Null()
		for i, key := range w.p.Key {
			if i > 0 {
				text.Op("+").Lit("/").Op("+")
			}
			field := fieldNamed(e.Body, key.Name)
			text.Add(w.textOf(resolve(field.Type), jen.Id("event").Dot(field.GoName)))
		}
		cases = append(cases, jen.Case(w.eventRef(e)).Block(jen.Return(text)))
	}
	w.Func().Id("orderOf"+w.p.GoName).Params(jen.Id("_").Add(engine("Meta")), jen.Id("event").Add(engine("Event"))).String().Block(
		jen.Switch(jen.Id("event").Op(":=").Id("event").Assert(jen.Type())).Block(append(cases, unexpected("event"))...))
	w.Line()
}
