package web

import (
	"fmt"
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
