package emit

import (
	"github.com/backstory-go/backstory/codegen/model"
	"github.com/dave/jennifer/jen"
)

// commandTypes emits:
//
//	func CommandTypes() []engine.CommandType {
//		return []engine.CommandType{{Type: "todos.list.add_item", …}}
//	}
func (f *goFile) commandTypes(a *model.Actor) {
	values := make([]jen.Code, 0, len(a.Commands)+1)
	for _, c := range a.Commands {
		values = append(values, jen.Line().Add(f.commandType(c)))
	}
	f.doc("CommandTypes describes the commands to the engine.")
	f.Func().Id("CommandTypes").Params().Index().Add(engine("CommandType")).Block(
		jen.Return(jen.Index().Add(engine("CommandType")).Values(append(values, jen.Line())...)))
	f.Line()
}

func (f *goFile) commandType(c *model.Command) *jen.Statement {
	creates := map[model.Creates]string{model.CreatesNo: "CreatesNo", model.CreatesYes: "CreatesYes", model.CreatesOrUpdates: "CreatesOrUpdates"}
	entries := []entry{
		{"Type", jen.Lit(c.Type)},
		{"GoName", jen.Lit(c.GoName)},
		{"Doc", jen.Lit(c.Doc)},
		{"Creates", engine(creates[c.Creates])},
	}
	if c.Internal {
		entries = append(entries, entry{"Internal", jen.True()})
	}
	if len(c.Emits) > 0 {
		entries = append(entries, entry{"Emits", texts(eventTypesOf(c.Emits))})
	}
	if c.Past {
		entries = append(entries, entry{"Past", jen.True()})
	}
	entries = append(entries, entry{"Decode", jen.Func().Params(jen.Id("data").Index().Byte()).Params(engine("Command"), jen.Error()).Block(
		jen.Return(jen.Id("Decode" + c.GoName).Call(jen.Id("data"))))})
	if c.Creates != model.CreatesNo && len(c.Actor.ID.Composite) > 0 {
		entries = append(entries, entry{"StreamID", f.streamOf(c)})
	}
	if fields := f.formFields(c.Body); len(fields) > 0 {
		entries = append(entries, entry{"Fields", jen.Index().Add(engine("Field")).Values(append(fields, jen.Line())...)})
	}
	if len(c.Rejects) > 0 {
		var refusals []jen.Code
		for _, r := range c.Rejects {
			refusals = append(refusals, jen.Line().Add(literal(jen.Null(), refusalEntries(r))))
		}
		entries = append(entries, entry{"Refusals", jen.Index().Add(engine("RefusalType")).Values(append(refusals, jen.Line())...)})
	}
	if c.Settles != nil {
		entries = append(entries, entry{"Settles", settles(c.Settles)})
	}
	return lines(jen.Null(), entries)
}

func refusalEntries(r *model.Refusal) []entry {
	return []entry{{"Code", jen.Lit(r.Code)}, {"Text", jen.Lit(r.Text)}, {"At", jen.Lit(r.At)}}
}

// settles emits:
//
//	&engine.Settles{
//		Accepted: []string{"todos.list.name_confirmed"},
//		Refused:  []engine.SettledRefusal{{Event: "todos.list.name_refused", Refusal: engine.RefusalType{…}, Data: []string{"name"}}},
//		Within:   "PT10S",
//	}
func settles(s *model.Settles) *jen.Statement {
	var entries []entry
	if len(s.Accepted) > 0 {
		names := make([]string, len(s.Accepted))
		for i, e := range s.Accepted {
			names[i] = e.Type
		}
		entries = append(entries, entry{"Accepted", stringList(names)})
	}
	if len(s.Refused) > 0 {
		var refused []jen.Code
		for _, r := range s.Refused {
			refused = append(refused, jen.Line().Add(settledRefusal(r)))
		}
		entries = append(entries, entry{"Refused", jen.Index().Add(engine("SettledRefusal")).Values(append(refused, jen.Line())...)})
	}
	if s.Within != "" {
		entries = append(entries, entry{"Within", jen.Lit(s.Within)})
	}
	return lines(jen.Op("&").Add(engine("Settles")), entries)
}

func settledRefusal(r model.SettledRefusal) *jen.Statement {
	entries := []entry{{"Event", jen.Lit(r.Event.Type)}, {"Refusal", literal(engine("RefusalType"), refusalEntries(r.Refusal))}}
	if r.Refusal.Data != nil && len(r.Refusal.Data.Fields) > 0 {
		names := make([]string, len(r.Refusal.Data.Fields))
		for i, field := range r.Refusal.Data.Fields {
			names[i] = field.Name
		}
		entries = append(entries, entry{"Data", stringList(names)})
	}
	return literal(jen.Null(), entries)
}

func stringList(list []string) *jen.Statement {
	return jen.Index().String().ValuesFunc(func(g *jen.Group) {
		for _, text := range list {
			g.Lit(text)
		}
	})
}

// eventTypes emits:
//
//	func EventTypes() []engine.EventType {
//		return []engine.EventType{{Type: "todos.list.item_added", …}}
//	}
func (f *goFile) eventTypes(a *model.Actor) {
	var params []jen.Code
	if hasOlder(a) {
		params = append(params, jen.Id("h").Id("Upcaster"))
	}
	var values []jen.Code
	for _, e := range a.Events {
		values = append(values, jen.Line().Add(f.eventType(e, e.Type, e.Retired)))
		for _, old := range e.RenamedFrom {
			values = append(values, jen.Line().Add(f.eventType(e, old, true)))
		}
	}
	f.doc("EventTypes describes the events to the engine.")
	f.Func().Id("EventTypes").Params(params...).Index().Add(engine("EventType")).Block(
		jen.Return(jen.Index().Add(engine("EventType")).Values(append(values, jen.Line())...)))
	f.Line()
}

func (f *goFile) eventType(e *model.Event, typ string, retired bool) *jen.Statement {
	entries := []entry{{"Type", jen.Lit(typ)}, {"Version", jen.Lit(e.Version)}}
	if retired {
		entries = append(entries, entry{"Retired", jen.True()})
	}
	args := []jen.Code{jen.Id("d"), jen.Id("data"), jen.Id("version")}
	if len(e.Older) > 0 {
		args = append([]jen.Code{jen.Id("h")}, args...)
	}
	entries = append(entries,
		entry{"Doc", jen.Lit(e.Doc)},
		entry{"Decode", jen.Func().Params(storedParams()...).Params(engine("Event"), jen.Error()).Block(
			jen.Return(jen.Id("DecodeStored" + e.GoName).Call(args...)))},
		entry{"Check", jen.Func().Params(jen.Id("data").Index().Byte()).Error().Block(
			jen.Return(engine("CheckStrict").Call(jen.Id("data"), jen.Id("Read"+e.GoName))))})
	if tagged(e) {
		entries = append(entries, entry{"Tags", jen.Id("tagsOf" + e.GoName)})
	}
	return lines(jen.Null(), entries)
}
