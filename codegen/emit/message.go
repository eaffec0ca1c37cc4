package emit

import (
	"fmt"

	"github.com/backstory-go/backstory/codegen/model"
	"github.com/dave/jennifer/jen"
)

// messageType emits: func (AddItem) MessageType() string { return "todos.list.add_item" }
func (f *goFile) messageType(goName, typ string) {
	f.doc("MessageType is " + typ + ".")
	f.Func().Params(jen.Id(goName)).Id("MessageType").Params().String().Block(jen.Return(jen.Lit(typ)))
	f.Line()
}

// decodeStrict emits:
//
//	func DecodeAddItem(data []byte) (AddItem, error) { return engine.DecodeStrict(data, ReadAddItem) }
func (f *goFile) decodeStrict(goName string) {
	f.doc("Decode" + goName + " accepts exactly what the schema does; the error is an *engine.FaultsError with every fault.")
	f.Func().Id("Decode"+goName).Params(jen.Id("data").Index().Byte()).Params(jen.Id(goName), jen.Error()).Block(
		jen.Return(engine("DecodeStrict").Call(jen.Id("data"), jen.Id("Read"+goName))))
	f.Line()
}

// command emits a command's struct, decoder, emitter and refusals, one file.
func (p *plan) command(a *model.Actor, c *model.Command) error {
	f := p.goFile(p.dir(&a.Component), a.Package, "command_"+c.Name+"_gen.go", c.Pos.File)
	f.structType(c.GoName, describe(c.GoName, c.Doc, "a command of "+a.Type()+"."), c.Body, false)
	f.messageType(c.GoName, c.Type)
	f.Func().Params(jen.Id(c.GoName)).Id("isCommand").Params().Block()
	f.Line()
	f.decodeStrict(c.GoName)
	f.readStruct(c.GoName, c.Body, false)
	f.emitter(c)
	f.commandRefusal(c)
	return f.save()
}

// emitter emits:
//
//	type AddItemEmitter struct {
//		_   [0]AddItem
//		out *engine.Emission
//	}
//
//	func (e AddItemEmitter) ItemAdded(event ItemAdded) { e.out.Emit(event) }
func (f *goFile) emitter(c *model.Command) {
	name := c.GoName + "Emitter"
	f.doc(name + " emits the events that " + c.GoName + " may lead to. Each is folded into the state at once.")
	f.Type().Id(name).Struct(
		jen.Id("_").Index(jen.Lit(0)).Id(c.GoName).Comment("// keeps one emitter from being converted into another"),
		jen.Id("out").Op("*").Add(engine("Emission")),
	)
	f.Line()
	for _, event := range c.Emits {
		f.doc(describe(event.GoName, event.Doc, "emits "+event.Type+"."))
		f.Func().Params(jen.Id("e").Id(name)).Id(event.GoName).Params(jen.Id("event").Id(event.GoName)).Block(
			jen.Id("e").Dot("out").Dot("Emit").Call(jen.Id("event")))
		f.Line()
	}
}

// commandRefusal emits:
//
//	type AddItemRefusal interface {
//		engine.Refusal
//		isAddItemRefusal()
//	}
//
//	func (NotActive) isAddItemRefusal() {}
func (f *goFile) commandRefusal(c *model.Command) {
	if len(c.Rejects) == 0 {
		return
	}
	name := c.GoName + "Refusal"
	f.doc(name + " is a reason for which " + c.GoName + " may be refused.")
	f.Type().Id(name).Interface(engine("Refusal"), jen.Id("is"+name).Params())
	f.Line()
	for _, r := range c.Rejects {
		f.Func().Params(jen.Id(r.GoName)).Id("is" + name).Params().Block()
		f.Line()
	}
}

