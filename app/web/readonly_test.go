package web

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/backstory-go/backstory/engine"
)

// forms are the names of the command forms on a page.
func (s *site) forms(path string) (names []string) {
	s.t.Helper()
	_, body, _ := s.get(path)
	for _, found := range regexp.MustCompile(`action="/commands/todos\.list\.([a-z_]+)\?form=`).FindAllStringSubmatch(body, -1) {
		names = append(names, found[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// TestWhatCannotChangeOffersNoChange: archived and deleted lists and the past.
func TestWhatCannotChangeOffersNoChange(t *testing.T) {
	s := signedIn(t, startApp(t), nil)
	path, _ := s.list("Groceries")
	s.submit(path, "add-item", url.Values{"text": {"Milk"}})
	s.submit(path, "add-item", url.Values{"text": {"Eggs"}}) // version 5
	check := func(what, path string, want ...string) {
		t.Helper()
		if got := s.forms(path); !slices.Equal(got, want) {
			t.Errorf("%s offers %v, want %v", what, got, want)
		}
	}
	check("a list", path, "add_item", "archive", "remove_item", "reorder_items", "toggle_item", "undo", "update_item_text", "update_name")
	check("the past", path+"/4", "restore")
	check("the newest version", path+"/5")
	s.submit(path, "archive", nil)
	check("an archived list", path, "delete", "unarchive", "undo")
	if _, body, _ := s.get(path); strings.Count(body, "todos.list.undo?") != 1 || !strings.Contains(body, "undo-6") {
		t.Error("more can be undone than that the list was archived")
	}
	check("the past of an archived list", path+"/4")
	s.submit(path, "delete-"+strings.TrimPrefix(path, "/todo-lists/"), nil)
	check("a deleted list", path)
}

// TestANameThatIsGone_IsToldToWhoWantsItBack: undoing and restoring a rename.
func TestANameThatIsGone_IsToldToWhoWantsItBack(t *testing.T) {
	s := signedIn(t, startApp(t), nil)
	path, id := s.list("Trip") // versions 1 to 3
	s.submit(path, "add-item", url.Values{"text": {"Tent"}})
	s.submit(path, "rename", url.Values{"name": {"Journey"}}) // 5 to 7
	for deadline := time.Now().Add(patience); ; {             // a name that is given up is free a moment later
		if status, _, _ := s.post("/commands/todos.list.create", url.Values{"name": {"Trip"}}, "/"); status == 303 {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("the name stays taken: %d", status)
		}
	}
	const gone = "Another list is called “Trip” by now, so this one keeps its name."
	if status, body, _ := s.submit(path, "undo-7", nil); status != 422 || !strings.Contains(body, gone) || strings.Contains(body, gone+" Everything") {
		t.Errorf("undo: %d\n%s", status, body)
	}
	if status, body, _ := s.datastar("/commands/todos.list.restore", map[string]any{"stream_id": id, "version": 3}); status != 200 ||
		!strings.Contains(body, gone+" Everything else is as it was.") || !strings.Contains(body, `data-status="refused"`) {
		t.Errorf("restore: %d\n%s", status, body)
	}
	if _, body, _ := s.get(path); !strings.Contains(body, ">Journey</h1>") || strings.Contains(body, "data-item=") {
		t.Errorf("the list is now\n%s", body)
	}
	s.submit(path, "rename", url.Values{"name": {"Voyage"}})
	_, body, _ := s.get(path)
	last := regexp.MustCompile(`id="undo-(\d+)"`).FindStringSubmatch(body)[1] // the newest change: the rename
	if status, body, h := s.submit(path, "undo-"+last, nil); status != 303 {
		t.Errorf("a name that is free: %d %v\n%s", status, h, body)
	}
	if _, body, _ := s.get(path); !strings.Contains(body, ">Journey</h1>") {
		t.Errorf("not back:\n%s", body)
	}
}

func TestHistoryTellsWhatWas(t *testing.T) {
	recorded := func(version int64, typ, data string) engine.Recorded {
		return engine.Recorded{Meta: engine.Meta{Version: version}, Type: "todos.list." + typ, Data: []byte(data)}
	}
	entries := merge(todoList{Items: []todoItem{{ID: "c", Text: "Lamp"}}}, map[string]string{}, []engine.Recorded{
		recorded(1, "created", `{"name":"Trip","reservation_id":"r"}`),
		recorded(2, "name_claimed", `{"reservation_id":"r"}`),
		recorded(3, "name_confirmed", `{"name":"Trip","reservation_id":"r"}`),
		recorded(4, "item_added", `{"id":"a","text":"Tent"}`),
		recorded(5, "item_duplicated", `{"id":"a","text":"TENT"}`),
		recorded(6, "item_done", `{"id":"a"}`),
		recorded(7, "item_text_updated", `{"id":"a","text":"Tents"}`),
		recorded(8, "item_done", `{"id":"a"}`),
		recorded(9, "item_text_updated", `{"id":"b","text":"Maps"}`),
		recorded(10, "item_done", `{"id":"c"}`),
		recorded(11, "name_confirmed", `{"name":"Journey","reservation_id":"q","previous":{"name":"Trip","reservation_id":"r"}}`),
		recorded(12, "items_reordered", `{"id":"a","before":"b"}`),
		recorded(13, "items_reordered", `{"id":"b"}`),
	}, nil)
	want := []string{"Item moved||Maps, to the end|false", "Item moved||Tents, before “Maps”|false", "List renamed|Trip|Journey|false", "Item done||Lamp|false", "Item changed||Maps|false", "Item done||Tents|false", "Item changed|Tent|Tents|false", "Item done||Tent|false", "Already on the list||TENT|true",
		"Item added||Tent|false", "List created||Trip|false"}
	if len(entries) != len(want) {
		t.Fatalf("%d lines, want %d", len(entries), len(want))
	}
	for i, e := range entries {
		if got := strings.Join([]string{e.Title, e.Was, e.About, map[bool]string{true: "true", false: "false"}[e.Step]}, "|"); got != want[i] {
			t.Errorf("version %d is told as %s, want %s", e.Version, got, want[i])
		}
	}
}

// TestOneWishIsOneLine: what a command led to stands below it.
func TestOneWishIsOneLine(t *testing.T) {
	s := signedIn(t, startApp(t), nil)
	path, _ := s.list("Trip") // versions 1 to 3
	for _, text := range []string{"Tent", "Map", "Rope"} {
		s.submit(path, "add-item", url.Values{"text": {text}})
	}
	s.submit(path+"/4", "restore-version", nil) // 7 and 8
	s.submit(path, "add-item", url.Values{"text": {"Torch"}})
	_, body, _ := s.get(path)
	group := regexp.MustCompile(`(?s)<li id="entry-g[^"]*" class="entry-line group">.*?<a class="version" href="` + path + `/8".*?Restored version 4</span>\s*<span class="about">2 changes.*?<ol class="parts">.*?</ol>`).FindString(body)
	if strings.Count(group, `id="entry-v`) != 2 || !strings.Contains(group, `id="entry-v7"`) || !strings.Contains(group, "Item removed") {
		t.Errorf("the history is\n%s", body)
	}
	_, body, _ = s.get(path + "/7")
	if !regexp.MustCompile(`<li id="entry-g[^"]*" class="entry-line group" aria-current="true">`).MatchString(body) || !strings.Contains(body, `<strong>Version 7</strong>`) || !strings.Contains(body, "“Map”") {
		t.Errorf("version 7 is shown as\n%s", body)
	}
}
