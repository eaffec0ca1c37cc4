package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/backstory-go/backstory/app/expander"
	"github.com/backstory-go/backstory/app/slack"
)

const longText = "Prepare the garden for everybody who comes, and the kitchen"

func TestSlackFails_IsSeenAndTriedAgain(t *testing.T) {
	var works atomic.Bool
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !works.Load() {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(service.Close)
	browser, app := startBrowser(t), serveAppWith(t, services{slack: slack.Dispatcher{Webhook: service.URL}})
	ada, eve := signIn(browser, t, app.URL, "Ada"), signIn(browser, t, app.URL, "Eve")
	path := ada.createList("Party", "Milk")
	ada.click(ada.item("Milk") + " .check")
	ada.waitText(".marks", "Slack failed")
	ada.wait("!!document.querySelector('.marks .badge.bad svg')")

	eve.forgive("403")
	eve.wait("!document.querySelector('.quiet-link')")
	eve.open("/system")
	eve.waitText("main", "for administrators")

	works.Store(true)
	ada.open("/system")
	ada.waitText(".parked", "todos.slack_dispatcher")
	ada.waitText(".parked .why", "500 Internal Server Error")
	ada.click(".parked form[action='/system/retry'] button")
	ada.wait("location.pathname === '/system' && !document.querySelector('.parked')")
	ada.open(path)
	ada.wait("document.querySelector('.marks').innerText.trim() === 'Slack' && !!document.querySelector('.marks .badge svg')")
}

func TestPausedConsumer_IsSeenAndResumed(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada := signIn(browser, t, base, "Ada")
	ada.open("/system")
	row := "[id='consumer-todos.listings']"
	ada.click(row + " form[action='/system/pause'] button")
	ada.waitText(row, "paused")
	ada.click(row + " form[action='/system/resume'] button")
	ada.waitText(row, "Pause")
	ada.createList("Party")
	ada.open("/system")
	ada.waitText("#recent", "List named")
	ada.typeInto("#filter-type", "list CREATED\r")
	ada.wait("document.querySelectorAll('#recent .entry-line').length === 1")
}

func TestLongItemIsExpanded(t *testing.T) {
	answer := make(chan string, 1)
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case content := <-answer:
			_, _ = fmt.Fprintf(w, `{"choices":[{"message":{"content":%q}}]}`, content)
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(service.Close)
	t.Cleanup(service.CloseClientConnections) // before Close, which waits for the handlers
	browser, app := startBrowser(t), serveAppWith(t, services{expander: expander.Expander{Key: "key", BaseURL: service.URL, Model: "m"}})
	ada := signIn(browser, t, app.URL, "Ada")
	ada.createList("Party", "Milk", longText, "Eggs")

	ada.click(ada.item(longText) + " .marks button")
	ada.waitText(".item.expanding", "Expanding…")
	ada.wait("!document.querySelector('.item.expanding .handle, .item.expanding .editor')")
	answer <- "I cannot do that."
	ada.wait("!document.querySelector('.item.expanding')")
	ada.waitItems("Milk", longText, "Eggs")
	ada.waitText("#history", "Expansion ended")
	ada.waitText(ada.item(longText)+" .marks", "not split: no smaller items")

	ada.click(ada.item(longText) + " .marks button")
	ada.waitText(".item.expanding", "Expanding…")
	ada.wait("!document.querySelector('.marks .bad')")
	answer <- `["Mow the lawn", "Clean the kitchen"]`
	ada.waitItems("Milk", "Mow the lawn", "Clean the kitchen", "Eggs")
}
