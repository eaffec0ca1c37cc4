package emit

import (
	"encoding/json"

	"github.com/backstory-go/backstory/codegen/model"
	"github.com/dave/jennifer/jen"
)

// marshal emits, for structs with constants, Extra, lists that may be nil or
// names that no tag can hold:
//
//	func (v Route) MarshalJSON() ([]byte, error) {
//		type plain Route
//		v.Stops = engine.NoNil(v.Stops)
//		return engine.EncodeExtra("\"kind\":\"route\"", plain(v), v.Extra)
//	}
func (f *goFile) marshal(goName string, o *model.Object, state bool) {
	constants, fixes, members := f.constants(o, state), f.noNil(o, state), f.members(o, state)
	if constants == "" && len(fixes) == 0 && len(members) == 0 && o.Additional != model.Typed {
		return
	}
	plain := jen.Id("plain").Call(jen.Id("v"))
	result := jen.Qual("encoding/json", "Marshal").Call(plain)
	switch {
	case o.Additional == model.Typed:
		result = engine("EncodeExtra").Call(append([]jen.Code{jen.Lit(constants), plain, jen.Id("v").Dot("Extra")}, members...)...)
	case constants != "" || len(members) > 0:
		result = engine("EncodeConst").Call(append([]jen.Code{jen.Lit(constants), plain}, members...)...)
	}
	body := append([]jen.Code{jen.Type().Id("plain").Id(goName)}, fixes...)
	f.doc("MarshalJSON writes what the schema accepts.")
	f.Func().Params(jen.Id("v").Id(goName)).Id("MarshalJSON").Params().Params(jen.Index().Byte(), jen.Error()).Block(append(body, jen.Return(result))...)
	f.Line()
}

// constants are an object's constant members as JSON text.
func (f *goFile) constants(o *model.Object, state bool) string {
	text := ""
	for _, field := range o.Fields {
		if f.fieldKind(field, state) != constField {
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

// members emits, for a name that no tag can hold:
// engine.Member{Name: "a\"b", Value: v.AB, Optional: true}
func (f *goFile) members(o *model.Object, state bool) []jen.Code {
	var members []jen.Code
	for _, field := range o.Fields {
		if f.fieldKind(field, state) == constField || taggable(field.Name) {
			continue
		}
		entries := []entry{{"Name", jen.Lit(field.Name)}, {"Value", jen.Id("v").Dot(field.GoName)}}
		if f.omitted(field, state) {
			entries = append(entries, entry{"Optional", jen.True()})
		}
		members = append(members, literal(engine("Member"), entries))
	}
	return members
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
