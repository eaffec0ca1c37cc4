package web

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	pointer "github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// longList makes a list with many items, faster than by typing.
func (s *site) longList(name string, items int) (path string) {
	s.t.Helper()
	path, id := s.list(name)
	for n := range items {
		if r := s.send("add_item", fmt.Sprintf(`{"stream_id":%q,"data":{"text":"Item %d"}}`, id, n), "wait=20"); r.status != 200 {
			s.t.Fatalf("add: %d %s", r.status, r.text)
		}
	}
	return path
}

// TestTravellingKeepsWhereOneIs: the page is never loaded anew, so that focus
// and what was half typed stay, and no key is lost.
func TestTravellingKeepsWhereOneIs(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada, person := signIn(browser, t, base, "Ada"), signedIn(t, base, nil)
	path := person.longList("Long", 20) // versions 4 to 23
	ada.open(path)
	ada.eval("window.same = true")
	ada.typeInto("#add-item--text", "half a thought")
	ada.do("focus", chromedp.Focus(chromedp.CSS("#items li:last-child .handle")))
	for range 8 {
		ada.keys(kb.ArrowLeft)
	}
	ada.wait(fmt.Sprintf("location.pathname === %q && document.querySelectorAll('#items > li').length === 12", path+"/15"))
	for range 8 {
		ada.keys(kb.ArrowRight)
	}
	ada.wait(fmt.Sprintf("location.pathname === %q && document.querySelector('#add-item--text')?.value === 'half a thought'", path))
	if got := ada.eval("document.querySelectorAll('.toast').length"); got != "0" {
		t.Errorf("%s toasts", got)
	}

	ada.do("focus", chromedp.Focus(chromedp.CSS("#travel")))
	for _, key := range []string{kb.ArrowLeft, kb.ArrowLeft, kb.Home} {
		ada.keys(key)
	}
	ada.wait(fmt.Sprintf("location.pathname === %q && document.querySelectorAll('#items > li').length === 0 && document.activeElement.id === 'travel'", path+"/1"))
	ada.keys(kb.End)
	ada.wait(fmt.Sprintf("location.pathname === %q && !document.querySelector('.past') && document.activeElement.id === 'travel'", path))
	ada.click("#entry-v9 .version")
	ada.wait(fmt.Sprintf("location.pathname === %q && document.querySelectorAll('#items > li').length === 6", path+"/9"))
	person.send("add_item", fmt.Sprintf(`{"stream_id":%q,"data":{"text":"New"}}`, path[len("/todo-lists/"):]), "wait=20")
	ada.wait("document.querySelector('#head').textContent === '24' && document.querySelectorAll('#items > li').length === 6") // the past follows, too
	ada.eval("document.querySelector('#version').value = 5, document.querySelector('#version').form.requestSubmit()")
	ada.wait(fmt.Sprintf("location.pathname === %q && document.querySelectorAll('#items > li').length === 2", path+"/5"))
	ada.eval("history.back()")
	ada.wait(fmt.Sprintf("location.pathname === %q && document.querySelectorAll('#items > li').length === 6", path+"/9"))
	ada.click("a[data-step=live]")
	ada.wait("document.querySelectorAll('#items > li').length === 21 && window.same === true")
}

// TestADraggedRowScrollsTheList at the window's edge.
func TestADraggedRowScrollsTheList(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada, person := signIn(browser, t, base, "Ada"), signedIn(t, base, nil)
	path := person.longList("Long", 30)
	call(ada, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: 1200, Height: 500, DeviceScaleFactor: 1})
	ada.open(path)
	ada.eval("document.querySelector('#items li:last-child').scrollIntoView({block: 'center'})")
	at := ada.middle("#items li:last-child .handle")
	ada.mouse(pointer.DispatchMouseEventTypeMousePressed, at)
	ada.mouse(pointer.DispatchMouseEventTypeMouseMoved, [2]float64{at[0], at[1] - 20})
	ada.mouse(pointer.DispatchMouseEventTypeMouseMoved, [2]float64{at[0], 5})
	ada.wait("scrollY === 0")
	ada.mouse(pointer.DispatchMouseEventTypeMouseReleased, [2]float64{at[0], 5})
	ada.wait("document.querySelector('#items li .label').textContent === 'Item 29' && document.querySelector('#saving').textContent === ''")
	if got := person.texts(path); got[0] != "Item 29" || len(got) != 30 {
		t.Errorf("the list begins with %q", got[0])
	}
}

