package live

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/starfederation/datastar-go/datastar"
)

// stream serves one tab until it goes away.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, page Page) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	r = r.WithContext(ctx)

	topics, place := s.topics(r, page)
	sub := s.cfg.Hub.Subscribe(topics...)
	defer sub.Close() // subscribed before the first rendering, so that nothing falls between
	pages := s.renderer(r, page, topics)
	defer pages.close()
	first, err := pages.first()
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	if place != "" { // a page that is not there has no visitors
		if who := s.cfg.Visitor(r); who != "" {
			defer s.cfg.Presence.Enter(place, who)()
		}
		if sub.Take() { // the first event shows the newcomer among the others
			if first, err = pages.again(); err != nil {
				s.refuse(w, r, err)
				return
			}
		}
	}
	body := s.compress(w, r)
	defer body.Close()
	t := &tab{server: s, page: page, r: r, again: pages.again, out: body}
	datastar.NewSSE(body, r) // the headers
	if t.send(first) != nil {
		return
	}
	t.follow(sub.Changed())
}

// topics are what wakes the page's tabs; place is where they count, or "".
func (s *Server) topics(r *http.Request, page Page) (topics []string, place string) {
	if page.Topics != nil {
		topics = page.Topics(r)
	}
	if page.Place != nil {
		place = page.Place(r)
	}
	if place != "" {
		topics = append(slices.Clone(topics), s.cfg.Presence.Topic(place))
	}
	return topics, place
}

// refuse answers when the first fragment could not be rendered.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, ErrNotFound) {
		http.NotFound(w, r)
		return
	}
	if r.Context().Err() != nil {
		return // nobody is left to tell
	}
	s.cfg.Log.WarnContext(r.Context(), "live page cannot be rendered", "pattern", r.Pattern, "error", err)
	http.Error(w, "The page cannot be shown now.", http.StatusServiceUnavailable)
}

// tab is one open stream.
type tab struct {
	server *Server
	page   Page
	r      *http.Request
	again  func() (*rendered, error) // renders
	out    *body
	sent   [sha256.Size]byte // of the last fragment
	soon   time.Duration     // until it is rendered again; 0: as the page says
}

// follow sends the fragment again after changes, at most one every MinGap, and
// comments in between. It returns when the tab or the server is gone.
func (t *tab) follow(changed <-chan struct{}) {
	cfg, gap := t.server.cfg, cmp.Or(t.page.MinGap, t.server.cfg.MinGap)
	heartbeat := time.NewTicker(cfg.Heartbeat)
	defer heartbeat.Stop()
	due := time.NewTimer(t.rest(false)) // fires when the fragment is to be rendered
	defer due.Stop()
	waiting, last := false, time.Now()
	for {
		select {
		case <-t.r.Context().Done():
			return
		case <-changed:
			if !waiting {
				waiting = true
				due.Reset(max(0, gap-time.Since(last)))
			}
		case <-due.C:
			last = time.Now()
			var err error
			if waiting, err = t.refresh(); err != nil {
				return
			}
			due.Reset(t.rest(waiting))
		case <-heartbeat.C:
			if t.comment() != nil {
				return
			}
		}
	}
}

// rest is how long nothing is rendered unasked.
func (t *tab) rest(failed bool) time.Duration {
	const never = math.MaxInt64
	if failed {
		return t.server.cfg.Retry
	}
	return cmp.Or(sooner(t.page.Every, t.soon), never)
}

// refresh renders and sends what differs. again: rendering failed, which says
// nothing about the tab; it keeps what it shows. An error means the tab is gone.
func (t *tab) refresh() (again bool, err error) {
	start := time.Now()
	f, err := t.again()
	if err != nil {
		if t.r.Context().Err() != nil {
			return false, err
		}
		t.server.cfg.Log.WarnContext(t.r.Context(), "live page cannot be rendered", "pattern", t.page.Pattern, "error", err)
		return !errors.Is(err, ErrNotFound), nil
	}
	t.soon = f.fragment.Again
	if f.sum == t.sent {
		return false, nil
	}
	err = t.send(f)
	if patched := t.server.cfg.Patched; patched != nil && err == nil {
		patched(f.fragment, start)
	}
	return false, err
}

func (t *tab) send(f *rendered) error {
	t.limit()
	if err := t.out.event(f); err != nil {
		return err
	}
	t.sent, t.soon = f.sum, f.fragment.Again
	return nil
}

func (t *tab) comment() error {
	t.limit()
	if _, err := t.out.Write([]byte(":\n\n")); err != nil {
		return err
	}
	return t.out.FlushError()
}

// limit bounds the time of the next write: a tab that takes nothing is gone.
// Writers without deadlines (tests) do without.
func (t *tab) limit() {
	_ = http.NewResponseController(t.out).SetWriteDeadline(time.Now().Add(t.server.cfg.SendLimit))
}
