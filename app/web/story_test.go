package web

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

func TestHistoryNamesItemsOfBeforeItsWindow(t *testing.T) {
	s := signedInSite(t, "Ada")
	path, id := s.list("Party")
	send := func(command string, fields url.Values) {
		t.Helper()
		fields.Set("stream_id", id)
		if status, text, _ := s.post("/commands/todos.list."+command, fields, path); status != 303 {
			t.Fatalf("%s: %d %s", command, status, text)
		}
	}
	for i := range historyPage + 5 {
		send("add_item", url.Values{"text": {fmt.Sprintf("Task %d.", i)}})
	}
	items := s.fake.fold(id, 0).Items
	send("remove_item", url.Values{"id": {items[0].ID}})
	send("update_item_text", url.Values{"id": {items[1].ID}, "text": {"Balloons"}})
	_, body, _ := s.get(path)
	body = strings.Join(strings.Fields(body), " ")
	for _, want := range []string{
		`<span class="what">Item removed</span> <span class="about">Task 0.</span>`,
		`<span class="what">Item changed</span> <del class="about">Task 1.</del> → <span class="about">Balloons</span>`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the history does not tell %s", want)
		}
	}
}

func TestThePastWarnsOfATwinWhereThatIsWhatHappened(t *testing.T) {
	s := signedInSite(t, "Ada")
	path, _ := s.list("Party")
	for _, text := range []string{"Balloons", "Cake", "Balloons"} {
		s.submit(path, "add-item", url.Values{"text": {text}})
	}
	id := strings.TrimPrefix(path, "/todo-lists/")
	s.submit(path, "toggle-"+s.fake.fold(id, 0).Items[1].ID, nil)
	for page, want := range map[string]bool{path: true, path + "/3": false, path + "/4": true, path + "/5": false} {
		if _, body, _ := s.get(page); strings.Contains(body, `class="warning"`) != want {
			t.Errorf("%s warns: %t", page, !want)
		}
	}
}
