package web

import (
	"context"
	"net/http"
	"time"
)

// routes is the table of everything that can be asked for.
func (s *Server) routes() http.Handler {
	public := http.NewServeMux()
	public.HandleFunc("GET /login", s.showLogin)
	public.HandleFunc("POST /login", s.login)
	public.Handle("GET /assets/{file}", s.assets)
	public.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok") })
	public.HandleFunc("GET /readyz", s.ready)

	public.HandleFunc("POST /logout", s.logout)
	public.Handle("GET /updates", s.known(s.live))
	public.Handle("POST /commands/{type}", s.known(http.HandlerFunc(s.command)))
	api := s.api()
	public.Handle("GET /api/", api)
	public.Handle("POST /api/", api)
	public.Handle("GET /", s.signedIn(s.pages))
	return s.secure(public)
}

// ready answers whether commands and pages can be served now.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	var one int
	if err := s.cfg.Client.DB().QueryRow(ctx, "select 1").Scan(&one); err != nil {
		s.cfg.Log.WarnContext(ctx, "not ready", "error", err)
		plain(w, http.StatusServiceUnavailable, "the database is unreachable")
		return
	}
	plain(w, http.StatusOK, "ready")
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n")) // the client went away: nobody is left to tell
}
