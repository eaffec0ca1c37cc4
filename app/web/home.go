package web

import (
	"net/http"
	"time"
)

const (
	homePageSize = 50 // lists on a page
	homeArchived = 5  // archived ones below the first page of the active
)

// home is the home page: a page of active lists and, below the first one, what was
// archived last; or a page of archived lists.
type home struct {
	At               homeAddress
	Active, Archived shelf
	Behind           string // what may be missing; or ""
	Now              time.Time
}

func (s *Server) homePage(r *http.Request) (view, error) {
	h := home{At: homeAddressOf(r), Now: s.cfg.Now(), Behind: s.overview.notice(r.Context())}
	active, archived := homePageSize, homeArchived
	below := h.At
	switch {
	case h.At.Archived:
		active, archived = 0, homePageSize
	case h.At.After != (place{}):
		archived, below.After = 0, place{}
	}
	var err error
	if h.Active, err = s.shelf(r.Context(), h.At, false, active); err != nil {
		return view{}, err
	}
	if h.Archived, err = s.shelf(r.Context(), below, true, archived); err != nil {
		return view{}, err
	}
	return view{Title: "Todo lists", Body: homeView(h)}, nil
}

// empty says whether there is no list at all.
func (h home) empty() bool { return h.Active.All == 0 && h.Archived.All == 0 }

// found says what a search came to; "": nothing is searched for.
func (h home) found() string {
	if h.At.Find == "" {
		return ""
	}
	switch n := h.Active.Found + h.Archived.Found; n {
	case 0:
		return "No list has “" + h.At.Find + "” in its name."
	case 1:
		return "1 list has “" + h.At.Find + "” in its name."
	default:
		return n.String() + " lists have “" + h.At.Find + "” in their names."
	}
}

// clear is the address without the search.
func (h home) clear() string { return homeAddress{Archived: h.At.Archived}.path() }
