package web

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// contentPolicy allows nothing from elsewhere. Datastar builds functions from the
// expressions in attributes, hence 'unsafe-eval'; inline scripts and styles stay
// forbidden, so an injected one does not run.
const contentPolicy = "default-src 'self'; script-src 'self' 'unsafe-eval'; style-src 'self'; img-src 'self' data:; " +
	"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// secure wraps everything: headers, names that are ours, no cross-site requests,
// bounded bodies.
func (s *Server) secure(next http.Handler) http.Handler {
	next = http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		if !s.addressed(r) {
			plain(w, http.StatusMisdirectedRequest, "This server does not answer to the name in the address. Whoever runs it can allow the name in ALLOWED_HOSTS; on the same machine, open it at localhost.")
			return
		}
		r.Body = http.MaxBytesReader(w, s.hurried(w, r), s.cfg.BodyLimit)
		api := strings.HasPrefix(r.URL.Path, "/api/") // which says itself what of an address is wrong
		if err := readable(r.URL.Query(), r.URL.Path); err != nil && !api {
			s.fail(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// addressed says whether a request came by a name that leads here on purpose. The
// browser says which name it looked up; pages cannot change that.
func (s *Server) addressed(r *http.Request) bool {
	if len(s.cfg.Hosts) == 0 {
		return true
	}
	name := (&url.URL{Host: r.Host}).Hostname()
	return slices.ContainsFunc(s.cfg.Hosts, func(own string) bool { return strings.EqualFold(own, name) })
}

// hurried gives a request's body no more than BodyTime to arrive.
func (s *Server) hurried(w http.ResponseWriter, r *http.Request) io.ReadCloser {
	if r.ContentLength == 0 {
		return r.Body
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(s.cfg.BodyTime)) // writers of tests have none
	return &hurriedBody{r.Body, control}
}

// hurriedBody ends the hurry with the body: what the server reads after it, to
// see whether the client is still there, may take as long as the answer does.
type hurriedBody struct {
	io.ReadCloser
	control *http.ResponseController
}

// Read implements io.Reader.
func (b *hurriedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF { //nolint:errorlint // readers return it as it is
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}
