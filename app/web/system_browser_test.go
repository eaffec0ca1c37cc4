package web

import (
	"fmt"
	"math"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestSystemPageFollowsByItself(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada, bob := signIn(browser, t, base, "Ada"), signIn(browser, t, base, "Bob")
	ada.open("/system")
	ada.eval("window.same = true") // the page is never loaded again
	bob.createList("Party", "Balloons")
	ada.waitText(".facts-row", "6") // five of the name, one item
	ada.wait("document.querySelector('#flow').textContent.includes('People → List') && document.querySelector('.flow-edge.commands text').textContent !== '0'")
	ada.waitText("#recent", "Item added")

	ada.waitText(".scheduled", "Expire")
	ada.click(".scheduled .confirm summary")
	ada.click(".scheduled .bubble .danger")
	ada.wait("!document.querySelector('.scheduled')")
	ada.waitText("main", "No command is due later")

	row := "[id='consumer-todos.listings']"
	ada.click(row + " form[action='/system/rebuild'] button")
	ada.waitText(row, "rebuilt in")
	ada.click(row + " form[action='/system/pause'] button")
	ada.waitText(row, "paused")
	bob.open("/")
	bob.waitText(".listing", "Party")
	bob.waitText("#behind", "paused")
	ada.click(row + " form[action='/system/resume'] button")
	ada.waitText(row, "running")
	bob.wait("!document.querySelector('#behind')") // by itself
	ada.wait("window.same === true")
}

// Commands, events and refusals come in by themselves, and disturb nobody who reads
// further down or fills in the form.
func TestMessagesComeInAndKeepTheReadersPlace(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada, bob, person := signIn(browser, t, base, "Ada"), signIn(browser, t, base, "Bob"), signedIn(t, base, nil)
	path := bob.createList("Party", "Balloons", "Cake", "Music", "Candles")
	id := path[len("/todo-lists/"):]
	ada.do("size", chromedp.EmulateViewport(1280, 600))
	ada.open("/system")
	ada.waitText("#messages", "Candles")
	ada.eval("document.documentElement.style.overflowAnchor = 'none'") // as in browsers that keep no place by themselves
	line := "#" + ada.eval("[...document.querySelectorAll('#messages > li.event')].find((li) => li.textContent.includes('Balloons')).id")
	ada.click(line + " summary")
	ada.eval("document.querySelector('" + line + "').scrollIntoView({block: 'center'})")
	ada.typeInto("#filter-by", "Bo")
	ada.eval("document.querySelector('#filter-kind').value = 'refused'")
	ada.eval("document.querySelector('" + line + "').scrollIntoView({block: 'center'})")
	ada.painted()
	before := ada.place(line)
	if r := person.send("archive", fmt.Sprintf(`{"stream_id":%q,"data":{}}`, id), "wait=20"); r.status != 200 {
		t.Fatalf("%d %s", r.status, r.text)
	}
	if r := person.send("add_item", fmt.Sprintf(`{"stream_id":%q,"data":{"text":"Too late"}}`, id), "wait=20"); r.status == 200 {
		t.Fatalf("%d %s", r.status, r.text)
	}
	refusal := "#messages > li.command.refused"
	ada.wait("!!document.querySelector('" + refusal + "')")
	ada.painted()
	for _, text := range []string{"command", "Add item", "Too late", "refused", "This list is not active"} {
		ada.waitText(refusal, text)
	}
	if went := ada.place(line) - before; math.Abs(went) > 4 {
		t.Errorf("the line that is read went by %v", went)
	}
	if got := ada.eval("document.querySelector('" + line + " details').open + document.querySelector('#filter-by').value + document.querySelector('#filter-kind').value"); got != "trueBorefused" {
		t.Errorf("opened, typed and chosen: %s", got)
	}
	ada.click("#filters button")
	ada.wait("location.search === '?kind=refused&type=&stream=&by=Bo&text=' && document.querySelector('#messages').children.length === 0")
	ada.click("#filters .quiet-link")
	ada.waitText(refusal, "Too late")
	ada.click(refusal + " a.what")
	ada.waitText(".message.asked", "This list is not active")
	ada.click(".crumbs a")
	ada.waitText("main h1", "System")
}
