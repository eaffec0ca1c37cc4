package emit

import (
	"path"

	"github.com/backstory-go/backstory/codegen/model"
	"github.com/dave/jennifer/jen"
)

// projection emits the package of a projection, and its SQL.
func (p *plan) projection(proj *model.Projection) error {
	f := p.goFile(p.dir(&proj.Component), proj.Package, "rows_gen.go", folder(&proj.Component)+"/projection.json")
	f.packageDoc("is the projection " + proj.Type() + ": " + orElse(proj.Doc, "its rows and what updates them."))
	f.structType("Row", describe("Row", proj.Doc, "one row of "+proj.Table+"."), proj.Row, false)
	f.key(proj)
	f.projector(proj)
	if err := f.save(); err != nil {
		return err
	}
	queries := path.Join("queries", proj.Context.Name)
	p.files[path.Join(queries, "schema", proj.Name+"_gen.sql")] = sqlSchema(proj)
	p.files[path.Join(queries, proj.Name+"_gen.sql")] = sqlQueries(proj)
	return p.types(p.dir(&proj.Component), proj.Package, folder(&proj.Component)+"/projection.json", proj.Types)
}

// key emits, for one column and for several:
//
//	type Key = uuid.UUID
//	func KeyOf(row Row) Key { return row.ID }
//
//	type Key struct { List uuid.UUID; Item uuid.UUID }
//	func KeyOf(row Row) Key { return Key{List: row.List, Item: row.Item} }
func (f *goFile) key(p *model.Projection) {
	f.doc("Key identifies a row.")
	value := jen.Id("row").Dot(p.Key[0].GoName)
	if len(p.Key) == 1 {
		f.Type().Id("Key").Op("=").Add(f.goType(p.Key[0].Type))
	} else {
		var entries []entry
		f.Type().Id("Key").StructFunc(func(g *jen.Group) {
			for _, field := range p.Key {
				name := field.GoName
				g.Id(name).Add(f.goType(field.Type))
				entries = append(entries, entry{name, jen.Id("row").Dot(name)})
			}
		})
		value = literal(jen.Id("Key"), entries)
	}
	f.Line()
	f.doc("KeyOf is the key of a row.")
	f.Func().Id("KeyOf").Params(jen.Id("row").Id("Row")).Id("Key").Block(jen.Return(value))
	f.Line()
	f.doc("Rows are the rows as a projector sees them.")
	f.Type().Id("Rows").Op("=").Add(engine("Rows")).Types(jen.Id("Key"), jen.Id("Row"))
	f.Line()
}

// projector emits:
//
//	type Projector interface {
//		ItemAdded(m engine.Meta, rows *Rows, event list.ItemAdded)
//	}
func (f *goFile) projector(p *model.Projection) {
	f.doc("Projector updates the rows, event by event.")
	f.Type().Id("Projector").InterfaceFunc(func(g *jen.Group) {
		for _, e := range p.Projects {
			for _, line := range docLines(e.Doc) {
				g.Comment(line)
			}
			g.Id(e.GoName).Params(jen.Id("m").Add(engine("Meta")), jen.Id("rows").Op("*").Id("Rows"), jen.Id("event").Add(f.eventRef(e)))
		}
	})
}

// eventRef is an event's struct, wherever it lies.
func (f *goFile) eventRef(e *model.Event) *jen.Statement {
	return jen.Qual(f.plan.componentPath(&e.Actor.Component), e.GoName)
}
