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
