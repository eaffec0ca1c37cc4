package web

import "net/http"

// routes is the table of everything that can be asked for.
func (s *Server) routes() http.Handler {
	public := http.NewServeMux()
	public.HandleFunc("GET /login", s.showLogin)
	public.HandleFunc("POST /login", s.login)
	public.Handle("GET /assets/{file}", s.assets)
	for pattern, handler := range s.cfg.Public {
		public.Handle(pattern, handler)
	}

	public.HandleFunc("POST /logout", s.logout)
	public.Handle("GET /updates", s.known(s.limitStreams(s.live)))
	public.Handle("POST /system/{operation}", s.signedIn(http.HandlerFunc(s.operate)))
	public.Handle("POST /commands/{type}", s.known(http.HandlerFunc(s.command)))
	public.Handle("GET /commands/{type}", s.signedIn(http.HandlerFunc(s.backToPage)))
	api := s.api()
	public.Handle("GET /api/", api)
	public.Handle("POST /api/", api)
	public.Handle("GET /", s.signedIn(s.pages))
	all := s.secure(public)
	if s.cfg.Wrap != nil {
		all = s.cfg.Wrap(all)
	}
	return all
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n")) // the client went away: nobody is left to tell
}
