package web

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	pointer "github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine/localpg/pgtest"
)

// shownLists are the active lists in the window, in its order.
const shownLists = "[...document.querySelectorAll('#active .name')].map(e => e.textContent).join('|')"

func (w *tab) waitLists(names ...string) {
	w.t.Helper()
	w.wait(fmt.Sprintf("%s === %q", shownLists, strings.Join(names, "|")))
}

// lists makes lists, the first one first.
func (s *site) lists(names ...string) (ids []string) {
	s.t.Helper()
	for n, name := range names {
		ids = append(ids, fmt.Sprintf("00000000-0000-4000-8000-%012d", n))
		if r := s.send("create", fmt.Sprintf(`{"stream_id":%q,"data":{"name":%q}}`, ids[n], name), "wait=20"); r.status != 200 {
			s.t.Fatalf("create: %d %s", r.status, r.text)
		}
	}
	return ids
}

func (s *site) change(id, command, data string) {
	s.t.Helper()
	if r := s.send(command, fmt.Sprintf(`{"stream_id":%q,"data":{%s}}`, id, data), "wait=20"); r.status != 200 {
		s.t.Fatalf("%s: %d %s", command, r.status, r.text)
	}
}

// TestSearchWhileTyping: the lists follow what is typed, and what others do; the
// address can be shared, and the focus stays in the field.
func TestSearchWhileTyping(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada, bob := signIn(browser, t, base, "Ada"), signedIn(t, base, nil)
	ids := bob.lists("Garden shed", "Groceries", "Kitchen garden", "Reading")
	ada.waitLists("Reading", "Kitchen garden", "Groceries", "Garden shed")
	ada.typeInto("#find", "gar")
	ada.waitLists("Kitchen garden", "Garden shed")
	ada.waitText("#found", "2 lists have “gar” in their names.")
	ada.waitText("#announce", "2 lists have “gar” in their names.")
	ada.wait("location.search === '?find=gar'")
	bob.change(ids[3], "update_name", `"name":"Garden books"`)
	ada.waitLists("Garden books", "Kitchen garden", "Garden shed")
	ada.keys("den sh")
	ada.waitLists("Garden shed")
	ada.wait("document.activeElement.id === 'find' && document.activeElement.value === 'garden sh'")
	ada.forgive("422")
	ada.typeInto("#create--name", "groceries\r")
	ada.waitText("#create--name-error", "has this name already")
	ada.wait("location.search === '?find=garden+sh' && document.querySelector('#create--name').value === 'groceries'")
	ada.eval("document.querySelector('#create--name').value = ''")
	ada.typeInto("#create--name", "Quite another\r")
	ada.wait("location.pathname.startsWith('/todo-lists/')")
	ada.open("/?find=garden+sh")
	ada.waitLists("Garden shed")
	ada.click("#found a")
	ada.wait("location.search === '' && document.querySelectorAll('#active > li').length === 5")
}

// TestListsStayUnderThePointer and under the focus, whatever others change; when it
// has left, the order is that of now.
func TestListsStayUnderThePointer(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada, bob := signIn(browser, t, base, "Ada"), signedIn(t, base, nil)
	ada.look("")
	ids := bob.lists("One", "Two", "Three", "Four", "Five")
	ada.waitLists("Five", "Four", "Three", "Two", "One")
	items := 0
	line := func(n int) string { return "#list-" + ids[n] }
	stays := func(how string, css string) {
		t.Helper()
		at := ada.place(css)
		changed := func(what, shown string) {
			t.Helper()
			ada.wait(shown)
			ada.painted()
			if now := ada.place(css); now-at > 2 || at-now > 2 {
				t.Errorf("%s, %s: the list went from %v to %v", how, what, at, now)
			}
		}
		bob.change(ids[0], "add_item", `"text":"Item of `+how+`"`)
		items++
		changed("one below changed", fmt.Sprintf("document.querySelector('%s .progress').textContent.includes('of %d done')", line(0), items))
		bob.change(ids[2], "update_name", `"name":"Three `+how+`"`)
		changed("it changed itself", fmt.Sprintf("document.querySelector('%s .name').textContent === 'Three %s'", line(2), how))
		bob.change(ids[3], "archive", "")
		changed("one above was archived", fmt.Sprintf("!!document.querySelector('#archived %s')", line(3)))
		bob.change(ids[3], "unarchive", "")
		changed("and is back", fmt.Sprintf("!!document.querySelector('#active %s')", line(3)))
	}
	ada.mouse(pointer.DispatchMouseEventTypeMouseMoved, ada.middle(line(2)))
	stays("pointer", line(2))
	ada.waitLists("Five", "Three pointer", "Two", "One", "Four")
	ada.mouse(pointer.DispatchMouseEventTypeMouseMoved, ada.middle("h1"))
	ada.waitLists("Four", "Three pointer", "One", "Five", "Two")
	if got := ada.eval("document.querySelectorAll('.cards > [style]').length"); got != "0" {
		t.Errorf("%s lists keep gaps", got)
	}

	ada.do("focus", chromedp.Focus(chromedp.CSS("#find")))
	ada.tabTo(line(2) + " form button")
	stays("keyboard", line(2))
	ada.wait(fmt.Sprintf("document.activeElement === document.querySelector(%q)", line(2)+" form button"))
	ada.do("leave", chromedp.Focus(chromedp.CSS("#find")))
	ada.waitLists("Four", "Three keyboard", "One", "Five", "Two")
}

