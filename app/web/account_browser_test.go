package web

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
)

// TestSignedOutInOneWindow: the other windows of the browser show nothing more, keep
// what was typed, and come back to where they were.
func TestSignedOutInOneWindow(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada := signIn(browser, t, base, "Ada")
	path := ada.createList("Trip", "Tent")
	other := ada.another()
	other.open("/")
	other.live()
	ada.typeInto("#add-item--text", "Map and")

	other.click("form[action='/logout'] button")
	other.wait("!!document.querySelector('main.login')")
	ada.wait("!!document.querySelector('main.login')")
	ada.waitText("#toasts", "You have been signed out.")
	ada.waitText("main", "Then you see the page that you asked for.")

	other.typeInto("#username", "Ada")
	other.click("main button")
	ada.wait(fmt.Sprintf("location.pathname === %q && document.querySelector('#add-item--text')?.value === 'Map and'", path))
	ada.live()
	ada.waitItems("Tent")
}

// TestSessionThatEnded: what was sent without one is in its field again after the
// login, which leads back to the list.
func TestSessionThatEnded(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada := signIn(browser, t, base, "Ada")
	ada.forgive("401")
	path := ada.createList("Trip", "Tent")
	call(ada, network.ClearBrowserCookies, cdp.Empty{}) // as when its time is over
	ada.typeInto("#add-item--text", "Map\r")
	ada.wait("!!document.querySelector('main.login')")
	ada.waitText("#toasts", "You have been signed out.")
	ada.typeInto("#username", "Ada")
	ada.click("main button")
	ada.wait(fmt.Sprintf("location.pathname === %q && document.querySelector('#add-item--text')?.value === 'Map'", path))
	ada.waitItems("Tent")
}
