package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// signedAt signs a session cookie as the app does, at another time or with
// another secret or name.
func signedAt(t *testing.T, secret, name, user string, at time.Time) string {
	t.Helper()
	s := newSessions([]byte(secret))
	now, err := s.codec.Encode(name, user)
	if err != nil {
		t.Fatal(err)
	}
	text, err := base64.URLEncoding.DecodeString(now)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.SplitN(string(text), "|", 3) // time, value, signature
	key := sha256.Sum256([]byte("backstory session " + secret))
	signature := hmac.New(sha256.New, key[:])
	head := fmt.Sprintf("%d|%s|", at.Unix(), parts[1])
	_, _ = signature.Write([]byte(name + "|" + strings.TrimSuffix(head, "|")))
	return base64.URLEncoding.EncodeToString(append([]byte(head), signature.Sum(nil)...))
}

func TestAttack_Cookies(t *testing.T) {
	const secret = "a secret for tests"
	s := newSite(t)
	now := time.Now()
	whole := signedAt(t, secret, sessionCookie, "Ada", now)
	flipped := []byte(whole)
	flipped[len(flipped)/2] ^= 1
	other := signedAt(t, secret, sessionCookie, "Eve", now)
	tests := map[string]struct {
		value string
		want  int
	}{
		"as the app signs":          {whole, 200},
		"an hour old":               {signedAt(t, secret, sessionCookie, "Ada", now.Add(-time.Hour)), 200},
		"a month and an hour old":   {signedAt(t, secret, sessionCookie, "Ada", now.Add(-sessionAge-time.Hour)), 303},
		"signed by another key":     {signedAt(t, "another secret, as long", sessionCookie, "Ada", now), 303},
		"signed for another cookie": {signedAt(t, secret, returnCookie, "Ada", now), 303},
		"changed":                   {string(flipped), 303},
		"cut":                       {whole[:len(whole)-8], 303},
		"cut in front":              {whole[8:], 303},
		"two halves":                {whole[:len(whole)/2] + other[len(other)/2:], 303},
		"a name":                    {"Ada", 303},
		"nothing":                   {"", 303},
		"nobody":                    {signedAt(t, secret, sessionCookie, "", now), 303},
		"not base64":                {"%%%|Ada|%%%", 303},
		"huge":                      {strings.Repeat("QUJD", 20_000), 303},
		"huge and signed":           {signedAt(t, secret, sessionCookie, "Ada", now) + strings.Repeat("A", 4096), 303},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if status, _, _ := s.do("GET", "/", "", map[string]string{"Cookie": "session=" + test.value}); status != test.want {
				t.Errorf("a page: %d, want %d", status, test.want)
			}
			want := map[int]int{200: 404, 303: 401}[test.want]
			for _, path := range []string{"/updates?page=/nowhere", "/api/commands/" + uuid.NewString()} {
				if status, _, _ := s.do("GET", path, "", map[string]string{"Cookie": "session=" + test.value}); status != want {
					t.Errorf("GET %s: %d, want %d", path, status, want)
				}
			}
		})
	}
}

func TestAttack_CookiesAreKeptFromScripts(t *testing.T) {
	s := newSite(t)
	check := func(cookies []string, names ...string) {
		t.Helper()
		for i, c := range cookies {
			for _, want := range []string{names[i] + "=", "; Path=/", "; HttpOnly", "; SameSite=Lax", "; Secure"} {
				if !strings.Contains(c, want) {
					t.Errorf("cookie %q has no %q", c, want)
				}
			}
			if strings.Contains(c, "Domain") {
				t.Errorf("cookie %q goes to other hosts", c)
			}
		}
		if len(cookies) != len(names) {
			t.Errorf("%d cookies, want %v", len(cookies), names)
		}
	}
	tls := map[string]string{"X-Forwarded-Proto": "https", "Content-Type": "application/x-www-form-urlencoded", "Cookie": "return=/x"}
	_, _, h := s.do("GET", "/todo-lists/7", "", tls)
	check(h.Values("Set-Cookie"), returnCookie)
	_, _, h = s.do("POST", "/login", "username=Ada", tls)
	check(h.Values("Set-Cookie"), returnCookie, sessionCookie)
	_, _, h = s.do("POST", "/logout", "", tls)
	check(h.Values("Set-Cookie"), sessionCookie)
	_, _, h = s.do("GET", "/todo-lists/"+strings.Repeat("7", 5000), "", tls)
	check(h.Values("Set-Cookie"))
}

// TestAttack_ReturnCookies: what a cookie says leads nowhere else, and sets nothing.
func TestAttack_ReturnCookies(t *testing.T) {
	for _, target := range []string{"//evil.example", "https://evil.example", `/\evil.example`, "/\tx", "javascript:alert(1)", "evil.example", "%2f%2fevil.example", "/%0d%0aSet-Cookie:%20a=b", "/x\u00a0y"} {
		s := newSite(t)
		status, _, h := s.do("POST", "/login", url.Values{"username": {"Ada"}}.Encode(),
			map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Cookie": "return=" + strings.ReplaceAll(target, "\t", "%09")})
		to := h.Get("Location")
		if u, err := url.Parse(to); err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || status != 303 {
			t.Errorf("%q leads to %q with %d", target, to, status)
		}
		if h.Get("a") != "" || len(h.Values("Set-Cookie")) > 2 {
			t.Errorf("%q sets %v", target, h.Values("Set-Cookie"))
		}
	}
}
