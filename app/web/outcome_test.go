package web

import (
	"context"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
)

// TestWhatAPageIsToldOfACommand goes through every state that a command can be in
// when its form is answered.
func TestWhatAPageIsToldOfACommand(t *testing.T) {
	const slow, failed = "takes longer than usual", "Something went wrong here"
	tests := map[string]struct {
		status             engine.Status
		submitErr, waitErr error
		script, toast      string // by script
		code               int    // as a form
		page               string
	}{
		"accepted":                         {"", nil, nil, resultAccepted, "", 303, ""},
		"pending":                          {engine.Pending, nil, context.DeadlineExceeded, resultPending, "", 202, slow},
		"settling":                         {engine.Settling, nil, nil, resultPending, "", 202, slow},
		"failed":                           {engine.Failed, nil, nil, resultRefused, failed, 500, failed},
		"cancelled":                        {engine.Cancelled, nil, nil, resultRefused, failed, 500, failed},
		"stored, and the database is gone": {engine.Pending, nil, engine.ErrUnavailable, resultPending, "", 202, slow},
		"perhaps not stored":               {"", engine.ErrUnavailable, nil, resultAgain, "", 503, "cannot be reached"},
		"too many wait":                    {"", engine.ErrOverloaded, nil, resultAgain, "", 429, "busy"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := signedInSite(t, "Ada")
			path, id := s.list("Groceries")
			s.fake.status, s.fake.submitErr, s.fake.waitErr = test.status, test.submitErr, test.waitErr
			_, body, _ := s.datastar("/commands/todos.list.add_item?form=add-item", map[string]any{"stream_id": id, "text": "Milk", "command_id": uuid.NewString()})
			if !strings.Contains(body, `data-status="`+test.script+`"`) {
				t.Errorf("the script is told %s", body)
			}
			if shown := strings.Contains(body, "selector #toasts"); shown != (test.toast != "") || !strings.Contains(body, test.toast) {
				t.Errorf("a toast %t: %s", shown, body)
			}
			status, body, _ := s.post("/commands/todos.list.add_item?form=add-item", url.Values{"stream_id": {id}, "text": {"Bread"}}, path)
			if status != test.code || !strings.Contains(body, test.page) {
				t.Errorf("the form is answered %d, want %d with %q:\n%s", status, test.code, test.page, body)
			}
		})
	}
}

// TestSentAgainUnderItsID is what the page's script does until the outcome is known.
func TestSentAgainUnderItsID(t *testing.T) {
	s := signedInSite(t, "Ada")
	_, id := s.list("Groceries")
	command := map[string]any{"stream_id": id, "text": "Milk", "command_id": uuid.NewString()}
	s.fake.status = engine.Pending
	s.datastar("/commands/todos.list.add_item?form=add-item", command)
	s.fake.status = ""
	_, body, _ := s.datastar("/commands/todos.list.add_item?form=add-item", command)
	if n := len(s.fake.events[listStream(id).String()]); n != 2 || !strings.Contains(body, `data-status="accepted"`) || !strings.Contains(body, `data-version="2"`) {
		t.Errorf("%d events, want 2: %s", n, body)
	}
}

// TestCreatingTwiceUnderOneID is about a command that names no stream.
func TestCreatingTwiceUnderOneID(t *testing.T) {
	s := signedInSite(t, "Ada")
	form := url.Values{"name": {"Trip"}, "command_id": {uuid.NewString()}}
	_, _, first := s.post("/commands/todos.list.create?form=create", form, "/")
	status, _, again := s.post("/commands/todos.list.create?form=create", form, "/")
	if status != 303 || first.Get("Location") != again.Get("Location") || s.fake.sent[0].StreamID != s.fake.sent[1].StreamID {
		t.Errorf("%d, led to %s and %s", status, first.Get("Location"), again.Get("Location"))
	}
}

// TestAFormThatMayBeStoredKeepsItsID is the same without JavaScript.
func TestAFormThatMayBeStoredKeepsItsID(t *testing.T) {
	s := signedInSite(t, "Ada")
	path, id := s.list("Groceries")
	form := url.Values{"stream_id": {id}, "text": {"Milk"}, "command_id": {uuid.NewString()}}
	send := func() (int, string) {
		t.Helper()
		status, body, _ := s.post("/commands/todos.list.add_item?form=add-item", form, path)
		found := regexp.MustCompile(`(?s)<form[^>]*id="add-item".*?name="command_id" value="([0-9a-f-]*)"`).FindStringSubmatch(body)
		if found == nil {
			return status, ""
		}
		return status, found[1]
	}
	s.fake.submitErr = engine.ErrUnavailable
	if status, kept := send(); status != 503 || kept != form.Get("command_id") {
		t.Errorf("%d, the form goes under %q", status, kept)
	}
	s.fake.submitErr = nil
	form.Set("text", "")
	if status, kept := send(); status != 422 || kept == form.Get("command_id") || kept == "" {
		t.Errorf("%d, a form with a mistake goes under %q", status, kept)
	}
}
