package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestAttack_NamesThatWereMadeToLeadHere: a page of another site may let its name
// lead to this machine, and then is of the same origin as what it asks. It gets
// nothing, at no door, whoever is signed in.
func TestAttack_NamesThatWereMadeToLeadHere(t *testing.T) {
	s := signedInSite(t, "Ada", everyAdmin, func(cfg *Config) { cfg.Hosts = []string{"localhost", "127.0.0.1", "::1", "Todos.example"} })
	home, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	session := s.client.Jar.Cookies(home)[0] // the worst case: the browser would not even send it
	by := func(host, method, path, media, body string) *http.Response {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		req.AddCookie(session)
		req.Header.Set("Origin", "http://"+host) // which is the same, for all that it says
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		req.Header.Set("Content-Type", media)
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		if err := res.Body.Close(); err != nil {
			t.Fatal(err)
		}
		return res
	}
	for _, host := range []string{"evil.example", "evil.example:9292", "localhost.evil.example", "127.0.0.1.evil.example:80", "localhost@evil.example", "evil.example.", "[::2]", "10.0.0.1", "xlocalhost", "todos.example.evil"} {
		for _, path := range []string{"/", "/login", "/system", "/public", "/updates?page=/", "/api/streams/todos.list/x", s.assetOf("app.js")} {
			res := by(host, "GET", path, "", "")
			if res.StatusCode != http.StatusMisdirectedRequest || res.Header.Get("Set-Cookie") != "" {
				t.Errorf("GET %s at %s: %d", path, host, res.StatusCode)
			}
			checkHeaders(t, path, res.Header)
		}
		for _, door := range doors {
			if res := by(host, "POST", door.path, door.media, door.body); res.StatusCode != http.StatusMisdirectedRequest || res.Header.Get("Set-Cookie") != "" {
				t.Errorf("POST %s at %s: %d", door.path, host, res.StatusCode)
			}
		}
	}
	if len(s.fake.sent) != 0 {
		t.Errorf("%d commands went through", len(s.fake.sent))
	}
	for _, host := range []string{"localhost", "LocalHost:9292", "127.0.0.1:1", "[::1]:9292", "[::1]", "todos.example:443"} {
		if res := by(host, "GET", "/", "", ""); res.StatusCode != http.StatusOK {
			t.Errorf("at our own name %s: %d", host, res.StatusCode)
		}
		if res := by(host, "POST", doors[2].path, doors[2].media, doors[2].body); res.StatusCode != http.StatusSeeOther {
			t.Errorf("our own form at %s: %d", host, res.StatusCode)
		}
	}
}

// assetOf is the address of one of the site's files.
func (s *site) assetOf(name string) string {
	s.t.Helper()
	_, page, _ := s.get("/")
	stem := "/assets/" + strings.TrimSuffix(name, ".js")
	at := strings.Index(page, stem)
	if at < 0 {
		s.t.Fatalf("no %s on the home page", name)
	}
	return page[at : at+strings.IndexByte(page[at:], '"')]
}
