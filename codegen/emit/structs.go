package emit

import (
	"encoding/json"
	"math/big"
	"strconv"

	"github.com/backstory-go/backstory/codegen/model"
	"github.com/dave/jennifer/jen"
)

// named emits a named type with what reads, writes and copies it.
func (f *goFile) named(n *model.Named) {
	switch n.Form {
	case model.StructForm:
		f.structType(n.GoName, describe(n.GoName, n.Doc, "a nested object."), n.Object, false)
		f.readStruct(n.GoName, n.Object, false)
		f.clone(n)
	case model.EnumForm:
		f.enum(n)
	case model.UnionForm:
		f.union(n)
	}
}

// readStruct emits the reader of a struct; its patterns are named after it.
func (f *goFile) readStruct(goName string, o *model.Object, state bool) {
	f.owner, f.count = goName, 0
	f.readObject(goName, o, state)
}

// structType emits:
//
//	type AddItem struct {
//		Text string `json:"text"`
//	}
//
// and its MarshalJSON where tags cannot say it.
func (f *goFile) structType(goName, doc string, o *model.Object, state bool) {
	f.doc(doc)
	f.Type().Id(goName).StructFunc(func(g *jen.Group) {
		for _, field := range o.Fields {
			if f.fieldKind(field, state) == constField {
				continue
			}
			for _, line := range docLines(field.Doc) {
				g.Comment(line)
			}
			g.Id(field.GoName).Add(f.fieldType(field, state)).Tag(f.jsonTag(field, state))
		}
		if o.Additional == model.Typed {
			g.Comment("// Extra holds the properties that the schema does not name.")
			g.Id("Extra").Map(jen.String()).Add(f.goType(o.Extra)).Tag(map[string]string{"json": "-"})
		}
	})
	f.Line()
	f.marshal(goName, o, state)
}

func (f *goFile) jsonTag(field *model.Field, state bool) map[string]string {
	tag := field.Name
	if tag == "-" {
		tag = "-,"
	}
	if f.fieldKind(field, state) == optField || state && !field.Required && field.Default == nil {
		tag += ",omitzero"
	}
	return map[string]string{"json": tag}
}

// marshal emits, for structs with constants, Extra or lists that may be nil:
//
//	func (v Route) MarshalJSON() ([]byte, error) {
//		type plain Route
//		v.Stops = engine.NoNil(v.Stops)
//		return engine.EncodeExtra("\"kind\":\"route\"", plain(v), v.Extra)
//	}
func (f *goFile) marshal(goName string, o *model.Object, state bool) {
	constants, fixes := f.constants(o), f.noNil(o, state)
	if constants == "" && len(fixes) == 0 && o.Additional != model.Typed {
		return
	}
	plain := jen.Id("plain").Call(jen.Id("v"))
	result := jen.Qual("encoding/json", "Marshal").Call(plain)
	switch {
	case o.Additional == model.Typed:
		result = engine("EncodeExtra").Call(jen.Lit(constants), plain, jen.Id("v").Dot("Extra"))
	case constants != "":
		result = engine("EncodeConst").Call(jen.Lit(constants), plain)
	}
	body := append([]jen.Code{jen.Type().Id("plain").Id(goName)}, fixes...)
	f.doc("MarshalJSON writes what the schema accepts.")
	f.Func().Params(jen.Id("v").Id(goName)).Id("MarshalJSON").Params().Params(jen.Index().Byte(), jen.Error()).Block(append(body, jen.Return(result))...)
	f.Line()
}

// constants are an object's constant members as JSON text.
func (f *goFile) constants(o *model.Object) string {
	text := ""
	for _, field := range o.Fields {
		if f.fieldKind(field, false) != constField {
			continue
		}
		name, err := json.Marshal(field.Name)
		if err != nil {
			unsupported("%s: %v", field.Pos, err)
		}
		if text != "" {
			text += ","
		}
		text += string(name) + ":" + string(resolve(field.Type).Const)
	}
	return text
}

// noNil emits: v.Items = engine.NoNil(v.Items), and for a list of lists:
// v.Rows = engine.NoNil(engine.CloneList(v.Rows, engine.NoNil[int64]))
func (f *goFile) noNil(o *model.Object, state bool) []jen.Code {
	var fixes []jen.Code
	for _, field := range o.Fields {
		t := resolve(field.Type)
		if f.fieldKind(field, state) != plainField || t.Nullable || t.Kind != model.Array && t.Kind != model.Map || state && !field.Required && field.Default == nil {
			continue
		}
		name := "NoNil"
		if t.Kind == model.Map {
			name = "NoNilMap"
		}
		place := jen.Id("v").Dot(field.GoName)
		value := place.Clone()
		if inner := resolve(t.Elem); t.Kind == model.Array && inner.Kind == model.Array && !inner.Nullable {
			value = engine("CloneList").Call(value, engine("NoNil").Types(f.goType(inner.Elem)))
		}
		fixes = append(fixes, place.Clone().Op("=").Add(engine(name)).Call(value))
	}
	return fixes
}

