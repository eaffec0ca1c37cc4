package live

import (
	"context"
	"net/http"
	"net/url"
	"path"
	"sync"
	"sync/atomic"
)

// Server answers GET /updates?page=<path> with the live stream of that page.
type Server struct {
	cfg   Config
	pages *http.ServeMux
	ctx   context.Context // ends with Close
	end   context.CancelFunc

	encoders atomic.Int64 // tabs that have one of their own
	mu       sync.Mutex
	shares   map[string]*share
}

// New makes a server of pages. It returns what Config.Validate finds. It panics,
// as http.ServeMux does, when two patterns conflict.
func New(cfg Config) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg.withDefaults(), pages: http.NewServeMux(), shares: map[string]*share{}}
	s.ctx, s.end = context.WithCancel(context.Background())
	for _, p := range cfg.Pages {
		s.pages.HandleFunc(p.Pattern, func(w http.ResponseWriter, r *http.Request) { s.stream(w, r, p) })
	}
	return s, nil
}

// Close ends every stream and refuses new ones with 503. Hand it to
// http.Server.RegisterOnShutdown: Shutdown waits for requests, and streams never
// end by themselves.
func (s *Server) Close() { s.end() }

// ServeHTTP streams the page that the parameter page names. It returns when the
// client went away or the server was closed.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.ctx.Err() != nil {
		http.Error(w, "The server is shutting down.", http.StatusServiceUnavailable)
		return
	}
	target, err := url.Parse(r.URL.Query().Get("page"))
	if err != nil || target.IsAbs() || target.Host != "" || !isClean(target.Path) {
		http.NotFound(w, r)
		return
	}
	inner := r.Clone(r.Context())
	inner.URL, inner.RequestURI = &url.URL{Path: target.Path, RawPath: target.RawPath, RawQuery: target.RawQuery}, ""
	inner.Method = http.MethodGet
	s.pages.ServeHTTP(w, inner)
}

// isClean says whether the mux takes the path as it is: it would answer a path
// with dots or doubled slashes by a redirect, which leads a stream nowhere.
func isClean(p string) bool {
	return p != "" && p[0] == '/' && (path.Clean(p) == p || path.Clean(p)+"/" == p)
}
