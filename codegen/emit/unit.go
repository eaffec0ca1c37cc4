package emit

import (
	"github.com/backstory-go/backstory/codegen/model"
	"github.com/dave/jennifer/jen"
)

// unit is the name of the type of a constant that may be absent, or null, or
// stand in a list: there Go needs a value that says it is there.
func (f *goFile) unit(t *model.Type) string {
	if t.ConstName == "" {
		unsupported("%s: a constant stands where Go needs a value: give the property a type", t.Pos)
	}
	key := f.dir + "." + t.ConstName
	switch known, ok := f.plan.units[key]; {
	case !ok:
		f.plan.units[key] = string(t.Const)
		f.units = append(f.units, t)
	case known != string(t.Const):
		unsupported("%s: two constants both need the Go name %s: give one of them another with x-go-name", t.Pos, t.ConstName)
	}
	return t.ConstName
}

// emitUnits emits, for each constant that needs a type:
//
//	type PlacedKind struct{}
//
//	func (PlacedKind) MarshalJSON() ([]byte, error) { return []byte("\"x\""), nil }
//
//	func readPlacedKind(d *engine.Decoder, raw []byte) PlacedKind {
//		d.Const(raw, "\"x\"")
//		return PlacedKind{}
//	}
func (f *goFile) emitUnits() {
	for _, t := range f.units {
		name, text := t.ConstName, string(t.Const)
		f.doc(name + " is a constant: " + text)
		f.Type().Id(name).Struct()
		f.Line()
		f.doc("MarshalJSON writes the constant.")
		f.Func().Params(jen.Id(name)).Id("MarshalJSON").Params().Params(jen.Index().Byte(), jen.Error()).Block(
			jen.Return(jen.Index().Byte().Call(jen.Lit(text)), jen.Nil()))
		f.Line()
		f.Func().Id("read"+name).Params(decoderParams()...).Id(name).Block(
			jen.Id("d").Dot("Const").Call(jen.Id("raw"), jen.Lit(text)),
			jen.Return(jen.Id(name).Values()))
		f.Line()
	}
	f.units = nil
}
