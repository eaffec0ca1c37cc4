package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// answersHeld carries commands out at once, and keeps the answers until they are let go.
func answersHeld() (hold func(http.ResponseWriter, *http.Request, http.Handler), release func()) {
	gate := make(chan struct{})
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, r)
		select {
		case <-gate:
		case <-r.Context().Done():
			return
		}
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	}, func() { close(gate) }
}

// waitVersion waits until the page shows what is stored.
func (w *tab) waitVersion(version string) {
	w.t.Helper()
	w.wait(fmt.Sprintf("document.querySelector('#page').dataset.version === %q", version))
}

// waitChecked waits until a box shows that an item is done, or that it is not.
func (w *tab) waitChecked(box string, done bool) {
	w.t.Helper()
	w.wait(fmt.Sprintf("document.querySelector(%q).getAttribute('aria-checked') === '%t'", box, done))
}

// TestACheckMeansWhatIsSeen: two who check the same open item at once leave it done, as
// does one whose check is sent when somebody else has checked it.
func TestACheckMeansWhatIsSeen(t *testing.T) {
	var net lossy
	browser, app := startBrowser(t), serveAppWith(t, services{wrap: net.wrap})
	ada, bob := signIn(browser, t, app.URL, "Ada"), signIn(browser, t, app.URL, "Bob")
	person := signedIn(t, app.URL, nil)
	path := ada.createList("Trip", "Tent", "Map")
	list := path[len("/todo-lists/"):]
	bob.open(path)
	tent, chart := ada.item("Tent")+" .check", ada.item("Map")+" .check"
	hold, release := held()
	net.set(hold)
	for _, w := range []*tab{ada, bob} {
		w.click(tent)
		w.waitChecked(tent, true)
	}
	waitUntil(t, "both were sent", func() bool { return len(net.ids()) == 2 })
	release()
	for _, w := range []*tab{ada, bob} {
		w.stored()
		w.waitVersion("6") // three of the name, two items, done once
		w.waitChecked(tent, true)
	}

	ada.forgive("502")
	net.set(times(1, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		person.change(list, "toggle_item", `"id":"`+person.items(path)[1]+`"`)
		refuse(w, r, next)
	}))
	ada.click(chart)
	for _, w := range []*tab{ada, bob} {
		w.stored()
		w.waitVersion("7")
		w.waitChecked(chart, true)
	}
	if got := person.version(path); got != "7" || len(net.ids()) != 2 {
		t.Errorf("version %s after %d commands", got, len(net.ids()))
	}
}

// TestAWishEndsAsWhatIsStored: while the answer to a check and to a move is awaited,
// somebody else takes both back. The page says so when the answers come, though the
// server has no more to send.
func TestAWishEndsAsWhatIsStored(t *testing.T) {
	var net lossy
	browser, app := startBrowser(t), serveAppWith(t, services{wrap: net.wrap})
	ada, person := signIn(browser, t, app.URL, "Ada"), signedIn(t, app.URL, nil)
	path := ada.createList("Trip", "A", "B", "C", "D")
	list, ids, box := path[len("/todo-lists/"):], person.items(path), ada.item("A")+" .check"
	hold, release := answersHeld()
	net.set(hold)
	ada.click(box)
	ada.waitVersion("8") // three of the name, four items, done
	for i, id := range []string{ids[3], ids[1]} {
		ada.do("focus", chromedp.Focus(chromedp.CSS("#handle-"+id)))
		ada.keys(kb.ArrowUp, chromedp.KeyModifiers(chromedp.ModifierAlt))
		ada.waitVersion(strconv.Itoa(9 + i))
	}
	ada.waitItems("B", "A", "D", "C")
	person.change(list, "toggle_item", `"id":"`+ids[0]+`","done":false`)
	person.change(list, "reorder_items", `"id":"`+ids[3]+`","before":"`+ids[1]+`"`)
	person.change(list, "reorder_items", `"id":"`+ids[1]+`"`)
	ada.waitVersion("13")
	ada.waitChecked(box, true) // still as it was wished
	ada.waitItems("B", "A", "D", "C")
	release()
	ada.stored()
	ada.waitChecked(box, false)
	ada.waitItems("D", "A", "C", "B")
}

// TestWhoRemovesTooIsNotBlamed: what somebody else was faster with is said, and is no
// fault.
func TestWhoRemovesTooIsNotBlamed(t *testing.T) {
	var net lossy
	browser, app := startBrowser(t), serveAppWith(t, services{wrap: net.wrap})
	ada, bob := signIn(browser, t, app.URL, "Ada"), signIn(browser, t, app.URL, "Bob")
	path := ada.createList("Trip", "Tent", "Map")
	bob.open(path)
	hold, release := held()
	net.set(hold)
	button := ada.item("Tent") + " .remove"
	for _, w := range []*tab{ada, bob} {
		w.click(button)
	}
	waitUntil(t, "both were sent", func() bool { return len(net.ids()) == 2 })
	release()
	var told sync.Map
	for _, w := range []*tab{ada, bob} {
		w.waitItems("Map")
		w.stored()
		told.Store(w.eval("document.querySelectorAll('.toast:not(.bad)').length + ' ' + document.querySelectorAll('.toast.bad').length"), true)
	}
	for _, want := range []string{"0 0", "1 0"} { // one was first
		if _, ok := told.Load(want); !ok {
			t.Errorf("nobody saw %s toasts, calm and bad", want)
		}
	}
}