// event emits an event's struct and decoders, one file for each version.
func (p *plan) event(a *model.Actor, e *model.Event) error {
	for _, old := range e.Older {
		if err := p.olderEvent(a, e, old); err != nil {
			return err
		}
	}
	f := p.goFile(p.dir(&a.Component), a.Package, "event_"+e.Name+"_gen.go", e.Pos.File)
	f.structType(e.GoName, describe(e.GoName, e.Doc, "an event of "+a.Type()+"."), e.Body, false)
	if len(e.Older) > 0 {
		alias := versioned(e.GoName, e.Version)
		f.doc(alias + " is the current version of " + e.GoName + ".")
		f.Type().Id(alias).Op("=").Id(e.GoName)
		f.Line()
	}
	f.messageType(e.GoName, e.Type)
	f.doc("SchemaVersion is the version of the schema that it follows.")
	f.Func().Params(jen.Id(e.GoName)).Id("SchemaVersion").Params().Int().Block(jen.Return(jen.Lit(e.Version)))
	f.Line()
	f.decodeStrict(e.GoName)
	f.decodeStored(e)
	f.readStruct(e.GoName, e.Body, false)
	f.tags(e)
	return f.save()
}

func versioned(goName string, version int) string { return fmt.Sprintf("%sV%d", goName, version) }

func (p *plan) olderEvent(a *model.Actor, e, old *model.Event) error {
	name := versioned(e.GoName, old.Version)
	f := p.goFile(p.dir(&a.Component), a.Package, fmt.Sprintf("event_%s_v%d_gen.go", e.Name, old.Version), old.Pos.File)
	f.structType(name, describe(name, old.Doc, fmt.Sprintf("version %d of %s.", old.Version, e.Type)), old.Body, false)
	f.readStruct(name, old.Body, false)
	return f.save()
}

// decodeStored emits, for an event with one version:
//
//	func DecodeStoredItemAdded(d *engine.Decoder, data []byte, version int) (ItemAdded, error) {
//		if version != 1 {
//			return ItemAdded{}, engine.UnknownVersion("todos.list.item_added", version)
//		}
//		return engine.DecodeBy(d, data, ReadItemAdded)
//	}
//
// With older versions an Upcaster comes first and the chain follows.
func (f *goFile) decodeStored(e *model.Event) {
	params := storedParams()
	cases := []jen.Code{jen.Case(jen.Lit(e.Version)).Block(jen.Return(engine("DecodeBy").Call(jen.Id("d"), jen.Id("data"), jen.Id("Read"+e.GoName))))}
	if len(e.Older) > 0 {
		params = append([]jen.Code{jen.Id("h").Id("Upcaster")}, params...)
		for i, old := range e.Older {
			cases = append(cases, jen.Case(jen.Lit(old.Version)).Block(f.upcast(e, i)...))
		}
	}
	f.doc("DecodeStored" + e.GoName + " reads an event back from the log: leniently, and as its current version.")
	f.Func().Id("DecodeStored"+e.GoName).Params(params...).Params(jen.Id(e.GoName), jen.Error()).Block(
		jen.Switch(jen.Id("version")).Block(cases...),
		jen.Return(jen.Id(e.GoName).Values(), engine("UnknownVersion").Call(jen.Lit(e.Type), jen.Id("version"))),
	)
	f.Line()
}

// storedParams emits: d *engine.Decoder, data []byte, version int
func storedParams() []jen.Code {
	return []jen.Code{jen.Id("d").Op("*").Add(engine("Decoder")), jen.Id("data").Index().Byte(), jen.Id("version").Int()}
}

// upcast emits:
//
//	value, err := engine.DecodeBy(d, data, ReadItemAddedV1)
//	if err != nil {
//		return ItemAdded{}, err
//	}
//	return h.UpcastItemAddedV2(h.UpcastItemAddedV1(value)), nil
func (f *goFile) upcast(e *model.Event, from int) []jen.Code {
	result := jen.Id("value")
	for _, old := range e.Older[from:] {
		result = jen.Id("h").Dot("Upcast" + versioned(e.GoName, old.Version)).Call(result)
	}
	return []jen.Code{
		jen.List(jen.Id("value"), jen.Id("err")).Op(":=").Add(engine("DecodeBy")).Call(jen.Id("d"), jen.Id("data"), jen.Id("Read"+versioned(e.GoName, e.Older[from].Version))),
		jen.If(jen.Id("err").Op("!=").Nil()).Block(jen.Return(jen.Id(e.GoName).Values(), jen.Id("err"))),
		jen.Return(result, jen.Nil()),
	}
}

