package emit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/backstory-go/backstory/codegen/model"
)

// sqlQueries are the projection's queries, named noun-first.
func sqlQueries(p *model.Projection) []byte {
	var b bytes.Buffer
	b.WriteString(sqlHeader(p))
	table := ident(p.Table)
	fmt.Fprintf(&b, "\n-- name: %sGet :one\nSELECT * FROM %s WHERE %s;\n", p.GoName, table, keyMatch(p))
	fmt.Fprintf(&b, "\n-- name: %sPut :batchexec\n%s", p.GoName, upsert(p))
	fmt.Fprintf(&b, "\n-- name: %sDelete :batchexec\nDELETE FROM %s WHERE %s;\n", p.GoName, table, keyMatch(p))
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

// upsert emits: INSERT INTO t (id, name) VALUES (@id, @name)
// ON CONFLICT (id) DO UPDATE SET name = excluded.name;
func upsert(p *model.Projection) string {
	var params, updates []string
	for _, field := range columns(p) {
		params = append(params, arg(columnName(field)))
		if !slices.Contains(p.Key, field) {
			updates = append(updates, column(field)+" = excluded."+column(field))
		}
	}
	action := "NOTHING"
	if len(updates) > 0 {
		action = "UPDATE SET " + strings.Join(updates, ", ")
	}
	return fmt.Sprintf("INSERT INTO %s (%s)\nVALUES (%s)\nON CONFLICT (%s) DO %s;\n",
		ident(p.Table), columnList(columns(p)), strings.Join(params, ", "), columnList(p.Key), action)
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
var suffixes = map[string]string{"=": "", "!=": "_not", "<": "_below", "<=": "_max", ">": "_above", ">=": "_min", "in": "_in", "like": "_like"}

func condition(c model.Condition) string {
	name := columnName(c.Field)
	switch {
	case c.Op == "is_null" && string(c.Value) == "false":
		return ident(name) + " IS NOT NULL"
	case c.Op == "is_null":
		return ident(name) + " IS NULL"
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