// enum emits:
//
//	type Status string
//
//	const (
//		StatusActive Status = "active"
//	)
//
//	func ReadStatus(d *engine.Decoder, raw []byte) Status { return Status(d.Enum(raw, "active")) }
func (f *goFile) enum(n *model.Named) {
	f.doc(describe(n.GoName, n.Doc, "one of a few texts."))
	f.Type().Id(n.GoName).String()
	f.Line()
	f.doc("The values of " + n.GoName + ".")
	f.Const().DefsFunc(func(g *jen.Group) {
		for _, v := range n.Enum {
			g.Id(v.GoName).Id(n.GoName).Op("=").Lit(v.Value)
		}
	})
	f.Line()
	values := []jen.Code{jen.Id("raw")}
	for _, v := range n.Enum {
		values = append(values, jen.Lit(v.Value))
	}
	f.doc("Read" + n.GoName + " reads one; its faults go to the decoder.")
	f.Func().Id("Read" + n.GoName).Params(decoderParams()...).Id(n.GoName).Block(
		jen.Return(jen.Id(n.GoName).Call(jen.Id("d").Dot("Enum").Call(values...))))
	f.Line()
}

// union emits:
//
//	type Shape interface{ isShape() }
//
//	func (Circle) isShape() {}
//
//	func ReadShape(d *engine.Decoder, raw []byte) Shape { … }
func (f *goFile) union(n *model.Named) {
	f.doc(describe(n.GoName, n.Doc, "one of several objects, told apart by "+n.Union.Tag+"."))
	f.Type().Id(n.GoName).Interface(jen.Id("is" + n.GoName).Params())
	f.Line()
	for _, arm := range n.Union.Arms {
		if arm.Struct.Package != n.Package {
			unsupported("%s: an arm of %s lies in another package, %s: define it in the same component", n.Pos, n.GoName, arm.Struct.Package)
		}
		f.Func().Params(jen.Id(arm.Struct.GoName)).Id("is" + n.GoName).Params().Block()
		f.Line()
	}
	f.readUnion(n)
	if deep(&model.Type{Kind: model.Ref, Ref: n}) {
		f.cloneUnion(n)
	}
}

// readUnion emits:
//
//	func ReadShape(d *engine.Decoder, raw []byte) Shape {
//		tag, ok := d.Tag(raw, "kind")
//		if !ok {
//			return nil
//		}
//		switch tag {
//		case "circle":
//			return ReadCircle(d, raw)
//		}
//		d.UnknownTag("kind", "circle")
//		return nil
//	}
func (f *goFile) readUnion(n *model.Named) {
	known := []jen.Code{jen.Lit(n.Union.Tag)}
	var cases []jen.Code
	for _, arm := range n.Union.Arms {
		known = append(known, jen.Lit(arm.Value))
		cases = append(cases, jen.Case(jen.Lit(arm.Value)).Block(
			jen.Return(f.refTo(arm.Struct, "Read").Call(jen.Id("d"), jen.Id("raw")))))
	}
	f.doc("Read" + n.GoName + " reads one; its faults go to the decoder.")
	f.Func().Id("Read"+n.GoName).Params(decoderParams()...).Id(n.GoName).Block(
		jen.List(jen.Id("tag"), jen.Id("ok")).Op(":=").Id("d").Dot("Tag").Call(jen.Id("raw"), jen.Lit(n.Union.Tag)),
		jen.If(jen.Op("!").Id("ok")).Block(jen.Return(jen.Nil())),
		jen.Switch(jen.Id("tag")).Block(cases...),
		jen.Id("d").Dot("UnknownTag").Call(known...),
		jen.Return(jen.Nil()),
	)
	f.Line()
}

// simpleDefault is a default as a Go literal, or nil when only a reader can make it.
func (f *goFile) simpleDefault(t *model.Type, value []byte) *jen.Statement {
	if t.Nullable {
		return nil
	}
	switch t.Kind {
	case model.String:
		var text string
		if json.Unmarshal(value, &text) == nil {
			return jen.Lit(text)
		}
	case model.Boolean:
		return jen.Lit(string(value) == "true")
	case model.Integer:
		if exact, ok := new(big.Rat).SetString(string(value)); ok && exact.IsInt() && exact.Num().IsInt64() {
			return jen.Lit(int(exact.Num().Int64()))
		}
	case model.Number:
		if number, err := strconv.ParseFloat(string(value), 64); err == nil {
			return jen.Lit(number)
		}
	case model.Ref:
		return f.enumDefault(t.Ref, value)
	}
	return nil
}

func (f *goFile) enumDefault(n *model.Named, value []byte) *jen.Statement {
	var text string
	if n.Form != model.EnumForm || json.Unmarshal(value, &text) != nil {
		return nil
	}
	for _, v := range n.Enum {
		if v.Value == text {
			return jen.Qual(f.plan.path(n.Package), v.GoName)
		}
	}
	return nil
}
