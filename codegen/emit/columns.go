package emit

import (
	"strings"

	"github.com/backstory-go/backstory/codegen/model"
	"github.com/dave/jennifer/jen"
)

// sqlcName is what sqlc calls a table or column in Go.
func sqlcName(name string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(name, "_") {
		switch upper := strings.ToUpper(part); {
		case model.Initialism(part):
			b.WriteString(upper)
		case part != "":
			b.WriteString(upper[:1] + part[1:])
		}
	}
	return b.String()
}

// columnKind says how a property and its column differ in Go.
type columnKind int

const (
	sameColumn   columnKind = iota // one Go type
	castColumn                     // a conversion each way
	listColumn                     // an array of scalars
	objectColumn                   // jsonb
)

func kindOfColumn(t *model.Type) columnKind {
	t = resolve(t)
	switch t.Kind {
	case model.Time, model.Duration, model.ID, model.DateTime:
		return castColumn
	case model.Array:
		if scalar(t.Elem) {
			return listColumn
		}
		return objectColumn
	case model.Map, model.Const:
		return objectColumn
	case model.Ref:
		if t.Ref.Form == model.EnumForm {
			return castColumn
		}
		return objectColumn
	}
	return sameColumn
}

// toColumn emits what a row's field is for sqlc: row.Name, string(row.Status),
// engine.NoNil(row.Members), row.Before.Ptr(), engine.ToColumn(row.Address)
func (w *projectionWiring) toColumn(field *model.Field, value *jen.Statement) *jen.Statement {
	t, opt := bare(field.Type), w.fieldKind(field, false) == optField
	kind := kindOfColumn(t)
	if !nullable(field) {
		return w.toColumnPlain(kind, t, value)
	}
	if !opt && kind != sameColumn && kind != castColumn {
		value, opt = engine("OptOf").Call(value), true
	}
	switch {
	case kind == objectColumn:
		return engine("ToColumnOpt").Call(value)
	case kind == listColumn && kindOfColumn(t.Elem) == sameColumn:
		return value.Dot("Or").Call(jen.Nil())
	case kind == listColumn:
		return engine("ConvertOptList").Call(value, w.castFunc(t.Elem, true))
	case opt:
		value = value.Dot("Ptr").Call()
	}
	if kind == castColumn {
		return engine("ConvertPtr").Call(value, w.castFunc(t, true))
	}
	return value
}

func (w *projectionWiring) toColumnPlain(kind columnKind, t *model.Type, value *jen.Statement) *jen.Statement {
	switch kind {
	case castColumn:
		return w.castTo(t, value)
	case listColumn:
		if kindOfColumn(t.Elem) == sameColumn {
			return engine("NoNil").Call(value)
		}
		return engine("ConvertList").Call(value, w.castFunc(t.Elem, true))
	case objectColumn:
		return w.columnJSON(t, value)
	}
	return value
}

// columnJSON emits: engine.ToColumn(engine.NoNil(row.Items))
func (w *projectionWiring) columnJSON(t *model.Type, value *jen.Statement) *jen.Statement {
	switch t.Kind {
	case model.Array:
		value = engine("NoNil").Call(value)
	case model.Map:
		value = engine("NoNilMap").Call(value)
	}
	return engine("ToColumn").Call(value)
}

// fromColumn is the way back.
func (w *projectionWiring) fromColumn(field *model.Field, value *jen.Statement) *jen.Statement {
	t, opt := bare(field.Type), w.fieldKind(field, false) == optField
	kind := kindOfColumn(t)
	if !nullable(field) {
		return w.fromColumnPlain(kind, t, value)
	}
	var result *jen.Statement
	switch kind {
	case objectColumn:
		result = engine("FromColumnOpt").Call(value, w.readFunc(t))
	case listColumn:
		result = engine("OptList").Call(value)
		if kindOfColumn(t.Elem) != sameColumn {
			result = engine("OptListOf").Call(value, w.castFunc(t.Elem, false))
		}
	default:
		if kind == castColumn {
			value = engine("ConvertPtr").Call(value, w.castFunc(t, false))
		}
		if !opt {
			return value
		}
		return engine("OptOf").Call(value)
	}
	if !opt {
		return result.Dot("Ptr").Call()
	}
	return result
}

func (w *projectionWiring) fromColumnPlain(kind columnKind, t *model.Type, value *jen.Statement) *jen.Statement {
	switch kind {
	case castColumn:
		return w.castFrom(t, value)
	case listColumn:
		if kindOfColumn(t.Elem) == sameColumn {
			return value
		}
		return engine("ConvertList").Call(value, w.castFunc(t.Elem, false))
	case objectColumn:
		return engine("FromColumn").Call(value, w.readFunc(t))
	}
	return value
}

// castTo emits: string(row.Status), uuid.UUID(row.List), row.Opens.String()
func (w *projectionWiring) castTo(t *model.Type, value *jen.Statement) *jen.Statement {
	switch t.Kind {
	case model.Ref:
		return jen.String().Call(value)
	case model.ID:
		if isUUID(t.Actor) {
			return jen.Qual(uuidPath, "UUID").Call(value)
		}
		return jen.String().Call(value)
	case model.Time, model.Duration:
		return value.Clone().Dot("String").Call()
	}
	return value
}

// castFrom emits: types.Status(found.Status), ids.List(found.List),
// engine.ColumnTime(found.Opens), found.CreatedAt.UTC()
func (w *projectionWiring) castFrom(t *model.Type, value *jen.Statement) *jen.Statement {
	switch t.Kind {
	case model.Time:
		return engine("ColumnTime").Call(value)
	case model.Duration:
		return engine("ColumnDuration").Call(value)
	case model.DateTime:
		return value.Clone().Dot("UTC").Call()
	}
	return w.goType(t).Call(value)
}

// castFunc emits castTo or castFrom as a function value.
func (w *projectionWiring) castFunc(t *model.Type, to bool) *jen.Statement {
	t = bare(t)
	in, out, body := w.goType(t), w.columnType(t), w.castTo(t, jen.Id("v"))
	if !to {
		in, out, body = out, in, w.castFrom(t, jen.Id("v"))
	}
	return jen.Func().Params(jen.Id("v").Add(in)).Add(out).Block(jen.Return(body))
}

// columnMaker is the engine's function that turns the values of many rows into a
// query's parameter (see unnest), and the Go type of one row's value.
func (w *projectionWiring) columnMaker(field *model.Field) (name string, value *jen.Statement) {
	t := bare(field.Type)
	switch kind := kindOfColumn(t); {
	case kind == objectColumn:
		return "Column", jen.Index().Byte()
	case kind == listColumn && nullable(field):
		return "ColumnListsText", jen.Index().Add(w.columnType(t.Elem))
	case kind == listColumn:
		return "ColumnLists", jen.Index().Add(w.columnType(t.Elem))
	case nullable(field):
		return "ColumnText", jen.Op("*").Add(w.columnType(t))
	}
	return "Column", w.columnType(t)
}

// columnType is the Go type that sqlc gives a column of one value.
func (w *projectionWiring) columnType(t *model.Type) *jen.Statement {
	t = bare(t)
	switch {
	case kindOfColumn(t) == sameColumn:
		return w.goType(t)
	case t.Kind == model.DateTime:
		return jen.Qual("time", "Time")
	case t.Kind == model.ID && isUUID(t.Actor):
		return jen.Qual(uuidPath, "UUID")
	}
	return jen.String()
}
