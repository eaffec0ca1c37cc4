package web

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
)

func TestPlainForms(t *testing.T) {
	s := signedInSite(t, "Ada")
	path, id := s.list("Groceries")

	status, _, h := s.post("/commands/todos.list.add_item?form=add-item", url.Values{"stream_id": {id}, "text": {"Milk"}}, path)
	if status != 303 || h.Get("Location") != path+"#add-item--text" { // for the next one
		t.Fatalf("add: %d to %q", status, h.Get("Location"))
	}
	if by := s.fake.sent[1].By; by != "Ada" {
		t.Errorf("sent by %q", by)
	}
	if _, body, _ := s.get(path); !strings.Contains(body, "Milk") {
		t.Error("the item is not on the page")
	}

	status, body, _ := s.post("/commands/todos.list.add_item?form=add-item", url.Values{"stream_id": {id}, "text": {"  "}}, path)
	if status != 422 || !strings.Contains(body, `<span>May not be empty.</span>`) || !strings.Contains(body, `value="  "`) || !strings.Contains(body, "Milk") {
		t.Errorf("an empty text: %d\n%s", status, body)
	}
	status, body, _ = s.post("/commands/todos.list.add_item?form=add-item", url.Values{"stream_id": {id}, "text": {"MILK"}}, path)
	if status != 422 || !strings.Contains(body, "same text") {
		t.Errorf("a twin: %d", status)
	}
	status, body, _ = s.post("/commands/todos.list.create?form=create", url.Values{"name": {"Taken"}}, "/")
	if status != 422 || !strings.Contains(body, "<span>This name is taken.</span>") || !strings.Contains(body, `value="Taken"`) {
		t.Errorf("a refusal with a field: %d", status)
	}
	status, body, _ = s.post("/commands/todos.list.toggle_item?form=x", url.Values{"stream_id": {id}, "id": {uuid.NewString()}}, path)
	if status != 422 || !strings.Contains(body, "no longer on the list") {
		t.Errorf("a refusal without a field: %d", status)
	}
	status, _, h = s.do("POST", "/commands/todos.list.archive", "stream_id="+id, map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Referer": "https://evil.example/x"})
	if status != 303 || h.Get("Location") != "/" {
		t.Errorf("from elsewhere: %d to %q", status, h.Get("Location"))
	}
}

func TestAFormSentTwiceActsOnce(t *testing.T) {
	s := signedInSite(t, "Ada")
	path, id := s.list("Groceries")
	_, body, _ := s.get(path)
	form := regexp.MustCompile(`(?s)<form[^>]*id="add-item".*?</form>`).FindString(body)
	command := regexp.MustCompile(`name="command_id" value="([0-9a-f-]{36})"`).FindStringSubmatch(form)
	if command == nil {
		t.Fatalf("the form has no command_id: %s", form)
	}
	for range 2 {
		if status, _, _ := s.post("/commands/todos.list.add_item", url.Values{"stream_id": {id}, "text": {"Milk"}, "command_id": {command[1]}}, path); status != 303 {
			t.Errorf("status %d", status)
		}
	}
	if n := len(s.fake.events[listStream(id).String()]); n != 2 {
		t.Errorf("%d events, want 2", n)
	}
	if _, again, _ := s.get(path); strings.Contains(again, command[1]) {
		t.Error("a page rendered anew uses the same ids")
	}
}

func TestCommandStatuses(t *testing.T) {
	form := "application/x-www-form-urlencoded"
	tests := map[string]struct {
		path, kind, body string
		submitErr        error
		want             int
	}{
		"unknown":                 {"/commands/todos.list.nothing", form, "", nil, 404},
		"internal":                {"/commands/todos.list.notify_dispatched", form, "stream_id=x&id=y", nil, 404},
		"no stream":               {"/commands/todos.list.archive", form, "", nil, 422},
		"command_id is no uuid":   {"/commands/todos.list.archive", form, "stream_id=x&command_id=7", nil, 422},
		"if_version is no number": {"/commands/todos.list.archive", form, "stream_id=x&if_version=last", nil, 422},
		"json without datastar":   {"/commands/todos.list.archive", "application/json", "{}", nil, 415},
		"no content type":         {"/commands/todos.list.archive", "", "stream_id=x", nil, 415},
		"malformed":               {"/commands/todos.list.archive", form, "%zz", nil, 400},
		"too large":               {"/commands/todos.list.add_item", form, "stream_id=x&text=" + strings.Repeat("x", 70<<10), nil, 413},
		"id reused":               {"/commands/todos.list.archive", form, "stream_id=x", fmt.Errorf("submit: %w", engine.ErrIDReused), 409},
		"overloaded":              {"/commands/todos.list.archive", form, "stream_id=x", engine.ErrOverloaded, 429},
		"no database":             {"/commands/todos.list.archive", form, "stream_id=x", engine.ErrUnavailable, 503},
		"our fault":               {"/commands/todos.list.archive", form, "stream_id=x", errors.New("secret detail"), 500},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := signedInSite(t, "Ada")
			s.fake.submitErr = test.submitErr
			status, body, h := s.do("POST", test.path, test.body, map[string]string{"Content-Type": test.kind})
			if status != test.want {
				t.Errorf("status %d, want %d\n%s", status, test.want, body)
			}
			if (status == 429 || status == 503) && h.Get("Retry-After") == "" {
				t.Error("Retry-After is missing")
			}
			if strings.Contains(body, "secret detail") {
				t.Error("the page shows what is for operators")
			}
		})
	}
}

func TestDatastarAnswers(t *testing.T) {
	s := signedInSite(t, "Ada")
	_, id := s.list("Groceries")
	add := func(text string) string {
		t.Helper()
		status, body, h := s.datastar("/commands/todos.list.add_item?form=add-item", map[string]any{"stream_id": id, "text": text, "command_id": uuid.NewString(), "other": 7})
		if status != 200 || h.Get("Content-Type") != "text/event-stream" {
			t.Fatalf("%d %s", status, h.Get("Content-Type"))
		}
		return body
	}
	want := func(body string, parts ...string) {
		t.Helper()
		for _, part := range parts {
			if !strings.Contains(body, part) {
				t.Errorf("%q is missing in\n%s", part, body)
			}
		}
	}
	want(add("Milk"), `data-status="accepted"`, `data-version="2"`)
	want(add(" "), "{&#34;add-item--text-error&#34;:&#34;May not be empty.&#34;}", `data-status="refused"`)
	want(add("milk"), "same text", `data-status="refused"`)
	_, body, _ := s.datastar("/commands/todos.list.create?form=create", map[string]any{"name": "Trip", "command_id": uuid.NewString()})
	want(body, `data-target="/todo-lists/`)
	s.datastar("/commands/todos.list.archive", map[string]any{"stream_id": id})
	want(add("Bread"), "selector #toasts", "mode append", "cannot be changed", `data-status="refused"`)
	s.fake.submitErr = engine.ErrUnavailable
	want(add("Bread"), "cannot be reached", `data-status="again"`)
	s.fake.submitErr, s.fake.waitErr = nil, context.DeadlineExceeded
	_, body, _ = s.datastar("/commands/todos.list.create?form=a%22%3E%3Cb", map[string]any{"name": "Slow"})
	want(body, `data-target="/todo-lists/`)
	s.fake.waitErr = nil
	_, body, _ = s.datastar("/commands/todos.list.create?form=a%22%3E%3Cb", map[string]any{"name": " "})
	want(body, "{&#34;todos-list-create--name-error&#34;:&#34;")
}
