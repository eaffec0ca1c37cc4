package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/starfederation/datastar-go/datastar"

	"github.com/backstory-go/backstory/engine"
)

const (
	parkedPage = 50 // keys
	recentPage = 50 // events
)

// errNotAdmin means that a page is not for this person.
var errNotAdmin = errors.New("this page is for administrators")

// system is what the System page shows.
type system struct {
	Status  engine.SystemStatus
	Parked  []engine.ParkedKey
	Message map[string][]engine.WaitingMessage // by consumer and key: the one that failed first
	Recent  engine.Recent
	Filter  engine.RecentFilter
	Before  int64
	Now     time.Time
}

// isAdmin says whether the person may see and do what administrators may.
func (s *Server) isAdmin(ctx context.Context) bool {
	return s.cfg.Admin != nil && s.cfg.Admin(visitOf(ctx).user)
}

func (s *Server) systemPage(r *http.Request) (view, error) {
	if !s.isAdmin(r.Context()) {
		return view{}, errNotAdmin
	}
	ctx, query, ops := r.Context(), r.URL.Query(), s.cfg.Operator
	shown := system{Now: s.cfg.Now(), Message: map[string][]engine.WaitingMessage{},
		Filter: engine.RecentFilter{Type: query.Get("type"), Stream: query.Get("stream"), By: query.Get("by")}}
	shown.Before, _ = strconv.ParseInt(query.Get("before"), 10, 64) // anything else: from the head
	var err error
	if shown.Status, err = ops.Status(ctx); err != nil {
		return view{}, err
	}
	if shown.Parked, err = ops.Parked(ctx, engine.ParkedFilter{}, engine.ParkedKey{}, parkedPage); err != nil {
		return view{}, err
	}
	for _, p := range shown.Parked {
		list, err := ops.ParkedMessages(ctx, p.Consumer, p.Key, 1)
		if err != nil && !errors.Is(err, engine.ErrNotFound) { // it was retried meanwhile
			return view{}, err
		}
		shown.Message[p.Consumer+" "+p.Key] = list
	}
	if shown.Recent, err = ops.Recent(ctx, shown.Filter, shown.Before, recentPage); err != nil {
		return view{}, err
	}
	return view{Title: "System", Body: systemView(shown)}, nil
}

// operations are what the System page's buttons do.
func (s *Server) operations() map[string]func(ctx context.Context, form url.Values) error {
	ops := s.cfg.Operator
	one := func(form url.Values) engine.ParkedFilter {
		return engine.ParkedFilter{Consumer: form.Get("consumer"), Key: form.Get("key")}
	}
	return map[string]func(ctx context.Context, form url.Values) error{
		"pause":  func(ctx context.Context, form url.Values) error { return ops.PauseConsumer(ctx, form.Get("consumer")) },
		"resume": func(ctx context.Context, form url.Values) error { return ops.ResumeConsumer(ctx, form.Get("consumer")) },
		"retry": func(ctx context.Context, form url.Values) error {
			_, err := ops.RetryParked(ctx, one(form), 1)
			return err
		},
		"discard": func(ctx context.Context, form url.Values) error {
			_, err := ops.DiscardParked(ctx, one(form), 1)
			return err
		},
	}
}

// operate is POST /system/{operation}.
func (s *Server) operate(w http.ResponseWriter, r *http.Request) {
	do, ok := s.operations()[r.PathValue("operation")]
	switch {
	case !s.isAdmin(r.Context()):
		s.fail(w, r, errNotAdmin)
		return
	case !ok:
		s.fail(w, r, errNoRoute)
		return
	}
	err := readError(r.ParseForm())
	if err == nil {
		err = readable(r.PostForm)
	}
	if err == nil {
		err = do(r.Context(), r.PostForm)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.cfg.Log.InfoContext(r.Context(), "operation", "what", r.PathValue("operation"), "consumer", r.PostForm.Get("consumer"))
	http.Redirect(w, r, backPath(r), http.StatusSeeOther)
}

// refreshed answers a page that asks for itself again, as the System page does
// every few seconds.
func (s *Server) refreshed(w http.ResponseWriter, r *http.Request, v view) {
	_ = datastar.NewSSE(w, r).PatchElementTempl(v.Body) // the tab is gone: nobody is left to tell
}

// older is the page with the events before those shown.
func (s system) older() string {
	q := s.query()
	q.Set("before", strconv.FormatInt(s.Recent.Next, 10))
	return "/system?" + q.Encode() + "#recent"
}

// same is the page as it is, for its refresh.
func (s system) same() string {
	q := s.query()
	if s.Before > 0 {
		q.Set("before", strconv.FormatInt(s.Before, 10))
	}
	return "/system?" + q.Encode()
}

func (s system) query() url.Values {
	q := url.Values{}
	for name, value := range map[string]string{"type": s.Filter.Type, "stream": s.Filter.Stream, "by": s.Filter.By} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q
}

// keyID is an element's id for a parked key, whatever it is made of.
func keyID(p engine.ParkedKey) string {
	return "parked-" + uuid.NewSHA1(uuid.Nil, []byte(p.Consumer+" "+p.Key)).String()
}

// lag says how far a consumer is behind.
func lag(c engine.ConsumerStatus) string {
	if c.LagEvents == 0 {
		return "up to date"
	}
	return strconv.FormatInt(c.LagEvents, 10) + " events, " + strconv.FormatFloat(c.LagSeconds, 'f', 1, 64) + " s behind"
}

// firstLine is an error without its stack.
func firstLine(text string) string {
	for i, c := range text {
		if c == '\n' {
			return text[:i]
		}
	}
	return cmp.Or(text, "unknown")
}
