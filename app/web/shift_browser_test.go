package web

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	pointer "github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// watchShifts notes everything in the window that moves from now on without being
// asked to.
func (w *tab) watchShifts() {
	w.t.Helper()
	w.eval(`(() => { window.shifts = []; new PerformanceObserver((list) => { for (const e of list.getEntries()) for (const s of e.sources) {
		const n = s.node && (s.node.nodeType === 1 ? s.node : s.node.parentElement), went = s.currentRect.top - s.previousRect.top;
		window.shifts.push((n && n.closest("#history") ? "history" : n ? n.tagName + "." + n.className + "#" + n.id : "?") + (went > 0 ? " down " : went < 0 ? " up " : " aside ") + JSON.stringify(s.previousRect) + " to " + JSON.stringify(s.currentRect)); } }).observe({type: "layout-shift"}); })()`)
}

// place is how far below the window's top an element is; 0: there is none.
func (w *tab) place(css string) float64 {
	w.t.Helper()
	at, err := strconv.ParseFloat(w.eval(fmt.Sprintf("document.querySelector(%q)?.getBoundingClientRect().top ?? 0", css)), 64)
	if err != nil {
		w.t.Fatal(err)
	}
	return at
}

// painted waits until what happened is on the screen.
func (w *tab) painted() {
	w.t.Helper()
	w.eval("window.frames2 = 0, requestAnimationFrame(() => requestAnimationFrame(() => window.frames2 = 1))")
	w.wait("window.frames2 === 1")
}

// TestPatchesShiftNothing: what other people do moves nothing that one reads. Only
// at the top of the history, where nobody points, a new line pushes the others down.
func TestPatchesShiftNothing(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada, person := signIn(browser, t, base, "Ada"), signedIn(t, base, nil)
	ada.look("")
	path := ada.createList("Calm", "One", "Two", "Three", "Four", "Five")
	ids, id := person.items(path), path[len("/todo-lists/"):]
	windows := map[string]*tab{"the list": ada}
	for name, open := range map[string]struct {
		path          string
		width, height int64
	}{"home": {"/", 1280, 800}, "scrolled": {path, 1280, 460}, "pointing": {path, 1280, 800}, "a phone": {path, 390, 400}, "the past": {path + "/5", 1280, 800}} {
		w := ada.another()
		w.do("size", chromedp.EmulateViewport(open.width, open.height))
		w.open(open.path)
		windows[name] = w
	}
	line := "#entry-v4"
	windows["scrolled"].eval("document.querySelector('#history').scrollTop = 60")
	windows["a phone"].eval("document.querySelector('" + line + "').scrollIntoView({block: 'center'})")
	windows["pointing"].mouse(pointer.DispatchMouseEventTypeMouseMoved, windows["pointing"].middle(line))
	places := map[string]float64{}
	for name, w := range windows {
		w.painted()
		places[name] = w.place(line)
		w.watchShifts()
	}
	change := func(command, data string) {
		t.Helper()
		if r := person.send(command, fmt.Sprintf(`{"stream_id":%q,"data":{%s}}`, id, data), "wait=20"); r.status != 200 {
			t.Fatalf("%s: %d %s", command, r.status, r.text)
		}
		version := person.version(path)
		for name, w := range windows {
			if name != "home" {
				w.wait(fmt.Sprintf("Number(document.querySelector('#page').dataset.version) >= %s", version))
			}
			w.painted()
		}
	}
	change("toggle_item", `"id":"`+ids[0]+`"`)
	change("add_item", `"text":"Six"`)
	change("update_item_text", `"id":"`+ids[1]+`","text":"Second"`)
	change("add_item", `"text":"SIX"`)
	change("toggle_item", `"id":"`+ids[2]+`"`)
	change("update_name", `"name":"Calmer"`)
	change("toggle_item", `"id":"`+ids[0]+`"`)
	for _, name := range []string{"scrolled", "pointing", "a phone"} {
		w := windows[name]
		if shifts := w.eval("window.shifts.join('\\n')"); shifts != "" {
			t.Errorf("%s: shifts %.500s", name, shifts)
		}
		if went := w.place(line) - places[name]; math.Abs(went) > 4 { // windows scroll by whole pixels
			t.Errorf("%s: the line that is read went from %v down by %v", name, places[name], went)
		}
	}
	change("archive", ``)
	windows["home"].waitText("main", "Archived")
	for _, name := range []string{"the list", "home", "the past"} {
		for shift := range strings.Lines(windows[name].eval("window.shifts.join('\\n')")) {
			if !strings.HasPrefix(shift, "history down") {
				t.Errorf("%s: shifts %s", name, shift)
			}
		}
	}
	w := windows["pointing"]
	w.mouse(pointer.DispatchMouseEventTypeMouseMoved, w.middle("#items"))
	w.wait("document.querySelector('#history').scrollTop === 0 && document.querySelector('#history').style.height === ''") // what came in meanwhile shows
}