// TestHomeOfManyListsWithoutScripts has pages and a search all the same.
func TestHomeOfManyListsWithoutScripts(t *testing.T) {
	browser, database := startBrowser(t), pgtest.Database(t, pgtest.Template{})
	ada := signIn(browser, t, serveAppWith(t, services{database: database}).URL, "Ada")
	manyLists(t, database, 10_000)
	call(ada, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	ada.visit("/")
	ada.waitText("#active-title", "9,800")
	ada.click("a[rel=next]")
	ada.wait("document.querySelector('#active .name').textContent === 'List number 52 of the house'")
	ada.typeInto("#find", "gartner 8007\r")
	ada.waitLists("List number 8007 of the Gärtner")
	ada.wait("document.querySelector('#find').value === 'gartner 8007'")
	ada.click("#found a")
	ada.waitText("#archived-title", "200")
	ada.click("#archived ~ .pager a")
	ada.wait("location.search === '?show=archived' && document.querySelectorAll('#archived > li').length === 50")
}

// TestChangesOfManyListsCostLittle: a change of one among 10,000 is a small patch,
// also on a later page and in a search, which stay what they are.
func TestChangesOfManyListsCostLittle(t *testing.T) {
	browser, database := startBrowser(t), pgtest.Database(t, pgtest.Template{})
	base := serveAppWith(t, services{database: database}).URL
	ada, bob := signIn(browser, t, base, "Ada"), signedIn(t, base, nil)
	manyLists(t, database, 10_000)
	tr := ada.count()
	ada.open("/")
	ada.waitText("#active-title", "9,800")
	later := ada.eval("document.querySelector('a[rel=next]').getAttribute('href')")
	for n, path := range []string{"/", later, "/?find=of+the"} {
		ada.open(path)
		names := ada.eval(shownLists)
		tr.mu.Lock()
		loaded := tr.bytes
		tr.bytes, tr.parts = 0, nil
		tr.mu.Unlock()
		if loaded > 150_000 {
			t.Errorf("%s takes %d bytes", path, loaded)
		}
		active := ada.eval("document.querySelector('#active-title .count').textContent")
		bob.createOne(fmt.Sprint("Fresh ", n))
		ada.wait(fmt.Sprintf("document.querySelector('#active-title .count').textContent !== %q", active))
		waitUntil(t, "the window tells what came", func() bool {
			tr.mu.Lock()
			defer tr.mu.Unlock()
			return tr.bytes > 0
		})
		tr.mu.Lock()
		if tr.bytes > 30_000 {
			t.Errorf("%s: one more list took %d bytes:\n%s", path, tr.bytes, strings.Join(tr.parts, "\n"))
		}
		t.Logf("%s: loaded with %d bytes, patched with %d", path, loaded, tr.bytes)
		tr.bytes = 0
		tr.mu.Unlock()
		if now := ada.eval(shownLists); path != "/" && now != names {
			t.Errorf("%s: shows %s, did %s", path, now, names)
		}
	}
}

// createOne makes a list of any id.
func (s *site) createOne(name string) {
	s.t.Helper()
	if r := s.send("create", fmt.Sprintf(`{"stream_id":%q,"data":{"name":%q}}`, uuid.NewString(), name), "wait=20"); r.status != 200 {
		s.t.Fatalf("create: %d %s", r.status, r.text)
	}
}
