package web

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// lossy stands between browsers and the app, and loses what a test says.
type lossy struct {
	mu       sync.Mutex
	lose     func(w http.ResponseWriter, r *http.Request, next http.Handler) // nil: nothing
	commands []string                                                        // ids of those that came, in order
}

func (n *lossy) set(lose func(http.ResponseWriter, *http.Request, http.Handler)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lose, n.commands = lose, nil
}

func (n *lossy) ids() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.commands
}

func (n *lossy) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/commands/") {
			next.ServeHTTP(w, r)
			return
		}
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		var command struct {
			ID string `json:"command_id"`
		}
		_ = json.Unmarshal(body, &command) // a plain form: no id to note
		n.mu.Lock()
		n.commands = append(n.commands, command.ID)
		lose := n.lose
		n.mu.Unlock()
		if lose == nil {
			next.ServeHTTP(w, r)
			return
		}
		lose(w, r, next)
	})
}

// cut carries a command out and loses the answer with the connection.
func cut(_ http.ResponseWriter, r *http.Request, next http.Handler) {
	next.ServeHTTP(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}

// empty carries a command out and answers with nothing.
func empty(w http.ResponseWriter, r *http.Request, next http.Handler) {
	next.ServeHTTP(httptest.NewRecorder(), r)
	w.Header().Set("Content-Type", "text/event-stream")
}

// refuse answers as a proxy does that does not reach the app.
func refuse(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	w.WriteHeader(http.StatusBadGateway)
}

// times loses the first few commands.
func times(n int, lose func(http.ResponseWriter, *http.Request, http.Handler)) func(http.ResponseWriter, *http.Request, http.Handler) {
	var mu sync.Mutex
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		mu.Lock()
		n--
		lost := n >= 0
		mu.Unlock()
		if lost {
			lose(w, r, next)
			return
		}
		next.ServeHTTP(w, r)
	}
}

func TestLostAnswersAreAskedForAgain(t *testing.T) {
	var net lossy
	browser, app := startBrowser(t), serveAppWith(t, services{wrap: net.wrap})
	ada := signIn(browser, t, app.URL, "Ada")
	ada.createList("Trip", "Tent")
	ada.forgive("ERR_", "Failed to fetch", "network error", "502")
	items := []string{"Tent"}
	for name, lose := range map[string]func(http.ResponseWriter, *http.Request, http.Handler){"cut": cut, "empty": empty, "refuse": refuse} {
		net.set(times(2, lose))
		ada.typeInto("#add-item--text", "Lost by "+name+"\r")
		if name != "cut" { // which browsers try again themselves, and then datastar
			ada.waitText("#saving", "trying again")
		}
		items = append(items, "Lost by "+name)
		ada.waitItems(items...)
		ada.wait("!document.querySelector('.chip') && document.querySelector('#saving').textContent === ''")
		if ids := net.ids(); len(ids) != 3 || ids[0] != ids[1] || ids[1] != ids[2] {
			t.Errorf("%s: sent under %v", name, ids)
		}
	}
	net.set(times(1, empty))
	ada.click(ada.item("Tent") + " .check")
	ada.waitText("#progress", "1 of 4")
	ada.wait("document.querySelector('#saving').textContent === '' && !document.querySelector('[data-unsaved]')")
	if got := ada.eval("document.querySelector('#head').textContent"); got != "8" { // 3 for the name, 4 items, 1 done
		t.Errorf("the list is at version %s", got)
	}
}

func TestWhatCannotBeSentIsGivenBack(t *testing.T) {
	var net lossy
	browser, app := startBrowser(t), serveAppWith(t, services{wrap: net.wrap})
	ada := signIn(browser, t, app.URL, "Ada")
	ada.createList("Trip", "Tent")
	ada.forgive("502", "500")
	arrived := times(1, func(w http.ResponseWriter, r *http.Request, next http.Handler) { // stored, though nobody hears of it
		next.ServeHTTP(httptest.NewRecorder(), r)
		refuse(w, r, next)
	})
	net.set(func(w http.ResponseWriter, r *http.Request, _ http.Handler) { refuse(w, r, nil) })
	ada.click(ada.item("Tent") + " .check")
	ada.wait("document.querySelector('.check').getAttribute('aria-checked') === 'true' && !!document.querySelector('[data-unsaved]')")
	ada.waitText(".toast.bad", "could not be reached")
	ada.wait("document.querySelector('.check').getAttribute('aria-checked') === 'false' && !document.querySelector('[data-unsaved]')")

	net.set(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		arrived(w, r, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, recorded := w.(*httptest.ResponseRecorder); recorded {
				next.ServeHTTP(w, r)
				return
			}
			refuse(w, r, nil)
		}))
	})
	ada.typeInto("#add-item--text", "Map\r")
	ada.waitItems("Tent", "Map") // the page follows what was stored
	ada.wait("document.querySelector('#add-item--text').value === 'Map' && !document.querySelector('.chip')")
	first := net.ids()[0]
	net.set(nil)
	ada.do("focus", chromedp.Focus(chromedp.CSS("#add-item--text")))
	ada.keys("\r") // once more, as it is
	ada.wait("document.querySelector('#add-item--text').value === '' && !document.querySelector('.chip') && document.querySelector('#saving').textContent === ''")
	if ids := net.ids(); len(ids) != 1 || ids[0] != first {
		t.Errorf("sent under %v, before under %s", ids, first)
	}
	ada.waitItems("Tent", "Map")
}

func TestSlowOutcomesArriveAllTheSame(t *testing.T) {
	browser, app := startBrowser(t), serveAppWith(t, services{patience: time.Nanosecond})
	ada := signIn(browser, t, app.URL, "Ada")
	ada.createList("Trip", "Tent")
	ada.typeInto("#add-item--text", "tent\r") // an outcome that is not what was wished
	ada.waitText("#add-item--text-error", "same text")
	ada.wait("document.querySelector('#add-item--text').value === 'tent' && document.querySelector('#saving').textContent === ''")
	ada.open("/")
	ada.typeInto("#create--name", "TRIP\r")
	ada.waitText("#create--name-error", "Another list has this name")
}
