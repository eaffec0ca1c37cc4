package live

import (
	"bytes"
	"context"
	"crypto/sha256"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/starfederation/datastar-go/datastar"

	"github.com/backstory-go/backstory/engine"
)

// rendered is a fragment as it goes over the wire, to as many tabs as show it.
type rendered struct {
	fragment Fragment
	sum      [sha256.Size]byte // of the element
	wire     []byte            // the whole event
	wireSum  [sha256.Size]byte

	mu     sync.Mutex
	pieces map[place][]byte // compressed, by where a tab's stream stands
}

func render(r *http.Request, page Page) (*rendered, error) {
	fragment, err := page.Render(r)
	if err != nil {
		return nil, err
	}
	var html bytes.Buffer
	if err := fragment.Component.Render(r.Context(), &html); err != nil {
		return nil, err
	}
	options := []datastar.PatchElementOption{}
	if fragment.Position > 0 {
		options = append(options, datastar.WithPatchElementsEventID(strconv.FormatInt(fragment.Position, 10)))
	}
	event := &sheet{header: http.Header{}}
	if err := datastar.NewSSE(event, r).PatchElements(html.String(), options...); err != nil {
		return nil, err
	}
	wire := event.Bytes()
	return &rendered{fragment: fragment, sum: sha256.Sum256(html.Bytes()), wire: wire, wireSum: sha256.Sum256(wire)}, nil
}

// sheet keeps an event that is written to it.
type sheet struct {
	bytes.Buffer
	header http.Header
}

// Header implements http.ResponseWriter.
func (s *sheet) Header() http.Header { return s.header }

// WriteHeader implements http.ResponseWriter.
func (s *sheet) WriteHeader(int) {}

// Flush implements http.Flusher.
func (s *sheet) Flush() {}

// share renders a page once for all tabs that show the same.
type share struct {
	tabs int // that use it; guarded by the server's lock
	sub  *engine.Subscription

	turn sync.Mutex // held while somebody renders
	mu   sync.Mutex
	now  *rendering // the last one that began; nil: it showed too little, or nothing
	next *rendering // for everybody who asks before it begins; nil: nobody has
}

// rendering is one that others wait for.
type rendering struct {
	began  time.Time
	done   chan struct{}
	result *rendered
	err    error
}

func (r *rendering) wait(ctx context.Context) (*rendered, error) {
	select {
	case <-r.done:
		return r.result, r.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// due says whether what was rendered is to be rendered again unasked by now.
func (r *rendering) due(every time.Duration) bool {
	select {
	case <-r.done:
		if r.result != nil {
			every = sooner(every, r.result.fragment.Again)
		}
	default:
	}
	return every > 0 && time.Since(r.began) >= every
}

// sooner is the shorter of two times, where 0 is never.
func sooner(a, b time.Duration) time.Duration {
	if a == 0 || b == 0 {
		return a + b
	}
	return min(a, b)
}

// again gives a rendering that began after every change that was signalled, and
// less than every ago (0: whenever). One of the tabs renders it, for all of them.
func (s *share) again(ctx context.Context, every time.Duration, do func() (*rendered, error)) (*rendered, error) {
	s.mu.Lock()
	if s.sub.Take() || s.now != nil && s.now.due(every) {
		s.now = nil
	}
	now := s.now
	s.mu.Unlock()
	if now != nil {
		if r, err := now.wait(ctx); err == nil {
			return r, nil
		}
	}
	return s.first(ctx, do)
}

// first gives a rendering that began after it was asked for: a tab that opens
// may know more than was signalled so far. Whoever asks while one is going on
// gets the next one, together with all others who do.
func (s *share) first(ctx context.Context, do func() (*rendered, error)) (*rendered, error) {
	s.mu.Lock()
	if next := s.next; next != nil {
		s.mu.Unlock()
		return next.wait(ctx)
	}
	own := &rendering{done: make(chan struct{}), err: context.Canceled} // should do panic
	s.next = own
	s.mu.Unlock()

	s.turn.Lock()
	defer s.turn.Unlock()
	defer close(own.done)
	s.mu.Lock()
	s.sub.Take() // what it tells of will be shown
	own.began = time.Now()
	s.now, s.next = own, nil
	s.mu.Unlock()
	own.result, own.err = do()
	return own.result, own.err
}

// renderer renders a tab's page. first shows what is true when it is called, again
// what is true since the last signal on the page's topics: enough after a change.
type renderer struct {
	first, again func() (*rendered, error)
	close        func()
}

// renderer finds those who share a tab's page, all of them on the same topics.
func (s *Server) renderer(r *http.Request, page Page, topics []string) renderer {
	if page.Share == nil {
		alone := func() (*rendered, error) { return render(r, page) }
		return renderer{alone, alone, func() {}}
	}
	key := page.Pattern + " " + r.URL.RequestURI() + " " + page.Share(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	of := s.shares[key]
	if of == nil {
		of = &share{sub: s.cfg.Hub.Subscribe(topics...)}
		s.shares[key] = of
	}
	of.tabs++
	forAll := func() (*rendered, error) { return s.renderForAll(r, page) }
	return renderer{
		first: func() (*rendered, error) { return of.first(r.Context(), forAll) },
		again: func() (*rendered, error) { return of.again(r.Context(), page.Every, forAll) },
		close: func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			if of.tabs--; of.tabs == 0 {
				of.sub.Close()
				delete(s.shares, key)
			}
		},
	}
}

// renderLimit is how long one tab renders for all others.
const renderLimit = 30 * time.Second

// renderForAll does not end when the tab that renders goes away.
func (s *Server) renderForAll(r *http.Request, page Page) (*rendered, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), renderLimit)
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	return render(r.WithContext(ctx), page)
}
