package emit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/backstory-go/backstory/codegen/model"
)

// sqlQueries are the projection's queries, named noun-first. Load, Put and Delete
// are the engine's: each takes any number of rows in one round trip.
func sqlQueries(p *model.Projection) []byte {
	var b bytes.Buffer
	b.WriteString(sqlHeader(p))
	table := ident(p.Table)
	fmt.Fprintf(&b, "\n-- name: %sGet :one\nSELECT * FROM %s WHERE %s;\n", p.GoName, table, keyMatch(p))
	fmt.Fprintf(&b, "\n-- name: %sLoad :many\nSELECT * FROM %s WHERE %s;\n", p.GoName, table, keysMatch(p))
	fmt.Fprintf(&b, "\n-- name: %sPut :exec\n%s", p.GoName, upsert(p))
	fmt.Fprintf(&b, "\n-- name: %sDelete :exec\nDELETE FROM %s WHERE %s;\n", p.GoName, table, keysMatch(p))
	fmt.Fprintf(&b, "\n-- name: %sList :many\nSELECT * FROM %s ORDER BY %s;\n", p.GoName, table, columnList(p.Key))
	for _, q := range p.Queries {
		b.WriteString("\n" + query(p, q))
	}
	return b.Bytes()
}

func keyMatch(p *model.Projection) string {
	terms := make([]string, len(p.Key))
	for i, field := range p.Key {
		terms[i] = column(field) + " = " + arg(columnName(field))
	}
	return strings.Join(terms, " AND ")
}

// keysMatch emits: id = ANY(@id::uuid[])
// and: (list, item) IN (SELECT unnest(@list::uuid[]), unnest(@item::text[]))
func keysMatch(p *model.Projection) string {
	if len(p.Key) == 1 {
		return fmt.Sprintf("%s = ANY(%s::%s[])", column(p.Key[0]), arg(columnName(p.Key[0])), sqlType(p.Key[0].Type))
	}
	values := make([]string, len(p.Key))
	for i, field := range p.Key {
		values[i] = unnest(field)
	}
	return fmt.Sprintf("(%s) IN (SELECT %s)", columnList(p.Key), strings.Join(values, ", "))
}

// upsert emits: INSERT INTO t (id, name) SELECT unnest(@id::uuid[]), unnest(@name::text[])
// ON CONFLICT (id) DO UPDATE SET name = excluded.name;
func upsert(p *model.Projection) string {
	var values, updates []string
	for _, field := range columns(p) {
		values = append(values, unnest(field))
		if !slices.Contains(p.Key, field) {
			updates = append(updates, column(field)+" = excluded."+column(field))
		}
	}
	action := "NOTHING"
	if len(updates) > 0 {
		action = "UPDATE SET " + strings.Join(updates, ", ")
	}
	return fmt.Sprintf("INSERT INTO %s (%s)\nSELECT %s\nON CONFLICT (%s) DO %s;\n",
		ident(p.Table), columnList(columns(p)), strings.Join(values, ", "), columnList(p.Key), action)
}

// unnest spreads the values that rows have in one column. Neither a NULL among
// values nor lists of different lengths have a Go type at sqlc: they travel as the
// text of an array, whose elements PostgreSQL parses (see engine.ColumnText).
//
//	unnest(@name::text[])          unnest(CAST(@note::text AS text[]))
//	unnest(@tags::text[])::text[]  unnest(CAST(@tags::text AS text[]))::text[]
func unnest(field *model.Field) string {
	param, typ := arg(columnName(field)), sqlType(field.Type)
	elem, cast := typ, ""
	if strings.HasSuffix(typ, "[]") {
		elem, cast = "text", "::"+typ
	}
	if nullable(field) && typ != "jsonb" {
		return fmt.Sprintf("unnest(CAST(%s::text AS %s[]))%s", param, elem, cast)
	}
	return fmt.Sprintf("unnest(%s::%s[])%s", param, elem, cast)
}

// query emits one of x-queries.
func query(p *model.Projection, q *model.Query) string {
	kind := ":many"
	if q.One {
		kind = ":one"
	}
	text := fmt.Sprintf("-- name: %s%s %s\nSELECT * FROM %s", p.GoName, q.GoName, kind, ident(p.Table))
	for i, c := range q.Where {
		word := " AND "
		if i == 0 {
			word = "\nWHERE "
		}
		text += word + condition(c)
	}
	for i, o := range q.Order {
		word := ", "
		if i == 0 {
			word = "\nORDER BY "
		}
		text += word + column(o.Field)
		if o.Desc {
			text += " DESC"
		}
	}
	switch {
	case q.One:
		text += "\nLIMIT 1"
	case q.Limit > 0:
		text += fmt.Sprintf("\nLIMIT %d OFFSET @page_offset::bigint", q.Limit)
	}
	return text + ";\n"
}

// suffixes tell parameters of one column apart by what they do.
var suffixes = map[string]string{"=": "", "!=": "_not", "<": "_below", "<=": "_max", ">": "_above", ">=": "_min", "in": "_in", "like": "_like", "search": "_search"}

func condition(c model.Condition) string {
	name := columnName(c.Field)
	switch {
	case c.Op == "is_null" && string(c.Value) == "false":
		return ident(name) + " IS NOT NULL"
	case c.Op == "is_null":
		return ident(name) + " IS NULL"
	case c.Op == "search":
		return fmt.Sprintf("%s @@ to_tsquery('simple', %s::text)", wordsOf(c.Field), arg(name+suffixes[c.Op]))
	case c.Op == "in" && c.Value == nil:
		return fmt.Sprintf("%s = ANY(%s::%s[])", ident(name), arg(name+suffixes[c.Op]), sqlType(c.Field.Type))
	case c.Op == "in":
		return fmt.Sprintf("%s IN (%s)", ident(name), sqlValues(c.Value))
	case c.Value != nil:
		return fmt.Sprintf("%s %s %s", ident(name), sqlOp(c.Op), sqlValue(c.Value))
	}
	return fmt.Sprintf("%s %s %s::%s", ident(name), sqlOp(c.Op), arg(name+suffixes[c.Op]), sqlType(c.Field.Type))
}

func sqlOp(op string) string {
	switch op {
	case "":
		return "="
	case "!=":
		return "<>"
	case "like":
		return "LIKE"
	}
	return op
}

func sqlValue(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil && value[0] == '"' {
		return sqlText(text)
	}
	return string(value)
}

func sqlValues(value json.RawMessage) string {
	var list []json.RawMessage
	if err := json.Unmarshal(value, &list); err != nil {
		return sqlValue(value)
	}
	values := make([]string, len(list))
	for i, v := range list {
		values[i] = sqlValue(v)
	}
	return strings.Join(values, ", ")
}
