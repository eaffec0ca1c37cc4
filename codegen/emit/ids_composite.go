package emit

import (
	"github.com/backstory-go/backstory/codegen/model"
	"github.com/dave/jennifer/jen"
)

// idPart is one property of an identity that is made of several.
type idPart struct {
	field *model.Field // of a creating command
	typ   *model.Type  // as the id has it
}

// idParts are the parts of a composite identity, from the first command that
// creates a stream.
func idParts(a *model.Actor) []idPart {
	creator := creators(a)[0]
	parts := make([]idPart, len(a.ID.Composite))
	for i, name := range a.ID.Composite {
		field := fieldNamed(creator.Body, name)
		parts[i] = idPart{field, model.IDPart(a, bare(field.Type))}
	}
	return parts
}

func creators(a *model.Actor) []*model.Command {
	var list []*model.Command
	for _, c := range a.Commands {
		if c.Creates != model.CreatesNo {
			list = append(list, c)
		}
	}
	return list
}

// compositeID emits:
//
//	type Enrolment struct {
//		CourseID  Course
//		StudentID string
//	}
//
//	func ParseEnrolment(text string) (Enrolment, error) {
//		p := engine.SplitID(text, "course_id", "student_id")
//		id := Enrolment{CourseID: engine.TextPart(p, …), StudentID: engine.TextPart(p, …)}
//		return id, p.Err()
//	}
//
//	func (id Enrolment) String() string { return engine.JoinID(id.CourseID.String(), id.StudentID) }
func (f *goFile) compositeID(a *model.Actor) {
	f.owner, f.count = a.GoName, 0
	parts := idParts(a)
	names := []jen.Code{jen.Id("text")}
	var fields, values, texts []jen.Code
	for _, part := range parts {
		goName := part.field.GoName
		fields = append(fields, jen.Id(goName).Add(f.goType(part.typ)))
		names = append(names, jen.Lit(part.field.Name))
		values = append(values, jen.Line().Id(goName).Op(":").Add(engine(partReader(part.typ)).Call(jen.Id("p"), f.readFunc(part.typ))))
		texts = append(texts, f.partText(part.typ, jen.Id("id").Dot(goName)))
	}
	f.doc(a.GoName + " identifies a stream of " + a.Type() + " by properties of the command that creates it.")
	f.Type().Id(a.GoName).Struct(fields...)
	f.Line()
	f.parseDoc(a)
	f.Func().Id("Parse"+a.GoName).Params(jen.Id("text").String()).Params(jen.Id(a.GoName), jen.Error()).Block(
		jen.Id("p").Op(":=").Add(engine("SplitID").Call(names...)),
		jen.Id("id").Op(":=").Id(a.GoName).Values(append(values, jen.Line())...),
		jen.Return(jen.Id("id"), jen.Id("p").Dot("Err").Call()))
	f.Line()
	f.idMethods(a, engine("JoinID").Call(texts...))
}

func partReader(t *model.Type) string {
	switch t.Kind {
	case model.Integer, model.Number, model.Boolean:
		return "PlainPart"
	}
	return "TextPart"
}

func (f *goFile) partText(t *model.Type, value *jen.Statement) *jen.Statement {
	if t.Kind == model.Number {
		return engine("NumberPart").Call(value)
	}
	return f.textOf(t, value)
}

// streamOf emits, for a command that creates a stream with a composite identity:
//
//	func(command engine.Command) string {
//		cmd := command.(Subscribe)
//		return ids.Enrolment{CourseID: cmd.CourseID, StudentID: cmd.StudentID}.String()
//	}
func (f *goFile) streamOf(c *model.Command) *jen.Statement {
	var values []jen.Code
	for _, part := range idParts(c.Actor) {
		field := fieldNamed(c.Body, part.field.Name)
		values = append(values, jen.Id(part.field.GoName).Op(":").Add(f.partValue(bare(field.Type), part.typ, jen.Id("cmd").Dot(field.GoName))))
	}
	return jen.Func().Params(jen.Id("command").Add(engine("Command"))).String().Block(
		jen.Id("cmd").Op(":=").Id("command").Assert(jen.Id(c.GoName)),
		jen.Return(f.idType(c.Actor).Values(values...).Dot("String").Call()))
}

// partValue emits a command's property as the id has it.
func (f *goFile) partValue(from, to *model.Type, value *jen.Statement) *jen.Statement {
	switch {
	case from.Kind == to.Kind:
		return value
	case from.Kind == model.ID && to.Kind == model.String:
		return value.Dot("String").Call()
	}
	return f.goType(to).Call(value)
}
