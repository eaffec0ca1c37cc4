package web

import "testing"

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
