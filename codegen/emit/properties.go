package emit

import (
	"strconv"

	"github.com/backstory-go/backstory/codegen/model"
	"github.com/dave/jennifer/jen"
)

const testPath = enginePath + "/enginetest"

// properties emits the property suite and the fuzz target of an actor:
//
//	func Properties(t engine.TB, h Handler) { … }
//	func Fuzz[T engine.TB](f enginetest.FuzzTarget, h Handler) { … }
//	func messageSchemas() []enginetest.Message
func (p *plan) properties(a *model.Actor) error {
	f := p.goFile(p.dir(&a.Component), a.Package, "properties_gen.go", folder(&a.Component))
	f.ImportName(testPath, "enginetest")
	call := func(name string, first string) *jen.Statement {
		return jen.Qual(testPath, name).Call(jen.Id(first), jen.Id("Describe").Call(jen.Id("h")), jen.Id("messageSchemas").Call())
	}
	f.doc("Properties proves what holds whatever the schemas of " + a.Type() + " say: what they accept comes back as it was, what is wrong in one place is refused, old versions become current ones, and random histories fold and decide the same every time.")
	f.Func().Id("Properties").Params(jen.Id("t").Add(engine("TB")), jen.Id("h").Id("Handler")).Block(
		jen.Id("t").Dot("Helper").Call(), call("Properties", "t"))
	f.Line()
	f.doc("Fuzz decodes whatever the fuzzer finds: func FuzzMessages(f *testing.F) { " + a.Package + ".Fuzz[*testing.T](f, handler) }")
	f.Func().Id("Fuzz").Types(jen.Id("T").Add(engine("TB"))).Params(jen.Id("f").Qual(testPath, "FuzzTarget"), jen.Id("h").Id("Handler")).Block(
		jen.Id("f").Dot("Helper").Call(),
		jen.Qual(testPath, "Fuzz").Types(jen.Id("T")).Call(jen.Id("f"), jen.Id("Describe").Call(jen.Id("h")), jen.Id("messageSchemas").Call()))
	f.Line()
	f.messageSchemas(a)
	return f.save()
}

// messageSchemas lists the commands, then each version of each event.
func (f *goFile) messageSchemas(a *model.Actor) {
	var values []jen.Code
	add := func(m *model.Message, version int) {
		entries := []entry{{"Type", jen.Lit(m.Type)}}
		if version > 0 {
			entries = append(entries, entry{"Version", jen.Lit(version)})
		}
		entries = append(entries, entry{"Schema", rawText(messageSchema(m.Body))})
		if len(m.Examples) > 0 {
			entries = append(entries, entry{"Examples", jen.Index().String().ValuesFunc(func(g *jen.Group) {
				for _, example := range m.Examples {
					g.Add(rawText(compacted(example)))
				}
			})})
		}
		values = append(values, jen.Line().Add(lines(jen.Null(), entries)))
	}
	for _, c := range a.Commands {
		add(&c.Message, 0)
	}
	for _, e := range a.Events {
		for _, old := range e.Older {
			add(&old.Message, old.Version)
		}
		add(&e.Message, e.Version)
	}
	list := jen.Index().Qual(testPath, "Message")
	f.Func().Id("messageSchemas").Params().Add(list.Clone()).Block(jen.Return(list.Clone().Values(append(values, jen.Line())...)))
}

// rawText is a text as Go, without escapes where that is possible.
func rawText(text string) *jen.Statement {
	if strconv.CanBackquote(text) {
		return jen.Op("`" + text + "`")
	}
	return jen.Lit(text)
}
