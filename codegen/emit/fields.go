package emit

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/backstory-go/backstory/codegen/internal/ecma"
	"github.com/backstory-go/backstory/codegen/model"
	"github.com/dave/jennifer/jen"
)

// formFields emits: {Name: "text", Label: "Text", Kind: "string", Required: true, MaxLength: 200}
func (f *goFile) formFields(o *model.Object) []jen.Code {
	var fields []jen.Code
	for _, field := range o.Fields {
		t := resolve(field.Type)
		if t.Kind == model.Const {
			continue
		}
		entries := []entry{{"Name", jen.Lit(field.Name)}, {"Label", jen.Lit(label(field))}}
		if field.Doc != "" {
			entries = append(entries, entry{"Doc", jen.Lit(field.Doc)})
		}
		entries = append(entries, entry{"Kind", jen.Lit(formKind(t))})
		if format := formFormat(t); format != "" {
			entries = append(entries, entry{"Format", jen.Lit(format)})
		}
		if field.Required {
			entries = append(entries, entry{"Required", jen.True()})
		}
		fields = append(fields, jen.Line().Add(literal(jen.Null(), append(entries, formChecks(t)...))))
	}
	return fields
}

// formChecks are what a browser can refuse before the server does.
func formChecks(t *model.Type) (entries []entry) {
	if t.Checks.MinLength != nil && *t.Checks.MinLength > 0 {
		entries = append(entries, entry{"MinLength", jen.Lit(int(*t.Checks.MinLength))})
	}
	if t.Checks.MaxLength != nil {
		entries = append(entries, entry{"MaxLength", jen.Lit(int(*t.Checks.MaxLength))})
	}
	if t.Checks.Trim {
		entries = append(entries, entry{"Trim", jen.True()})
	}
	if least := formBound(t, t.Checks.Minimum, t.Checks.ExclusiveMinimum, 1); least != "" {
		entries = append(entries, entry{"Min", jen.Lit(least)})
	}
	if most := formBound(t, t.Checks.Maximum, t.Checks.ExclusiveMaximum, -1); most != "" {
		entries = append(entries, entry{"Max", jen.Lit(most)})
	}
	if pattern, err := ecma.Pattern(t.Checks.Pattern); t.Checks.Pattern != "" && err == nil {
		entries = append(entries, entry{"Pattern", jen.Lit(pattern)})
	}
	if t.Kind == model.Ref && t.Ref.Form == model.EnumForm {
		entries = append(entries, entry{"Enum", jen.Index().String().ValuesFunc(func(g *jen.Group) {
			for _, v := range t.Ref.Enum {
				g.Lit(v.Value)
			}
		})})
	}
	return entries
}

// formBound is the nearer of two bounds as HTML knows them: inclusive. An exclusive one
// of an integer is the next integer, inward; of a number the server alone judges.
func formBound(t *model.Type, inclusive, exclusive *json.Number, inward int64) string {
	text := ""
	if inclusive != nil {
		text = inclusive.String()
	}
	if exclusive == nil || t.Kind != model.Integer {
		return text
	}
	n, err := exclusive.Int64()
	if err != nil {
		return text
	}
	n += inward
	if other, err := strconv.ParseInt(text, 10, 64); err == nil && (other-n)*inward > 0 {
		return text
	}
	return strconv.FormatInt(n, 10)
}

// label is the property's title, else its name in words.
func label(field *model.Field) string {
	if field.Title != "" {
		return field.Title
	}
	return model.Label(field.Name)
}

func formKind(t *model.Type) string {
	switch t.Kind {
	case model.Integer:
		return "integer"
	case model.Number:
		return "number"
	case model.Boolean:
		return "boolean"
	case model.Array:
		return "array"
	case model.Map:
		return "object"
	case model.Ref:
		if t.Ref.Form != model.EnumForm {
			return "object"
		}
	}
	return "string"
}

func formFormat(t *model.Type) string {
	switch t.Kind {
	case model.UUID:
		return "uuid"
	case model.DateTime:
		return "date-time"
	case model.Date:
		return "date"
	case model.Time:
		return "time"
	case model.Duration:
		return "duration"
	case model.ID:
		if isUUID(t.Actor) {
			return "uuid"
		}
	}
	return t.Checks.Format
}

// shape writes what an object looks like when it is stored: another text means
// that stored copies may not be read as if they were today's.
func shape(o *model.Object) string { return shapeObject(o, map[*model.Named]bool{}) }

func shapeObject(o *model.Object, seen map[*model.Named]bool) string {
	var b strings.Builder
	b.WriteString("{")
	for _, field := range o.Fields {
		fmt.Fprintf(&b, "%s:%s=%s;", field.Name, shapeType(field.Type, seen), field.Default)
	}
	if o.Extra != nil {
		b.WriteString("*:" + shapeType(o.Extra, seen))
	}
	return b.String() + "}"
}

func shapeType(t *model.Type, seen map[*model.Named]bool) string {
	t = resolve(t)
	text := fmt.Sprintf("%d,%t", t.Kind, t.Nullable)
	if t.Elem != nil {
		text += "<" + shapeType(t.Elem, seen) + ">"
	}
	if t.Ref == nil {
		return text
	}
	text += t.Ref.Package + "." + t.Ref.GoName
	if seen[t.Ref] {
		return text
	}
	seen[t.Ref] = true
	switch t.Ref.Form {
	case model.StructForm:
		text += shapeObject(t.Ref.Object, seen)
	case model.UnionForm:
		for _, arm := range t.Ref.Union.Arms {
			text += "|" + arm.Value + shapeObject(arm.Struct.Object, seen)
		}
	}
	return text
}
