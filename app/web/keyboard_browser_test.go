package web

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// tabTo presses Tab until an element has the focus. Wherever it stops on the way
// there is an outline to be seen.
func (w *tab) tabTo(css string) {
	w.t.Helper()
	for range 150 {
		w.keys(kb.Tab)
		switch got := w.eval(fmt.Sprintf(`(() => { const e = document.activeElement, s = getComputedStyle(e);
			return e === document.body ? "nowhere" : s.outlineStyle === "none" || s.outlineWidth === "0px" ? "unseen " + e.outerHTML.slice(0, 120) : e.matches(%q) ? "there" : "on the way"; })()`, css)); got {
		case "there":
			return
		case "on the way", "nowhere": // nowhere: past the last element, before the first one
		default:
			w.t.Fatalf("on the way to %s the focus is %s", css, got)
		}
	}
	w.t.Fatalf("Tab does not lead to %s\n%s", css, w.text())
}

// focused fails when a patch took the focus away.
func (w *tab) focused(after string) {
	w.t.Helper()
	if w.eval("document.activeElement === document.body") == "true" {
		w.t.Errorf("after %s the focus is lost", after)
	}
}

// TestEverythingByKeyboard goes through the app without a pointer.
func TestEverythingByKeyboard(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada := signIn(browser, t, base, "Ada")
	ada.tabTo("#create--name")
	ada.keys("Groceries\r")
	ada.wait("location.pathname.startsWith('/todo-lists/') && !!document.querySelector('#add-item')")
	ada.live()
	path := ada.eval("location.pathname")
	ada.tabTo("#add-item--text")
	for _, text := range []string{"Milk", "Bread", "Eggs"} {
		ada.keys(text + "\r")
	}
	ada.waitItems("Milk", "Bread", "Eggs")
	ada.focused("adding")
	milk, bread, eggs := ada.item("Milk")[6:], ada.item("Bread")[6:], ada.item("Eggs")[6:]

	ada.tabTo("#check-" + milk)
	ada.keys(" ")
	ada.waitText("#progress", "1 of 3")
	ada.focused("checking")
	ada.tabTo("#handle-" + bread)
	ada.keys(kb.ArrowUp, chromedp.KeyModifiers(chromedp.ModifierAlt))
	ada.waitItems("Bread", "Milk", "Eggs")
	ada.wait("document.querySelector('#saving').textContent === ''")
	ada.focused("moving")
	ada.tabTo("#opener-edit-" + milk)
	ada.keys("\r")
	ada.wait("document.activeElement.matches('input[name=text]')")
	ada.keys(" of oats\r")
	ada.waitItems("Bread", "Milk of oats", "Eggs")
	ada.wait(fmt.Sprintf("!document.querySelector('#editor-edit-%s').open", milk))
	ada.focused("editing")
	ada.tabTo("#remover-" + eggs)
	ada.keys("\r")
	ada.waitItems("Bread", "Milk of oats")
	ada.wait("document.querySelector('#saving').textContent === ''")
	ada.focused("deleting")
	ada.tabTo("#undo-10 button")
	ada.keys("\r")
	ada.waitItems("Bread", "Milk of oats", "Eggs")
	ada.focused("undoing")

	ada.tabTo("#opener-rename")
	ada.keys("\r")
	ada.wait("document.activeElement.matches('#rename--name')")
	ada.keys(" and more\r")
	ada.waitText("#list-name", "Groceries and more")
	ada.wait("!document.querySelector('#editor-rename').open")
	ada.focused("renaming")
	ada.travelByKeyboard(path)

	ada.tabTo("#archive button")
	ada.keys("\r")
	ada.waitText("main", "is archived")
	ada.focused("archiving")
	ada.tabTo(".confirm summary")
	ada.keys("\r")
	ada.wait("document.querySelector('.confirm').open")
	ada.keys(kb.Escape)
	ada.wait("!document.querySelector('.confirm').open")
	ada.focused("not deleting")
	ada.keys("\r")
	ada.tabTo(".bubble .danger")
	ada.keys("\r")
	ada.waitText("main", "has been deleted")
	ada.focused("deleting the list")
	ada.tabTo(".crumbs a")
	ada.keys("\r")
	ada.wait("location.pathname === '/' && !document.querySelector('.listing')") // the deleted list is gone from there
	ada.tabTo(".account button")
	ada.keys("\r")
	ada.wait("location.pathname === '/login' && document.activeElement.id === 'username'")
}

// travelByKeyboard goes to the past, compares, and restores.
func (w *tab) travelByKeyboard(path string) {
	w.t.Helper()
	w.tabTo("a[data-step=back]")
	before := w.eval("document.querySelector('#version').value")
	w.keys("\r")
	w.wait("!!document.querySelector('.banner')")
	w.live()
	w.keys(kb.ArrowLeft) // wherever the focus is
	w.wait(fmt.Sprintf("location.pathname === '%s/%s'", path, minus(before, 2)))
	w.live()
	w.tabTo("#travel")
	w.keys(kb.Home)
	w.wait(fmt.Sprintf("location.pathname === '%s/1'", path))
	w.live()
	w.tabTo("#with")
	w.keys("6\r")
	w.wait("location.search === '?with=6'")
	w.waitText("#differences", "Bread")
	w.live()
	w.tabTo("#version")
	w.keys("6\r")
	w.wait(fmt.Sprintf("location.pathname === '%s/6'", path))
	w.live()
	w.waitItems("Milk", "Bread", "Eggs")
	w.tabTo("#restore-version button")
	w.keys("\r")
	w.wait(fmt.Sprintf("location.pathname === %q", path))
	w.waitItems("Milk", "Bread", "Eggs")
	w.live()
}

func minus(number string, n int) string {
	var v int
	_, _ = fmt.Sscan(number, &v) // a version of the page's: a number
	return fmt.Sprint(v - n)
}
