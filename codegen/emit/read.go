package emit

import (
	"bytes"
	"encoding/json"

	"github.com/backstory-go/backstory/codegen/model"
	"github.com/dave/jennifer/jen"
)

// readExpr emits the expression that reads a value of type t out of raw JSON:
// d.String(m.Value, engine.Text{…})
func (f *goFile) readExpr(t *model.Type, raw *jen.Statement) *jen.Statement {
	t = resolve(t)
	if t.Nullable {
		return engine("DecodeNullable").Call(jen.Id("d"), raw, f.readFunc(bare(t)))
	}
	switch t.Kind {
	case model.String:
		return jen.Id("d").Dot("String").Call(raw, f.textRules(t.Checks))
	case model.UUID, model.DateTime, model.Date, model.Time, model.Duration:
		return jen.Id("d").Dot(textMethods[t.Kind]).Call(f.checked(t, raw))
	case model.Integer:
		return jen.Id("d").Dot("Int64").Call(raw, integerRules(t.Checks))
	case model.Number:
		return jen.Id("d").Dot("Float64").Call(raw, numberRules(t.Checks))
	case model.Boolean:
		return jen.Id("d").Dot("Bool").Call(raw)
	case model.Array:
		return engine("DecodeArray").Call(jen.Id("d"), raw, itemRules(t.Checks), f.readFunc(t.Elem))
	case model.Map:
		return f.readMap(t, raw)
	case model.Ref:
		return f.refTo(t.Ref, "Read").Call(jen.Id("d"), raw)
	case model.ID:
		return f.readID(t.Actor, raw)
	case model.Const:
		return jen.Id("read"+f.unit(t)).Call(jen.Id("d"), raw)
	}
	return f.goType(t) // reports what is not supported
}

var textMethods = map[model.Kind]string{
	model.UUID: "UUID", model.DateTime: "Time", model.Date: "Date", model.Time: "TimeOfDay", model.Duration: "Duration",
}

// checked emits: d.Checked(value, engine.Text{…}), or value when there is
// nothing to check beside the format.
func (f *goFile) checked(t *model.Type, raw *jen.Statement) *jen.Statement {
	if !hasTextRules(t.Checks) {
		return raw
	}
	c := t.Checks
	c.Format, c.Trim = "", false
	return jen.Id("d").Dot("Checked").Call(raw, f.textRules(c))
}

// readMap emits: engine.DecodeMap(d, value, engine.Range{}, func…)
func (f *goFile) readMap(t *model.Type, raw *jen.Statement) *jen.Statement {
	name := "DecodeMap"
	if t.KeyUUID {
		name = "DecodeUUIDMap"
	}
	return engine(name).Call(jen.Id("d"), raw, sizeOf(t.Checks.MinProperties, t.Checks.MaxProperties), f.readFunc(t.Elem))
}

// readID emits: ids.List(d.UUID(value)) or engine.DecodeID(d, value, ids.ParseListName)
func (f *goFile) readID(a *model.Actor, raw *jen.Statement) *jen.Statement {
	if isUUID(a) {
		return f.idType(a).Call(jen.Id("d").Dot("UUID").Call(raw))
	}
	return engine("DecodeID").Call(jen.Id("d"), raw, jen.Qual(f.plan.idsPath(a.Context), "Parse"+a.GoName))
}

func isUUID(a *model.Actor) bool {
	return len(a.ID.Composite) == 0 && (a.ID.Type == nil || resolve(a.ID.Type).Kind == model.UUID)
}

// readFunc emits a reader as a function value: (*engine.Decoder).UUID, ReadItem,
// or func(d *engine.Decoder, raw []byte) string { return d.String(raw, …) }
func (f *goFile) readFunc(t *model.Type) *jen.Statement {
	t = resolve(t)
	method, isText := textMethods[t.Kind]
	switch {
	case t.Nullable:
	case t.Kind == model.Ref:
		return f.refTo(t.Ref, "Read")
	case t.Kind == model.Const:
		return jen.Id("read" + f.unit(t))
	case t.Kind == model.Boolean:
		return jen.Parens(jen.Op("*").Add(engine("Decoder"))).Dot("Bool")
	case isText && !hasTextRules(t.Checks):
		return jen.Parens(jen.Op("*").Add(engine("Decoder"))).Dot(method)
	}
	return jen.Func().Params(decoderParams()...).Add(f.goType(t)).Block(jen.Return(f.readExpr(t, jen.Id("raw"))))
}

// readObject emits:
//
//	func ReadItem(d *engine.Decoder, raw []byte) Item {
//		var out Item
//		if !d.Object(raw) {
//			return out
//		}
//		var has struct{ ID bool }
//		for m := d.Walk(raw); m.Next(); {
//			switch string(m.Name) {
//			case "id":
//				has.ID = true
//				out.ID = d.UUID(m.Value)
//			default:
//				d.Undeclared()
//			}
//		}
//		d.Require(has.ID, "id")
//		return out
//	}
func (f *goFile) readObject(goName string, o *model.Object, state bool) {
	r := &objectReader{goFile: f, object: o, state: state}
	body := r.body(goName)
	f.doc("Read" + goName + " reads one; its faults go to the decoder.")
	f.Func().Id("Read" + goName).Params(decoderParams()...).Id(goName).Block(body...)
	f.Line()
}

// objectReader emits the parts of one reader.
type objectReader struct {
	*goFile
	object *model.Object
	state  bool
}

