package emit

import (
	"github.com/backstory-go/backstory/codegen/model"
	"github.com/dave/jennifer/jen"
)

// clone emits, for a struct that shares something when it is assigned:
//
//	func (v Item) Clone() Item {
//		v.Tags = slices.Clone(v.Tags)
//		return v
//	}
func (f *goFile) clone(n *model.Named) {
	if !deep(&model.Type{Kind: model.Ref, Ref: n}) {
		return
	}
	f.doc("Clone is a copy that shares nothing.")
	f.Func().Params(jen.Id("v").Id(n.GoName)).Id("Clone").Params().Id(n.GoName).Block(
		append(f.cloneFields("v", n.Object, false), jen.Return(jen.Id("v")))...)
	f.Line()
}

// cloneFields emits an assignment for each field that is deep.
func (f *goFile) cloneFields(receiver string, o *model.Object, state bool) []jen.Code {
	var stmts []jen.Code
	for _, field := range o.Fields {
		kind := f.fieldKind(field, state)
		if kind == constField || !deep(field.Type) {
			continue
		}
		place := jen.Id(receiver).Dot(field.GoName)
		if kind == optField {
			if inner := bare(field.Type); deep(inner) {
				stmts = append(stmts, place.Clone().Op("=").Add(place).Dot("CloneWith").Call(f.cloneFunc(inner)))
			}
			continue
		}
		stmts = append(stmts, place.Clone().Op("=").Add(f.cloneExpr(field.Type, place)))
	}
	if o.Additional == model.Typed {
		place := jen.Id(receiver).Dot("Extra")
		stmts = append(stmts, place.Clone().Op("=").Add(f.cloneMap(o.Extra, place)))
	}
	return stmts
}

// cloneExpr emits the copy of one value: slices.Clone(v.Tags), v.Item.Clone()
func (f *goFile) cloneExpr(t *model.Type, value *jen.Statement) *jen.Statement {
	t = resolve(t)
	switch {
	case t.Nullable:
		return engine("ClonePtr").Call(value, f.cloneFunc(bare(t)))
	case t.Kind == model.Array && !deep(t.Elem):
		return jen.Qual("slices", "Clone").Call(value)
	case t.Kind == model.Array:
		return engine("CloneList").Call(value, f.cloneFunc(t.Elem))
	case t.Kind == model.Map:
		return f.cloneMap(t.Elem, value)
	case t.Ref.Form == model.UnionForm:
		return f.refTo(t.Ref, "Clone").Call(value)
	}
	return value.Clone().Dot("Clone").Call()
}

func (f *goFile) cloneMap(elem *model.Type, value *jen.Statement) *jen.Statement {
	if !deep(elem) {
		return jen.Qual("maps", "Clone").Call(value)
	}
	return engine("CloneMap").Call(value, f.cloneFunc(elem))
}

// cloneFunc emits a copying function as a value: Item.Clone, CloneShape,
// engine.Same[string], slices.Clone[[]string]
func (f *goFile) cloneFunc(t *model.Type) *jen.Statement {
	t = resolve(t)
	if !deep(t) {
		return engine("Same").Types(f.goType(t))
	}
	if !t.Nullable && t.Kind == model.Ref {
		if t.Ref.Form == model.UnionForm {
			return f.refTo(t.Ref, "Clone")
		}
		return f.goType(t).Dot("Clone")
	}
	return jen.Func().Params(jen.Id("v").Add(f.goType(t))).Add(f.goType(t)).Block(jen.Return(f.cloneExpr(t, jen.Id("v"))))
}

// cloneUnion emits:
//
//	func CloneShape(v Shape) Shape {
//		switch v := v.(type) {
//		case Circle:
//			return v.Clone()
//		}
//		return v
//	}
func (f *goFile) cloneUnion(n *model.Named) {
	var cases []jen.Code
	for _, arm := range n.Union.Arms {
		if deep(&model.Type{Kind: model.Ref, Ref: arm.Struct}) {
			value := jen.Id("v")
			if foreign(n, arm) {
				value = value.Dot(arm.Struct.GoName)
			}
			cases = append(cases, jen.Case(jen.Id(armName(n, arm))).Block(jen.Return(wrapped(n, arm, value.Dot("Clone").Call()))))
		}
	}
	f.doc("Clone" + n.GoName + " is a copy that shares nothing.")
	f.Func().Id("Clone"+n.GoName).Params(jen.Id("v").Id(n.GoName)).Id(n.GoName).Block(
		jen.Switch(jen.Id("v").Op(":=").Id("v").Assert(jen.Type())).Block(cases...),
		jen.Return(jen.Id("v")),
	)
	f.Line()
}
