package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
)

// Outcome and State are what the API asks of the fake beside what pages do.
func (f *fakeClient) Outcome(_ context.Context, id uuid.UUID) (engine.Outcome, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	o, ok := f.outcomes[id]
	if !ok {
		return o, fmt.Errorf("command %s: %w", id, engine.ErrNotFound)
	}
	return f.as(o), nil
}

func (f *fakeClient) State(_ context.Context, stream engine.StreamID, version int64) (engine.StreamState, error) {
	l, err := f.list(context.Background(), stream.ID, version)
	return engine.StreamState{Stream: stream, Version: l.Version, Head: l.Head, At: l.At, State: l}, err
}

func (f *fakeClient) StateAt(ctx context.Context, stream engine.StreamID, at time.Time) (engine.StreamState, error) {
	version := int64(-1)
	for _, r := range f.events[stream.String()] {
		if !r.Meta.At.After(at) {
			version = r.Meta.Version
		}
	}
	if version < 0 {
		return engine.StreamState{}, engine.ErrNotFound
	}
	return f.State(ctx, stream, version)
}

// apiSite is a site whose lists have ids of any text but "bad", and Ada on it.
func apiSite(t *testing.T) *site {
	t.Helper()
	f, system := newFake(), fakeSystem()
	actor, _ := system.Actor(listActor)
	actor.ParseID = func(id string) (string, error) {
		if id == "bad" {
			return "", &engine.FaultsError{Faults: []engine.Fault{{Message: "must not be bad"}}}
		}
		return strings.ToLower(id), nil
	}
	actor.EncodeState = func(state any) ([]byte, error) {
		return json.Marshal(map[string]any{"name": state.(todoList).Name, "items": len(state.(todoList).Items)})
	}
	cfg := Config{Client: f, System: system, Secret: []byte("a secret for tests"), Log: slog.New(slog.DiscardHandler)}
	s, err := newServer(cfg.withDefaults(), f)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	t.Cleanup(s.Close)
	return signedIn(t, server.URL, f)
}

