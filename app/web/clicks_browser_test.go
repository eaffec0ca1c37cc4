package web

import (
	"net/http"
	"testing"

	pointer "github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp/kb"
)

// press clicks at a place: count is 2 for the second half of a double click.
func (w *tab) press(at [2]float64, count int64) {
	w.t.Helper()
	for _, kind := range []pointer.DispatchMouseEventType{pointer.DispatchMouseEventTypeMousePressed, pointer.DispatchMouseEventTypeMouseReleased} {
		call(w, pointer.DispatchMouseEvent, pointer.DispatchMouseEventParams{Type: kind, X: at[0], Y: at[1], Button: pointer.MouseButtonLeft, ClickCount: count})
	}
}

// doubleClick clicks twice at the same place, as fast as can be.
func (w *tab) doubleClick(css string) {
	w.t.Helper()
	at := w.middle(css)
	w.press(at, 1)
	w.press(at, 2)
}

// stored waits until nothing is under way.
func (w *tab) stored() {
	w.t.Helper()
	w.wait("document.querySelector('#saving').textContent === '' && !document.querySelector('.chip, [data-unsaved]')")
}

// held keeps commands from the app until it is let go.
func held() (hold func(http.ResponseWriter, *http.Request, http.Handler), release func()) {
	gate := make(chan struct{})
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		select {
		case <-gate:
			next.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	}, func() { close(gate) }
}

// TestDoubleClicksActOnce also when the answer comes between the two clicks and
// brings another button under the pointer.
func TestDoubleClicksActOnce(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada := signIn(browser, t, base, "Ada")
	ada.look("")
	ada.createList("Trip", "Tent", "Map", "Rope", "Torch")
	ada.doubleClick(ada.item("Torch") + " .remove")
	ada.waitItems("Tent", "Map", "Rope")

	at := ada.middle(ada.item("Map") + " .remove")
	ada.press(at, 1)
	ada.waitItems("Tent", "Rope") // Rope's button is where Map's was
	ada.stored()
	ada.press(at, 2)
	second := ada.middle(ada.item("Tent") + " .remove")
	ada.press(second, 1) // another click is another wish, however quick
	ada.waitItems("Rope")

	ada.typeInto("#add-item--text", "Stove")
	ada.doubleClick("#add-item button")
	ada.waitItems("Rope", "Stove")
	ada.wait("document.activeElement.id === 'add-item--text' && document.activeElement.value === ''")

	at = ada.middle("#archive button")
	ada.press(at, 1)
	ada.waitText("main", "This list is archived")
	ada.stored()
	ada.press(ada.middle("#restore button"), 2)
	ada.doubleClick(".confirm summary")
	ada.wait("document.querySelector('.confirm').open") // and not closed again
	ada.keys(kb.Escape)
	ada.doubleClick("#restore button")
	ada.wait("!!document.querySelector('#add-item')")
	ada.forgive("PatchElementsNoTargetsFound")             // the page may take the form away before the answer comes
	ada.doubleClick("#history li:first-child form button") // undo
	ada.waitText("main", "This list is archived")
	ada.stored()
	if got := ada.eval("document.querySelectorAll('.entry-line.refused, .toast.bad').length + ' ' + document.querySelector('#head').textContent"); got != "0 14" {
		t.Errorf("refusals, toasts and versions: %s", got)
	}
}

// TestChecksCountEveryClick: the list ends as the person sees it, however quick
// the clicks and however slow the answers are.
func TestChecksCountEveryClick(t *testing.T) {
	var net lossy
	browser, app := startBrowser(t), serveAppWith(t, services{wrap: net.wrap})
	ada, person := signIn(browser, t, app.URL, "Ada"), signedIn(t, app.URL, nil)
	path := ada.createList("Trip", "Tent", "Map")
	for name, clicks := range map[string]struct {
		item string
		n    int64
		sent int
	}{
		"check, uncheck": {"Tent", 2, 2}, "check, uncheck, check": {"Map", 3, 1}, "and again": {"Tent", 1, 1},
	} {
		hold, release := held()
		net.set(hold)
		box := ada.item(clicks.item) + " .check"
		was := ada.eval("document.querySelector('"+box+"').getAttribute('aria-checked')") == "true"
		at := ada.middle(box)
		for n := range clicks.n {
			ada.press(at, n+1)
			was = !was
			ada.wait("document.querySelector('" + box + "').getAttribute('aria-checked') === '" + map[bool]string{true: "true", false: "false"}[was] + "'")
		}
		release()
		ada.stored()
		waitUntil(t, "the page shows what is stored", func() bool {
			return ada.eval("document.querySelector('#page').dataset.version") == person.version(path)
		})
		if got := len(net.ids()); got != clicks.sent && name != "and again" {
			t.Errorf("%s: sent %d commands, want %d", name, got, clicks.sent)
		}
		if got := ada.eval("document.querySelector('" + box + "').getAttribute('aria-checked')"); (got == "true") != was {
			t.Errorf("%s: the box shows %s", name, got)
		}
	}
	ada.stored()
}

// TestWhatIsSentAgainMeanwhile: while an answer is awaited, the same again is one
// wish, and something else is another.
func TestWhatIsSentAgainMeanwhile(t *testing.T) {
	var net lossy
	browser, app := startBrowser(t), serveAppWith(t, services{wrap: net.wrap})
	ada := signIn(browser, t, app.URL, "Ada")
	ada.createList("Trip", "Tent", "Map")
	tent := ada.item("Tent")

	hold, release := held()
	net.set(hold)
	ada.edit("Tent", " for two\r")
	ada.waitText("#saving", "Saving")
	ada.keys("\r") // the same
	ada.keys(" or three\r")
	release()
	ada.waitItems("Tent for two or three", "Map")
	ada.wait("!document.querySelector('" + tent + " .editor').open")
	ada.stored()
	if got := len(net.ids()); got != 2 {
		t.Errorf("sent %d commands for two texts", got)
	}

	hold, release = held()
	net.set(hold)
	ada.press(ada.middle(ada.item("Map")+" .remove"), 1)
	ada.waitText("#saving", "Saving")
	ada.press(ada.middle(ada.item("Map")+" .remove"), 1) // slowly once more: nothing seemed to happen
	release()
	ada.waitItems("Tent for two or three")
	ada.stored()
	if got := len(net.ids()); got != 1 {
		t.Errorf("sent %d commands for one removal", got)
	}

	net.set(nil)
	ada.open("/")
	hold, release = held()
	net.set(hold)
	ada.typeInto("#create--name", "TRIP\r")
	ada.waitText("#saving", "Saving")
	ada.keys("s\r") // is free
	release()
	ada.wait("location.pathname.startsWith('/todo-lists/') && document.querySelector('#list-name')?.textContent === 'TRIPs'")
}
