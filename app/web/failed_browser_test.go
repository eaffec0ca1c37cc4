package web

import (
	"testing"

	apptodos "github.com/backstory-go/backstory/app/todos"
	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/generated/todos/list"
)

// brokenList cannot decide about checks.
type brokenList struct{ apptodos.List }

func (brokenList) ToggleItem(engine.Decision, *list.State, list.ToggleItem, list.ToggleItemEmitter) list.ToggleItemRefusal {
	panic("broken on purpose")
}

// TestWhatFailed_IsToldToWhoAsked, nothing is shown as stored that is not, and the
// list goes on.
func TestWhatFailed_IsToldToWhoAsked(t *testing.T) {
	browser, app := startBrowser(t), serveAppWith(t, services{list: brokenList{}})
	ada, bob := signIn(browser, t, app.URL, "Ada"), signIn(browser, t, app.URL, "Bob")
	path := ada.createList("Trip", "Tent")
	bob.open(path)
	ada.click(ada.item("Tent") + " .check")
	ada.wait("document.querySelector('.check').getAttribute('aria-checked') === 'true' && !!document.querySelector('[data-unsaved]')")
	ada.waitText(".toast.bad", "Something went wrong here. It was noted; please try again.")
	ada.wait("document.querySelector('.check').getAttribute('aria-checked') === 'false' && !document.querySelector('[data-unsaved]')")
	ada.waitText("#history", "failed")
	ada.typeInto("#add-item--text", "Map\r")
	for _, w := range []*tab{ada, bob} {
		w.waitItems("Tent", "Map")
		w.waitText("#progress", "0 of 2")
	}
	bob.wait("!document.querySelector('.toast')")
}
