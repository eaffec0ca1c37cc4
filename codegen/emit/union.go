package emit

import (
	"github.com/backstory-go/backstory/codegen/model"
	"github.com/dave/jennifer/jen"
)

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
		f.wrapper(n, arm)
		f.Func().Params(jen.Id(armName(n, arm))).Id("is" + n.GoName).Params().Block()
		f.Line()
	}
	f.readUnion(n)
	if deep(&model.Type{Kind: model.Ref, Ref: n}) {
		f.cloneUnion(n)
	}
}

// armName is the type that stands for an arm: its own, or a wrapper of the
// union's package around one of another, which could not have our methods.
func armName(n *model.Named, arm *model.Arm) string {
	if foreign(n, arm) {
		return n.GoName + arm.Struct.GoName
	}
	return arm.Struct.GoName
}

func foreign(n *model.Named, arm *model.Arm) bool { return arm.Struct.Package != n.Package }

// wrapper emits, for an arm of another package:
//
//	type ShapeCircle struct{ types.Circle }
func (f *goFile) wrapper(n *model.Named, arm *model.Arm) {
	if !foreign(n, arm) {
		return
	}
	f.doc(armName(n, arm) + " is a " + n.GoName + ".")
	f.Type().Id(armName(n, arm)).Struct(f.ref(arm.Struct))
	f.Line()
}

// wrapped emits: ShapeCircle{types.ReadCircle(d, raw)}, or the value alone
func wrapped(n *model.Named, arm *model.Arm, value *jen.Statement) *jen.Statement {
	if !foreign(n, arm) {
		return value
	}
	return jen.Id(armName(n, arm)).Values(value)
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
		value := f.refTo(arm.Struct, "Read").Call(jen.Id("d"), jen.Id("raw"))
		cases = append(cases, jen.Case(jen.Lit(arm.Value)).Block(jen.Return(wrapped(n, arm, value))))
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
