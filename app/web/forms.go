package web

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/a-h/templ"
)

// sendExpression is what every form does when it is sent with JavaScript on. It
// is the same everywhere: nothing of a user ever stands in an expression. The
// answers of two forms must not cancel each other, hence 'disabled'.
const sendExpression = "const c = backstory.take(el); c && @post(el.getAttribute('action'), {payload: c, requestCancellation: 'disabled'})"

// resendExpression sends a command again whose answer was lost.
const resendExpression = "@post(evt.detail.action, {payload: evt.detail.command, requestCancellation: 'disabled'})"

// operateExpression sends a form of the System page; what it did shows by itself.
const operateExpression = "@post(el.getAttribute('action'), {contentType: 'form', requestCancellation: 'disabled'})"

// formState is a plain form that comes back: what was typed and what is wrong.
type formState struct {
	status int // that the page answers with; 0: its own
	form   string
	values url.Values
	errors map[string]string // by field; "": the form as a whole
	open   bool              // it may be stored all the same: sent again, it keeps its id
	note   string            // what is not wrong, and to be said
}

// text is everything that is wrong, in one line.
func (f formState) text() string {
	parts := []string{f.note, f.errors[""]}
	for _, field := range slices.Sorted(maps.Keys(f.errors)) {
		if field != "" {
			parts = append(parts, words(field)+": "+f.errors[field])
		}
	}
	return strings.TrimSpace(strings.Join(parts, " "))
}

// fieldError is the message beside a field; "": nothing is wrong.
func fieldError(ctx context.Context, form, field string) string {
	if f := visitOf(ctx).form; f.form == form {
		return f.errors[field]
	}
	return ""
}

// fieldValue is what was typed, else the value that the page knows.
func fieldValue(ctx context.Context, form, field, known string) string {
	if f := visitOf(ctx).form; f.form == form && f.values.Has(field) {
		return f.values.Get(field)
	}
	return known
}

// notice is what is wrong with the page's form and has no field to stand beside.
func notice(ctx context.Context) string { return visitOf(ctx).form.errors[""] }

// remark is what is to be said about the page's form without anything being wrong.
func remark(ctx context.Context) string { return visitOf(ctx).form.note }

// commandForm makes a form send a command. The form's name is its element's id.
func commandForm(command, form string) templ.Attributes {
	return templ.Attributes{
		"id":             form,
		"method":         "post",
		"action":         "/commands/" + command + "?form=" + form,
		"data-on:submit": sendExpression,
	}
}

// slotID is the element that shows what is wrong with a form's field.
func slotID(form, field string) string { return form + "--" + plainName(field) + "-error" }

// fieldID is the element of a form's field.
func fieldID(form, field string) string { return form + "--" + plainName(field) }

// plainName keeps what may stand in an id and a selector without escaping.
func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' || r == '-' {
			return r
		}
		return '-'
	}, name)
}

// isFormName says whether a name from outside can be a form of ours.
func isFormName(name string) bool {
	return name != "" && len(name) <= 80 && plainName(name) == name
}

func parsePath(path string) *url.URL {
	if u, err := url.Parse(localPath(path)); err == nil {
		return u
	}
	return &url.URL{Path: "/"}
}
