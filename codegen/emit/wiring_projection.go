package emit

import (
	"path"
	"strings"

	"github.com/backstory-go/backstory/codegen/model"
	"github.com/dave/jennifer/jen"
)

// wireProjection emits what connects a projector to its table, one file.
func (p *plan) wireProjection(proj *model.Projection) error {
	f := p.goFile(path.Join("generated", proj.Context.Package), proj.Context.Package, "projection_"+proj.Name+"_gen.go", folder(&proj.Component)+"/projection.json")
	w := &projectionWiring{goFile: f, p: proj, pkg: p.componentPath(&proj.Component), db: p.path("generated", proj.Context.Package+"db")}
	f.doc(proj.GoName + "Projector is what " + proj.Type() + " needs of its user.")
	f.Type().Id(proj.GoName + "Projector").Interface(jen.Qual(w.pkg, "Projector"))
	f.Line()
	w.describe()
	w.orderFunc()
	w.apply()
	w.project()
	w.write()
	w.params()
	w.fromDB()
	return f.save()
}

type projectionWiring struct {
	*goFile
	p       *model.Projection
	pkg, db string
}

func (w *projectionWiring) rows() *jen.Statement { return jen.Op("*").Qual(w.pkg, "Rows") }

// describe emits:
//
//	const ddlListings = "CREATE TABLE …"
//
//	func describeListings(p ListingsProjector) engine.Projection
func (w *projectionWiring) describe() {
	text := ddl(w.p)
	events := ""
	var types []jen.Code
	for _, e := range w.p.Projects {
		events += " " + e.Type
		types = append(types, jen.Line().Lit(e.Type))
	}
	w.Comment("// ddl" + w.p.GoName + " creates the table and its indexes.")
	w.Const().Id("ddl" + w.p.GoName).Op("=").Add(rawString(text))
	w.Line()
	w.Func().Id("describe" + w.p.GoName).Params(jen.Id("p").Id(w.p.GoName + "Projector")).Add(engine("Projection")).Block(jen.Return(lines(engine("Projection"), append([]entry{
		{"Name", jen.Lit(w.p.Type())},
		{"Table", jen.Lit(w.p.Table)},
		{"DDL", jen.Id("ddl" + w.p.GoName)},
		{"Hash", jen.Lit(hash(text + events))},
		{"Events", jen.Index().String().Values(append(types, jen.Line())...)},
		{"Apply", jen.Func().Params(jen.Id("ctx").Qual("context", "Context"), jen.Id("db").Add(engine("DBTX")), jen.Id("batch").Index().Add(engine("Recorded"))).Error().Block(
			jen.Return(jen.Id("apply"+w.p.GoName).Call(jen.Id("ctx"), jen.Qual(w.db, "New").Call(jen.Id("db")), jen.Id("p"), jen.Id("batch"))))},
	}, w.order()...))))
	w.Line()
}

func rawString(text string) *jen.Statement {
	if strings.Contains(text, "`") {
		return jen.Lit(text)
	}
	return jen.Op("`" + text + "`")
}

// apply emits:
//
//	func applyListings(ctx context.Context, queries *todosdb.Queries, p ListingsProjector, batch []engine.Recorded) error {
//		return engine.GuardRows(func() error {
//			rows := engine.NewRows(listings.KeyOf, func(key listings.Key) (listings.Row, bool, error) {
//				found, err := queries.ListingsGet(ctx, todosdb.ListingsGetParams{ID: key})
//				return engine.FoundRow(found, err, rowOfListings)
//			})
//			for _, recorded := range batch {
//				projectListings(p, recorded.Meta, rows, recorded.Event)
//			}
//			return writeListings(ctx, queries, rows)
//		})
//	}
func (w *projectionWiring) apply() {
	load := jen.Func().Params(jen.Id("key").Qual(w.pkg, "Key")).Params(jen.Qual(w.pkg, "Row"), jen.Bool(), jen.Error()).Block(
		jen.List(jen.Id("found"), jen.Id("err")).Op(":=").Id("queries").Dot(w.p.GoName+"Get").Call(jen.Id("ctx"), w.keyParams("Get", jen.Id("key"))),
		jen.Return(engine("FoundRow").Call(jen.Id("found"), jen.Id("err"), jen.Id("rowOf"+w.p.GoName))))
	w.Func().Id("apply"+w.p.GoName).Params(w.ctx(), w.queries(), jen.Id("p").Id(w.p.GoName+"Projector"), jen.Id("batch").Index().Add(engine("Recorded"))).Error().Block(
		jen.Return(engine("GuardRows").Call(jen.Func().Params().Error().Block(
			jen.Id("rows").Op(":=").Add(engine("NewRows")).Call(jen.Qual(w.pkg, "KeyOf"), load),
			jen.For(jen.List(jen.Id("_"), jen.Id("recorded")).Op(":=").Range().Id("batch")).Block(
				jen.Id("project"+w.p.GoName).Call(jen.Id("p"), jen.Id("recorded").Dot("Meta"), jen.Id("rows"), jen.Id("recorded").Dot("Event"))),
			jen.Return(jen.Id("write"+w.p.GoName).Call(jen.Id("ctx"), jen.Id("queries"), jen.Id("rows"))),
		))))
	w.Line()
}

