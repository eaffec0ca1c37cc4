package web

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// TestTheBrowserRefusesWhatTheServerWould, before anything is sent: lengths in
// characters, and not by what stood in the field before.
func TestTheBrowserRefusesWhatTheServerWould(t *testing.T) {
	var net lossy
	browser, app := startBrowser(t), serveAppWith(t, services{wrap: net.wrap})
	ada := signIn(browser, t, app.URL, "Ada")
	ada.createList("Trip", "Tent")
	net.set(nil)
	fill := func(expression string) {
		t.Helper()
		ada.eval(fmt.Sprintf("(() => { const i = document.activeElement; i.value = %s; i.dispatchEvent(new Event('input', {bubbles: true})); })()", expression))
	}
	refused := func(what, why string) {
		t.Helper()
		ada.keys("\r")
		ada.wait(fmt.Sprintf("document.activeElement.validationMessage.includes(%q)", why))
		if sent := net.ids(); len(sent) != 0 {
			t.Errorf("%s was sent", what)
		}
	}
	ada.click("#add-item--text")
	ada.keys("\r")
	ada.wait("document.activeElement.validity.valueMissing")
	fill("'   '")
	refused("nothing but spaces", "more than spaces")
	fill("'x'.repeat(201)")
	refused("a text that is too long", "200 characters or fewer; this has 201")

	fill("'  ' + '🙂'.repeat(200) + '  '") // 200, however they are counted inside
	ada.keys("\r")
	ada.wait("document.querySelectorAll('#items > li').length === 2")
	ada.stored()
	net.set(nil)

	ada.edit("Tent", "")
	fill("'y'.repeat(205)")
	refused("an edit that is too long", "this has 205")
	ada.keys(kb.Escape)
	ada.edit("Tent", "\r") // what was wrong was another text
	ada.wait("!document.querySelector('.editor[open]')")
	ada.stored()

	ada.open("/")
	ada.click("#create--name")
	net.set(nil)
	fill("'z'.repeat(201)")
	refused("a name that is too long", "this has 201")
}
