package web

import (
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/backstory-go/backstory/engine/localpg/pgtest"
)

// crowdIs waits until the window shows that these people look at the list, too.
func (w *tab) crowdIs(names string) {
	w.t.Helper()
	w.wait("[...document.querySelectorAll('#crowd .person:not([hidden])')].map(e => e.dataset.name).join() === '" + names + "' && document.querySelector('#crowd').hidden === " + map[bool]string{true: "true", false: "false"}[names == ""])
}

func TestWhoElseLooksAtAList(t *testing.T) {
	browser, database := startBrowser(t), pgtest.Database(t, pgtest.Template{})
	first, second := serveAppWith(t, services{database: database}).URL, serveAppWith(t, services{database: database}).URL
	ada, bob, cleo := signIn(browser, t, first, "Ada"), signIn(browser, t, first, "Bob Bright"), signIn(browser, t, second, "Cleo")
	path := ada.createList("Trip", "Tent")
	ada.crowdIs("")

	bob.open(path)
	ada.crowdIs("Bob Bright")
	bob.crowdIs("Ada")
	if got := ada.eval("document.querySelector('#crowd .person:not([hidden])').innerText.trim().slice(0, 2)"); got != "BB" {
		t.Errorf("Bob's initials are %s", got)
	}
	cleo.open(path + "/3") // another process of the app, and the past
	ada.crowdIs("Bob Bright,Cleo")
	cleo.crowdIs("Ada,Bob Bright")
	ada.eval("(() => { const r = document.querySelector('#travel'); r.value = 3; r.dispatchEvent(new Event('input', {bubbles: true})) })()")
	ada.waitText(".banner", "Version 3")
	ada.crowdIs("Bob Bright,Cleo")
	ada.open(path)
	window := bob.another()
	window.open(path)
	bob.open("/") // one of two windows
	ada.crowdIs("Bob Bright,Cleo")
	window.do("close", chromedp.Navigate("about:blank"))
	ada.crowdIs("Cleo")
	cleo.open("/")
	ada.crowdIs("")
	ada.typeInto("#add-item--text", "Map\r")
	ada.waitItems("Tent", "Map")
	ada.wait("document.querySelector('#head').textContent === '5'") // nothing of it is an event
}
