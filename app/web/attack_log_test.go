package web

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/app/expander"
	"github.com/backstory-go/backstory/app/slack"
)

// record is a log that is written from many goroutines.
type record struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.buf.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.buf.String()
}

// TestLogsHoldNothingPersonal uses the app as people do, well and badly, with
// services that fail, and looks for their words in everything that is logged.
func TestLogsHoldNothingPersonal(t *testing.T) {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "private-answer", http.StatusInternalServerError)
	}))
	t.Cleanup(service.Close)
	log := &record{}
	app := serveAppWith(t, services{log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		slack: slack.Dispatcher{Webhook: service.URL + "/private-webhook"}, expander: expander.Expander{Key: "private-key", BaseURL: service.URL, Model: "m"}})
	s := signedIn(t, app.URL, nil)
	s.post("/login", url.Values{"username": {"private-person"}})
	path, _ := s.list("private-list")
	s.submit(path, "add-item", url.Values{"text": {"private-item, long enough that it can be expanded"}})
	s.submit(path, "add-item", url.Values{"text": {"PRIVATE-item, long enough that it can be expanded"}})
	s.post("/commands/todos.list.create", url.Values{"name": {"private-list"}}, "/")
	s.submit(path, "rename", url.Values{"name": {strings.Repeat("private-long ", 30)}})
	_, body, _ := s.get(path)
	item := body[strings.Index(body, `data-item="`)+11:][:36]
	s.submit(path, "expand-"+item, nil)
	s.waitFor(path, "Expansion ended")
	s.submit(path, "toggle-"+item, nil)
	s.waitFor(path, "Slack failed")
	for _, path := range []string{"/private-path", "/todo-lists/private-id", "/system?by=private-person", "/updates?page=/private-page", "/api/streams/todos.list_name/private-list"} {
		s.get(path)
	}
	s.do("POST", "/api/commands/todos.list.add_item", `{"stream_id":"`+uuid.NewString()+`","data":{"text":"private-json","private-field":1}}`, map[string]string{"Content-Type": "application/json", "Prefer": "wait=20"})
	s.do("POST", "/commands/todos.list.create", "name=%zzprivate-bytes", map[string]string{"Content-Type": "application/x-www-form-urlencoded"})
	s.do("GET", "/", "", map[string]string{"Cookie": "session=private-cookie"})
	s.post("/system/pause", url.Values{"consumer": {"private-consumer"}})

	text := log.String()
	if !strings.Contains(text, "slack_dispatcher") {
		t.Errorf("the log does not tell that a service fails:\n%s", text)
	}
	for line := range strings.Lines(text) {
		if strings.Contains(strings.ToLower(line), "private") {
			t.Errorf("logged: %s", line)
		}
	}
}

// waitFor reads a page until it shows a text.
func (s *site) waitFor(path, text string) {
	s.t.Helper()
	for deadline := time.Now().Add(patience); ; {
		_, body, _ := s.get(path)
		if strings.Contains(body, text) {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("waited for %q on %s\n%s", text, path, body)
		}
	}
}
