package web

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// patience is how long a browser test waits for what should happen at once.
const patience = 20 * time.Second

// tab is a person's window. Every person has a browser context of their own, so
// that sessions do not mix. What the console says ends up in problems.
type tab struct {
	t        *testing.T
	ctx      context.Context
	base     string
	mu       sync.Mutex
	problems []string
	forgiven []string // what problems may contain
}

// signIn opens a window and signs a person in.
func signIn(browser context.Context, t *testing.T, base, user string) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	w := &tab{t: t, ctx: ctx, base: base}
	w.watch()
	w.open("/login")
	w.typeInto("#username", user)
	w.click("main button")
	w.wait("!!document.querySelector('main.home')")
	return w
}

// another opens a second window of the same person.
func (w *tab) another() *tab {
	w.t.Helper()
	ctx, cancel := chromedp.NewContext(w.ctx, chromedp.WithNewWindow(true))
	w.t.Cleanup(cancel)
	other := &tab{t: w.t, ctx: ctx, base: w.base}
	other.watch()
	return other
}

// autofocus is what Chromium tells when a test is quicker than a page: somebody typed
// before it was whole.
const autofocus = "Autofocus processing was blocked"

// watch collects what the console says, and fails the test for it at the end.
func (w *tab) watch() {
	w.t.Helper()
	if err := chromedp.Do(w.ctx); err != nil {
		w.t.Fatal(err)
	}
	messages := chromedp.Console(w.ctx)
	go func() { // ends with the tab
		for m, err := range messages {
			if err != nil {
				return
			}
			w.mu.Lock()
			if m.Type != chromedp.ConsoleLog && !strings.Contains(m.Text, autofocus) {
				w.problems = append(w.problems, fmt.Sprintf("%s: %s", m.Type, m.Text))
			}
			w.mu.Unlock()
		}
	}()
	w.t.Cleanup(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.problems = slices.DeleteFunc(w.problems, func(problem string) bool {
			return slices.ContainsFunc(w.forgiven, func(part string) bool { return strings.Contains(problem, part) })
		})
		if len(w.problems) > 0 {
			w.t.Errorf("the console says:\n%s", strings.Join(w.problems, "\n"))
		}
	})
}

// forgive lets the console say what the test brings about on purpose.
func (w *tab) forgive(parts ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.forgiven = append(w.forgiven, parts...)
}

func (w *tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		w.t.Fatalf("%s: %v\n%s", what, err, w.text())
	}
}

// call runs a command of the browser's protocol.
func call[P, R any](w *tab, command cdp.Command[P, R], params P) R {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	result, err := chromedp.Call(ctx, command, params)
	if err != nil {
		w.t.Fatalf("%s: %v", command.Method, err)
	}
	return result
}

// visit opens a page whether it comes alive or not.
func (w *tab) visit(path string) {
	w.t.Helper()
	w.do("open "+path, chromedp.Navigate(w.base+path))
}

func (w *tab) open(path string) {
	w.t.Helper()
	w.visit(path)
	w.live()
}

// live waits until the page follows changes, if it does.
func (w *tab) live() {
	w.t.Helper()
	w.wait("!document.getElementById('updates') || document.documentElement.dataset.live === ''")
}

func (w *tab) click(css string) {
	w.t.Helper()
	w.do("click "+css, chromedp.Click(chromedp.CSS(css)))
}

func (w *tab) typeInto(css, text string) {
	w.t.Helper()
	w.do("type into "+css, chromedp.SendKeys(chromedp.CSS(css), text))
}

// keys presses keys wherever the focus is.
func (w *tab) keys(keys string, options ...chromedp.KeyOption) {
	w.t.Helper()
	w.do("press "+strconv.Quote(keys), chromedp.KeyEvent(keys, options...))
}

// wait waits until a JavaScript expression is true, across navigations.
func (w *tab) wait(expression string) {
	w.t.Helper()
	for deadline := time.Now().Add(patience); ; {
		ctx, cancel := context.WithTimeout(w.ctx, 5*time.Second) // one that a page took along never ends
		ok, err := chromedp.Run(ctx, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(2*time.Second), chromedp.WithPollingInterval(20*time.Millisecond)))
		cancel()
		if err == nil && ok {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("waited for %s: %v\n%s", expression, err, w.text())
		}
	}
}

func (w *tab) waitText(css, text string) {
	w.t.Helper()
	w.wait(fmt.Sprintf("(document.querySelector(%q)?.textContent ?? '').includes(%q)", css, text))
}

// eval gives an expression's text.
func (w *tab) eval(expression string) string {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string]("String("+expression+")"))
	if err != nil {
		w.t.Fatalf("evaluate %s: %v", expression, err)
	}
	return text
}

// items are the texts of the list shown, in order.
func (w *tab) items() string {
	w.t.Helper()
	return w.eval("[...document.querySelectorAll('#items .label, #items .still-text')].map(e => e.textContent).join('|')")
}

func (w *tab) waitItems(texts ...string) {
	w.t.Helper()
	w.wait(fmt.Sprintf("[...document.querySelectorAll('#items .label, #items .still-text')].map(e => e.textContent).join('|') === %q", strings.Join(texts, "|")))
}

// text is what the page shows, for messages of failed tests.
func (w *tab) text() string {
	ctx, cancel := context.WithTimeout(w.ctx, 2*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string]("location.href + '\\n' + document.body.innerText"))
	if err != nil {
		return "(no page: " + err.Error() + ")"
	}
	return text
}

// createList makes a list from the home page and ends on its page.
func (w *tab) createList(name string, items ...string) (path string) {
	w.t.Helper()
	w.open("/")
	w.typeInto("#create--name", name+"\r")
	w.wait("location.pathname.startsWith('/todo-lists/') && !!document.querySelector('main.list-page')")
	w.wait("!!document.querySelector('#add-item')") // the name is the list's own
	w.live()
	for _, item := range items {
		w.typeInto("#add-item--text", item+"\r")
	}
	w.wait(fmt.Sprintf("document.querySelectorAll('#items > li').length === %d && !document.querySelector('.chip')", len(items)))
	return w.eval("location.pathname")
}

// item is the selector prefix of the row with a text.
func (w *tab) item(text string) string {
	w.t.Helper()
	return "#" + w.eval(fmt.Sprintf("[...document.querySelectorAll('#items > li')].find(li => (li.querySelector('.label') ?? li.querySelector('.still-text')).textContent === %q).id", text))
}

// screenshot saves what the window shows.
func (w *tab) screenshot(file string) {
	w.t.Helper()
	shot := call(w, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatPng})
	if err := os.WriteFile(file, shot.Data, 0o644); err != nil {
		w.t.Fatal(err)
	}
}
