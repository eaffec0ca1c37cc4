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
	w.table()
	w.given()
	w.project()
	w.params("Load", "Key", w.p.Key)
	w.params("Put", "Row", columns(w.p))
	w.params("Delete", "Key", w.p.Key)
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
			jen.Return(engine("ApplyRows").Call(jen.Id("ctx"), jen.Id("db"), jen.Id("tableOf"+w.p.GoName).Call(jen.Id("p")), jen.Id("batch"))))},
		{"Fold", jen.Func().Params().Add(engine("Folding")).Block(
			jen.Return(engine("NewFolding").Call(jen.Id("tableOf" + w.p.GoName).Call(jen.Id("p")))))},
	}, w.order()...))))
	w.Line()
}

func rawString(text string) *jen.Statement {
	if strings.Contains(text, "`") {
		return jen.Lit(text)
	}
	return jen.Op("`" + text + "`")
}

// table emits:
//
//	func tableOfListings(p ListingsProjector) engine.Table[listings.Key, listings.Row] {
//		return engine.Table[listings.Key, listings.Row]{
//			KeyOf: listings.KeyOf,
//			Project: func(m engine.Meta, rows *listings.Rows, event engine.Event) {
//				projectListings(p, m, rows, event)
//			},
//			Load: func(ctx context.Context, db engine.DBTX, keys []listings.Key) ([]listings.Row, error) {
//				found, err := todosdb.New(db).ListingsLoad(ctx, paramsOfListingsLoad(keys))
//				return engine.ConvertList(found, rowOfListings), err
//			},
//			Put: func(ctx context.Context, db engine.DBTX, rows []listings.Row) error {
//				return todosdb.New(db).ListingsPut(ctx, paramsOfListingsPut(rows))
//			},
//			Delete: …
//		}
//	}
func (w *projectionWiring) table() {
	types := jen.Types(jen.Qual(w.pkg, "Key"), jen.Qual(w.pkg, "Row"))
	query := func(name string) *jen.Statement {
		return jen.Qual(w.db, "New").Call(jen.Id("db")).Dot(w.p.GoName+name).Call(jen.Id("ctx"), jen.Id("paramsOf"+w.p.GoName+name).Call(jen.Id("list")))
	}
	list := func(of string) *jen.Statement {
		return jen.Params(jen.Id("ctx").Qual("context", "Context"), jen.Id("db").Add(engine("DBTX")), jen.Id("list").Index().Qual(w.pkg, of))
	}
	entries := []entry{
		{"KeyOf", jen.Qual(w.pkg, "KeyOf")},
		{"Project", jen.Func().Params(jen.Id("m").Add(engine("Meta")), jen.Id("rows").Add(w.rows()), jen.Id("event").Add(engine("Event"))).Block(
			jen.Id("project"+w.p.GoName).Call(jen.Id("p"), jen.Id("m"), jen.Id("rows"), jen.Id("event")))},
		{"Load", jen.Func().Add(list("Key")).Params(jen.Index().Qual(w.pkg, "Row"), jen.Error()).Block(
			jen.List(jen.Id("found"), jen.Id("err")).Op(":=").Add(query("Load")),
			jen.Return(engine("ConvertList").Call(jen.Id("found"), jen.Id("rowOf"+w.p.GoName)), jen.Id("err")))},
		{"Put", jen.Func().Add(list("Row")).Error().Block(jen.Return(query("Put")))},
		{"Delete", jen.Func().Add(list("Key")).Error().Block(jen.Return(query("Delete")))},
	}
	if canonical := w.canonical(); canonical != nil {
		entries = append(entries, entry{"Canonical", canonical})
	}
	w.Func().Id("tableOf" + w.p.GoName).Params(jen.Id("p").Id(w.p.GoName + "Projector")).Add(engine("Table")).Add(types).Block(
		jen.Return(lines(engine("Table").Add(types), entries)))
	w.Line()
}

// canonical emits what makes keys with instants comparable, nil where there are none:
//
//	func(key slots.Key) slots.Key {
//		key.At = engine.Instant(key.At)
//		return key
//	}
func (w *projectionWiring) canonical() *jen.Statement {
	var body []jen.Code
	for _, field := range w.p.Key {
		if bare(field.Type).Kind != model.DateTime {
			continue
		}
		value := w.keyField("key", field)
		body = append(body, value.Clone().Op("=").Add(engine("Instant")).Call(value))
	}
	if body == nil {
		return nil
	}
	return jen.Func().Params(jen.Id("key").Qual(w.pkg, "Key")).Qual(w.pkg, "Key").Block(append(body, jen.Return(jen.Id("key")))...)
}

// keyField emits what a key has of a column: key, or key.List
func (w *projectionWiring) keyField(key string, field *model.Field) *jen.Statement {
	if len(w.p.Key) == 1 {
		return jen.Id(key)
	}
	return jen.Id(key).Dot(field.GoName)
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

// params emits, for a query's name, what it is given, and the columns it takes:
//
//	func paramsOfListingsPut(list []listings.Row) todosdb.ListingsPutParams {
//		return todosdb.ListingsPutParams{
//			ID: engine.Column(list, func(row listings.Row) uuid.UUID {
//				return row.ID
//			}),
//			Note: engine.ColumnText(list, func(row listings.Row) *string {
//				return row.Note.Ptr()
//			}),
//		}
//	}
func (w *projectionWiring) params(query, of string, fields []*model.Field) {
	var entries []entry
	for _, field := range fields {
		value := jen.Id("row").Dot(field.GoName)
		if of == "Key" {
			value = w.keyField("row", field)
		}
		name, typ := w.columnMaker(field)
		entries = append(entries, entry{sqlcName(columnName(field)), engine(name).Call(jen.Id("list"),
			jen.Func().Params(jen.Id("row").Qual(w.pkg, of)).Add(typ).Block(jen.Return(w.toColumn(field, value))))})
	}
	result := jen.Qual(w.db, w.p.GoName+query+"Params")
	w.Func().Id("paramsOf" + w.p.GoName + query).Params(jen.Id("list").Index().Qual(w.pkg, of)).Add(result).Block(
		jen.Return(lines(result.Clone(), entries)))
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
