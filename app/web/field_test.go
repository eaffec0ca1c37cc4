package web

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/generated/todos/list"
)

// TestFormsAreWhatTheSchemasSay holds every form of the pages against the command
// that it sends: nothing is missing, nothing is invented, limits are the schema's.
func TestFormsAreWhatTheSchemasSay(t *testing.T) {
	s := signedInSite(t, "Ada")
	path, id := s.list("Groceries")
	other, otherID := s.list("Archived")
	s.post("/commands/todos.list.add_item", url.Values{"stream_id": {id}, "text": {"Milk"}})
	s.post("/commands/todos.list.archive", url.Values{"stream_id": {otherID}})
	commands := map[string]engine.CommandType{}
	for _, c := range list.CommandTypes() {
		commands[c.Type] = c
	}
	seen := map[string]bool{}
	for _, page := range []string{"/", path, path + "/1", other} {
		_, body, _ := s.get(page)
		for form := range elements(t, body, atom.Form) {
			action, ok := strings.CutPrefix(attribute(form, "action"), "/commands/")
			if !ok {
				continue
			}
			typ, _, _ := strings.Cut(action, "?")
			command, known := commands[typ]
			if !known || command.Internal {
				t.Errorf("%s: a form sends %s", page, typ)
			}
			seen[typ] = true
			holdAgainst(t, page, form, command)
		}
	}
	for typ, c := range commands {
		if !c.Internal && !seen[typ] && !slices.Contains([]string{"todos.list.expand_item", "todos.list.undo"}, typ) { // offered where they can be
			t.Errorf("no page sends %s", typ)
		}
	}
}

// holdAgainst compares a form with its command.
func holdAgainst(t *testing.T, page string, form *html.Node, command engine.CommandType) {
	t.Helper()
	inputs := map[string]*html.Node{}
	for n := range form.Descendants() {
		if n.DataAtom == atom.Input || n.DataAtom == atom.Select {
			inputs[attribute(n, "name")] = n
		}
	}
	for _, f := range command.Fields {
		n, ok := inputs[f.Name]
		if !ok && f.Required {
			t.Errorf("%s: the form of %s lacks %s", page, command.Type, f.Name)
		}
		delete(inputs, f.Name)
		if !ok || attribute(n, "type") == "hidden" {
			continue
		}
		for name, want := range map[string]string{"data-max": bound(f.MaxLength), "data-min": bound(f.MinLength), "min": f.Min, "max": f.Max} {
			if got := attribute(n, name); got != want {
				t.Errorf("%s: %s %s has %s %q, want %q", page, command.Type, f.Name, name, got, want)
			}
		}
		if has(n, "required") != f.Required || has(n, "data-trim") != f.Trim {
			t.Errorf("%s: %s %s is required or trimmed where its schema says otherwise", page, command.Type, f.Name)
		}
		if label := labelOf(form, attribute(n, "id")); label != f.Label {
			t.Errorf("%s: %s %s is labelled %q, want %q", page, command.Type, f.Name, label, f.Label)
		}
		if slot := attribute(n, "aria-describedby"); !slices.ContainsFunc(slices.Collect(form.Descendants()), func(n *html.Node) bool { return attribute(n, "id") == slot }) {
			t.Errorf("%s: %s %s has no error slot", page, command.Type, f.Name)
		}
	}
	delete(inputs, fieldStream)
	delete(inputs, fieldCommand)
	if len(inputs) > 0 {
		t.Errorf("%s: the form of %s has %v, which no schema knows", page, command.Type, slices.Sorted(maps.Keys(inputs)))
	}
}

func TestFieldsOfEveryKind(t *testing.T) {
	fields := []engine.Field{
		{Name: "n", Label: "Count", Kind: "integer", Required: true, Min: "2", Max: "9"},
		{Name: "f", Label: "Price", Kind: "number", Min: "0.5"},
		{Name: "e", Label: "Term", Kind: "string", Enum: []string{"spring", "late_summer"}},
		{Name: "m", Label: "Mail", Kind: "string", Format: "email", MinLength: 3, Pattern: "^[a-z]+@"},
		{Name: "s", Label: "Note", Kind: "string", Required: true},
	}
	system := &engine.System{}
	system.AddActor(engine.Actor{Type: "x.y", Commands: []engine.CommandType{{Type: "x.y.z", Fields: fields}}})
	ctx := context.WithValue(t.Context(), visitKey{}, visit{system: system})
	tests := map[string][]string{
		"n": {`type="number"`, `min="2"`, `max="9"`, `step="1"`, ` required`},
		"f": {`type="number"`, `min="0.5"`, `step="any"`},
		"e": {`<select`, `<option value=""></option>`, `<option value="late_summer" selected>Late summer</option>`},
		"m": {`type="email"`, `data-min="3"`, `data-pattern="^[a-z]+@"`},
		"s": {`type="text"`},
	}
	for name, wanted := range tests {
		var b strings.Builder
		if err := commandField("form", "x.y.z", name, "late_summer", nil).Render(ctx, &b); err != nil {
			t.Fatal(err)
		}
		for _, want := range wanted {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s: no %s in %s", name, want, b.String())
			}
		}
		if name == "s" && strings.Contains(b.String(), " required") {
			t.Error("a text that may be empty is required")
		}
	}
}

// elements yields the elements of a kind in a page.
func elements(t *testing.T, body string, kind atom.Atom) func(yield func(*html.Node) bool) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return func(yield func(*html.Node) bool) {
		for n := range root.Descendants() {
			if n.DataAtom == kind && !yield(n) {
				return
			}
		}
	}
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

func labelOf(form *html.Node, id string) string {
	for n := range form.Descendants() {
		if n.DataAtom == atom.Label && attribute(n, "for") == id && n.FirstChild != nil {
			return n.FirstChild.Data
		}
	}
	return ""
}
