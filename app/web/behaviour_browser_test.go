package web

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

func TestTwoPeopleInStep(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada, bob := signIn(browser, t, base, "Ada"), signIn(browser, t, base, "Bob")
	path := ada.createList("Groceries", "Milk", "Bread")
	bob.open(path)
	bob.waitItems("Milk", "Bread")

	bob.typeInto("#add-item--text", "Eggs\r")
	ada.waitItems("Milk", "Bread", "Eggs")
	ada.click(ada.item("Bread") + " .check")
	bob.wait(fmt.Sprintf("document.querySelector(%q).getAttribute('aria-checked') === 'true'", bob.item("Bread")+" .check"))
	bob.waitText("#progress", "1 of 3 done")
	bob.click(bob.item("Milk") + " .remove")
	ada.waitItems("Bread", "Eggs")

	second := ada.another()
	second.open("/")
	second.waitText(".listing .progress", "1 of 2 done")
	ada.click("#archive button")
	second.waitText("main", "Archived")
	bob.waitText("main", "This list is archived")
	bob.wait("!document.querySelector('#add-item')")
	second.click(".confirm summary")
	second.click(".bubble .danger")
	ada.waitText("main", "has been deleted")
	second.wait("!document.querySelector('.listing')")
}

func TestTimeTravelIsNotThrownBack(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada, bob := signIn(browser, t, base, "Ada"), signIn(browser, t, base, "Bob")
	path := ada.createList("Trip", "Tent", "Map", "Rope")
	bob.open(path)

	ada.click("#progress") // the arrows belong to a field while one has the focus
	ada.keys(kb.ArrowLeft)
	ada.wait(fmt.Sprintf("location.pathname === %q", path+"/5"))
	ada.waitItems("Tent", "Map")
	ada.live()
	bob.typeInto("#add-item--text", "Torch\r")
	bob.waitItems("Tent", "Map", "Rope", "Torch")
	ada.waitText("#head", "7")
	if got := ada.items(); got != "Tent|Map" {
		t.Errorf("the past shows %s", got)
	}
	ada.wait("!document.querySelector('#add-item, .editor, .handle')")
	ada.keys(kb.ArrowLeft)
	ada.wait(fmt.Sprintf("location.pathname === %q", path+"/4"))
	ada.keys(kb.ArrowRight)
	ada.wait(fmt.Sprintf("location.pathname === %q", path+"/5"))
	ada.click("#entry-v6 .version")
	ada.wait(fmt.Sprintf("location.pathname === %q", path+"/6"))
	ada.waitText(".item.changed", "Rope")
	ada.click("a[data-step=live]")
	ada.waitItems("Tent", "Map", "Rope", "Torch")
	bob.open(path + "/4") // the address is enough
	bob.waitItems("Tent")
}

func TestEditingSurvivesOthersEdits(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada, bob := signIn(browser, t, base, "Ada"), signIn(browser, t, base, "Bob")
	path := ada.createList("Shared", "One", "Two", "Three")
	bob.open(path)
	bob.waitItems("One", "Two", "Three")

	two := ada.item("Two")
	ada.edit("Two", " and a ha")
	bob.edit("One", "!\r")
	ada.waitItems("One!", "Two", "Three")
	ada.keys("lf")
	bob.edit("Two", " by Bob\r")
	ada.waitText(two+" .label", "Two by Bob")
	ada.keys("\r")
	bob.waitItems("One!", "Two and a half", "Three")
	ada.wait(fmt.Sprintf("!document.querySelector(%q).open", two+" .editor"))

	ada.edit("Two and a half", " never")
	ada.keys(kb.Escape)
	ada.wait(fmt.Sprintf("!document.querySelector(%q).open && document.activeElement === document.querySelector(%q)", two+" .editor", two+" summary"))
	ada.keys("\r") // Enter opens it again, with the words of now
	ada.wait(fmt.Sprintf("document.querySelector(%q).value === 'Two and a half'", two+" input[name=text]"))
	ada.click("#history-title") // leaving saves nothing and loses nothing
	ada.wait(fmt.Sprintf("document.querySelector(%q).open", two+" .editor"))
	ada.waitItems("One!", "Two and a half", "Three")
}

