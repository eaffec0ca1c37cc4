package web

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestTheCaretStaysWhileTheRowMoves: ten changes of others reach a tab whose user
// types in the middle of a text. They move, rename and check that very item, and
// others.
func TestTheCaretStaysWhileTheRowMoves(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada, bob := signIn(browser, t, base, "Ada"), signedIn(t, base, nil)
	path := ada.createList("Busy", "One", "Two", "Three")
	ids := bob.items(path)
	ada.edit("Two", "")
	field := "#edit-" + ids[1] + "--text"
	ada.eval(fmt.Sprintf("document.querySelector(%q).setSelectionRange(1, 1)", field))
	send := func(command string, fields string) {
		t.Helper()
		if r := bob.send(command, `{"stream_id":"`+path[len("/todo-lists/"):]+`","data":{`+fields+`}}`, "wait=20"); r.status != 200 {
			t.Fatalf("%s: %d %s", command, r.status, r.text)
		}
	}
	own := `"id":"` + ids[1] + `"`
	changes := []func(){
		func() { send("reorder_items", own) }, // to the end
		func() { send("update_item_text", own+`,"text":"Second"`) },
		func() { send("toggle_item", own) },
		func() { send("add_item", `"text":"Four"`) },
		func() { send("reorder_items", own+`,"before":"`+ids[0]+`"`) },
		func() { send("remove_item", `"id":"`+ids[2]+`"`) },
		func() { send("update_name", `"name":"Busier"`) },
		func() { send("update_item_text", `"id":"`+ids[0]+`","text":"First"`) },
		func() { send("reorder_items", own) },
		func() { send("add_item", `"text":"Five"`) },
	}
	want := "T"
	for i, change := range changes {
		var changing sync.WaitGroup
		changing.Go(change)
		ada.keys(string(rune('a' + i))) // while it is on its way, and after it
		changing.Wait()
		ada.wait(fmt.Sprintf("Number(document.querySelector('#page').dataset.version) >= %s", bob.version(path)))
		want += string(rune('a' + i))
		state := fmt.Sprintf("[document.activeElement.matches(%q), document.activeElement.selectionStart, document.activeElement.value].join(' ')", field)
		if got := ada.eval(state); got != fmt.Sprintf("true %d %swo", len(want), want) {
			t.Fatalf("after change %d: focus, caret and text are %q, want %q", i, got, want+"|wo")
		}
	}
	ada.keys("\r")
	ada.waitItems("First", "Four", "Tabcdefghijwo", "Five")
}

// items are the ids of a list's items, in order.
func (s *site) items(path string) (ids []string) {
	s.t.Helper()
	state, _ := s.ask("/api/streams/todos.list/" + path[len("/todo-lists/"):]).body["state"].(map[string]any)
	list, _ := state["items"].([]any)
	for _, item := range list {
		ids = append(ids, item.(map[string]any)["id"].(string))
	}
	return ids
}

// version is a list's newest.
func (s *site) version(path string) string {
	s.t.Helper()
	return fmt.Sprint(s.ask("/api/streams/todos.list/" + path[len("/todo-lists/"):]).body["version"])
}

// TestASleeperCatchesUpWithOnePatch: neither a hidden tab nor one without a
// connection gets what happens in the meantime one by one.
func TestASleeperCatchesUpWithOnePatch(t *testing.T) {
	var open atomic.Int64
	var cut atomic.Bool
	browser, app := startBrowser(t), serveAppWith(t, services{wrap: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/updates" {
				if cut.Load() {
					w.WriteHeader(http.StatusBadGateway) // as a proxy in between says
					return
				}
				open.Add(1)
				defer open.Add(-1)
			}
			next.ServeHTTP(w, r)
		})
	}})
	hidden, lost := signIn(browser, t, app.URL, "Ada"), signIn(browser, t, app.URL, "Bob")
	path := hidden.createList("Night", "One")
	lost.open(path)
	for _, w := range []*tab{hidden, lost} {
		w.forgive("ERR_", "502", "network error", "Failed to fetch")
		w.eval(`(() => { const items = () => document.querySelectorAll("#items > li").length; let before = items(); window.patches = 0;
			document.addEventListener("datastar-fetch", (evt) => { // that of who else looks at the list is another matter
				if (evt.detail.el.id === "updates" && evt.detail.type === "datastar-patch-elements" && before !== items()) { before = items(); window.patches++; } }); })()`)
	}
	hidden.hide(true)
	cut.Store(true)
	app.CloseClientConnections()
	waitUntil(t, "no tab is connected", func() bool { return open.Load() == 0 })

	person := signedIn(t, app.URL, nil)
	add := func(n int) {
		person.send("add_item", fmt.Sprintf(`{"stream_id":%q,"data":{"text":"Item %d"}}`, path[len("/todo-lists/"):], n), "wait=20")
	}
	for n := range 50 {
		add(n)
	}
	cut.Store(false)
	hidden.hide(false)
	for _, w := range []*tab{hidden, lost} {
		w.wait("document.querySelectorAll('#items > li').length === 51")
		if got := w.eval("window.patches"); got != "1" {
			t.Errorf("50 changes came as %s patches", got)
		}
	}
	add(50)
	for _, w := range []*tab{hidden, lost} {
		w.wait("document.querySelectorAll('#items > li').length === 52 && window.patches === 2")
	}
}

