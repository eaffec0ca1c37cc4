package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// TestADeletedListSaysSoAtItsAddress, in every part of its history; its versions are
// there, and say it, too.
func TestADeletedListSaysSoAtItsAddress(t *testing.T) {
	s := signedInSite(t, "Ada")
	path, id := s.list("Trip")
	for i := range 97 {
		s.post("/commands/todos.list.add_item", url.Values{"stream_id": {id}, "text": {fmt.Sprint("Item ", i)}}, path)
	}
	stream := url.Values{"stream_id": {id}}
	s.post("/commands/todos.list.archive", stream, path)
	if _, body, _ := s.get(path + "/5"); strings.Contains(body, "deleted since") {
		t.Error("a list that is there is called deleted")
	}
	s.post("/commands/todos.list.delete", stream, path) // version 100
	for name, test := range map[string]struct {
		path   string
		status int
		says   []string
	}{
		"now":            {path, http.StatusGone, []string{"<title>Trip (deleted) · Backstory</title>", `data-title="Trip (deleted)"`, "This list has been deleted by Ada</strong>", `href="/">To all lists`, `name="robots" content="noindex"`, "Item 96"}},
		"an older part":  {path + "?until=40", http.StatusGone, []string{"has been deleted by Ada</strong>", `id="entry-v40"`}},
		"a version":      {path + "/5", http.StatusOK, []string{"<title>Trip · version 5 (deleted) · Backstory</title>", "The list has been deleted since by Ada.", `id="entry-v5"`}},
		"the newest one": {path + "/100", http.StatusOK, []string{"Trip · version 100 (deleted)", "List deleted"}},
	} {
		status, body, _ := s.get(test.path)
		if status != test.status {
			t.Errorf("%s: %d", name, status)
		}
		for _, part := range test.says {
			if !strings.Contains(body, part) {
				t.Errorf("%s does not say %s", name, part)
			}
		}
		if strings.Contains(body, `action="/commands/`) {
			t.Errorf("%s offers a change", name)
		}
	}
	if _, body, _ := s.get("/"); strings.Contains(body, path) {
		t.Error("it is on the home page")
	}
}

// TestADeletedListIsStillTravelled: whoever looks at it is told, at once, and on
// every version, and finds home.
func TestADeletedListIsStillTravelled(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada, bob := signIn(browser, t, base, "Ada"), signIn(browser, t, base, "Bob")
	path := ada.createList("Trip", "Tent", "Map") // versions 4, 5
	ada.click("#archive button")
	ada.waitText("main", "is archived")
	bob.open(path)
	ada.click(".confirm summary")
	ada.click(".bubble .danger")
	bob.waitText(".banner.gone", "This list has been deleted by Ada")
	bob.waitText("#announce", "This list has been deleted by Ada")
	bob.wait("document.title === 'Trip (deleted) · Backstory' && document.querySelector('.gone').getBoundingClientRect().top < document.querySelector('#list-name').getBoundingClientRect().top")

	bob.forgive("410")
	bob.open(path)
	bob.waitItems("Tent", "Map")
	for range 3 {
		bob.keys(kb.ArrowLeft)
	}
	bob.wait(fmt.Sprintf("location.pathname === %q", path+"/4"))
	bob.waitItems("Tent")
	bob.waitText(".banner", "The list has been deleted since by Ada.")
	bob.live()
	bob.click("a[data-step=live]")
	bob.waitText(".banner.gone", "by Ada")
	bob.wait(fmt.Sprintf("location.pathname === %q", path))
	bob.click(".banner.gone .button")
	bob.wait("location.pathname === '/' && !document.querySelector('.listing')")
}