func (r *objectReader) body(goName string) []jen.Code {
	body := []jen.Code{jen.Var().Id("out").Id(goName)}
	for _, field := range r.object.Fields {
		if field.Default != nil && r.fieldKind(field, r.state) == plainField {
			body = append(body, jen.Id("out").Dot(field.GoName).Op("=").Add(r.defaultExpr(field.Type, field.Default)))
		}
	}
	body = append(body, jen.If(jen.Op("!").Id("d").Dot("Object").Call(jen.Id("raw"))).Block(jen.Return(jen.Id("out"))))
	if flags := r.flags(); len(flags) > 0 {
		body = append(body, jen.Var().Id("has").Struct(jen.List(flags...).Bool()))
	}
	body = append(body, r.loop()...)
	if o := r.object; o.MinProperties != nil || o.MaxProperties != nil {
		body = append(body, jen.Id("d").Dot("Size").Call(jen.Id("raw"), sizeOf(o.MinProperties, o.MaxProperties)))
	}
	return append(append(body, r.requires()...), jen.Return(jen.Id("out")))
}

// flags names the fields whose presence is asked for after the loop.
func (r *objectReader) flags() []jen.Code {
	var flags []jen.Code
	for _, field := range r.object.Fields {
		if r.flagged(field) {
			flags = append(flags, jen.Id(field.GoName))
		}
	}
	return flags
}

func (r *objectReader) flagged(field *model.Field) bool {
	return !r.state && field.Required || len(field.RenamedFrom) > 0
}

func (r *objectReader) loop() []jen.Code {
	o := r.object
	if len(o.Fields) == 0 && o.Additional == model.Open {
		return nil
	}
	walk := jen.For(jen.Id("m").Op(":=").Id("d").Dot("Walk").Call(jen.Id("raw")), jen.Id("m").Dot("Next").Call(), jen.Empty())
	if len(o.Fields) == 0 && o.Additional == model.Closed {
		return []jen.Code{walk.Block(jen.Id("d").Dot("Undeclared").Call())}
	}
	var cases []jen.Code
	for _, field := range o.Fields {
		cases = append(cases, jen.Case(jen.Lit(field.Name)).Block(r.read(field)...))
		for _, old := range field.RenamedFrom {
			cases = append(cases, jen.Case(jen.Lit(old)).Block(r.readRenamed(field)...))
		}
	}
	switch o.Additional {
	case model.Closed:
		cases = append(cases, jen.Default().Block(jen.Id("d").Dot("Undeclared").Call()))
	case model.Typed:
		cases = append(cases, jen.Default().Block(
			engine("PutExtra").Call(jen.Op("&").Id("out").Dot("Extra"), jen.String().Call(jen.Id("m").Dot("Name")), r.readExpr(o.Extra, memberValue()))))
	}
	return []jen.Code{walk.Block(jen.Switch(jen.String().Call(jen.Id("m").Dot("Name"))).Block(cases...))}
}

// memberValue emits: m.Value
func memberValue() *jen.Statement { return jen.Id("m").Dot("Value") }

func (r *objectReader) read(field *model.Field) []jen.Code {
	var stmts []jen.Code
	if r.flagged(field) {
		stmts = append(stmts, jen.Id("has").Dot(field.GoName).Op("=").True())
	}
	target := jen.Id("out").Dot(field.GoName).Op("=")
	switch r.fieldKind(field, r.state) {
	case constField:
		return append(stmts, jen.Id("d").Dot("Const").Call(memberValue(), jen.Lit(string(resolve(field.Type).Const))))
	case optField:
		name := "DecodeOpt"
		if resolve(field.Type).Nullable {
			name = "DecodeOptNullable"
		}
		return append(stmts, target.Add(engine(name)).Call(jen.Id("d"), memberValue(), r.readFunc(bare(field.Type))))
	}
	return append(stmts, target.Add(r.readExpr(field.Type, memberValue())))
}

// readRenamed reads a stored property by its old name, unless the new one came.
func (r *objectReader) readRenamed(field *model.Field) []jen.Code {
	stmts := []jen.Code{jen.If(jen.Op("!").Id("d").Dot("Strict").Call().Op("&&").Op("!").Id("has").Dot(field.GoName)).Block(r.read(field)...)}
	if r.object.Additional == model.Closed {
		stmts = append(stmts, jen.Id("d").Dot("Undeclared").Call())
	}
	return stmts
}

func (r *objectReader) requires() []jen.Code {
	var stmts []jen.Code
	for _, field := range r.object.Fields {
		if !field.Required || r.state {
			continue
		}
		method := "Require"
		if field.Default != nil {
			method = "RequireStrict"
		}
		stmts = append(stmts, jen.Id("d").Dot(method).Call(jen.Id("has").Dot(field.GoName), jen.Lit(field.Name)))
	}
	return stmts
}

// defaultExpr emits a default: "dark", 7, StatusActive, or
// engine.Default("[1]", func…)
func (f *goFile) defaultExpr(t *model.Type, value []byte) *jen.Statement {
	if lit := f.simpleDefault(resolve(t), value); lit != nil {
		return lit
	}
	var text bytes.Buffer
	if err := json.Compact(&text, value); err != nil {
		unsupported("%s: the default is not JSON: %v", t.Pos, err)
	}
	return engine("Default").Call(jen.Lit(text.String()), f.readFunc(t))
}
