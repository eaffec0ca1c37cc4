package web

import (
	"net/http"
	"time"
)

// home is the home page.
type home struct {
	Active, Archived []listing
	Behind           string // what may be missing; or ""
	Now              time.Time
}

func (s *Server) homePage(r *http.Request) (view, error) {
	lists, err := s.source.lists(r.Context())
	if err != nil {
		return view{}, err
	}
	h := home{Now: s.cfg.Now(), Behind: s.overview.notice(r.Context())}
	for _, l := range lists {
		if l.Archived {
			h.Archived = append(h.Archived, l)
		} else {
			h.Active = append(h.Active, l)
		}
	}
	return view{Title: "Todo lists", Body: homeView(h)}, nil
}
