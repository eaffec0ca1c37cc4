package web

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/emulation"
)

// TestWithoutScriptsInABrowser uses the app in a browser that runs no scripts:
// every page shows, every form posts, and what needs a script does not show.
func TestWithoutScriptsInABrowser(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada := signIn(browser, t, base, "Ada")
	call(ada, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	ada.visit("/")
	ada.typeInto("#create--name", "Groceries\r")
	ada.wait("location.pathname.startsWith('/todo-lists/') && !!document.querySelector('#add-item')")
	path := ada.eval("location.pathname")
	for i, text := range []string{"Milk", "Bread", "Eggs"} {
		ada.typeInto("#add-item--text", text+"\r")
		ada.wait(fmt.Sprintf("document.querySelectorAll('#items > li').length === %d && document.activeElement.id === 'add-item--text'", i+1))
	}
	if got := ada.eval("getComputedStyle(document.querySelector('.travel')).display"); got != "none" {
		t.Errorf("the slider shows, and does nothing: %s", got)
	}
	ada.forgive("422")
	ada.typeInto("#add-item--text", "milk\r")
	ada.waitText("#add-item--text-error", "same text")
	ada.visit(path)
	ada.click(ada.item("Milk") + " .check")
	ada.waitText("#progress", "1 of 3")
	ada.click(ada.item("Eggs") + " .handle")
	ada.waitItems("Milk", "Eggs", "Bread")
	ada.click(ada.item("Bread") + " .editor summary")
	ada.click(ada.item("Bread") + " .editor input[name=text]")
	ada.keys(" rolls\r")
	ada.waitItems("Milk", "Eggs", "Bread rolls")
	ada.click(ada.item("Milk") + " .remove")
	ada.waitItems("Eggs", "Bread rolls")
	ada.click("#undo-11 button")
	ada.waitItems("Milk", "Eggs", "Bread rolls")
	ada.click("a[data-step=back]")
	ada.waitText(".banner", "of 13")
	ada.click("#entry-v11 .version")
	ada.waitText(".banner", "Version 11")
	ada.click("#restore-version button")
	ada.wait(fmt.Sprintf("location.pathname === %q", path))
	ada.waitItems("Eggs", "Bread rolls")
	ada.click("#archive button")
	ada.waitText("main", "is archived")
	ada.click(".confirm summary")
	ada.forgive("410")
	ada.click(".bubble .danger")
	ada.waitText("main", "has been deleted")
	ada.visit("/system")
	ada.waitText("main", "Consumers")
	ada.typeInto("#filter-text", "same text\r") // of a refusal
	ada.wait("location.search.includes('text=same+text')")
	ada.typeInto("#filter-type", "Item changed\r")
	ada.wait("location.search.includes('type=Item+changed')")
	ada.waitText("main", "Everything was looked at.")
	ada.click(".account button")
	ada.wait("location.pathname === '/login'")
}
