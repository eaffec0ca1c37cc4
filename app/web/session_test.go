package web

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
)

func TestWithoutASession(t *testing.T) {
	s := newSite(t)
	tests := []struct {
		method, path string
		status       int
		location     string
	}{
		{"GET", "/", 303, "/login"},
		{"GET", "/todo-lists/" + uuid.NewString(), 303, "/login"},
		{"GET", "/nowhere", 303, "/login"},
		{"GET", "/updates?page=/", 401, ""},
		{"POST", "/commands/todos.list.create", 401, ""},
		{"GET", "/login", 200, ""},
		{"GET", "/public", 200, ""},
		{"GET", "/assets/none.js", 404, ""},
	}
	for _, test := range tests {
		status, _, h := s.do(test.method, test.path, "", nil)
		if status != test.status || h.Get("Location") != test.location {
			t.Errorf("%s %s: %d to %q, want %d to %q", test.method, test.path, status, h.Get("Location"), test.status, test.location)
		}
		if h.Get("Content-Security-Policy") != contentPolicy || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s %s: headers %v", test.method, test.path, h)
		}
	}
}

func TestLogin(t *testing.T) {
	for name, user := range map[string]string{"nothing": "", "spaces": "  ", "long": strings.Repeat("ä", 41), "control": "a\nb"} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			if status, body, h := s.post("/login", url.Values{"username": {user}}); status != 422 || !strings.Contains(body, "Please ") || h.Get("Set-Cookie") != "" {
				t.Errorf("%d %v", status, h)
			}
		})
	}
	s := newSite(t)
	path := "/todo-lists/" + uuid.NewString() + "/3"
	s.get(path)
	status, _, h := s.post("/login", url.Values{"username": {" " + strings.Repeat("ä", 40) + " "}})
	cookie := strings.Join(h.Values("Set-Cookie"), "\n")
	if status != 303 || h.Get("Location") != path {
		t.Errorf("login leads to %q with %d, want where the person wanted to go", h.Get("Location"), status)
	}
	if !regexp.MustCompile(`session=[^;]+; Path=/; Max-Age=\d+; HttpOnly; SameSite=Lax`).MatchString(cookie) {
		t.Errorf("cookie %q", cookie)
	}
	if status, body, _ := s.get("/"); status != 200 || !strings.Contains(body, strings.Repeat("ä", 40)) {
		t.Errorf("home: %d", status)
	}
	if _, _, h := s.post("/logout", nil); h.Get("Location") != "/login" {
		t.Errorf("logout leads to %q", h.Get("Location"))
	}
	if status, _, _ := s.get("/"); status != 303 {
		t.Errorf("after logout: %d", status)
	}
}

func TestForgedSessionsAreNobody(t *testing.T) {
	s := newSite(t)
	for _, value := range []string{"Ada", "MTIzfEFkYXw=", strings.Repeat("x", 5000)} {
		if status, _, _ := s.do("GET", "/", "", map[string]string{"Cookie": "session=" + value}); status != 303 {
			t.Errorf("session %.20q: %d", value, status)
		}
	}
}

func TestReturnPathsStayHere(t *testing.T) {
	for target, want := range map[string]string{"/a?b=c": "/a?b=c", "//evil.example": "/", "https://evil.example": "/", "/\\evil.example": "/", "": "/", "/\t/x": "/"} {
		if got := localPath(target); got != want {
			t.Errorf("localPath(%q) = %q, want %q", target, got, want)
		}
	}
}

func TestCrossSiteRequestsAreRefused(t *testing.T) {
	s := signedInSite(t, "Ada")
	for name, header := range map[string]map[string]string{
		"by fetch metadata": {"Sec-Fetch-Site": "cross-site"}, "by origin": {"Origin": "https://evil.example"},
	} {
		header["Content-Type"] = "application/x-www-form-urlencoded"
		if status, _, _ := s.do("POST", "/commands/todos.list.create", "name=x", header); status != 403 {
			t.Errorf("%s: %d", name, status)
		}
	}
	if len(s.fake.sent) != 0 {
		t.Error("a command went through")
	}
}
