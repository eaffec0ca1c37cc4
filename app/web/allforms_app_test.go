package web

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/backstory-go/backstory/app/slack"
)

// plainForm is a form as a browser without scripts sends it.
type plainForm struct {
	kind, method, action string
	values               url.Values
}

// formsOf are the forms of a page, with what a person may write in them.
func formsOf(t *testing.T, body string) (forms []plainForm) {
	t.Helper()
	for form := range elements(t, body, atom.Form) {
		f := plainForm{method: strings.ToUpper(attribute(form, "method")), action: attribute(form, "action"), values: url.Values{}}
		path, _, _ := strings.Cut(f.action, "?")
		path, _, _ = strings.Cut(path, "#")
		path = regexp.MustCompile(`[0-9a-f-]{36}`).ReplaceAllString(path, "ID")
		f.kind = f.method + " " + regexp.MustCompile(`/\d+$`).ReplaceAllString(path, "/N")
		for n := range form.Descendants() {
			if n.DataAtom == atom.Input && attribute(n, "name") != "" {
				f.values.Set(attribute(n, "name"), written(n))
			}
		}
		forms = append(forms, f)
	}
	return forms
}

// written is what somebody writes in a field; others keep what they have.
func written(input *html.Node) string {
	if kind := attribute(input, "type"); kind == "hidden" || kind == "number" || !has(input, "required") {
		return attribute(input, "value")
	}
	return "Written in " + attribute(input, "id")
}

// TestEveryFormIsSentWithoutScripts: whatever form any page has, a browser that runs
// no scripts sends it as it is, and comes to a page.
func TestEveryFormIsSentWithoutScripts(t *testing.T) {
	down := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }))
	t.Cleanup(down.Close)
	s := signedIn(t, serveAppWith(t, services{slack: slack.Dispatcher{Webhook: down.URL}}).URL, nil)
	first, _ := s.list("First")
	second, id := s.list("Second")
	for _, path := range []string{first, second} {
		for _, text := range []string{"Milk", "Eggs"} {
			s.submit(path, "add-item", url.Values{"text": {text + " " + longText}})
		}
		s.submit(path, "toggle-"+s.items(path)[0], nil)
		s.waitFor(path, "Slack failed")
	}
	s.list("Third")
	s.waitFor("/", "Third")
	sent := map[string]bool{"POST /logout": true} // last of all
	send := func(page string) {
		t.Helper()
		for {
			_, body, _ := s.get(page)
			forms := formsOf(t, body)
			next := slices.IndexFunc(forms, func(f plainForm) bool { return !sent[f.kind] })
			if next < 0 {
				return
			}
			f := forms[next]
			sent[f.kind] = true
			var status int
			if f.method == http.MethodGet {
				action, _, _ := strings.Cut(f.action, "#")
				status, body, _ = s.get(action + "?" + f.values.Encode())
			} else {
				status, body, _ = s.post(f.action, f.values, page)
			}
			if status != http.StatusSeeOther && status != http.StatusOK {
				t.Errorf("%s of %s: %d\n%s", f.kind, page, status, body)
			}
		}
	}
	s.waitFor("/system", "Retry todos.slack_dispatcher todos.list/"+id)
	away, _ := s.list("Taken out again")
	s.submit(away, "archive", nil)
	s.submit(away, "restore", nil) // before a page that offers to delete it
	sent["POST /commands/todos.list.unarchive"] = true
	for _, page := range []string{"/system", second + "/5", "/", first, second} {
		send(page)
	}
	_, body, _ := s.get("/")
	delete(sent, "POST /logout")
	out := slices.IndexFunc(formsOf(t, body), func(f plainForm) bool { return f.kind == "POST /logout" })
	if out < 0 {
		t.Fatal("nobody can sign out")
	}
	s.post("/logout", nil)
	sent["POST /logout"] = true
	_, body, _ = s.get("/login")
	in := formsOf(t, body)[0]
	in.values.Set("username", "Ada")
	if status, _, _ := s.post(in.action, in.values, "/login"); in.kind != "POST /login" || status != http.StatusSeeOther {
		t.Errorf("%s: %d", in.kind, status)
	}
	want := []string{"GET /", "GET /system", "GET /todo-lists/ID", "GET /todo-lists/ID/N", "POST /logout"}
	for _, command := range []string{"add_item", "archive", "create", "delete", "expand_item", "remove_item", "reorder_items", "restore", "toggle_item", "unarchive", "undo", "update_item_text", "update_name"} {
		want = append(want, "POST /commands/todos.list."+command)
	}
	for _, operation := range []string{"cancel", "discard", "pause", "rebuild", "resume", "retry"} {
		want = append(want, "POST /system/"+operation)
	}
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(sent)); !slices.Equal(got, want) {
		t.Errorf("sent\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
