package web

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	apptodos "github.com/backstory-go/backstory/app/todos"
	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/generated/todos"
	"github.com/backstory-go/backstory/generated/todos/list"
)

// keeping is a list whose old names cannot be freed while something is broken, so
// that what comes later of it waits.
type keeping struct {
	apptodos.List
	broken *atomic.Bool
}

func (k keeping) FreeOldName(ctx context.Context, m engine.Meta, state *list.State, event list.NameConfirmed, dispatch todos.ListFreeOldNameDispatcher) error {
	if _, renamed := event.Previous.Get(); renamed && k.broken.Load() {
		return errors.New("something is broken")
	}
	return k.List.FreeOldName(ctx, m, state, event, dispatch)
}

// TestANameThatWaitsBehindAParkedMessageSaysSo to everybody who looks at the list,
// and leads administrators to it; it goes when the message is tried again.
func TestANameThatWaitsBehindAParkedMessageSaysSo(t *testing.T) {
	broken := &atomic.Bool{}
	broken.Store(true)
	browser, app := startBrowser(t), serveAppWith(t, services{list: keeping{broken: broken}})
	ada, eve := signIn(browser, t, app.URL, "Ada"), signIn(browser, t, app.URL, "Eve")
	path := ada.createList("Trip", "Tent")
	eve.open(path)
	ada.editName("Journey\r")
	eve.waitText("#list-name", "Journey")
	ada.wait("!document.querySelector('.wanted') && !document.querySelector('#held')")
	ada.stored()
	ada.editName("Voyage\r")
	for _, w := range []*tab{ada, eve} {
		w.waitText(".foot #held[role=status]", "The name “Voyage” has to wait")
		w.waitText(".wanted", "Renaming to “Voyage”")
	}
	eve.waitText("#held", "An administrator can try it again.")
	eve.wait("!document.querySelector('#held a')")
	second := ada.another()
	second.open(path)
	second.click("#held a")
	second.wait("location.pathname === '/system' && !!document.querySelector('.parked:target')")
	broken.Store(false)
	second.click(".parked:target form[action='/system/retry'] button")
	eve.waitText("#list-name", "Voyage")
	for _, w := range []*tab{ada, eve} {
		w.wait("!document.querySelector('#held') && !document.querySelector('.wanted')")
	}
}
