package web

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// TestWhatUndoingAndRestoringCameToIsTold by script as a toast or on the next page,
// and as a form where the page would be the same.
func TestWhatUndoingAndRestoringCameToIsTold(t *testing.T) {
	s := signedIn(t, startApp(t), nil)
	path, id := s.list("Trip") // versions 1 to 3
	s.submit(path, "add-item", url.Values{"text": {"Tent & pegs"}})
	s.submit(path, "remove-"+s.items(path)[0], nil) // 5
	command := func(name string, version int) string {
		t.Helper()
		_, body, _ := s.datastar("/commands/todos.list."+name, map[string]any{"stream_id": id, "version": version})
		return body
	}
	toastOf := regexp.MustCompile(`selector #toasts(?s:.*?)<p>(.*?)</p>`)
	saidOf := regexp.MustCompile(`data-said="([^"]*)"`)
	for _, step := range []struct {
		command     string
		version     int
		toast, said string
	}{
		{"undo", 4, "There was nothing left to undo: it has been changed again since.", ""},
		{"undo", 5, "Undone: Item removed “Tent &amp; pegs”.", ""}, // 6
		{"restore", 6, "", "The list is already what it was at version 6."},
		{"restore", 3, "", "Version 3 is restored. Restoring version 6 takes that back."}, // 7
		{"undo", 1, "refused", ""},
	} {
		body := command(step.command, step.version)
		toast, said := "", saidOf.FindStringSubmatch(body)[1]
		if found := toastOf.FindStringSubmatch(body); found != nil {
			toast = found[1]
		}
		if step.toast == "refused" {
			if toast == "" || !strings.Contains(body, `class="toast bad" data-refused`) {
				t.Errorf("%s %d: no refusal in\n%s", step.command, step.version, body)
			}
			continue
		}
		if toast != step.toast || (step.said != "" && said != step.said) {
			t.Errorf("%s %d says %q and on the next page %q, want %q and %q", step.command, step.version, toast, said, step.toast, step.said)
		}
	}
	status, body, _ := s.post("/commands/todos.list.undo?form=undo-4", url.Values{"stream_id": {id}, "version": {"4"}}, path)
	if status != http.StatusOK || !strings.Contains(body, `<p class="notice" role="status">There was nothing left to undo`) {
		t.Errorf("as a form: %d\n%s", status, body)
	}
}
