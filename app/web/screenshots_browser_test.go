package web

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// TestScreenshots takes the pictures of docs/screenshots anew:
//
//	BACKSTORY_SCREENSHOTS=$PWD/docs/screenshots go test ./app/web -run Screenshots
func TestScreenshots(t *testing.T) {
	dir := os.Getenv("BACKSTORY_SCREENSHOTS")
	if dir == "" {
		t.Skip("BACKSTORY_SCREENSHOTS names no folder to put pictures into")
	}
	browser, base := startBrowser(t), startApp(t)
	ada, bob := signIn(browser, t, base, "Ada"), signIn(browser, t, base, "Bob")
	shoot := func(w *tab, name string, looks ...string) {
		t.Helper()
		for _, look := range append(looks, "") {
			w.look(look)
			w.eval("window.scrollTo(0, 0)")
			w.screenshot(filepath.Join(dir, name+look+".png"))
		}
	}
	shoot(ada, "home-empty")

	path := ada.createList("Moving house", "Cancel the lease", "Find a van", "Pack the kitchen", "Tell everyone the new address")
	bob.open(path)
	bob.typeInto("#add-item--text", "Measure the new windows for curtains, and the door frames for the piano\r")
	ada.waitText("#items", "piano")
	ada.click(ada.item("Cancel the lease") + " .check")
	ada.waitText("#progress", "1 of 5")
	bob.click(bob.item("Find a van") + " .check")
	bob.edit("Pack the kitchen", " and the books\r")
	ada.waitText("#items", "and the books")
	ada.waitText("#progress", "2 of 5")
	ada.click("#history-title")
	shoot(ada, "list", "-phone", "-dark")
	ada.typeInto("#add-item--text", "find a VAN\r")
	ada.waitText("#add-item--text-error", "same text")
	ada.click(ada.item("Pack the kitchen and the books") + " .editor summary")
	shoot(ada, "list-errors", "-phone")
	bob.open(path + "/10")
	shoot(bob, "past", "-phone", "-dark")

	bob.open(path + "/12?with=8")
	shoot(bob, "compare")
	ada.open(path)
	ada.click("#more-v1 summary")
	ada.click("#more-v1 a")
	ada.waitText("#tree", "Name confirmed")
	shoot(ada, "conversation", "-phone")
	ada.open("/system")
	shoot(ada, "system", "-phone", "-dark")

	other := bob.createList("Reading list", "A Philosophy of Software Design", "Designing Data-Intensive Applications")
	bob.createList("Groceries")
	ada.open(other)
	ada.click("#archive button")
	ada.waitText("main", "is archived")
	bob.open("/")
	bob.waitText("main", "Archived")
	shoot(bob, "home", "-phone", "-dark")
	bob.click(".confirm summary")
	shoot(bob, "home-confirm")

	bob.open("/")
	bob.click(".account button")
	bob.wait("location.pathname === '/login'")
	shoot(bob, "login")
}

// look makes the window a phone's, or dark, or as it was.
func (w *tab) look(look string) {
	w.t.Helper()
	width, height, scheme := int64(1280), int64(800), "light"
	switch look {
	case "-phone":
		width, height = 390, 844
	case "-dark":
		scheme = "dark"
	}
	w.do("look", chromedp.EmulateViewport(width, height))
	_, err := chromedp.Call(w.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
}
