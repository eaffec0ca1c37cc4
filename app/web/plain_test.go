package web

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// TestEverythingWithoutJavaScript goes through the app as a browser without
// scripts does, on the real engine: each page shows what was just done.
func TestEverythingWithoutJavaScript(t *testing.T) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, url: startApp(t), client: &http.Client{
		Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	s.post("/login", url.Values{"username": {"Ada"}})
	path, _ := s.list("Groceries")
	send := func(form string, values url.Values) string {
		t.Helper()
		status, body, h := s.submit(path, form, values)
		want := path
		if form == "add-item" {
			want += "#add-item--text" // for the next one
		}
		if status != 303 || h.Get("Location") != want {
			t.Fatalf("%s: %d to %q\n%s", form, status, h.Get("Location"), body)
		}
		_, body, _ = s.get(path)
		return body
	}
	for _, text := range []string{"Milk", "Bread"} {
		if body := send("add-item", url.Values{"text": {text}}); !strings.Contains(body, `<span class="label" dir="auto">`+text+`</span>`) {
			t.Errorf("%s is not on the page", text)
		}
	}
	_, body, _ := s.get(path)
	items := regexp.MustCompile(`data-item="([0-9a-f-]{36})"`).FindAllStringSubmatch(body, -1)
	if len(items) != 2 {
		t.Fatalf("%d items", len(items))
	}
	milk, bread := items[0][1], items[1][1]
	if body := send("toggle-"+milk, nil); !strings.Contains(body, "1 of 2 done") {
		t.Error("not done")
	}
	if body := send("move-"+bread, nil); strings.Index(body, ">Bread<") > strings.Index(body, ">Milk<") {
		t.Error("not moved")
	}
	if body := send("edit-"+milk, url.Values{"text": {"Oat milk"}}); !strings.Contains(body, ">Oat milk<") {
		t.Error("not edited")
	}
	if status, body, _ := s.submit(path, "edit-"+milk, url.Values{"text": {strings.Repeat("x", 201)}}); status != 422 || !regexp.MustCompile(`id="editor-edit-`+milk+`"[^>]* open`).MatchString(body) {
		t.Errorf("a text that is too long: %d, or its editor is closed", status)
	}
	if body := send("remove-"+bread, nil); strings.Contains(body, ">Bread<") && !strings.Contains(body, "All 1 done") {
		t.Error("not deleted")
	}
	if body := send("rename", url.Values{"name": {"Shopping"}}); !strings.Contains(body, ">Shopping</h1>") {
		t.Error("not renamed")
	}
	if body := send("archive", nil); !strings.Contains(body, "This list is archived") {
		t.Error("not archived")
	}
	if _, body, _ := s.get("/"); !strings.Contains(body, "Shopping") || !strings.Contains(body, "Archived") {
		t.Error("the home page is behind")
	}
}

// submit sends a form of a page with its own hidden fields, as a browser does.
func (s *site) submit(path, form string, values url.Values) (int, string, http.Header) {
	s.t.Helper()
	_, body, _ := s.get(path)
	markup := regexp.MustCompile(`(?s)<form[^>]*id="` + regexp.QuoteMeta(form) + `".*?</form>`).FindString(body)
	action := regexp.MustCompile(`action="([^"]*)"`).FindStringSubmatch(markup)
	if action == nil {
		s.t.Fatalf("%s has no form %s", path, form)
	}
	all := url.Values{}
	for _, hidden := range regexp.MustCompile(`type="hidden" name="([^"]*)" value="([^"]*)"`).FindAllStringSubmatch(markup, -1) {
		all.Set(hidden[1], hidden[2])
	}
	for name := range values {
		all.Set(name, values.Get(name))
	}
	return s.post(action[1], all, path)
}

func TestLongHistoriesArePaged(t *testing.T) {
	s := signedInSite(t, "Ada")
	path, id := s.list("Long")
	for i := range 99 {
		s.post("/commands/todos.list.add_item", url.Values{"stream_id": {id}, "text": {fmt.Sprint("Item ", i)}}, path)
	}
	tests := map[string]struct {
		path           string
		newest, oldest int
		links          []string
	}{
		"now":            {path, 100, 61, []string{"?until=60"}},
		"older":          {path + "?until=60", 60, 21, []string{path + "\"", "?until=20"}},
		"oldest":         {path + "?until=20", 20, 1, []string{"?until=60"}},
		"around a past":  {path + "/50", 60, 21, []string{"/50?until=20"}},
		"beyond the end": {path + "?until=5000", 100, 61, nil},
		"nonsense":       {path + "?until=x", 100, 61, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, body, _ := s.get(test.path)
			found := regexp.MustCompile(`id="entry-v(\d+)"`).FindAllStringSubmatch(body, -1)
			if len(found) == 0 || found[0][1] != fmt.Sprint(test.newest) || found[len(found)-1][1] != fmt.Sprint(test.oldest) {
				t.Errorf("shows %v, want %d to %d", found, test.newest, test.oldest)
			}
			for _, link := range test.links {
				if !strings.Contains(body, link) {
					t.Errorf("no link %s", link)
				}
			}
		})
	}
}
