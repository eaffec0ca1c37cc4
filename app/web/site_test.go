package web

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// site is the app on an engine in memory, and a person who uses it without JavaScript.
type site struct {
	t      *testing.T
	fake   *fakeClient
	url    string
	client *http.Client
}

// newSite is the app's, with what change makes of its configuration.
func newSite(t *testing.T, change ...func(*Config)) *site {
	t.Helper()
	f := newFake()
	cfg := Config{Client: f, System: fakeSystem(), Secret: []byte("a secret for tests"), Log: slog.New(slog.DiscardHandler),
		Public: map[string]http.Handler{"GET /public": http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}}
	for _, c := range change {
		c(&cfg)
	}
	s, err := newServer(cfg.withDefaults(), f)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	t.Cleanup(s.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &site{t: t, fake: f, url: server.URL, client: &http.Client{
		Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// signedInSite is a site with the person signed in.
func signedInSite(t *testing.T, user string, change ...func(*Config)) *site {
	t.Helper()
	s := newSite(t, change...)
	if status, _, _ := s.post("/login", url.Values{"username": {user}}); status != http.StatusSeeOther {
		t.Fatalf("login: %d", status)
	}
	return s
}

func (s *site) do(method, path, body string, header map[string]string) (status int, text string, h http.Header) {
	s.t.Helper()
	return s.request(method, path, strings.NewReader(body), header)
}

// request sends a body in chunks unless its length is known to net/http.
func (s *site) request(method, path string, body io.Reader, header map[string]string) (status int, text string, h http.Header) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, s.url+path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	res, err := s.client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, string(data), res.Header
}

func (s *site) get(path string) (int, string, http.Header) { return s.do("GET", path, "", nil) }

func (s *site) post(path string, form url.Values, from ...string) (int, string, http.Header) {
	header := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	if len(from) > 0 {
		header["Referer"] = s.url + from[0]
	}
	return s.do("POST", path, form.Encode(), header)
}

// datastar posts as the page's script does.
func (s *site) datastar(path string, signals map[string]any) (int, string, http.Header) {
	s.t.Helper()
	body, err := json.Marshal(signals)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.do("POST", path, string(body), map[string]string{"Content-Type": "application/json", "Datastar-Request": "true"})
}

// list creates a list and gives its path and id.
func (s *site) list(name string) (path, id string) {
	s.t.Helper()
	status, _, h := s.post("/commands/todos.list.create", url.Values{"name": {name}}, "/")
	path = h.Get("Location")
	if status != http.StatusSeeOther || !strings.HasPrefix(path, "/todo-lists/") {
		s.t.Fatalf("create: %d to %q", status, path)
	}
	return path, strings.TrimPrefix(path, "/todo-lists/")
}
