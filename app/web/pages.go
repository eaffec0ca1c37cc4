package web

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/live"
)

// kind is a kind of page: shown whole at its path, and live in open tabs.
type kind struct {
	pattern string
	load    func(r *http.Request) (view, error)
	topics  func(r *http.Request) []string // that the page shows; nil: none
	every   time.Duration                  // how often the page looks by itself; 0: never, without topics it is not live
	place   func(r *http.Request) string   // where its tabs are counted; nil: nowhere
	admin   bool                           // only administrators see it
}

// kinds lists the pages. A new page is a new line and its loader.
func (s *Server) kinds() []kind {
	return []kind{
		{pattern: "/{$}", load: s.homePage, topics: topic(listingsProjection), every: overviewEvery},
		{pattern: "/todo-lists/{id}", load: s.listPage, topics: listTopics, place: listPlace},
		{pattern: "/todo-lists/{id}/{version}", load: s.pastPage, topics: listTopics, place: listPlace},
		{pattern: "/messages/{id}/correlation", load: s.correlationPage, every: 2 * time.Second},
		{pattern: "/system", load: s.systemPage, topics: topic(systemTopic), every: time.Second, admin: true},
	}
}

// topic is the one topic of a page that is the same whatever its address.
func topic(name string) func(*http.Request) []string {
	return func(*http.Request) []string { return []string{name} }
}

// live says whether the page follows changes.
func (k kind) live() bool { return k.topics != nil || k.every > 0 }

// view is a page without the frame around it.
type view struct {
	Title   string
	Body    templ.Component // the element #page
	Version int64           // what the page shows; 0: no matter
	Cause   *engine.Step    // the newest change that it shows, as traces name it; nil: unknown
	updates string          // the address that its tabs follow; "": none
	gone    bool            // what it shows is no more: it answers so to a program, too
	again   time.Duration   // how soon its tabs look by themselves while it shows this; 0: as its kind does
}

// servePage answers with the whole page.
func (s *Server) servePage(w http.ResponseWriter, r *http.Request, k kind) {
	if target, ok := versionAsked(r); ok {
		http.Redirect(w, r, target, http.StatusSeeOther)
		return
	}
	if k.admin && !s.isAdmin(r.Context()) {
		s.fail(w, r, errNotAdmin)
		return
	}
	v, err := k.load(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if k.live() {
		v.updates = r.URL.RequestURI()
	}
	status := cmp.Or(visitOf(r.Context()).form.status, http.StatusOK)
	if v.gone && status == http.StatusOK {
		status = http.StatusGone
	}
	s.render(w, r, status, v)
}

// showAgain answers with the page at path and what was wrong with its form.
func (s *Server) showAgain(w http.ResponseWriter, r *http.Request, path string, status int, form formState) {
	if len(path) <= maxReturn {
		http.SetCookie(w, cookie(r, checkedCookie, path, time.Hour))
	}
	v := visitOf(r.Context())
	v.form, v.form.status = form, status
	inner := withVisit(r, v)
	inner.Method, inner.RequestURI, inner.Pattern = http.MethodGet, path, ""
	inner.URL = r.URL.ResolveReference(parsePath(path))
	s.pages.ServeHTTP(w, inner)
}

// noPage answers where there is no page, if need be with what was wrong with a form
// that came from there.
func (s *Server) noPage(w http.ResponseWriter, r *http.Request) {
	form := visitOf(r.Context()).form
	if form.status == 0 {
		s.fail(w, r, errNoRoute)
		return
	}
	s.render(w, r, form.status, view{Title: "Please check", Body: problemPage(problem{form.status, form.text()}, "")})
}

// livePage is the page as engine/live serves it: the same for all administrators, and
// for everybody else who may see it, so that it is rendered once for all tabs.
func (s *Server) livePage(k kind) live.Page {
	may := func(r *http.Request) bool { return !k.admin || s.isAdmin(r.Context()) }
	share := func(r *http.Request) string { return strconv.FormatBool(s.isAdmin(r.Context())) }
	page := live.Page{Pattern: k.pattern, Topics: k.topics, Share: share, Place: k.place, Every: k.every}
	page.Render = func(r *http.Request) (live.Fragment, error) {
		if !may(r) {
			return live.Fragment{}, live.ErrNotFound
		}
		v, err := k.load(withVisit(r, visit{system: s.cfg.System, admin: s.isAdmin(r.Context())}))
		if err != nil {
			if problemOf(err).status == http.StatusNotFound {
				err = live.ErrNotFound
			}
			return live.Fragment{}, err
		}
		return live.Fragment{Component: v.Body, Position: v.Version, Cause: v.Cause, Again: v.again}, nil
	}
	return page
}

// render answers with a page in its frame. It renders before the first byte goes
// out, so that a failure can still answer as one.
func (s *Server) render(w http.ResponseWriter, r *http.Request, status int, v view) {
	var buf bytes.Buffer
	ctx := context.WithoutCancel(r.Context()) // a body that did not arrive cancels it, and is told so
	if err := layout(s.frame(r, v), v.Body).Render(ctx, &buf); err != nil {
		s.cfg.Log.ErrorContext(r.Context(), "page cannot be rendered", "pattern", r.Pattern, "error", err)
		plain(w, http.StatusInternalServerError, "The page cannot be shown.")
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store") // the back button shows the present, not a copy of the past
	s.writeZipped(w, r, status, buf.Bytes())
}

// writeZipped answers with a page, in a tenth of its bytes where the client takes
// them.
func (s *Server) writeZipped(w http.ResponseWriter, r *http.Request, status int, page []byte) {
	w.Header().Add("Vary", "Accept-Encoding")
	if !takesGzip(r) {
		w.WriteHeader(status)
		_, _ = w.Write(page) // the client went away: nobody is left to tell
		return
	}
	w.Header().Set("Content-Encoding", "gzip")
	w.WriteHeader(status)
	zip, ok := s.zips.Get().(*gzip.Writer) // a new one is hundreds of kilobytes
	if !ok {
		zip = gzip.NewWriter(w)
	}
	defer s.zips.Put(zip)
	zip.Reset(w)
	if _, err := zip.Write(page); err == nil {
		_ = zip.Close()
	}
}

func takesGzip(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept-Encoding"), "gzip")
}

// frame is what stands around a page.
type frame struct {
	Title, User string
	Admin       bool
	Page        string // path and query for the live updates; "": none
	Asset       func(name string) string
}

func (s *Server) frame(r *http.Request, v view) frame {
	return frame{Title: v.Title, User: visitOf(r.Context()).user, Admin: s.isAdmin(r.Context()), Page: v.updates, Asset: s.assets.url}
}

// commandID is the id that a form's command is sent under when JavaScript is
// off: sent twice, the form acts once. Live fragments, which are everybody's,
// have none: the script makes one for each command.
func commandID(ctx context.Context, form string) string {
	v := visitOf(ctx)
	if v.form.open && v.form.form == form {
		return v.form.values.Get(fieldCommand)
	}
	if v.seed == uuid.Nil {
		return ""
	}
	return uuid.NewSHA1(v.seed, []byte(form)).String()
}

// words turns todos.list.item_added into "Item added".
func words(messageType string) string {
	name := messageType[strings.LastIndexByte(messageType, '.')+1:]
	if name == "" {
		return messageType
	}
	parts := strings.Split(name, "_")
	for i, part := range parts {
		if part == "ai" || part == "api" || part == "url" || part == "id" {
			parts[i] = strings.ToUpper(part)
		}
	}
	name = strings.Join(parts, " ")
	return strings.ToUpper(name[:1]) + name[1:]
}
