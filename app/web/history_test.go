package web

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
)

// TestANameIsOneLine: what happened on the way to it stands below it, and what another
// did meanwhile beside it.
func TestANameIsOneLine(t *testing.T) {
	wish, other := uuid.New(), uuid.New()
	recorded := func(version int64, root uuid.UUID, typ, data string) engine.Recorded {
		return engine.Recorded{Meta: engine.Meta{Version: version, Correlation: root}, Type: "todos.list." + typ, Data: []byte(data)}
	}
	const requested, claimed, confirmed = `{"name":"B","reservation_id":"q"}`, `{"reservation_id":"q"}`, `{"name":"B","reservation_id":"q","previous":{"name":"A","reservation_id":"r"}}`
	lines := func(events ...engine.Recorded) string {
		var told []string
		for _, e := range merge(todoList{}, map[string]string{}, events, nil) {
			told = append(told, fmt.Sprintf("%s %s %d", e.Title, e.About, len(e.Parts)))
		}
		return strings.Join(told, "|")
	}
	for want, events := range map[string][]engine.Recorded{
		"List renamed B 2": {recorded(4, wish, "name_requested", requested), recorded(5, wish, "name_claimed", claimed), recorded(6, wish, "name_confirmed", confirmed)},
		"List renamed B 1|Item added Tent 0|Name asked for B 0": {recorded(4, wish, "name_requested", requested), recorded(5, other, "item_added", `{"id":"a","text":"Tent"}`),
			recorded(6, wish, "name_claimed", claimed), recorded(7, wish, "name_confirmed", confirmed)},
		"Name is another list’s B 1|Item added Tent 0": {recorded(4, other, "item_added", `{"id":"a","text":"Tent"}`), recorded(5, wish, "name_requested", requested), recorded(6, wish, "name_refused", requested)},
		"List created B 1":                    {recorded(1, wish, "created", requested), recorded(2, wish, "name_claimed", claimed)},
		"Name asked for B 1":                  {recorded(4, wish, "name_requested", requested), recorded(5, wish, "name_claimed", claimed)},
		"List renamed B 0|Name asked for B 0": {recorded(4, other, "name_requested", requested), recorded(6, wish, "name_confirmed", confirmed)},
	} {
		if got := lines(events...); got != want {
			t.Errorf("told as\n%s, want\n%s", got, want)
		}
	}
}

// TestUndoIsOfferedWhereItDoesSomething: not for what is undone already, nor for what
// somebody changed since; and what changed nothing is out of the way.
func TestUndoIsOfferedWhereItDoesSomething(t *testing.T) {
	s := signedIn(t, startApp(t), nil)
	path, id := s.list("Trip") // versions 1 to 3
	for _, text := range []string{"Tent", "Map"} {
		s.submit(path, "add-item", url.Values{"text": {text}}) // 4 and 5
	}
	offered := func(want string) {
		t.Helper()
		_, body, _ := s.get(path)
		var got []string
		for _, m := range regexp.MustCompile(`id="undo-(\d+)"`).FindAllStringSubmatch(body, -1) {
			got = append(got, m[1])
		}
		if strings.Join(got, " ") != want {
			t.Errorf("undo is offered for %v, want %s", got, want)
		}
	}
	undo := func(version string) {
		t.Helper()
		s.post("/commands/todos.list.undo", url.Values{"stream_id": {id}, "version": {version}}, path)
	}
	offered("5 4")
	undo("5") // 6
	offered("6 4")
	undo("6") // 7: it is there again
	offered("7 5 4")
	undo("6")
	undo("6")
	s.submit(path, "move-"+s.items(path)[1], nil) // 8: to the beginning
	offered("8 7 5 4")
	undo("8") // 9
	offered("9 7 5 4")
	_, body, _ := s.get(path)
	lines := body[strings.Index(body, `<ol id="history"`):]
	idle := regexp.MustCompile(`(?s)<li id="entry-idle".*$`).FindString(lines)
	if strings.Count(idle, "Undo changed nothing") != 2 || !strings.Contains(idle, "2 commands changed nothing") || strings.Count(lines, "Undo changed nothing") != 2 {
		t.Errorf("what changed nothing is told as\n%s", lines)
	}
}

