package web

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
)

// TestAttack_EveryAnswerIsProtected looks at the headers of every route and of
// every kind of error.
func TestAttack_EveryAnswerIsProtected(t *testing.T) {
	s := signedInSite(t, "Ada", func(cfg *Config) {
		everyAdmin(cfg)
		cfg.Admin = func(string) bool { return false }
		cfg.Limits = Limits{Burst: 6, Commands: 0.001}
	})
	path, id := s.list("Groceries")
	form := "application/x-www-form-urlencoded"
	_, login, _ := newSite(t).get("/login")
	asset := login[strings.Index(login, "/assets/"):]
	asset = asset[:strings.IndexByte(asset, '"')]
	item := "stream_id=" + id + "&text="
	for _, test := range []struct {
		method, path, media, body string
		status                    int
	}{
		{"GET", "/", "", "", 200}, {"GET", path, "", "", 200}, {"GET", path + "/1", "", "", 200}, {"GET", asset, "", "", 200}, {"GET", "/public", "", "", 200},
		{"GET", "/login", "", "", 303}, {"POST", "/login", form, "username=", 422},
		{"GET", "/nowhere", "", "", 404}, {"GET", "/assets/none", "", "", 404}, {"GET", "/api/nowhere", "", "", 404}, {"GET", "/updates?page=/nowhere", "", "", 404},
		{"GET", "/system", "", "", 403}, {"POST", "/system/pause", form, "", 403},
		{"DELETE", "/", "", "", 405}, {"GET", "/commands/todos.list.create", "", "", 303},
		{"POST", "/commands/todos.list.create", "text/plain", "", 415}, {"POST", "/commands/todos.list.create", form, "name=%zz", 400},
		{"POST", "/commands/todos.list.create", form, strings.Repeat("x", 70<<10), 413}, {"POST", "/commands/todos.list.nothing", form, "", 404},
		{"POST", "/commands/todos.list.add_item", form, item + "+", 422}, {"POST", "/commands/todos.list.add_item", form, item + "x", 303},
		{"POST", "/api/commands/todos.list.create", "application/json", "{", 422}, {"POST", "/api/commands/todos.list.create", form, "", 415},
		{"GET", "/api/commands/" + uuid.NewString(), "", "", 404}, {"GET", "//evil.example/%2e%2e", "", "", 301},
	} {
		status, body, h := s.do(test.method, test.path, test.body, map[string]string{"Content-Type": test.media})
		if status != test.status && (test.status != 301 || status != 307) {
			t.Errorf("%s %s: %d, want %d\n%.200s", test.method, test.path, status, test.status, body)
		}
		checkHeaders(t, test.method+" "+test.path, h)
	}
	for range 6 {
		s.post("/commands/todos.list.archive", url.Values{"stream_id": {id}}, path)
	}
	for name, do := range map[string]func() (int, string, http.Header){
		"429": func() (int, string, http.Header) {
			return s.post("/commands/todos.list.archive", url.Values{"stream_id": {id}}, path)
		},
		"429 of the API": func() (int, string, http.Header) {
			return s.do("POST", "/api/commands/todos.list.archive", `{"stream_id":"`+id+`","data":{}}`, map[string]string{"Content-Type": "application/json"})
		},
	} {
		status, _, h := do()
		if status != 429 {
			t.Errorf("%s: %d", name, status)
		}
		checkHeaders(t, name, h)
	}
	for err, want := range map[error]int{engine.ErrUnavailable: 503, io.ErrUnexpectedEOF: 500} {
		s := signedInSite(t, "Ada")
		s.fake.submitErr = err
		status, _, h := s.post("/commands/todos.list.create", url.Values{"name": {"x"}}, "/")
		if status != want {
			t.Errorf("%v: %d", err, status)
		}
		checkHeaders(t, err.Error(), h)
	}
}

func checkHeaders(t *testing.T, what string, h http.Header) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Security-Policy": contentPolicy, "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin",
		"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
	} {
		if h.Get(name) != want {
			t.Errorf("%s: %s is %q", what, name, h.Get(name))
		}
	}
	if h.Get("Access-Control-Allow-Origin") != "" || h.Get("Server") != "" || h.Get("X-Powered-By") != "" {
		t.Errorf("%s tells more than it must: %v", what, h)
	}
}

