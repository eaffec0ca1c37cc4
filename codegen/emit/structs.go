package emit

import (
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
	"unicode"

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
	switch {
	case !taggable(tag):
		return map[string]string{"json": "-"} // MarshalJSON writes it
	case tag == "-":
		tag = "-,"
	}
	if f.omitted(field, state) {
		tag += ",omitzero"
	}
	return map[string]string{"json": tag}
}

// omitted says whether the zero value of a field is not written.
func (f *goFile) omitted(field *model.Field, state bool) bool {
	return f.fieldKind(field, state) == optField || state && !field.Required && field.Default == nil
}

// taggable says whether encoding/json takes a name from a tag: it ignores others
// without a word.
func taggable(name string) bool {
	for _, r := range name {
		if !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return false
		}
	}
	return name != ""
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
