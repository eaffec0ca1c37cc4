package catalog

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/backstory-go/backstory/codegen/model"
)

// fields writes the table of an object's properties.
func (p *page) fields(o *model.Object) {
	if o == nil || len(o.Fields) == 0 && o.Additional != model.Typed {
		p.line("None.")
		return
	}
	var rows [][]string
	for _, f := range o.Fields {
		required := ""
		if f.Required {
			required = "yes"
		}
		rows = append(rows, []string{code(f.Name), p.typ(f.Type), required, strings.Join(fieldRules(f), "; "), inline(fieldDoc(f))})
	}
	p.table([]string{"field", "type", "required", "rules", "description"}, rows)
	var notes []string
	switch o.Additional {
	case model.Closed:
		notes = append(notes, "Other fields are refused.")
	case model.Typed:
		notes = append(notes, "Other fields are kept: "+joined(p.typ(o.Extra), typeRules(o.Extra))+".")
	}
	if bounds := between(o.MinProperties, o.MaxProperties, "field"); bounds != "" {
		notes = append(notes, "It has "+bounds+".")
	}
	if len(notes) > 0 {
		p.line("%s", strings.Join(notes, " "))
	}
}

// fieldDoc is what people know a property by, and what it means.
func fieldDoc(f *model.Field) string {
	if f.Doc == "" {
		return f.Title
	}
	return f.Doc
}

func joined(text string, rules []string) string {
	return strings.Join(append([]string{text}, rules...), "; ")
}

// fieldRules are the constraints of a property's value and what else is special
// about it.
func fieldRules(f *model.Field) []string {
	rules := typeRules(f.Type)
	if f.Default != nil {
		rules = append(rules, "default "+code(compact(f.Default)))
	}
	if f.Personal {
		rules = append(rules, "personal data")
	}
	if f.Tag != "" {
		rules = append(rules, "tag "+code(f.Tag))
	}
	if len(f.RenamedFrom) > 0 {
		rules = append(rules, "was called "+codes(f.RenamedFrom))
	}
	return rules
}

// typeRules are the constraints of a value, those of its elements last.
func typeRules(t *model.Type) (rules []string) {
	add := func(prefix, text string) {
		if text != "" {
			rules = append(rules, prefix+text)
		}
	}
	c := t.Checks
	if c.Format != "" {
		add("format ", code(c.Format))
	}
	add("", between(c.MinLength, c.MaxLength, "character"))
	if c.Pattern != "" {
		add("matches ", code(c.Pattern))
	}
	for _, bound := range []struct {
		text  string
		value *json.Number
	}{{"at least ", c.Minimum}, {"more than ", c.ExclusiveMinimum}, {"at most ", c.Maximum}, {"less than ", c.ExclusiveMaximum}, {"a multiple of ", c.MultipleOf}} {
		if bound.value != nil {
			add(bound.text, bound.value.String())
		}
	}
	add("", between(c.MinItems, c.MaxItems, "element"))
	if c.UniqueItems {
		add("", "no element twice")
	}
	add("", between(c.MinProperties, c.MaxProperties, "entry"))
	if c.Trim {
		add("", "white space at both ends is cut off")
	}
	if t.Elem != nil {
		for _, rule := range typeRules(t.Elem) {
			add("each: ", rule)
		}
	}
	return rules
}

// between words two optional bounds of a number of things.
func between(least, most *int64, noun string) string {
	switch {
	case least == nil && most == nil:
		return ""
	case least == nil:
		return "at most " + count(*most, noun)
	case most == nil:
		return "at least " + count(*least, noun)
	case *least == *most:
		return "exactly " + count(*most, noun)
	}
	return strings.Fields(count(*least, noun))[0] + " to " + count(*most, noun)
}

// compact writes JSON without white space.
func compact(raw json.RawMessage) string {
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		return string(raw)
	}
	return b.String()
}

func codes(texts []string) string {
	out := make([]string, len(texts))
	for i, text := range texts {
		out[i] = code(text)
	}
	return strings.Join(out, ", ")
}
