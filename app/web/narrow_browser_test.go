package web

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/backstory-go/backstory/app/slack"
)

// TestNothingIsCutOnAPhone: on a narrow one nothing reaches over the edge, except
// what scrolls by itself.
func TestNothingIsCutOnAPhone(t *testing.T) {
	browser, app := startBrowser(t), serveAppWith(t, services{slack: slack.Dispatcher{Webhook: "http://127.0.0.1:9"}}) // nobody listens there
	ada, bob := signIn(browser, t, app.URL, "Ada Augusta, Countess of Lovelace"), signIn(browser, t, app.URL, "Bob")
	ada.do("a phone", chromedp.EmulateViewport(360, 640))
	fits := func(what string) {
		t.Helper()
		if got := ada.eval(`[...document.querySelectorAll("body *")].filter(e => e.checkVisibility() && !e.closest(".scroll, .unseen, .skip, .editor[open] .label, svg") && e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 150)).join("\n")`); got != "" {
			t.Errorf("%s reaches over the edge:\n%s", what, got)
		}
	}
	path := ada.createList("Moving house with everybody and everything", "Cancel the lease", "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft", longText)
	bob.open(path)
	ada.click(ada.item("Cancel the lease") + " .check")
	ada.waitText(".marks", "failed")
	fits("a list")
	ada.edit("Cancel the lease", "!")
	fits("a list with an editor")
	ada.open(path + "/6?with=4")
	fits("a comparison")
	if got := ada.eval(`(scrollTo(0, 300), [...document.querySelectorAll("#play, #travel, #version, .to-now")].filter(e => {
		const r = e.getBoundingClientRect();
		return document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2) === e;
	}).length)`); got != "4" {
		t.Errorf("%s of the 4 controls of the past are in sight where the page is scrolled", got)
	}
	ada.open("/system")
	ada.waitText(".parked", "slack_dispatcher")
	fits("the System page")
	ada.click("#flow-table summary")
	fits("the flow as a table")
	ada.open(path)
	ada.click("#more-v3 summary")
	ada.click("#more-v1 summary")
	ada.click("#more-v1 a")
	ada.waitText("main h1", "Conversation")
	fits("a conversation")
	ada.open(path)
	ada.click("#archive button")
	ada.waitText(".foot", "archived")
	ada.click(".confirm summary")
	fits("an archived list")
	ada.open("/")
	ada.waitText("main", "Archived")
	ada.click(".confirm summary")
	fits("home")
	ada.open("/?find=mov")
	fits("home, a search")
	ada.open("/?find=" + strings.Repeat("x", 100))
	fits("home, a search that finds nothing")
}
