package web

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/backstory-go/backstory/app/slack"
)

// TestScreenshots takes the pictures of docs/screenshots anew:
//
//	BACKSTORY_SCREENSHOTS=$PWD/docs/screenshots go test ./app/web -run Screenshots
func TestScreenshots(t *testing.T) {
	dir := os.Getenv("BACKSTORY_SCREENSHOTS")
	if dir == "" {
		t.Skip("BACKSTORY_SCREENSHOTS names no folder to put pictures into")
	}
	slackIsDown := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }))
	t.Cleanup(slackIsDown.Close)
	browser, base := startBrowser(t), serveAppWith(t, services{slack: slack.Dispatcher{Webhook: slackIsDown.URL}}).URL
	ada, bob := signIn(browser, t, base, "Ada"), signIn(browser, t, base, "Bob")
	ada.forgive("404")
	shoot := func(w *tab, name string) {
		t.Helper()
		for _, look := range []string{"-phone", "-dark", ""} {
			w.look(look)
			w.eval("window.scrollTo(0, 0)")
			w.screenshot(filepath.Join(dir, name+look+".png"))
		}
	}
	shoot(ada, "home-empty")
	path := ada.createList("Moving house")
	shoot(ada, "list-empty")
	for _, text := range []string{"Cancel the lease", "Find a van", "Pack the kitchen", "Tell everyone the new address"} {
		ada.typeInto("#add-item--text", text+"\r")
		ada.waitText("#items", text)
	}
	bob.open(path)
	bob.typeInto("#add-item--text", "Measure the new windows for curtains, and the door frames for the piano\r")
	ada.waitText("#items", "piano")
	ada.click(ada.item("Cancel the lease") + " .check")
	ada.waitText("#progress", "1 of 5")
	bob.edit("Pack the kitchen", " and the books\r")
	ada.waitText("#items", "and the books")
	ada.waitText(".marks", "Slack failed")
	ada.click("#history-title")
	shoot(ada, "list")
	ada.typeInto("#add-item--text", "find a VAN\r")
	ada.waitText("#add-item--text-error", "same text")
	ada.click(ada.item("Pack the kitchen and the books") + " .editor summary")
	shoot(ada, "list-errors")
	bob.open(path + "/10")
	shoot(bob, "past")
	bob.open(path + "/11?with=8")
	shoot(bob, "compare")
	ada.open(path)
	ada.click("#more-v3 summary")
	ada.click("#more-v1 summary")
	ada.click("#more-v1 a")
	ada.waitText("#tree", "List named")
	shoot(ada, "conversation")
	ada.open("/system")
	ada.waitText(".parked .why", "500 Internal Server Error")
	shoot(ada, "system")
	ada.click(".scheduled .confirm summary")
	ada.eval("document.querySelector('#parked-title').scrollIntoView()")
	ada.screenshot(filepath.Join(dir, "system-waiting.png"))
	ada.open("/todo-lists/nowhere")
	shoot(ada, "error")

	other := bob.createList("Reading list", "A Philosophy of Software Design", "Designing Data-Intensive Applications")
	bob.createList("Groceries")
	ada.open(other)
	ada.click("#archive button")
	ada.waitText("main", "is archived")
	shoot(ada, "archived")
	bob.open("/")
	bob.waitText("main", "Archived")
	shoot(bob, "home")
	bob.open("/?find=piano")
	shoot(bob, "home-nothing-found")
	bob.open("/")
	bob.click(".confirm summary")
	shoot(bob, "home-confirm")
	ada.forgive("410")
	ada.click(".confirm summary")
	ada.click(".bubble .danger")
	ada.waitText(".banner.gone", "has been deleted")
	shoot(ada, "deleted")
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
