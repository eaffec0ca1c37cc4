package emit

import (
	"path"
	"slices"

	"github.com/backstory-go/backstory/codegen/model"
	"github.com/dave/jennifer/jen"
)

// ids emits the typed ids of a context's actors.
func (p *plan) ids(ctx *model.Context) error {
	if len(ctx.Actors) == 0 {
		return nil
	}
	f := p.goFile(path.Join("generated", ctx.Package, "ids"), "ids", "ids_gen.go", "schemas/"+ctx.Name)
	f.packageDoc("holds what identifies the streams of the actors: one type each, so that no two are mixed up.")
	for _, a := range ctx.Actors {
		switch {
		case len(a.ID.Composite) > 0:
			f.compositeID(a)
		case isUUID(a):
			f.uuidID(a)
		default:
			f.textID(a)
		}
	}
	return f.save()
}

// uuidID emits:
//
//	type List uuid.UUID
//
//	func ParseList(text string) (List, error) {
//		id, err := engine.ParseUUID(text)
//		return List(id), err
//	}
//
//	func (id List) String() string { return uuid.UUID(id).String() }
func (f *goFile) uuidID(a *model.Actor) {
	f.doc(a.GoName + " identifies a stream of " + a.Type() + ".")
	f.Type().Id(a.GoName).Qual(uuidPath, "UUID")
	f.Line()
	f.parseDoc(a)
	f.Func().Id("Parse"+a.GoName).Params(jen.Id("text").String()).Params(jen.Id(a.GoName), jen.Error()).Block(
		jen.List(jen.Id("id"), jen.Id("err")).Op(":=").Add(engine("ParseUUID")).Call(jen.Id("text")),
		jen.Return(jen.Id(a.GoName).Call(jen.Id("id")), jen.Id("err")))
	f.Line()
	f.idMethods(a, jen.Qual(uuidPath, "UUID").Call(jen.Id("id")).Dot("String").Call())
}

// textID emits:
//
//	type ListName string
//
//	func ParseListName(text string) (ListName, error) {
//		text = engine.Fold(engine.Trim(text))
//		return ListName(text), engine.CheckID(text, engine.Text{Length: engine.Between(1, 200)})
//	}
func (f *goFile) textID(a *model.Actor) {
	f.owner, f.count = a.GoName, 0
	f.doc(a.GoName + " identifies a stream of " + a.Type() + ".")
	f.Type().Id(a.GoName).String()
	f.Line()
	rules := f.textRules(textChecks(a))
	var normalise []jen.Code
	if n := normalised(a); n != nil {
		normalise = append(normalise, jen.Id("text").Op("=").Add(n))
	}
	f.parseDoc(a)
	f.Func().Id("Parse"+a.GoName).Params(jen.Id("text").String()).Params(jen.Id(a.GoName), jen.Error()).Block(
		append(normalise, jen.Return(jen.Id(a.GoName).Call(jen.Id("text")), engine("CheckID").Call(jen.Id("text"), rules)))...)
	f.Line()
	f.idMethods(a, jen.String().Call(jen.Id("id")))
}

func (f *goFile) parseDoc(a *model.Actor) {
	f.doc("Parse" + a.GoName + " normalises and checks an id; the error is an *engine.FaultsError.")
}

// textChecks are the constraints of x-id; its format is one of the text.
func textChecks(a *model.Actor) model.Checks {
	if a.ID.Type == nil {
		return model.Checks{}
	}
	t := resolve(a.ID.Type)
	checks := t.Checks
	if format := formFormat(t); format != "" {
		checks.Format = format
	}
	checks.Trim = false
	return checks
}

// normalised emits: engine.Fold(engine.Trim(text))
func normalised(a *model.Actor) *jen.Statement {
	text := jen.Id("text")
	trim, fold := slices.Contains(a.ID.Normalize, "trim"), slices.Contains(a.ID.Normalize, "fold")
	if !trim && !fold {
		return nil
	}
	if trim {
		text = engine("Trim").Call(text)
	}
	if fold {
		text = engine("Fold").Call(text)
	}
	return text
}

// idMethods emits String, MarshalText and UnmarshalText.
func (f *goFile) idMethods(a *model.Actor, text *jen.Statement) {
	f.doc("String is the id within its actor's streams.")
	f.Func().Params(jen.Id("id").Id(a.GoName)).Id("String").Params().String().Block(jen.Return(text))
	f.Line()
	f.doc("MarshalText writes the id as String does.")
	f.Func().Params(jen.Id("id").Id(a.GoName)).Id("MarshalText").Params().Params(jen.Index().Byte(), jen.Error()).Block(
		jen.Return(jen.Index().Byte().Call(jen.Id("id").Dot("String").Call()), jen.Nil()))
	f.Line()
	f.doc("UnmarshalText reads an id as Parse" + a.GoName + " does.")
	f.Func().Params(jen.Id("id").Op("*").Id(a.GoName)).Id("UnmarshalText").Params(jen.Id("text").Index().Byte()).Params(jen.Id("err").Error()).Block(
		jen.List(jen.Op("*").Id("id"), jen.Id("err")).Op("=").Id("Parse"+a.GoName).Call(jen.String().Call(jen.Id("text"))),
		jen.Return(jen.Id("err")))
	f.Line()
}