// tags emits, for an event with x-tag:
//
//	func tagsOfItemAdded(event engine.Event) []string {
//		e := event.(ItemAdded)
//		var tags []string
//		tags = append(tags, engine.Tag("list", e.List.String()))
//		return tags
//	}
func (f *goFile) tags(e *model.Event) {
	if !tagged(e) {
		return
	}
	body := []jen.Code{
		jen.Id("e").Op(":=").Id("event").Assert(f.eventRef(e)),
		jen.Var().Id("tags").Index().String(),
	}
	for _, field := range e.Body.Fields {
		if field.Tag != "" {
			body = append(body, jen.Id("tags").Op("=").Add(f.tag(field, field.Tag, "e")))
		}
	}
	f.Func().Id("tagsOf" + e.GoName).Params(jen.Id("event").Add(engine("Event"))).Index().String().Block(append(body, jen.Return(jen.Id("tags")))...)
	f.Line()
}

func tagged(e *model.Event) bool {
	for _, field := range e.Body.Fields {
		if field.Tag != "" {
			return true
		}
	}
	return false
}

// tag emits the tags with the value of a property of the message in a variable.
func (f *goFile) tag(field *model.Field, tag, message string) *jen.Statement {
	place, name, t := jen.Id(message).Dot(field.GoName), jen.Lit(tag), resolve(field.Type)
	switch {
	case f.fieldKind(field, false) == optField && t.Kind != model.Array:
		return engine("TagOpt").Call(jen.Id("tags"), name, place, f.textFunc(bare(t)))
	case t.Kind == model.Array && f.fieldKind(field, false) == plainField:
		return engine("TagAll").Call(jen.Id("tags"), name, place, f.textFunc(t.Elem))
	case t.Kind == model.Array:
		return engine("TagAll").Call(jen.Id("tags"), name, place.Dot("Or").Call(jen.Nil()), f.textFunc(t.Elem))
	case t.Nullable:
		return engine("TagOpt").Call(jen.Id("tags"), name, engine("OptOf").Call(place), f.textFunc(bare(t)))
	}
	return jen.Append(jen.Id("tags"), engine("Tag").Call(name, f.textOf(t, place)))
}

// textFunc emits: func(v uuid.UUID) string { return v.String() }
func (f *goFile) textFunc(t *model.Type) *jen.Statement {
	return jen.Func().Params(jen.Id("v").Add(f.goType(t))).String().Block(jen.Return(f.textOf(resolve(t), jen.Id("v"))))
}

// textOf emits a scalar as text: v.String(), strconv.FormatInt(v, 10)
func (f *goFile) textOf(t *model.Type, value *jen.Statement) *jen.Statement {
	switch t.Kind {
	case model.String:
		return value
	case model.Ref:
		if t.Ref.Form == model.EnumForm {
			return jen.String().Call(value)
		}
	case model.Integer:
		return jen.Qual("strconv", "FormatInt").Call(value, jen.Lit(10))
	case model.Boolean:
		return jen.Qual("strconv", "FormatBool").Call(value)
	case model.DateTime:
		return value.Clone().Dot("UTC").Call().Dot("Format").Call(jen.Qual("time", "RFC3339Nano"))
	case model.UUID, model.ID, model.Date, model.Time, model.Duration:
		return value.Clone().Dot("String").Call()
	}
	unsupported("%s: only texts, ids, whole numbers, booleans, dates and instants can be tags", t.Pos)
	return nil
}
