package web

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

var (
	shownNames = regexp.MustCompile(`<a class="name" href="[^"]*">([^<]*)</a>`)
	counts     = regexp.MustCompile(`<h2 id="(\w+)-title">\w+ <span class="count">([^<]*)</span>`)
)

// namesOf are the lists on a page, in its order.
func namesOf(page string) (names []string) {
	for _, m := range shownNames.FindAllStringSubmatch(page, -1) {
		names = append(names, m[1])
	}
	return names
}

// link is where the link with a text leads to; "": there is none.
func link(page, text string) string {
	m := regexp.MustCompile(`href="([^"]*)">` + regexp.QuoteMeta(text) + `</a>`).FindStringSubmatch(page)
	if m == nil {
		return ""
	}
	return html.UnescapeString(m[1])
}

// countsOf are the numbers beside the headings.
func countsOf(page string) (text string) {
	for _, m := range counts.FindAllStringSubmatch(page, -1) {
		text += m[1] + " " + m[2] + "; "
	}
	return text
}

func TestHomeHasPages(t *testing.T) {
	s := signedInSite(t, "Ada")
	for n := range 128 {
		_, id := s.list(fmt.Sprintf("List %03d", n))
		if n < 8 {
			s.post("/commands/todos.list.archive", url.Values{"stream_id": {id}}, "/")
		}
	}
	see := func(path, first, last string, many int) string {
		t.Helper()
		status, page, _ := s.get(path)
		names := namesOf(page)
		if status != http.StatusOK || len(names) != many || names[0] != first || names[many-1] != last {
			t.Fatalf("%s: %d, %d lists: %q", path, status, len(names), names)
		}
		return page
	}
	page := see("/", "List 127", "List 003", 55) // and the last five archived ones
	if got := countsOf(page); got != "active 120; archived 8; " {
		t.Errorf("counts: %s", got)
	}
	second := see(link(page, "↓ Older"), "List 077", "List 028", 50)
	third := see(link(second, "↓ Older"), "List 027", "List 008", 20)
	if got := link(second, "Archived lists"); got != "/?show=archived" || countsOf(second) != "active 120; " {
		t.Errorf("the second page leads to the archived ones by %q, and counts %s", got, countsOf(second))
	}
	if link(third, "↓ Older") != "" || link(page, "↑ Newest")+link(page, "↑ Newer") != "" || link(second, "↑ Newest") != "/" {
		t.Error("there are links where nothing follows")
	}
	see(link(third, "↑ Newer"), "List 077", "List 028", 50)
	archived := see(link(page, "All archived lists"), "List 007", "List 000", 8)
	if link(archived, "← Active lists") != "/" {
		t.Error("from the archived lists no way leads back")
	}
	for _, after := range []string{"x", "-1-x", "99999999999999999999-" + uuid.NewString(), "5", "5-x"} {
		see("/?after="+after, "List 127", "List 003", 55)
	}
}

func TestHomeFindsLists(t *testing.T) {
	s := signedInSite(t, "Ada")
	for _, name := range []string{"Groceries", "Garden <i>", "Garden shed"} {
		s.list(name)
	}
	_, id := s.list("Old garden")
	s.post("/commands/todos.list.archive", url.Values{"stream_id": {id}}, "/")
	_, page, _ := s.get("/?find=+garden+")
	if got := strings.Join(namesOf(page), ", "); got != "Garden shed, Garden &lt;i&gt;, Old garden" || countsOf(page) != "active 2 of 3; archived 1 of 1; " {
		t.Errorf("finds %s; %s", got, countsOf(page))
	}
	if !strings.Contains(page, "3 lists have “garden” in their names.") || !strings.Contains(page, `value="garden"`) || link(page, "Show all") != "/" {
		t.Error("it does not say what it searched for")
	}
	_, page, _ = s.get("/?find=%22%3E%3Cb%3E")
	if !strings.Contains(page, "No list has “&#34;&gt;&lt;b&gt;” in its name.") || len(namesOf(page)) > 0 {
		t.Error("what nothing has is not told as that")
	}
	_, page, _ = s.get("/?find=garden&show=archived")
	if got := namesOf(page); len(got) != 1 || got[0] != "Old garden" || link(page, "← Active lists") != "/?find=garden" || link(page, "Show all") != "/?show=archived" {
		t.Errorf("among the archived ones: %q", got)
	}
	for _, path := range []string{"/?find=" + strings.Repeat("x", 5000), "/?find=%20"} {
		if status, _, _ := s.get(path); status != http.StatusOK {
			t.Errorf("%.30s: %d", path, status)
		}
	}
}

// TestCreateFromAnyHomePage: what is wrong with a name is said beside it on the page
// where it was written.
func TestCreateFromAnyHomePage(t *testing.T) {
	s := signedInSite(t, "Ada")
	s.list("Garden")
	from := "/?find=garden&after=" + place{time.Now().Add(time.Hour), uuid.Max}.String()
	status, page, _ := s.post("/commands/todos.list.create?form=create", url.Values{"name": {"Taken"}}, from)
	if got := namesOf(page); status != http.StatusUnprocessableEntity || len(got) != 1 || got[0] != "Garden" ||
		!strings.Contains(page, "This name is taken.") || !strings.Contains(page, `value="garden"`) || link(page, "↑ Newest") != "/?find=garden" {
		t.Errorf("%d, with %q", status, got)
	}
	status, _, h := s.post("/commands/todos.list.create?form=create", url.Values{"name": {"Shed"}}, from)
	if status != http.StatusSeeOther || !strings.HasPrefix(h.Get("Location"), "/todo-lists/") {
		t.Errorf("a name that is free: %d to %s", status, h.Get("Location"))
	}
}