// hide makes the page believe that its tab is in the background, or is not.
func (w *tab) hide(hidden bool) {
	w.t.Helper()
	w.eval(fmt.Sprintf(`(() => { Object.defineProperty(document, "hidden", {value: %v, configurable: true}); document.dispatchEvent(new Event("visibilitychange")); })()`, hidden))
}

// waitUntil asks again until something is so.
func waitUntil(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(patience); !is(); {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("waited until %s", what)
		}
	}
}

// TestTheSliderGoesThroughAThousandVersions as fast as events come: one request at
// a time, each newer than the last, and the last one wanted is shown.
func TestTheSliderGoesThroughAThousandVersions(t *testing.T) {
	const versions = 1000
	browser, app := startBrowser(t), serveAppWith(t, services{limits: Limits{Commands: 1e6, Burst: 1e6}})
	ada, person := signIn(browser, t, app.URL, "Ada"), signedIn(t, app.URL, nil)
	path := ada.createList("Long", "First")
	toggle := fmt.Sprintf(`{"stream_id":%q,"data":{"id":%q}}`, path[len("/todo-lists/"):], person.items(path)[0])
	var sending sync.WaitGroup
	for range 12 {
		sending.Go(func() {
			for range (versions - 4) / 12 {
				person.send("toggle_item", toggle, "")
			}
		})
	}
	sending.Wait()
	waitUntil(t, "all is stored", func() bool { return person.version(path) == fmt.Sprint(versions) })
	ada.open(path)
	ada.wait(fmt.Sprintf("document.querySelector('#travel').max === '%d'", versions))
	ada.eval(`(() => { const real = window.fetch; window.seen = []; window.flying = 0; window.most = 0;
		window.fetch = async (...args) => {
			window.most = Math.max(window.most, ++window.flying);
			window.seen.push(Number(String(args[0]).split("/").pop()));
			try { return await real(...args); } finally { window.flying--; }
		}; })()`)
	ada.eval(fmt.Sprintf(`(() => { const range = document.querySelector("#travel"); let version = 0;
		const step = () => { // as fast as a hand may pull it: ten versions a frame
			for (let i = 0; i < 10 && version < %d; i++) { range.value = ++version; range.dispatchEvent(new Event("input", {bubbles: true})); }
			if (version < %[1]d) requestAnimationFrame(step); else window.pulled = true;
		}; step(); })()`, versions))
	ada.wait(fmt.Sprintf("window.pulled && window.flying === 0 && document.querySelector('.banner strong')?.textContent === 'Version %d'", versions))
	if got := ada.eval("[window.most, window.seen.every((v, i) => i === 0 || v > window.seen[i - 1]), window.seen.at(-1)].join(' ')"); got != fmt.Sprintf("1 true %d", versions) {
		t.Errorf("requests at a time, in order, last: %s", got)
	}
	t.Logf("%s of %d versions were shown on the way", ada.eval("window.seen.length"), versions)
	ada.eval("document.querySelector('#travel').dispatchEvent(new Event('change', {bubbles: true}))")
	ada.wait(fmt.Sprintf("location.pathname === %q && !document.querySelector('.past')", path)) // the last one is now
	ada.wait("document.querySelectorAll('#history .entry-line').length > 10 && document.querySelector('#travel').value === '1000'")
	ada.do("back to the first", chromedp.Navigate(app.URL+path+"/1"))
	ada.wait("document.querySelector('#history [aria-current] #entry-v1')?.id === 'entry-v1'")
}
