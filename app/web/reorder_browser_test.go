package web

import (
	"fmt"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	pointer "github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestReorderingByEveryMeansAtOnce: one person drags by mouse, one by finger, one
// moves by keyboard, and others add, rename, move and delete meanwhile, also the
// very rows that hang on a pointer. Every tab ends with the server's order.
func TestReorderingByEveryMeansAtOnce(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	mouse, finger, keys := signIn(browser, t, base, "Ada"), signIn(browser, t, base, "Bob"), signIn(browser, t, base, "Cleo")
	for _, w := range []*tab{mouse, finger, keys} {
		w.look("") // every row lies in the window
	}
	path := mouse.createList("Order", "A", "B", "C", "D", "E", "F")
	person, row := signedIn(t, base, nil), map[string]string{}
	for i, id := range person.items(path) {
		row[string(rune('A'+i))] = id
	}
	send := func(command, fields string) {
		t.Helper()
		if r := person.send(command, fmt.Sprintf(`{"stream_id":%q,"data":{%s}}`, path[len("/todo-lists/"):], fields), "wait=20"); r.status != 200 {
			t.Fatalf("%s: %d %s", command, r.status, r.text)
		}
	}
	call(finger, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: true})
	finger.open(path)
	keys.open(path)
	if got := finger.eval("getComputedStyle(document.querySelector('.handle')).touchAction"); got != "none" {
		t.Errorf("a finger on a handle would scroll: touch-action is %q", got)
	}

	atE := mouse.middle("#handle-" + row["E"])
	mouse.mouse(pointer.DispatchMouseEventTypeMousePressed, atE)
	mouse.mouse(pointer.DispatchMouseEventTypeMouseMoved, [2]float64{atE[0], atE[1] - 30})
	atB := finger.middle("#handle-" + row["B"])
	finger.touch(pointer.DispatchTouchEventTypeTouchStart, atB)
	finger.touch(pointer.DispatchTouchEventTypeTouchMove, [2]float64{atB[0], atB[1] + 30})
	send("add_item", `"text":"G"`)
	send("update_item_text", `"id":"`+row["E"]+`","text":"E!"`) // hangs on the mouse
	send("reorder_items", `"id":"`+row["D"]+`","before":"`+row["A"]+`"`)
	send("remove_item", `"id":"`+row["C"]+`"`)
	for _, w := range []*tab{mouse, finger, keys} {
		w.waitItems("D", "A", "B", "E!", "F", "G")
	}
	keys.do("focus", chromedp.Focus(chromedp.CSS("#handle-"+row["F"])))
	keys.keys(kb.ArrowUp, chromedp.KeyModifiers(chromedp.ModifierAlt))
	keys.waitItems("D", "A", "B", "F", "E!", "G")
	mouse.waitItems("D", "A", "B", "F", "E!", "G")
	finger.waitItems("D", "A", "B", "F", "E!", "G")

	atA := mouse.middle("#handle-" + row["A"])
	mouse.mouse(pointer.DispatchMouseEventTypeMouseMoved, [2]float64{atA[0], atA[1] - 6})
	mouse.mouse(pointer.DispatchMouseEventTypeMouseReleased, [2]float64{atA[0], atA[1] - 6})
	finger.waitItems("D", "E!", "A", "B", "F", "G") // where it was dropped, by what is there now
	atF := finger.middle("#handle-" + row["F"])
	finger.touch(pointer.DispatchTouchEventTypeTouchMove, [2]float64{atF[0], atF[1] + 6})
	finger.touch(pointer.DispatchTouchEventTypeTouchEnd, [2]float64{})
	for _, w := range []*tab{mouse, finger, keys} {
		w.waitItems("D", "E!", "A", "F", "B", "G")
	}

	var moving sync.WaitGroup // now nobody waits for anybody
	moving.Go(func() {
		for _, to := range []string{"A", "B"} {
			mouse.do("drag", chromedp.DragAndDropXY(mouse.at(row["D"], 0), mouse.at(row["D"], 1), mouse.at(row[to], 0), mouse.at(row[to], 1)+6))
		}
	})
	moving.Go(func() {
		finger.touch(pointer.DispatchTouchEventTypeTouchStart, finger.middle("#handle-"+row["A"]))
		finger.touch(pointer.DispatchTouchEventTypeTouchMove, finger.middle("#handle-"+row["B"]))
		finger.touch(pointer.DispatchTouchEventTypeTouchEnd, [2]float64{})
	})
	moving.Go(func() {
		for _, key := range []string{kb.ArrowUp, kb.ArrowUp, kb.ArrowUp, kb.ArrowDown} {
			keys.keys(key, chromedp.KeyModifiers(chromedp.ModifierAlt))
		}
	})
	moving.Wait()
	all := []*tab{mouse, finger, keys}
	for _, w := range all {
		w.wait("document.querySelector('#saving').textContent === ''")
	}
	version, texts := person.version(path), person.texts(path)
	for _, w := range all {
		w.wait(fmt.Sprintf("document.querySelector('#page').dataset.version === %q", version))
		w.waitItems(texts...)
		w.wait("!document.querySelector('[data-dragging], .item[style]')")
	}
	if got := keys.eval("document.activeElement.id"); got != "handle-"+row["F"] {
		t.Errorf("the keyboard's focus went to %q", got)
	}
}