// TestAGroupIsUndoneAsAWhole while nothing happened since.
func TestAGroupIsUndoneAsAWhole(t *testing.T) {
	s := signedIn(t, startApp(t), nil)
	path, _ := s.list("Trip") // versions 1 to 3
	for _, text := range []string{"Tent", "Map", "Rope"} {
		s.submit(path, "add-item", url.Values{"text": {text}})
	}
	s.submit(path+"/4", "restore-version", nil) // 7 and 8
	s.submit(path, "undo-all-8", nil)
	if got := strings.Join(s.texts(path), " "); got != "Tent Map Rope" {
		t.Errorf("the list is %s", got)
	}
	s.submit(path, "add-item", url.Values{"text": {"Torch"}})
	_, body, _ := s.get(path)
	if strings.Contains(body, `id="undo-all-8"`) {
		t.Error("undone would be what happened since, too")
	}
}

// TestAGroupIsNeverCutInTwo by the pages of the history.
func TestAGroupIsNeverCutInTwo(t *testing.T) {
	s := signedIn(t, startApp(t), nil)
	path, _ := s.list("Trip") // versions 1 to 3
	for n := range 30 {
		s.submit(path, "add-item", url.Values{"text": {fmt.Sprintf("Item %d", n)}}) // to 33
	}
	s.submit(path+"/3", "restore-version", nil) // 34 to 63
	for n := range 30 {
		s.submit(path, "add-item", url.Values{"text": {fmt.Sprintf("Again %d", n)}}) // to 93
	}
	for page, want := range map[string]bool{path: true, path + "?until=33": false} { // the window would begin at 54
		_, body, _ := s.get(page)
		if body = strings.Join(strings.Fields(body), " "); strings.Contains(body, `Restored version 3</span> <span class="about">30 changes`) != want {
			t.Errorf("%s tells the restoration as a whole: %t", page, !want)
		}
	}
	_, body, _ := s.get(path)
	if !strings.Contains(body, "?until=33") {
		t.Error("older versions do not begin before the restoration")
	}
}

// TestAnAnswerToAFormIsNoDeadEnd: what is sent from it leads back to the page, and so
// does loading it again.
func TestAnAnswerToAFormIsNoDeadEnd(t *testing.T) {
	s := signedIn(t, startApp(t), nil)
	path, id := s.list("Trip")
	add := url.Values{"stream_id": {id}, "text": {"Tent"}}
	const address = "/commands/todos.list.add_item?form=add-item"
	s.post(address, add, path)
	if status, _, _ := s.post(address, add, path); status != 422 {
		t.Fatalf("a text used twice: %d", status)
	}
	if status, _, h := s.post("/commands/todos.list.archive?form=archive", url.Values{"stream_id": {id}}, address); status != 303 || h.Get("Location") != path {
		t.Errorf("a command from there: %d to %q", status, h.Get("Location"))
	}
	if status, _, h := s.get(address); status != 303 || h.Get("Location") != path {
		t.Errorf("loaded again: %d to %q", status, h.Get("Location"))
	}
}

// TestMessagesNameItemsThatTheyTellByTheirIdsOnly, whichever others are on the page.
func TestMessagesNameItemsThatTheyTellByTheirIdsOnly(t *testing.T) {
	s := signedIn(t, startApp(t), nil)
	path, _ := s.list("Trip")
	for _, text := range []string{"Rope", "Lamp"} {
		s.submit(path, "add-item", url.Values{"text": {text}})
	}
	ids := s.items(path)
	s.submit(path, "remove-"+ids[0], nil)
	s.submit(path, "edit-"+ids[1], url.Values{"text": {"Torch"}})
	for query, want := range map[string]string{
		"type=item+removed": `>Item removed</a> <span class="about">Rope</span>`,
		"type=item+changed": `>Item changed</a> <del class="about">Lamp</del> → <span class="about">Torch</span>`,
	} {
		_, body, _ := s.get("/system?" + query)
		if body = strings.Join(strings.Fields(body), " "); !strings.Contains(body, want) {
			t.Errorf("%s does not tell %s", query, want)
		}
	}
}
