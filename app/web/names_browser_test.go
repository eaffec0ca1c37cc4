package web

import (
	"fmt"
	"sync"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

func TestTakenNameIsToldBesideTheField(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada, bob := signIn(browser, t, base, "Ada"), signIn(browser, t, base, "Bob")
	path := ada.createList("Groceries", "Milk")

	bob.open("/")
	bob.typeInto("#create--name", "GROCERIES \r")
	bob.waitText("#create--name-error", "Another list has this name")
	bob.wait("document.querySelector('#create--name').value.trim() === 'GROCERIES' && document.querySelectorAll('.listing').length === 1")

	other := bob.createList("Hardware")
	bob.editName("Groceries\r")
	bob.waitText("#rename--name-error", "Another list has this name")
	bob.forgive("Autofocus processing was blocked") // as it should be, by what he wrote
	bob.open(other)
	bob.wait("document.querySelector('#list-name').textContent === 'Hardware' && document.activeElement === document.querySelector('#rename--name') && document.activeElement.value === 'Groceries'")

	ada.editName("Shopping\r")
	ada.waitText("#list-name", "Shopping")
	bob.keys("\r") // it is free by now
	bob.waitText("#list-name", "Groceries")
	ada.open(path)
	ada.waitText("#list-name", "Shopping")
}

func TestTwoPeopleWantOneName(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	people := []*tab{signIn(browser, t, base, "Ada"), signIn(browser, t, base, "Bob")}
	var typing sync.WaitGroup
	for _, w := range people {
		typing.Go(func() { w.typeInto("#create--name", "Party\r") })
	}
	typing.Wait()
	won := 0
	for _, w := range people {
		w.wait("location.pathname.startsWith('/todo-lists/') || document.querySelector('#create--name-error').textContent.includes('Another list')")
		if w.eval("location.pathname") != "/" {
			won++
		}
	}
	people[0].open("/")
	if got := people[0].eval("document.querySelectorAll('.listing').length"); won != 1 || got != "1" {
		t.Errorf("%d people got the name, and %s lists have it", won, got)
	}
}

func TestUndoRestoreAndCompare(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada := signIn(browser, t, base, "Ada")
	path := ada.createList("Trip", "Tent", "Map", "Rope") // versions 4, 5, 6
	ada.click(ada.item("Map") + " .remove")
	ada.waitItems("Tent", "Rope")

	ada.click("#undo-7 button")
	ada.waitItems("Tent", "Map", "Rope")
	ada.open(path + "/4?with=8")
	ada.waitItems("Tent")
	ada.waitText("#differences", "Added")
	if got := ada.eval("[...document.querySelectorAll('#differences li')].map(e => e.innerText.replace(/\\s+/g, ' ')).join('|')"); got != "Added Map|Added Rope" {
		t.Errorf("the comparison says %q", got)
	}
	ada.wait("document.querySelector('.entry-line.against').id === 'entry-v8'")
	ada.click(".differing p a")
	ada.wait("location.pathname.endsWith('/4') && location.search === '' && !document.querySelector('.differing')")
	ada.live()
	for with, link := range map[string]string{"8": ".compared a:nth-of-type(1)", "3": ".compared a:nth-of-type(2)", "6": "#entry-v6 a[data-with]"} {
		ada.click(link)
		ada.wait(fmt.Sprintf("location.search === '?with=%s' && !!document.querySelector('.differing')", with))
		ada.live()
	}
	if got := ada.eval("document.querySelectorAll('.entry-line.against').length + ' ' + document.querySelectorAll('#entry-v4 a[data-with], [data-with][href*=\"/4?\"]').length"); got != "1 6" { // all but the version shown and a step on the way
		t.Errorf("lines compared, and links to compare with: %s", got)
	}
	ada.click("#restore-version button")
	ada.wait(fmt.Sprintf("location.pathname === %q", path))
	ada.waitItems("Tent")
	ada.waitText("#history", "Item removed")
}

func TestSliderShowsEveryVersion(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada, bob := signIn(browser, t, base, "Ada"), signIn(browser, t, base, "Bob")
	path := ada.createList("Trip", "Tent", "Map", "Rope")
	bob.open(path)
	move := func(version int, event string) {
		ada.eval(fmt.Sprintf("(() => { const r = document.querySelector('#travel'); r.value = %d; r.dispatchEvent(new Event(%q, {bubbles: true})); })()", version, event))
	}
	ada.wait("document.querySelector('#travel').value === '6'") // it follows what is added
	move(4, "input")
	ada.waitItems("Tent")
	bob.typeInto("#add-item--text", "Torch\r")
	bob.waitItems("Tent", "Map", "Rope", "Torch")
	move(5, "input")
	ada.waitItems("Tent", "Map")
	ada.wait(fmt.Sprintf("location.pathname === %q", path+"/5"))
	if got := ada.eval("document.querySelector('#version').value + ' ' + document.querySelector('[data-step=back]').pathname"); got != "5 "+path+"/4" {
		t.Errorf("the steps stand at %s", got)
	}
	ada.eval("history.back()") // to where the travel began
	ada.wait(fmt.Sprintf("location.pathname === %q && document.readyState === 'complete'", path))
	ada.waitItems("Tent", "Map", "Rope", "Torch")
	ada.live()
	move(5, "input")
	ada.waitItems("Tent", "Map")
	move(5, "change")
	ada.wait(fmt.Sprintf("location.pathname === %q", path+"/5"))
	ada.waitItems("Tent", "Map")
	ada.wait("document.querySelector('#travel').max === '7' && document.querySelector('#travel').value === '5'")
	ada.click("#play")
	ada.wait(fmt.Sprintf("location.pathname === %q && !!document.querySelector('#add-item')", path)) // to the end, which is now
	ada.waitItems("Tent", "Map", "Rope", "Torch")
}

// TestWhatIsDoneWhilePlayingIsAboutTheVersionShown: steps, links and restoring.
func TestWhatIsDoneWhilePlayingIsAboutTheVersionShown(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada := signIn(browser, t, base, "Ada")
	path := ada.createList("Trip", "Tent", "Map", "Rope", "Torch") // versions 4 to 7
	ada.open(path + "/2")
	ada.click("#play")
	ada.waitText("#play", "❚❚")
	ada.waitItems("Tent")
	ada.keys(kb.ArrowLeft)
	ada.wait(fmt.Sprintf("['/3', '/4'].map(v => %q + v).includes(location.pathname) && document.querySelector('#play').textContent === '▶'", path))

	ada.open(path + "/3")
	ada.click("#play")
	ada.waitItems("Tent", "Map")
	ada.wait("(() => { const b = document.querySelector('#restore-version button'); if (!b) return false; b.dispatchEvent(new PointerEvent('pointerdown', {bubbles: true})); window.chosen = document.querySelector('.banner strong').textContent; b.click(); return true })()")
	ada.wait(fmt.Sprintf("location.pathname === %q", path))
	ada.waitText(".toast", " is restored. Restoring version 7 takes that back.")
	ada.waitText("#history", "Restored version")
	if got := ada.items(); got != "Tent|Map" && got != "Tent|Map|Rope" {
		t.Errorf("restored are %s", got)
	}
}

func TestConversationShowsWhatFollowed(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada := signIn(browser, t, base, "Ada")
	ada.createList("Trip")
	ada.click("#more-v3 summary")
	ada.click("#more-v1 summary")
	ada.click("#more-v1 a")
	ada.wait("location.pathname.startsWith('/messages/')")
	ada.waitText("#tree", "List named")
	if got := ada.eval("[...document.querySelectorAll('#tree .what')].map(e => e.textContent).join('|')"); got != "Create|List created|Reserve|Reserved|Claim name|Name reserved|Confirm|Confirmed|Activate|List named|Expire" {
		t.Errorf("the tree shows %s", got)
	}
	ada.waitText(".message.asked", "List created")
	ada.waitText(".message.asked", "“Trip”") // as the list is called
}

// editName opens the list's title and types in the place of what it says.
func (w *tab) editName(keys string) {
	w.t.Helper()
	w.click("#opener-rename")
	w.wait("document.activeElement === document.querySelector('#rename--name')")
	w.eval("document.activeElement.select()")
	w.keys(keys)
}