// TestAttack_ResponsesCannotBeSplit sends line ends wherever an answer's header
// might repeat them.
func TestAttack_ResponsesCannotBeSplit(t *testing.T) {
	s := signedInSite(t, "Ada")
	path, id := s.list("Groceries")
	const evil = "%0d%0aEvil:%20yes%0d%0a%0d%0a%3Cscript%3E"
	for _, target := range []string{
		"/todo-lists/" + evil, "/todo-lists/" + evil + "?version=1", path + "?version=1" + evil, path + "?until=" + evil, "/" + evil, "//" + evil,
		"/updates?page=" + evil, "/updates?page=/todo-lists/" + evil, "/messages/" + evil + "/correlation", "/assets/" + evil,
		"/api/commands/" + evil, "/api/streams/" + evil + "/" + evil, "/system?type=" + evil, "/login?" + evil,
	} {
		for _, client := range []*site{s, newSite(t)} {
			_, body, h := client.get(target)
			if h.Get("Evil") != "" || strings.Contains(body, "<script>") {
				t.Errorf("GET %s answers with %v", target, h)
			}
		}
	}
	for _, target := range []string{"/commands/" + evil, "/commands/todos.list.add_item?form=" + evil, "/api/commands/" + evil, "/system/" + evil} {
		_, body, h := s.do("POST", target, "stream_id="+id+"&text=x&command_id="+evil, map[string]string{
			"Content-Type": "application/x-www-form-urlencoded", "Referer": s.url + path + "?" + evil})
		if h.Get("Evil") != "" || strings.Contains(body, "<script>") {
			t.Errorf("POST %s answers with %v", target, h)
		}
	}
	status, _, h := s.post("/commands/todos.list.add_item", url.Values{"stream_id": {id}, "text": {"y"}}, "/"+evil)
	if status != 303 || h.Get("Evil") != "" || strings.ContainsAny(h.Get("Location"), "\r\n") {
		t.Errorf("back to %q with %d", h.Get("Location"), status)
	}
}

// TestAttack_BytesThatNobodyTypes are answered as the requester's fault, not ours.
func TestAttack_BytesThatNobodyTypes(t *testing.T) {
	var log bytes.Buffer
	s := signedIn(t, serveAppWith(t, services{log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelError}))}).URL, nil)
	path, id := s.list("Groceries")
	for _, bytes := range []string{"%00", "%ff%fe", "a%00b", "%ed%a0%80", "%c0%80", "%e2%80%ae", "%f4%90%80%80"} {
		for _, target := range []string{"/system?type=" + bytes, "/system?stream=" + bytes, "/system?stream=todos.list%2f" + bytes, "/system?by=" + bytes, "/todo-lists/" + bytes, path + "?with=" + bytes,
			"/messages/" + bytes + "/correlation", "/updates?page=" + url.QueryEscape("/todo-lists/"+bytes), "/api/commands/" + bytes, "/api/streams/todos.list/" + bytes,
			"/api/streams/todos.list_name/" + bytes, "/api/streams/todos.list_name/" + bytes + "/events", "/api/streams/" + bytes + "/" + bytes} {
			if status, body, _ := s.get(target); status >= 500 {
				t.Errorf("GET %s: %d %.200s", target, status, body)
			}
		}
		for _, field := range []string{"text=" + bytes, "text=x&stream_id=" + bytes, "text=x&command_id=" + bytes, bytes + "=x&text=y"} {
			if status, body, _ := s.do("POST", "/commands/todos.list.add_item", field+"&stream_id="+id, map[string]string{"Content-Type": "application/x-www-form-urlencoded"}); status >= 500 {
				t.Errorf("POST %s: %d %.300s", field, status, body)
			}
		}
		s.post("/login", url.Values{"username": {bytes}})
		for _, operation := range []string{"pause", "retry"} {
			raw, _ := url.PathUnescape(bytes)
			if status, _, _ := s.post("/system/"+operation, url.Values{"consumer": {raw}, "key": {raw}}); status >= 500 {
				t.Errorf("%s of consumer %s: %d", operation, bytes, status)
			}
		}
	}
	for _, text := range []string{`"\u0000"`, `"\ud800"`, `"a\u0000b"`, `1e999`, `123456789012345678901234567890`, `{"a":1}`, `[]`, `null`, `"` + "\xff" + `"`} {
		for _, body := range []string{`{"stream_id":"` + id + `","data":{"text":` + text + `}}`, `{"stream_id":` + text + `,"data":{"text":"x"}}`, `{"id":` + text + `,"stream_id":"` + id + `","data":{}}`} {
			if status, answer, _ := s.do("POST", "/api/commands/todos.list.add_item", body, map[string]string{"Content-Type": "application/json", "Prefer": "wait=20"}); status >= 500 {
				t.Errorf("%s: %d %s", body, status, answer)
			}
			if status, answer, _ := s.do("POST", "/commands/todos.list.add_item", body, map[string]string{"Content-Type": "application/json", "Datastar-Request": "true"}); status >= 500 {
				t.Errorf("as signals, %s: %d %s", body, status, answer)
			}
		}
	}
	if log.Len() > 0 {
		t.Errorf("errors of our own:\n%s", log.String())
	}
}