func (w *projectionWiring) ctx() *jen.Statement {
	return jen.Id("ctx").Qual("context", "Context")
}

func (w *projectionWiring) queries() *jen.Statement {
	return jen.Id("queries").Op("*").Qual(w.db, "Queries")
}

// keyParams emits: todosdb.ListingsGetParams{ID: key}
func (w *projectionWiring) keyParams(query string, key *jen.Statement) *jen.Statement {
	var entries []entry
	for _, field := range w.p.Key {
		value := key.Clone()
		if len(w.p.Key) > 1 {
			value = value.Dot(field.GoName)
		}
		entries = append(entries, entry{sqlcName(columnName(field)), w.toColumn(field, value)})
	}
	return literal(jen.Qual(w.db, w.p.GoName+query+"Params"), entries)
}

// project emits:
//
//	func projectListings(p ListingsProjector, m engine.Meta, rows *listings.Rows, event engine.Event) {
//		switch event := event.(type) {
//		case list.ItemAdded:
//			p.ItemAdded(m, rows, event)
//		}
//	}
func (w *projectionWiring) project() {
	var cases []jen.Code
	for _, e := range w.p.Projects {
		cases = append(cases, jen.Case(w.eventRef(e)).Block(jen.Id("p").Dot(e.GoName).Call(jen.Id("m"), jen.Id("rows"), jen.Id("event"))))
	}
	w.Func().Id("project"+w.p.GoName).Params(jen.Id("p").Id(w.p.GoName+"Projector"), jen.Id("m").Add(engine("Meta")),
		jen.Id("rows").Add(w.rows()), jen.Id("event").Add(engine("Event"))).Block(
		jen.Switch(jen.Id("event").Op(":=").Id("event").Assert(jen.Type())).Block(cases...))
	w.Line()
}

// write emits:
//
//	func writeListings(ctx context.Context, queries *todosdb.Queries, rows *listings.Rows) error {
//		puts, deletes := rows.Changes()
//		if len(deletes) > 0 {
//			if err := engine.ExecBatch(queries.ListingsDelete(ctx, engine.ConvertList(deletes, keyOfListings))); err != nil {
//				return err
//			}
//		}
//		if len(puts) > 0 {
//			return engine.ExecBatch(queries.ListingsPut(ctx, engine.ConvertList(puts, paramsOfListings)))
//		}
//		return nil
//	}
func (w *projectionWiring) write() {
	exec := func(query, list, convert string) *jen.Statement {
		return engine("ExecBatch").Call(jen.Id("queries").Dot(w.p.GoName+query).Call(jen.Id("ctx"), engine("ConvertList").Call(jen.Id(list), jen.Id(convert+w.p.GoName))))
	}
	w.Func().Id("write"+w.p.GoName).Params(w.ctx(), w.queries(), jen.Id("rows").Add(w.rows())).Error().Block(
		jen.List(jen.Id("puts"), jen.Id("deletes")).Op(":=").Id("rows").Dot("Changes").Call(),
		jen.If(jen.Len(jen.Id("deletes")).Op(">").Lit(0)).Block(
			jen.If(jen.Id("err").Op(":=").Add(exec("Delete", "deletes", "keyOf")), jen.Id("err").Op("!=").Nil()).Block(jen.Return(jen.Id("err")))),
		jen.If(jen.Len(jen.Id("puts")).Op(">").Lit(0)).Block(jen.Return(exec("Put", "puts", "paramsOf"))),
		jen.Return(jen.Nil()),
	)
	w.Line()
}

// params emits: func paramsOfListings(row listings.Row) todosdb.ListingsPutParams
// and: func keyOfListings(key listings.Key) todosdb.ListingsDeleteParams
func (w *projectionWiring) params() {
	var entries []entry
	for _, field := range columns(w.p) {
		entries = append(entries, entry{sqlcName(columnName(field)), w.toColumn(field, jen.Id("row").Dot(field.GoName))})
	}
	w.Func().Id("paramsOf"+w.p.GoName).Params(jen.Id("row").Qual(w.pkg, "Row")).Qual(w.db, w.p.GoName+"PutParams").Block(
		jen.Return(lines(jen.Qual(w.db, w.p.GoName+"PutParams"), entries)))
	w.Line()
	w.Func().Id("keyOf"+w.p.GoName).Params(jen.Id("key").Qual(w.pkg, "Key")).Qual(w.db, w.p.GoName+"DeleteParams").Block(
		jen.Return(w.keyParams("Delete", jen.Id("key"))))
	w.Line()
}

// fromDB emits: func rowOfListings(found todosdb.TodosListings) listings.Row
func (w *projectionWiring) fromDB() {
	var entries []entry
	for _, field := range columns(w.p) {
		entries = append(entries, entry{field.GoName, w.fromColumn(field, jen.Id("found").Dot(sqlcName(columnName(field))))})
	}
	w.Func().Id("rowOf"+w.p.GoName).Params(jen.Id("found").Qual(w.db, sqlcName(w.p.Table))).Qual(w.pkg, "Row").Block(
		jen.Return(lines(jen.Qual(w.pkg, "Row"), entries)))
	w.Line()
}