// TestWhatOthersDoToATextBeingEdited is told to who edits it, and loses no word.
func TestWhatOthersDoToATextBeingEdited(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada, bob := signIn(browser, t, base, "Ada"), signedIn(t, base, nil)
	path := ada.createList("Shared", "Sugar", "Apples", "Bread")
	ids := bob.items(path)
	send := func(command, fields string) {
		t.Helper()
		if r := bob.send(command, fmt.Sprintf(`{"stream_id":%q,"data":{%s}}`, path[len("/todo-lists/"):], fields), "wait=20"); r.status != 200 {
			t.Fatalf("%s: %d %s", command, r.status, r.text)
		}
	}
	ada.edit("Sugar", " white")
	send("update_item_text", `"id":"`+ids[0]+`","text":"Sugar brown"`)
	ada.waitText("#meanwhile-edit-"+ids[0], "Ada changed this to “Sugar brown” meanwhile.")
	ada.keys(kb.Escape)
	ada.wait("!document.querySelector('.editor[open]')")
	ada.edit("Sugar brown", "")
	ada.wait("document.querySelector('#meanwhile-edit-" + ids[0] + "').textContent === ''")
	ada.keys(kb.Escape)

	ada.edit("Apples", " and pears")
	send("remove_item", `"id":"`+ids[1]+`"`)
	ada.waitText(".toast", "“Apples” cannot be edited any more (Item removed by Ada). What you were writing stands in the field for a new item.")
	ada.keys(" too\r") // nothing of it is meant for another row
	ada.waitItems("Sugar brown", "Bread", "Apples and pears too")
	ada.edit("Bread", "")
	send("remove_item", `"id":"`+ids[2]+`"`)
	ada.wait("document.activeElement.id === 'add-item--text' && document.querySelectorAll('.toast').length === 1")
	version := bob.version(path)
	send("add_item", `"text":"Salt"`)
	send("add_item", `"text":"Oil"`)
	ada.waitText("#items", "Oil")
	ada.edit("Salt", " and pepper")
	send("restore", `"version":`+version)
	ada.waitText("#toasts", "“Salt” cannot be edited any more (Item removed by Ada).")
	ada.typeInto("#add-item--text", kb.Escape)
	ada.eval("document.querySelector('#add-item--text').value = ''")
	ada.typeInto("#add-item--text", "Half a w")
	ada.edit("Sugar brown", " and fine")
	send("archive", "")
	ada.waitText("#toasts", "You were writing: “Half a w”")
	ada.waitText("#toasts", "You were writing: “Sugar brown and fine”")
	send("unarchive", "")
	ada.wait("document.querySelector('#add-item--text')?.value === 'Half a w'")
	if got := ada.eval("document.querySelectorAll('[aria-checked=true], .done').length"); got != "0" {
		t.Errorf("%s items are done", got)
	}
}

func TestTypingWhileUpdatesArriveLosesNothing(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada, bob := signIn(browser, t, base, "Ada"), signIn(browser, t, base, "Bob")
	path := ada.createList("Busy")
	bob.open(path)

	ada.click("#add-item--text")
	typed := ""
	for i := range 10 {
		word := fmt.Sprintf("word%d ", i)
		bob.typeInto("#add-item--text", fmt.Sprintf("Bob's %d\r", i))
		ada.keys(word)
		typed += word
		ada.wait(fmt.Sprintf("document.querySelectorAll('#items > li').length === %d", i+1))
	}
	if got := ada.eval("document.activeElement.id + '/' + document.activeElement.value + '/' + document.activeElement.selectionStart"); got != fmt.Sprintf("add-item--text/%s/%d", typed, len(typed)) {
		t.Errorf("the field holds %q", got)
	}
	ada.do("reload", chromedp.Reload())
	ada.live()
	ada.wait(fmt.Sprintf("document.activeElement.id === 'add-item--text' && document.activeElement.value === %q", typed))
	ada.keys("\r")
	bob.waitText("#items li:last-child .label", "word0 word1")
	ada.wait("document.querySelector('#add-item--text').value === '' && !document.querySelector('.chip')")
	ada.do("reload", chromedp.Reload())
	ada.live()
	ada.wait("document.querySelector('#add-item--text').value === ''")

	ada.edit("Bob's 3", " and more")
	ada.do("reload", chromedp.Reload())
	ada.live()
	ada.wait("document.activeElement.value === \"Bob's 3 and more\" && document.activeElement.closest('details.editor').open")
	ada.keys("\r")
	bob.waitText("#items", "Bob's 3 and more")
}

// TestWithoutANetworkThePageSaysSo, also when nothing is to be sent.
func TestWithoutANetworkThePageSaysSo(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada := signIn(browser, t, base, "Ada")
	ada.open("/")
	if got := ada.eval("document.querySelector('#saving').textContent"); got != "" {
		t.Errorf("a page that is connected says %s", got)
	}
	ada.offline(true)
	ada.wait("document.querySelector('#saving[role=status]').innerText === 'Not connected…'")
	ada.offline(false)
	ada.wait("document.querySelector('#saving').textContent === ''")

	// In a long list the header is out of sight: it stands below the field, too.
	person := signedIn(t, base, nil)
	path := person.longList("Long", 20)
	ada.look("-phone")
	ada.open(path)
	ada.eval("document.querySelector('#items li:last-child').scrollIntoView({block: 'center'})")
	const here = `(e => { const b = e.getBoundingClientRect(), f = document.querySelector("#add-item--text").getBoundingClientRect(), at = document.elementFromPoint(b.x + b.width / 2, b.y + b.height / 2);
		return document.querySelector("#saving").getBoundingClientRect().bottom < 0 && e.checkVisibility({visibilityProperty: true}) && b.top >= f.bottom && b.bottom <= innerHeight && at === e ? e.innerText : "" })(document.querySelector("#saving-here"))`
	ada.offline(true)
	ada.wait(here + " === 'Not connected…'")
	ada.forgive("ERR_", "Failed to fetch", "network error")
	ada.typeInto("#add-item--text", "Later\r")
	ada.wait(here + " === 'Not connected, 1 not saved yet…'")
	ada.offline(false)
	ada.waitText("#items", "Later")
	ada.stored()
	ada.wait("!document.querySelector('#saving-here').checkVisibility()")
}

