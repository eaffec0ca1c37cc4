package web

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestTheFieldForNewItemsKeepsItsPlace at the lower edge, where new items come,
// however long the list is; what was added is in sight, and nobody sees it twice.
func TestTheFieldForNewItemsKeepsItsPlace(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada, bob := signIn(browser, t, base, "Ada"), signedIn(t, base, nil)
	ada.look("")
	path := ada.createList("Trip", "Tent")
	place := func() string {
		return ada.eval("(b => [b.left, b.top, b.width].join())(document.querySelector('#add-item--text').getBoundingClientRect())")
	}
	before := place()
	ada.eval(`(() => { window.twice = 0; window.moved = 0; const field = document.querySelector("#add-item--text"), top = field.getBoundingClientRect().top;
		const look = () => { const texts = [...document.querySelectorAll("#items .label, .chip")].map(e => e.textContent);
			if (new Set(texts).size < texts.length) window.twice++;
			window.moved = Math.max(window.moved, Math.abs(document.querySelector("#add-item--text").getBoundingClientRect().top - top));
			requestAnimationFrame(look); }; look(); })()`)
	ada.do("focus", chromedp.Focus(chromedp.CSS("#add-item--text")))
	for n := range 20 { // more than a window holds
		ada.keys(fmt.Sprintf("Number %d\r", n))
	}
	ada.wait("document.querySelectorAll('#items > li').length === 21 && !document.querySelector('.chip')")
	for n := range 3 {
		bob.send("add_item", fmt.Sprintf(`{"stream_id":%q,"data":{"text":"Bob's %d"}}`, path[len("/todo-lists/"):], n), "wait=20")
	}
	ada.waitText("#items", "Bob's 2")
	if got := ada.eval("window.twice + ' ' + Math.floor(window.moved / 2)"); got != "0 0" || place() != before {
		t.Errorf("frames with an item twice, and by how many steps of 2 px the field moved in any: %s; it is at %s, was at %s", got, place(), before)
	}
	ada.keys("The last one\r")
	ada.wait("!document.querySelector('.chip') && document.querySelector('#items > li:last-child .label').textContent === 'The last one'")
	ada.wait("document.querySelector('#items > li:last-child').getBoundingClientRect().bottom <= document.querySelector('#add-item--text').getBoundingClientRect().top")
	ada.keys("tent\r")
	ada.waitText("#add-item--text-error", "same text")
	if got := place(); got != before {
		t.Errorf("told what is wrong, the field is at %s, was at %s", got, before)
	}

	ada.open(path)
	ada.eval("document.querySelector('#add-item--text').value = ''")
	ada.tabTo("main .skip") // past the hundred stops of the items
	ada.keys("\rSkipped to")
	ada.wait("document.activeElement.id === 'add-item--text' && document.activeElement.value === 'Skipped to'")
	ada.do("back to the items", chromedp.KeyEvent(kb.Tab, chromedp.KeyModifiers(chromedp.ModifierShift)))
	if got := ada.eval("(e => e.getBoundingClientRect().bottom <= document.querySelector('.foot').getBoundingClientRect().top + 12)(document.activeElement)"); got != "true" {
		t.Error("what has the focus is below the field")
	}
	bob.send("archive", fmt.Sprintf(`{"stream_id":%q,"data":{}}`, path[len("/todo-lists/"):]), "wait=20")
	ada.waitText(".foot .notice", "This list is archived")
	ada.wait("/^Ada (just now|1 min ago)$/.test(document.querySelector('.foot .by').innerText)")
}

// TestNewItemsComeInTheOrderInWhichTheyWereTyped also when the first one takes long,
// or is lost on the way; and one that is refused between others is named.
func TestNewItemsComeInTheOrderInWhichTheyWereTyped(t *testing.T) {
	var net lossy
	browser, app := startBrowser(t), serveAppWith(t, services{wrap: net.wrap})
	ada := signIn(browser, t, app.URL, "Ada")
	ada.createList("Trip")
	hold, release := held()
	net.set(hold)
	ada.typeInto("#add-item--text", "One\rTwo\rThree\r")
	ada.wait("document.querySelectorAll('.chip').length === 3")
	waitUntil(t, "the first one came", func() bool { return len(net.ids()) == 1 })
	release()
	ada.waitItems("One", "Two", "Three")
	ada.stored()

	net.set(times(1, empty))
	ada.typeInto("#add-item--text", "Four\rtwo\rFive\r")
	ada.waitItems("One", "Two", "Three", "Four", "Five")
	ada.waitText("#toasts", "“two” was not added. An item with the same text is already on the list.")
	ada.stored()
	if got := len(net.ids()); got != 4 { // the first one twice
		t.Errorf("%d commands came", got)
	}
}

// TestARefusedItem_IsReplacedByWhatIsTypedNext: its words come back selected, and
// nobody who went on elsewhere loses the caret to them.
func TestARefusedItem_IsReplacedByWhatIsTypedNext(t *testing.T) {
	var net lossy
	browser, app := startBrowser(t), serveAppWith(t, services{wrap: net.wrap})
	ada := signIn(browser, t, app.URL, "Ada")
	ada.createList("Trip", "Tent")
	ada.typeInto("#add-item--text", "tent\r")
	ada.waitText("#add-item--text-error", "same text")
	ada.keys("Map\r")
	ada.waitItems("Tent", "Map")
	ada.stored()

	hold, release := held()
	net.set(hold)
	ada.typeInto("#add-item--text", "map\r")
	waitUntil(t, "it came", func() bool { return len(net.ids()) == 1 })
	ada.click(ada.item("Tent") + " .editor summary")
	ada.wait("document.activeElement.value === 'Tent'")
	ada.keys("s")
	release()
	ada.waitText("#add-item--text-error", "same text")
	ada.wait("document.querySelector('#add-item--text').value === 'map'")
	ada.keys("!\r")
	ada.waitItems("Tents!", "Map")
}
