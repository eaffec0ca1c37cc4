package web

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	pointer "github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
)

// offline takes a window's network away, or gives it back: its requests fail, and the
// browser says so.
func (w *tab) offline(is bool) {
	w.t.Helper()
	call(w, network.Enable, network.EnableParams{})
	rule := &network.Conditions{Offline: is, DownloadThroughput: -1, UploadThroughput: -1}
	call(w, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{rule}})
	call(w, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: is, DownloadThroughput: -1, UploadThroughput: -1})
}

// TestAllEditsOutliveAReload: those of several items, and the draft of a new one.
func TestAllEditsOutliveAReload(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada := signIn(browser, t, base, "Ada")
	path := ada.createList("Trip", "Tent", "Map")
	ada.edit("Tent", " for two")
	ada.edit("Map", " of Rome")
	ada.typeInto("#add-item--text", "Rope")
	ada.open(path)
	const typed = "[...document.querySelectorAll('#items .editor[open] input:not([type=hidden]), #add-item--text')].map(e => e.value).join('|')"
	ada.wait(typed + " === 'Tent for two|Map of Rome|Rope'")
}

// TestPastedLinesAreItems in their order; a single line is text like any other.
func TestPastedLinesAreItems(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada := signIn(browser, t, base, "Ada")
	ada.createList("Trip", "Tent")
	paste := func(text string) string {
		return ada.eval(fmt.Sprintf(`(field => { field.focus(); const d = new DataTransfer(); d.setData("text/plain", %q);
			return field.dispatchEvent(new ClipboardEvent("paste", {clipboardData: d, bubbles: true, cancelable: true})) })(document.querySelector("#add-item--text"))`, text))
	}
	if got := paste("Map"); got != "true" {
		t.Errorf("a line was kept from the field: %s", got)
	}
	paste("Map\r\n\r\n  Rope \nTorch")
	ada.waitItems("Tent", "Map", "Rope", "Torch")
	ada.eval("document.querySelector('#add-item--text').value = 'instead of this', document.querySelector('#add-item--text').select()")
	paste("- [ ] Soap\n" + strings.Repeat("long ", 50) + "\n2. Towel")
	ada.waitItems("Tent", "Map", "Rope", "Torch", "Soap", "Towel")
	ada.stored()
	if got := ada.eval("document.querySelector('#add-item--text').value + document.querySelector('#add-item--text').checkValidity()"); got != strings.TrimSpace(strings.Repeat("long ", 50))+"false" {
		t.Errorf("a line that is too long became %q", got)
	}
}

// TestRowsMakeRoomForADraggedOne, and lie where they lay when it is given up.
func TestRowsMakeRoomForADraggedOne(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada := signIn(browser, t, base, "Ada")
	ada.look("")
	path := ada.createList("Order", "A", "B", "C")
	rows := signedIn(t, base, nil).items(path)
	from, over := ada.middle("#handle-"+rows[0]), ada.middle("#handle-"+rows[1])
	before := ada.at(rows[1], 1)
	ada.mouse(pointer.DispatchMouseEventTypeMousePressed, from)
	ada.mouse(pointer.DispatchMouseEventTypeMouseMoved, [2]float64{over[0], over[1] + 4})
	ada.wait(fmt.Sprintf("document.querySelector('#item-%s').getBoundingClientRect().top < document.querySelector('#items').getBoundingClientRect().top + 4", rows[1]))
	ada.wait(fmt.Sprintf("getComputedStyle(document.querySelector('#item-%s')).transform === 'none'", rows[2]))
	ada.mouse(pointer.DispatchMouseEventTypeMouseReleased, [2]float64{over[0], over[1] + 4})
	ada.waitItems("B", "A", "C")
	ada.stored()
	if got := ada.at(rows[0], 1); got < before-4 {
		t.Errorf("the row that was dragged lies at %v, its neighbour lay at %v", got, before)
	}
}

// TestTravellingWithoutANetworkStays at the version that is shown, and says so.
func TestTravellingWithoutANetworkStays(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada := signIn(browser, t, base, "Ada")
	path := ada.createList("Trip", "Tent", "Map") // versions 4, 5
	ada.open(path + "/4")
	ada.forgive("ERR_", "Failed to fetch", "network error")
	ada.offline(true)
	ada.waitText("#saving", "Not connected")
	ada.click("[data-step=back]")
	ada.waitText(".toast.bad", "This is still version 4")
	if got := ada.eval("[location.pathname.split('/').at(-1), document.querySelector('#travel').value, document.querySelector('.banner strong').textContent].join()"); got != "4,4,Version 4" {
		t.Errorf("address, slider and banner are at %s", got)
	}
	ada.offline(false)
	ada.live()
	ada.click("[data-step=back]")
	ada.wait("location.pathname.endsWith('/3')")
}

// TestWhatIsUnderWayIsStoredBeforeThePageIsLeft: a new list's page waits for it.
func TestWhatIsUnderWayIsStoredBeforeThePageIsLeft(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada := signIn(browser, t, base, "Ada")
	ada.forgive("ERR_", "Failed to fetch", "network error")
	ada.createList("Old")
	ada.open("/")
	ada.offline(true)
	ada.typeInto("#create--name", "New\r")
	ada.click(".listing form[action*='archive'] button")
	ada.waitText("#saving", "not saved")
	ada.offline(false)
	ada.wait("location.pathname.startsWith('/todo-lists/')")
	ada.open("/")
	ada.wait("document.querySelectorAll('.listing.archived').length === 1")
}

// TestWhatIsLostGoesInItsOrder: an item is removed and written anew, and the first of
// the two does not arrive at once.
func TestWhatIsLostGoesInItsOrder(t *testing.T) {
	var lost atomic.Int32
	wrap := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, ".remove_item") && lost.Add(1) <= 2 {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	browser, base := startBrowser(t), serveAppWith(t, services{wrap: wrap}).URL
	ada := signIn(browser, t, base, "Ada")
	ada.forgive("502")
	ada.createList("Trip", "Stove", "Lamp")
	ada.click(ada.item("Stove") + " .remove")
	ada.waitText("#saving", "trying again")
	ada.typeInto("#add-item--text", "Stove\r")
	ada.waitItems("Lamp", "Stove")
	ada.stored()
	if got := ada.eval("document.querySelector('#add-item--text-error').textContent.trim() + document.querySelectorAll('.toast').length"); got != "0" {
		t.Errorf("said: %s", got)
	}
}

// TestAFingerBringsUpNoKeyboard that nobody asked for.
func TestAFingerBringsUpNoKeyboard(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada := signIn(browser, t, base, "Ada")
	call(ada, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: true})
	ada.createList("Trip", "Tent", "Map")
	tap := func(css string) {
		at := ada.middle(css)
		ada.touch(pointer.DispatchTouchEventTypeTouchStart, at)
		ada.touch(pointer.DispatchTouchEventTypeTouchEnd, at)
	}
	tap(ada.item("Map") + " .remove")
	ada.waitItems("Tent")
	if got := ada.eval("document.activeElement.tagName"); got == "INPUT" {
		t.Error("the focus went into a field")
	}
	tap(ada.item("Tent") + " summary")
	ada.wait("document.activeElement.value === 'Tent'")
	ada.keys("s\r")
	ada.waitItems("Tents")
	ada.wait("!document.querySelector('.editor[open]')")
	if got := ada.eval("document.activeElement.tagName"); got != "BODY" {
		t.Errorf("after an edit the focus is in %s", got)
	}
}
