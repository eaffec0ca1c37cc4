package web

import (
	"context"
	"slices"
	"strconv"

	"github.com/a-h/templ"

	"github.com/backstory-go/backstory/engine"
)

// commandFieldOf finds how a command's schema describes a field. A form that asks
// for one that no schema has is a mistake in a page: its field shows its name, the
// server refuses it, and a test over all pages finds it.
func commandFieldOf(ctx context.Context, command, name string) engine.Field {
	if system := visitOf(ctx).system; system != nil {
		if actor, ok := system.ActorOf(command); ok {
			kind, _ := actor.CommandType(command)
			if i := slices.IndexFunc(kind.Fields, func(f engine.Field) bool { return f.Name == name }); i >= 0 {
				return kind.Fields[i]
			}
		}
	}
	return engine.Field{Name: name, Label: words(name), Kind: "string"}
}

// inputType is the kind of input that a browser shows for a field.
func inputType(f engine.Field) string {
	switch {
	case f.Kind == "integer" || f.Kind == "number":
		return "number"
	case f.Format == "email" || f.Format == "date" || f.Format == "time":
		return f.Format
	case f.Format == "uri":
		return "url"
	}
	return "text"
}

// fieldAttributes are a field's limits as a browser checks them, and what ties it
// to its form. Lengths are data for the page's script: maxlength counts UTF-16
// units where schemas count characters, and knows nothing of trimming.
func fieldAttributes(ctx context.Context, form string, f engine.Field) templ.Attributes {
	a := templ.Attributes{
		"id": fieldID(form, f.Name), "name": f.Name, "autocomplete": "off", "dir": "auto",
		"aria-describedby": slotID(form, f.Name), "data-preserve-attr": "value aria-invalid",
	}
	if fieldError(ctx, form, f.Name) != "" {
		a["aria-invalid"] = "true"
	}
	for name, is := range map[string]bool{
		"required":  f.Required && (f.Kind != "string" || f.MinLength > 0),
		"data-trim": f.Trim,
	} {
		if is {
			a[name] = true
		}
	}
	for name, value := range map[string]string{
		"min": f.Min, "max": f.Max, "step": step(f), "data-pattern": f.Pattern,
		"data-min": bound(f.MinLength), "data-max": bound(f.MaxLength),
	} {
		if value != "" {
			a[name] = value
		}
	}
	return a
}

// step lets numbers have decimals, and integers none.
func step(f engine.Field) string {
	switch f.Kind {
	case "number":
		return "any"
	case "integer":
		return "1"
	}
	return ""
}

func bound(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}