func signedIn(t *testing.T, base string, f *fakeClient) *site {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, fake: f, url: base, client: &http.Client{
		Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	if status, _, _ := s.post("/login", url.Values{"username": {"Ada"}}); status != 303 {
		t.Fatalf("login: %d", status)
	}
	return s
}

// send posts a command to the API.
func (s *site) send(command, body, prefer string) reply {
	s.t.Helper()
	header := map[string]string{"Content-Type": "application/json"}
	if prefer != "" {
		header["Prefer"] = prefer
	}
	return s.reply("POST", "/api/commands/todos.list."+command, body, header)
}

func (s *site) ask(path string) reply { s.t.Helper(); return s.reply("GET", path, "", nil) }

func (s *site) reply(method, path, body string, header map[string]string) reply {
	s.t.Helper()
	status, text, h := s.do(method, path, body, header)
	r := reply{status: status, text: text, header: map[string]string{}}
	for name := range h {
		r.header[name] = h.Get(name)
	}
	want := "application/json"
	if status >= 400 {
		want = "application/problem+json"
	}
	if got := h.Get("Content-Type"); got != want {
		s.t.Errorf("%s %s: %d is %q, want %q: %s", method, path, status, got, want, text)
	}
	if err := json.Unmarshal([]byte(text), &r.body); err != nil {
		s.t.Errorf("%s %s: %v in %s", method, path, err, text)
	}
	if status >= 400 && (r.body["status"] != float64(status) || r.body["title"] == "" || r.body["type"] != fmt.Sprint("urn:backstory:problem:", r.body["code"])) {
		s.t.Errorf("%s %s: %d with the problem %s", method, path, status, text)
	}
	return r
}

// reply is an answer of the API.
type reply struct {
	status int
	text   string
	header map[string]string
	body   map[string]any
}

// faults are those of a problem, one a line.
func (r reply) faults() string {
	lines := []string{}
	list, _ := r.body["faults"].([]any)
	for _, f := range list {
		m, _ := f.(map[string]any)
		lines = append(lines, fmt.Sprintf("%v %v", m["pointer"], m["message"]))
	}
	return strings.Join(lines, "\n")
}

func TestAPICommands(t *testing.T) {
	s := apiSite(t)
	id := uuid.NewString()
	create := `{"id":"` + id + `","stream_id":"Groceries","if_version":0,"data":{"name":"Groceries"}}`
	r := s.send("create", create, "")
	if r.status != 202 || r.header["Location"] != "/api/commands/"+id || r.body["id"] != id || r.body["stream"] != "todos.list/groceries" {
		t.Fatalf("%d %v\n%s", r.status, r.header, r.text)
	}
	sent := s.fake.sent[0]
	if sent.By != "Ada" || sent.StreamID != "groceries" || sent.IfVersion == nil || *sent.IfVersion != 0 || string(sent.Data) != `{"name":"Groceries"}` {
		t.Errorf("sent %+v", sent)
	}
	if again := s.send("create", create, "wait=5"); again.status != 200 || again.body["status"] != "accepted" || again.header["Preference-Applied"] != "wait=5" {
		t.Errorf("sent again: %d %s", again.status, again.text)
	}
	if known := s.ask(r.header["Location"]); known.status != 200 || known.text != r.text {
		t.Errorf("the outcome: %d\n%s, want\n%s", known.status, known.text, r.text)
	}
	if same := s.send("update_name", `{"stream_id":"groceries","data":{"name":"Groceries"}}`, "respond-async, WAIT=99"); same.status != 200 ||
		fmt.Sprint(same.body["events"]) != "[]" || same.header["Preference-Applied"] != "wait=30" {
		t.Errorf("no event: %d %v %s", same.status, same.header, same.text)
	}
}

func TestAPICommandThatTakesLonger(t *testing.T) {
	s := apiSite(t)
	s.fake.waitErr = context.DeadlineExceeded
	r := s.send("create", `{"stream_id":"a","data":{"name":"A"}}`, "wait=1")
	if r.status != 202 || !strings.HasPrefix(r.header["Location"], "/api/commands/") || r.body["stream"] != "todos.list/a" {
		t.Errorf("%d %v %s", r.status, r.header, r.text)
	}
	s.fake.waitErr = errors.New("secret detail")
	r = s.send("create", `{"stream_id":"a","data":{"name":"A"}}`, "wait=1")
	if r.status != 500 || r.body["code"] != "failed" || r.body["command_id"] == nil || strings.Contains(r.text, "secret") {
		t.Errorf("%d %s", r.status, r.text)
	}
}

func TestAPIDecidedAgainstTheCommand(t *testing.T) {
	s := apiSite(t)
	if r := s.send("create", `{"stream_id":"a","data":{"name":"Taken"}}`, "wait=5"); r.status != 409 || r.body["code"] != "name_taken" ||
		r.body["command_id"] == nil || r.body["title"] != "This name is taken." || r.faults() != "/name This name is taken." {
		t.Errorf("%d %s", r.status, r.text)
	}
	tests := map[string]struct {
		status  engine.Status
		refusal string
		want    int
		code    string
	}{
		"not found":  {engine.Refused, engine.CodeNotFound, 404, "not_found"},
		"invalid":    {engine.Refused, engine.CodeInvalid, 422, "invalid"},
		"expired":    {engine.Refused, engine.CodeExpired, 410, "expired"},
		"changed":    {engine.Refused, engine.CodeChanged, 409, "changed"},
		"not active": {engine.Refused, "not_active", 409, "not_active"},
		"failed":     {engine.Failed, "", 500, "failed"},
		"cancelled":  {engine.Cancelled, "", 200, ""},
		"settling":   {engine.Settling, "", 202, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := apiSite(t)
			id := uuid.New()
			o := engine.Outcome{ID: id, Type: "todos.list.archive", Stream: listStream("a"), Status: test.status, Error: "secret detail"}
			if test.refusal != "" {
				o.Refusal = &engine.RefusalInfo{Code: test.refusal, Message: "It cannot be."}
			}
			s.fake.outcomes[id] = o
			r := s.send("archive", `{"id":"`+id.String()+`","stream_id":"a","data":{}}`, `wait="5";x=1`)
			if r.status != test.want || strings.Contains(r.text, "secret") {
				t.Errorf("%d %s", r.status, r.text)
			}
			if test.code != "" && (r.body["code"] != test.code || r.body["command_id"] != id.String()) {
				t.Errorf("the problem %s", r.text)
			}
			if r := s.ask("/api/commands/" + id.String()); r.status != 200 || r.body["status"] != string(test.status) {
				t.Errorf("read later: %d %s", r.status, r.text)
			}
		})
	}
}
