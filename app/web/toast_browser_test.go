package web

import (
	"fmt"
	"strings"
	"testing"
)

// TestToastsAreTrueAndInNobodysWay: the same is said once, a refusal goes when it is
// no longer so, and none lies over the history or the field.
func TestToastsAreTrueAndInNobodysWay(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada, bob := signIn(browser, t, base, "Ada"), signedIn(t, base, nil)
	ada.look("")
	path := ada.createList("Trip", "Tent", "Map") // versions 4, 5
	for range 3 {
		ada.click("#copy-link")
		ada.waitText(".toast", "The link is")
	}
	if got := ada.eval(`(() => { const box = (e) => e.getBoundingClientRect(), all = [...document.querySelectorAll(".toast")], t = box(all[0]);
		const over = (css) => { const b = box(document.querySelector(css)); return t.left < b.right && t.right > b.left && t.top < b.bottom && t.bottom > b.top };
		return [all.length, ...["#history", ".foot", "#list-name", ".brand", ".account"].filter(over)].join() })()`); got != "1" {
		t.Errorf("toasts, and what they lie over: %s", got)
	}
	ada.eval("window.undo = document.querySelector('#undo-5').cloneNode(true)") // as in a page that is behind
	ada.click(ada.item("Map") + " .remove")                                     // 6
	ada.waitItems("Tent")
	send := func(command string) {
		t.Helper()
		if r := bob.send(command, fmt.Sprintf(`{"stream_id":%q,"data":{}}`, path[len("/todo-lists/"):]), "wait=20"); r.status != 200 {
			t.Fatalf("%s: %d %s", command, r.status, r.text)
		}
	}
	send("archive")
	ada.waitText(".foot", "This list is archived")
	ada.forgive("PatchElementsNoTargetsFound") // the page may take the form away before the answer comes
	ada.eval("document.querySelector('.sheet').append(window.undo)")
	ada.eval("document.querySelector('#undo-5 button').click()")
	ada.waitText(".toast.bad", "cannot be changed")
	send("unarchive")
	ada.wait("!!document.querySelector('#add-item') && !document.querySelector('.toast.bad')")
	ada.wait("!!document.querySelector('#undo-6')")
	ada.eval("document.querySelector('#undo-6 button').click()")
	ada.waitText("#toasts", "Undone: Item removed “Map”.")
}

// TestACopiedLinkIsToWhatIsShown also on the way through the versions.
func TestACopiedLinkIsToWhatIsShown(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada := signIn(browser, t, base, "Ada")
	path := ada.createList("Trip", "Tent", "Map") // versions 4, 5
	copied := func(address, words string) {
		t.Helper()
		ada.eval("navigator.clipboard.writeText = async (text) => { window.copied = text }")
		ada.click("#copy-link")
		ada.waitText("#toasts", words)
		if got := ada.eval("window.copied"); got != base+address {
			t.Errorf("copied %s, want %s", got, address)
		}
	}
	copied(path, "can open the list with it")
	ada.open(path + "/3")
	ada.eval(`(() => { const range = document.querySelector("#travel"); range.value = 4; range.dispatchEvent(new Event("input", {bubbles: true})); })()`)
	ada.wait("document.querySelector('.banner strong')?.textContent === 'Version 4'")
	copied(path+"/4", "can open this version with it")
}

// TestADeletedListIsNamed on the page that has it no more.
func TestADeletedListIsNamed(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada := signIn(browser, t, base, "Ada")
	ada.createList("Trip")
	ada.click("#archive button")
	ada.waitText("main", "is archived")
	ada.open("/")
	ada.click(".confirm summary")
	ada.click(".bubble .danger")
	ada.waitText("#toasts[role=status] .toast", "“Trip” is deleted.")
	ada.wait("!document.querySelector('.listing') && !document.querySelector('.toast.bad')")

	s := signedIn(t, base, nil)
	path, _ := s.list("Journey")
	s.submit(path, "archive", nil)
	if status, body, _ := s.submit("/", "delete-"+path[len("/todo-lists/"):], nil); status != 200 || !strings.Contains(body, `role="status">“Journey” is deleted.</p>`) || strings.Contains(body, path) {
		t.Errorf("as a form: %d\n%s", status, body)
	}
}

// TestToastsCoverNothingOnAPhone: neither the header nor what stands at the lower
// edge; and what is added comes into sight above them.
func TestToastsCoverNothingOnAPhone(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada, person := signIn(browser, t, base, "Ada"), signedIn(t, base, nil)
	path := person.longList("Trip", 20)
	ada.look("-phone")
	covers := func(what, want string) {
		t.Helper()
		ada.waitText(".toast", "The link is")
		if got := ada.eval(`(() => { const box = (e) => e.getBoundingClientRect(), t = box(document.querySelector(".toast"));
			const over = (css) => [...document.querySelectorAll(css)].some((e) => { const b = box(e); return e.checkVisibility() && t.left < b.right && t.right > b.left && t.top < b.bottom && t.bottom > b.top });
			return [t.top > 0 && t.bottom < innerHeight ? "seen" : "unseen", ...[".brand", ".account", ".crumbs-row", ".banner", "#list-name", "#actions", "#add-item", ".travel", ".steps", ".foot .notice"].filter(over)].join() })()`); got != want {
			t.Errorf("%s: a toast is, and lies over %s", what, got)
		}
	}
	ada.open(path)
	ada.click("#copy-link")
	covers("a list", "seen")
	ada.typeInto("#add-item--text", "The last one\r")
	ada.waitText("#items", "The last one")
	ada.stored()
	ada.wait("document.querySelector('#items > li:last-child').getBoundingClientRect().bottom <= document.querySelector('.toast').getBoundingClientRect().top")
	ada.open(path + "/4")
	ada.click("#copy-link")
	covers("the past", "seen")
	ada.createList("Short", "One")
	ada.click("#copy-link")
	covers("a short list", "seen")
}