// TestTheButtonSaysWhatItDoes to the eye and to a screen reader: play, and pause
// while versions are played.
func TestTheButtonSaysWhatItDoes(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada := signIn(browser, t, base, "Ada")
	path := ada.createList("Trip", "Tent", "Map", "Rope") // versions 4 to 6
	const says = "(b => [b.getAttribute('aria-label'), b.title, b.textContent, b.ariaPressed].join('|'))(document.querySelector('#play'))"
	const playing, resting = "Pause|Pause|❚❚|", "Play the versions|Play|▶|"
	button := func(want string) {
		t.Helper()
		ada.wait(fmt.Sprintf("%s === %q", says, want))
	}
	button(resting)
	ada.click("#play") // from the first one: nothing lies before the newest
	button(playing)
	ada.waitText(".banner", "Version 2")
	button(playing)
	ada.keys("\r") // it has the focus
	button(resting)
	ada.wait("/\\/\\d+$/.test(location.pathname)")
	ada.click("#play")
	button(playing)
	ada.wait(fmt.Sprintf("location.pathname === %q", path)) // to the end
	button(resting)
}

// TestAVersionThatChangedNothingSaysSo on the way through the versions and in the
// history, and nothing is marked as changed.
func TestAVersionThatChangedNothingSaysSo(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada := signIn(browser, t, base, "Ada")
	path := ada.createList("Trip", "Tent") // version 4
	ada.typeInto("#add-item--text", "TENT\r")
	ada.waitText("#add-item--text-error", "same text") // 5
	ada.wait("document.querySelector('#entry-v5.step summary span')?.innerText === 'Already on the list “TENT”'")
	ada.click("#progress")
	ada.keys(kb.ArrowLeft) // 4
	ada.waitText(".banner", "Item added “Tent”")
	ada.wait("!document.querySelector('.banner').textContent.includes('stayed') && !!document.querySelector('.item.changed')")
	ada.keys(kb.ArrowLeft) // 3
	ada.waitText(".banner", "List created")
	ada.keys(kb.ArrowLeft) // 2
	ada.waitText(".banner", "The list stayed as it was.")
	ada.open(path + "/5")
	ada.waitText(".banner", "Already on the list “TENT” by Ada")
	ada.waitText(".banner", "The list stayed as it was.")
	ada.waitText(".item.twin .warning", "a second time")
	ada.wait("!document.querySelector('.changed') && document.querySelector('#travel').getAttribute('aria-valuetext') === 'Version 5: Already on the list TENT. The list stayed as it was.'")
}

// TestTheHistoryGoesAlong with whoever travels further than it reaches: the line of
// the version shown is in sight, and what leads to older ones is right.
func TestTheHistoryGoesAlong(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada, person := signIn(browser, t, base, "Ada"), signedIn(t, base, nil)
	path := person.longList("Long", 100) // versions 4 to 103
	ada.look("")
	ada.open(path)
	pull := func(version int, event string) {
		ada.eval(fmt.Sprintf("(() => { const r = document.querySelector('#travel'); r.value = %d; r.dispatchEvent(new Event(%q, {bubbles: true})); })()", version, event))
	}
	inSight := func(version int, older string) {
		t.Helper()
		ada.wait(fmt.Sprintf(`(() => { const li = document.querySelector("#entry-v%d[aria-current]"), older = document.querySelector("#older a")?.textContent ?? ""; if (!li) return false;
			const b = li.getBoundingClientRect(), l = document.querySelector("#history").getBoundingClientRect();
			return b.top >= l.top && b.bottom <= l.bottom && older === %q })()`, version, older))
	}
	for _, stop := range []struct {
		version int
		older   string
	}{{70, "↓ Older"}, {8, ""}, {60, "↓ Older"}, {30, ""}, {102, "↓ Older"}} {
		pull(stop.version, "input")
		inSight(stop.version, stop.older)
		pull(stop.version, "change")
		ada.wait(fmt.Sprintf("document.querySelector('#updates').dataset.page === %q", fmt.Sprint(path, "/", stop.version)))
		ada.live()
		ada.wait(fmt.Sprintf("document.querySelector('#version').value === '%d' && document.documentElement.dataset.live === ''", stop.version))
		inSight(stop.version, stop.older)
	}
	pull(20, "change")
	ada.wait("document.querySelector('#updates').dataset.page.endsWith('/20')")
	inSight(20, "")
	ada.click("a[data-step=live]")
	ada.wait("!document.querySelector('.past') && document.querySelector('#history').scrollTop === 0")
	if got := ada.eval("document.querySelector('#history > li').id"); got != "entry-v103" {
		t.Errorf("the history of now begins with %s", got)
	}
}
