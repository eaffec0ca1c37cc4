package web

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// transfers are what a window asked for and got.
type transfers struct {
	mu     sync.Mutex
	bytes  int64    // as they came over the wire, without headers
	parts  []string // of the bytes
	faults []string // answers that are errors, requests that go elsewhere
}

// count follows a window's requests until its end.
func (w *tab) count() *transfers {
	w.t.Helper()
	call(w, network.Enable, network.EnableParams{})
	call(w, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true})
	tr, urls := &transfers{}, map[network.RequestID]string{}
	err := chromedp.Listen(w.ctx, func(event any) {
		tr.mu.Lock()
		defer tr.mu.Unlock()
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			urls[e.RequestID] = e.Request.URL
			if !strings.HasPrefix(e.Request.URL, w.base+"/") {
				tr.faults = append(tr.faults, "asked "+e.Request.URL)
			}
		case *network.EventResponseReceived:
			if e.Response.Status >= 400 {
				tr.faults = append(tr.faults, fmt.Sprintf("%s answered %d", e.Response.URL, e.Response.Status))
			}
		case *network.EventDataReceived:
			if e.EncodedDataLength > 0 {
				tr.bytes += e.EncodedDataLength
				tr.parts = append(tr.parts, fmt.Sprintf("%d %.80s", e.EncodedDataLength, strings.TrimPrefix(urls[e.RequestID], w.base)))
			}
		}
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return tr
}

// TestFirstPageIsSmall: everything that a browser with an empty cache loads for a
// page, its live updates included, comes from here and is little.
func TestFirstPageIsSmall(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada, person := signIn(browser, t, base, "Ada"), signedIn(t, base, nil)
	path, id := person.list("Long")
	for n := range 60 {
		person.send("add_item", fmt.Sprintf(`{"stream_id":%q,"data":{"text":"Number %d of the things that are to be done"}}`, id, n), "")
	}
	for n := range 20 {
		person.send("create", fmt.Sprintf(`{"stream_id":"00000000-0000-4000-8000-%012d","data":{"name":"List %d"}}`, n, n), "")
	}
	waitUntil(t, "all is there", func() bool {
		_, home, _ := person.get("/")
		return person.version(path) == "63" && strings.Count(home, `class="listing"`) == 21
	})
	tr := ada.count()
	for _, page := range []string{"/", path, path + "/30?with=20", "/system"} {
		tr.mu.Lock()
		tr.bytes, tr.parts = 0, nil
		tr.mu.Unlock()
		ada.open(page)
		ada.wait("document.fonts.status === 'loaded' && document.readyState === 'complete'")
		tr.mu.Lock()
		if tr.bytes > 100_000 || tr.bytes < 10_000 {
			t.Errorf("%s takes %d bytes:\n%s", page, tr.bytes, strings.Join(tr.parts, "\n"))
		}
		t.Logf("%s: %d bytes", page, tr.bytes)
		tr.mu.Unlock()
	}
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if len(tr.faults) > 0 {
		t.Errorf("requests:\n%s", strings.Join(tr.faults, "\n"))
	}
}

// TestPatchesShiftNothing: what other people do moves nothing that one reads,
// except the lines that come after a new one.
func TestPatchesShiftNothing(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada, person := signIn(browser, t, base, "Ada"), signedIn(t, base, nil)
	ada.look("")
	path := ada.createList("Calm", "One", "Two", "Three")
	ids := person.items(path)
	home := ada.another()
	home.look("")
	home.open("/")
	const observe = `(() => { window.shifts = []; new PerformanceObserver((list) => { for (const e of list.getEntries()) for (const s of e.sources) {
		const n = s.node && (s.node.nodeType === 1 ? s.node : s.node.parentElement);
		window.shifts.push(n && n.closest("#history") ? "history" : (n ? n.tagName + "." + n.className + "#" + n.id : "?") + " " + JSON.stringify(s.previousRect) + " to " + JSON.stringify(s.currentRect)); } }).observe({type: "layout-shift"}); })()`
	ada.eval(observe)
	home.eval(observe)
	id := path[len("/todo-lists/"):]
	for _, change := range []struct{ command, data string }{
		{"toggle_item", `"id":"` + ids[0] + `"`}, {"add_item", `"text":"Four"`}, {"update_item_text", `"id":"` + ids[1] + `","text":"Second"`},
		{"add_item", `"text":"FOUR"`}, {"toggle_item", `"id":"` + ids[2] + `"`}, {"update_name", `"name":"Calmer"`}, {"toggle_item", `"id":"` + ids[0] + `"`}, {"archive", ``},
	} {
		if r := person.send(change.command, fmt.Sprintf(`{"stream_id":%q,"data":{%s}}`, id, change.data), "wait=20"); r.status != 200 {
			t.Fatalf("%s: %d %s", change.command, r.status, r.text)
		}
		ada.wait(fmt.Sprintf("Number(document.querySelector('#page').dataset.version) >= %s", person.version(path)))
		for _, w := range []*tab{ada, home} {
			w.eval("window.frames2 = 0, requestAnimationFrame(() => requestAnimationFrame(() => window.frames2 = 1))")
			w.wait("window.frames2 === 1")
		}
	}
	home.waitText("main", "Archived")
	for name, w := range map[string]*tab{"the list": ada, "home": home} {
		if got := slices.DeleteFunc(strings.Split(w.eval("window.shifts.join('\\n')"), "\n"), func(s string) bool { return s == "" || s == "history" }); len(got) > 0 {
			t.Errorf("%s shifts:\n%s", name, strings.Join(got, "\n"))
		}
	}
}
