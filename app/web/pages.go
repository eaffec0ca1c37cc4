package web

import (
	"bytes"
	"context"
	"net/http"
	"strings"

	"github.com/a-h/templ"
	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/live"
)

// kind is a kind of page: shown whole at its path, and live in open tabs.
type kind struct {
	pattern string
	topics  func(r *http.Request) []string // nil: the page is not live
	load    func(r *http.Request) (view, error)
}

// kinds lists the pages. A new page is a new line and its loader.
func (s *Server) kinds() []kind {
	return []kind{
		{"/{$}", func(*http.Request) []string { return []string{listingsProjection} }, s.homePage},
		{"/todo-lists/{id}", listTopics, s.listPage},
		{"/todo-lists/{id}/{version}", listTopics, s.pastPage},
		{"/messages/{id}/correlation", nil, s.correlationPage},
		{"/system", nil, s.systemPage},
	}
}

// view is a page without the frame around it.
type view struct {
	Title   string
	Body    templ.Component // the element #page
	Version int64           // what the page shows; 0: no matter
	Live    bool            // whether the page follows changes
	Cause   *engine.Step    // the newest change that it shows, as traces name it; nil: unknown
}

// servePage answers with the whole page.
func (s *Server) servePage(w http.ResponseWriter, r *http.Request, k kind) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(w, "Method Not Allowed", http.StatusMethodNotAllowed)
		return
	}
	if target, ok := versionAsked(r); ok {
		http.Redirect(w, r, target, http.StatusSeeOther)
		return
	}
	s.showPage(w, r, http.StatusOK, k)
}

func (s *Server) showPage(w http.ResponseWriter, r *http.Request, status int, k kind) {
	v, err := k.load(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if isDatastar(r) {
		s.refreshed(w, r, v)
		return
	}
	s.render(w, r, status, v)
}

// showAgain answers with the page at path and what was wrong with its form. A
// path that shows no page answers with the message alone.
func (s *Server) showAgain(w http.ResponseWriter, r *http.Request, path string, status int, form formState) {
	v := visitOf(r.Context())
	v.form = form
	inner := withVisit(r, v)
	inner.Method, inner.RequestURI = http.MethodGet, path
	inner.URL = r.URL.ResolveReference(parsePath(path))
	inner.Pattern = ""
	for _, k := range s.kinds() {
		match := http.NewServeMux()
		match.HandleFunc(k.pattern, func(w http.ResponseWriter, r *http.Request) { s.showPage(w, r, status, k) })
		if _, pattern := match.Handler(inner); pattern != "" {
			match.ServeHTTP(w, inner)
			return
		}
	}
	s.render(w, r, status, view{Title: "Please check", Body: problemPage(problem{status, form.text()})})
}

// livePage is the page as engine/live serves it: the same for everybody, so that
// it is rendered once for all tabs.
func (s *Server) livePage(k kind) live.Page {
	everybody := func(*http.Request) string { return "" }
	return live.Page{Pattern: k.pattern, Topics: k.topics, Share: everybody, Render: func(r *http.Request) (live.Fragment, error) {
		v, err := k.load(withVisit(r, visit{system: s.cfg.System}))
		if err != nil {
			if problemOf(err).status == http.StatusNotFound {
				err = live.ErrNotFound
			}
			return live.Fragment{}, err
		}
		return live.Fragment{Component: v.Body, Position: v.Version, Cause: v.Cause}, nil
	}}
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
	w.WriteHeader(status)
	_, _ = buf.WriteTo(w) // the client went away: nobody is left to tell
}

// frame is what stands around a page.
type frame struct {
	Title, User string
	Admin       bool
	Page        string // path and query for the live updates; "": none
	Asset       func(name string) string
}

func (s *Server) frame(r *http.Request, v view) frame {
	f := frame{Title: v.Title, User: visitOf(r.Context()).user, Admin: s.isAdmin(r.Context()), Asset: s.assets.url}
	if v.Live {
		f.Page = r.URL.RequestURI()
	}
	return f
}

// commandID is the id that a form's command is sent under when JavaScript is
// off: sent twice, the form acts once. Live fragments, which are everybody's,
// have none: the script makes one for each command.
func commandID(ctx context.Context, form string) string {
	v := visitOf(ctx)
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
	return strings.ToUpper(name[:1]) + strings.ReplaceAll(name[1:], "_", " ")
}