func TestALostConnectionCatchesUp(t *testing.T) {
	browser, app := startBrowser(t), serveApp(t)
	ada, bob := signIn(browser, t, app.URL, "Ada"), signIn(browser, t, app.URL, "Bob")
	path := ada.createList("Away", "One")
	bob.open(path)
	bob.waitItems("One")
	bob.edit("One", " and")
	app.CloseClientConnections()
	ada.typeInto("#add-item--text", "Two\r")
	bob.waitItems("One", "Two")
	bob.keys(" a half\r")
	ada.waitItems("One and a half", "Two")
	for _, w := range []*tab{ada, bob} {
		w.forgive("ERR_", "Failed to fetch", "network error")
	}
}

func TestRefusalsAndFieldErrorsAreShown(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada, bob := signIn(browser, t, base, "Ada"), signIn(browser, t, base, "Bob")
	path := ada.createList("Errors", "Milk")

	ada.typeInto("#add-item--text", "milk\r")
	ada.waitText("#add-item--text-error", "same text")
	ada.wait("document.querySelector('#add-item--text').value === 'milk' && document.querySelector('#add-item--text').getAttribute('aria-invalid') === 'true'")
	ada.waitText(".item.twin .warning", "a second time")
	ada.keys("?")
	ada.wait("document.querySelector('#add-item--text-error').textContent.trim() === '' && !document.querySelector('[aria-invalid]')")
	ada.eval("document.querySelector('#add-item--text').value = ''")
	ada.typeInto("#add-item--text", "Bread\r")
	ada.waitItems("Milk", "Bread")
	ada.wait("document.querySelector('#add-item--text-error').textContent.trim() === '' && !document.querySelector('.twin')")

	bob.open(path)
	bob.eval("window.kept = document.querySelector('#add-item').cloneNode(true)") // as in a page that is behind
	ada.click("#archive button")
	bob.waitText("main", "This list is archived")
	bob.eval("document.querySelector('.sheet').append(window.kept)")
	bob.forgive("PatchElementsNoTargetsFound") // the page may take the form away before the answer comes
	bob.typeInto("#add-item--text", "Late\r")
	bob.waitText(".toast", "cannot be changed")
	bob.waitText(".entry-line.refused", "cannot be changed")
}

func TestReorderByKeyboardAndMouse(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada, bob := signIn(browser, t, base, "Ada"), signIn(browser, t, base, "Bob")
	path := ada.createList("Order", "A", "B", "C", "D")
	bob.open(path)
	c := ada.item("C")
	ada.do("focus the handle", chromedp.Focus(chromedp.CSS(c+" .handle")))
	ada.keys(kb.ArrowUp, chromedp.KeyModifiers(chromedp.ModifierAlt))
	bob.waitItems("A", "C", "B", "D")
	ada.waitText("#announce", "C: place 2 of 4")
	ada.wait(fmt.Sprintf("document.activeElement === document.querySelector(%q)", c+" .handle"))
	for range 2 {
		ada.keys(kb.ArrowDown, chromedp.KeyModifiers(chromedp.ModifierAlt))
	}
	bob.waitItems("A", "B", "D", "C")

	from, to := ada.middle(ada.item("D")+" .handle"), ada.middle(ada.item("A")+" .handle")
	ada.do("drag", chromedp.DragAndDropXY(from[0], from[1], to[0], to[1]-8))
	bob.waitItems("D", "A", "B", "C")
	ada.waitItems("D", "A", "B", "C")
}

// edit opens an item's text and types behind it.
func (w *tab) edit(text, keys string) {
	w.t.Helper()
	li := w.item(text)
	w.click(li + " .editor summary")
	w.wait(fmt.Sprintf("document.activeElement === document.querySelector(%q)", li+" input[name=text]"))
	w.keys(keys)
}

// middle is where an element is.
func (w *tab) middle(css string) (at [2]float64) {
	w.t.Helper()
	text := w.eval(fmt.Sprintf("(() => { const b = document.querySelector(%q).getBoundingClientRect(); return (b.left + b.width / 2) + ' ' + (b.top + b.height / 2) })()", css))
	if _, err := fmt.Sscan(text, &at[0], &at[1]); err != nil {
		w.t.Fatal(err)
	}
	return at
}