func TestEscapeGivesUpADrag(t *testing.T) {
	browser, base := startBrowser(t), startApp(t)
	ada := signIn(browser, t, base, "Ada")
	path := ada.createList("Order", "A", "B", "C")
	rows := signedIn(t, base, nil).items(path)
	from, to := ada.middle("#handle-"+rows[0]), ada.middle("#handle-"+rows[2])
	ada.mouse(pointer.DispatchMouseEventTypeMousePressed, from)
	ada.mouse(pointer.DispatchMouseEventTypeMouseMoved, [2]float64{to[0], to[1] + 6})
	ada.wait("!!document.querySelector('[data-dragging]') && !!document.querySelector('.item[style]')")
	ada.keys(kb.Escape)
	ada.wait("!document.querySelector('[data-dragging], .item[style]')")
	ada.mouse(pointer.DispatchMouseEventTypeMouseReleased, [2]float64{to[0], to[1] + 6})
	ada.typeInto("#add-item--text", "D\r") // is stored after what the release would have sent
	ada.waitItems("A", "B", "C", "D")
	if got := signedIn(t, base, nil).version(path); got != "7" { // three of the name, four items
		t.Errorf("the list is at version %s: something was moved", got)
	}
}

// at is a coordinate of an item's handle.
func (w *tab) at(id string, axis int) float64 {
	w.t.Helper()
	return w.middle("#handle-" + id)[axis]
}

// texts are a list's items, in order.
func (s *site) texts(path string) (texts []string) {
	s.t.Helper()
	state, _ := s.ask("/api/streams/todos.list/" + path[len("/todo-lists/"):]).body["state"].(map[string]any)
	list, _ := state["items"].([]any)
	for _, item := range list {
		texts = append(texts, item.(map[string]any)["text"].(string))
	}
	return texts
}

func (w *tab) mouse(kind pointer.DispatchMouseEventType, at [2]float64) {
	w.t.Helper()
	down := int64(1)
	if kind == pointer.DispatchMouseEventTypeMouseReleased {
		down = 0
	}
	call(w, pointer.DispatchMouseEvent, pointer.DispatchMouseEventParams{Type: kind, X: at[0], Y: at[1], Button: pointer.MouseButtonLeft, Buttons: down, ClickCount: 1})
}

func (w *tab) touch(kind pointer.DispatchTouchEventType, at [2]float64) {
	w.t.Helper()
	points := []*pointer.TouchPoint{{X: at[0], Y: at[1]}}
	if kind == pointer.DispatchTouchEventTypeTouchEnd {
		points = []*pointer.TouchPoint{}
	}
	call(w, pointer.DispatchTouchEvent, pointer.DispatchTouchEventParams{Type: kind, TouchPoints: points})
}
