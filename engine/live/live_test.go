package live_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/andybalholm/brotli"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/live"
)

// html is a component of fixed text.
type html string

func (h html) Render(_ context.Context, w io.Writer) error {
	_, err := io.WriteString(w, string(h))
	return err
}

// counter is a page whose truth is a number.
type counter struct {
	hub     engine.Hub
	n       atomic.Int64
	failing atomic.Bool
	renders atomic.Int64
}

func (c *counter) set(n int64) {
	c.n.Store(n)
	c.hub.Publish("counter")
}

func (c *counter) page() live.Page {
	return live.Page{
		Pattern: "/counters/{name}",
		Topics:  func(*http.Request) []string { return []string{"counter"} },
		Render: func(r *http.Request) (live.Fragment, error) {
			c.renders.Add(1)
			if r.PathValue("name") == "none" {
				return live.Fragment{}, fmt.Errorf("counter: %w", live.ErrNotFound)
			}
			if c.failing.Load() {
				return live.Fragment{}, errors.New("the database is away")
			}
			n := c.n.Load()
			return live.Fragment{
				Component: html(fmt.Sprintf("<p id=%q>%d %s</p>", r.PathValue("name"), n, r.URL.Query().Get("q"))),
				Position:  n,
			}, nil
		},
	}
}

func start(t *testing.T, c *counter, cfg live.Config) (*httptest.Server, *live.Server) {
	t.Helper()
	return startPages(t, c, cfg, c.page())
}

func startPages(t *testing.T, c *counter, cfg live.Config, pages ...live.Page) (*httptest.Server, *live.Server) {
	t.Helper()
	cfg.Hub, cfg.Pages = &c.hub, pages
	cfg.Log = slog.New(slog.DiscardHandler)
	s, err := live.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	t.Cleanup(s.Close)
	return server, s
}

// open opens a stream and hands its blocks of lines over, one event each.
func open(t *testing.T, server *httptest.Server, page, encoding string) (*http.Response, <-chan string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/updates?page="+url.QueryEscape(page), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", encoding)
	res, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	events := make(chan string, 100)
	go func() {
		defer close(events)
		var block strings.Builder
		scanner := bufio.NewScanner(decoded(res))
		for scanner.Scan() {
			if scanner.Text() != "" {
				block.WriteString(scanner.Text() + "\n")
			} else if block.Len() > 0 {
				events <- block.String()
				block.Reset()
			}
		}
	}()
	return res, events
}

func decoded(res *http.Response) io.Reader {
	switch res.Header.Get("Content-Encoding") {
	case "br":
		return brotli.NewReader(res.Body)
	case "gzip":
		pr, pw := io.Pipe()
		go func() {
			zr, err := gzip.NewReader(res.Body)
			if err == nil {
				_, err = io.Copy(pw, zr)
			}
			pw.CloseWithError(err)
		}()
		return pr
	}
	return res.Body
}

func next(t *testing.T, events <-chan string) string {
	t.Helper()
	select {
	case e, ok := <-events:
		if !ok {
			return "end"
		}
		return e
	case <-time.After(10 * time.Second):
		t.Fatal("no event came")
		return ""
	}
}

func patch(id int64, html string) string {
	return fmt.Sprintf("event: datastar-patch-elements\nid: %d\ndata: elements %s\n", id, html)
}

func TestStreamSendsTheCurrentFragmentThenChanges(t *testing.T) {
	for _, encoding := range []string{"br, gzip", "gzip;q=1, br;q=0", "identity"} {
		t.Run(encoding, func(t *testing.T) {
			c := &counter{}
			c.n.Store(3)
			server, _ := start(t, c, live.Config{MinGap: time.Millisecond})
			res, events := open(t, server, "/counters/a?q=x", encoding)
			if got := res.Header.Get("Content-Type"); got != "text/event-stream" {
				t.Errorf("content type %q", got)
			}
			want := map[string]string{"br, gzip": "br", "gzip;q=1, br;q=0": "gzip"}[encoding]
			if got := res.Header.Get("Content-Encoding"); got != want {
				t.Errorf("encoding %q, want %q", got, want)
			}
			if got := next(t, events); got != patch(3, `<p id="a">3 x</p>`) {
				t.Errorf("first event %q", got)
			}
			c.set(4)
			if got := next(t, events); got != patch(4, `<p id="a">4 x</p>`) {
				t.Errorf("second event %q", got)
			}
			c.set(4) // the same: not sent
			c.set(5)
			for got := next(t, events); got != patch(5, `<p id="a">5 x</p>`); got = next(t, events) {
				t.Errorf("third event %q", got)
			}
		})
	}
}

func TestManyChangesCoalesce(t *testing.T) {
	c := &counter{}
	server, _ := start(t, c, live.Config{MinGap: 50 * time.Millisecond})
	_, events := open(t, server, "/counters/a", "identity")
	next(t, events)
	for n := int64(1); n <= 1000; n++ {
		c.set(n)
	}
	for next(t, events) != patch(1000, `<p id="a">1000 </p>`) {
	}
	if n := c.renders.Load(); n > 20 {
		t.Errorf("%d renderings for 1000 changes", n)
	}
}

func TestUnknownPagesAre404(t *testing.T) {
	server, _ := start(t, &counter{}, live.Config{})
	for _, page := range []string{"", "/", "/counters/none", "/counters/../counters/a", "//counters/a", "http://else.where/counters/a", "counters/a", "%zz"} {
		res, _ := open(t, server, page, "identity")
		if res.StatusCode != http.StatusNotFound {
			t.Errorf("page %q: %d", page, res.StatusCode)
		}
	}
}

func TestAFailingFirstRenderingIs503(t *testing.T) {
	c := &counter{}
	c.failing.Store(true)
	server, _ := start(t, c, live.Config{})
	if res, _ := open(t, server, "/counters/a", "identity"); res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("status %d", res.StatusCode)
	}
}

func TestALaterFailureIsTriedAgainByItself(t *testing.T) {
	c := &counter{}
	server, _ := start(t, c, live.Config{Retry: time.Millisecond, MinGap: time.Millisecond})
	_, events := open(t, server, "/counters/a", "identity")
	next(t, events)
	c.failing.Store(true)
	before := c.renders.Load()
	c.set(1)
	for deadline := time.Now().Add(10 * time.Second); c.renders.Load() < before+3; {
		if time.Now().After(deadline) {
			t.Fatal("not tried again")
		}
	}
	c.failing.Store(false)
	if got := next(t, events); got != patch(1, `<p id="a">1 </p>`) {
		t.Errorf("event %q", got)
	}
}

func TestCommentsKeepTheConnectionOpen(t *testing.T) {
	server, _ := start(t, &counter{}, live.Config{Heartbeat: time.Millisecond})
	_, events := open(t, server, "/counters/a", "br")
	next(t, events)
	if got := next(t, events); got != ":\n" {
		t.Errorf("comment %q", got)
	}
}

func TestCloseEndsStreamsAndRefusesNewOnes(t *testing.T) {
	server, s := start(t, &counter{}, live.Config{})
	_, events := open(t, server, "/counters/a", "gzip")
	next(t, events)
	s.Close()
	if got := next(t, events); got != "end" {
		t.Errorf("after Close: %q", got)
	}
	if res, _ := open(t, server, "/counters/a", "gzip"); res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a new stream: %d", res.StatusCode)
	}
}

func TestConfigValidate(t *testing.T) {
	page := (&counter{}).page()
	tests := map[string]struct {
		cfg  live.Config
		want string
	}{
		"no hub":       {live.Config{Pages: []live.Page{page}}, "Hub is missing"},
		"no slash":     {live.Config{Hub: &engine.Hub{}, Pages: []live.Page{{Pattern: "x", Topics: page.Topics, Render: page.Render}}}, "does not begin with /"},
		"no functions": {live.Config{Hub: &engine.Hub{}, Pages: []live.Page{{Pattern: "/x"}}}, "Topics or Every are needed"},
		"no presence":  {live.Config{Hub: &engine.Hub{}, Pages: []live.Page{{Pattern: "/x", Topics: page.Topics, Render: page.Render, Place: func(*http.Request) string { return "x" }}}}, "needs Config.Presence"},
		"no visitor":   {live.Config{Hub: &engine.Hub{}, Presence: &live.Presence{}}, "needs Visitor"},
		"no time":      {live.Config{Hub: &engine.Hub{}, Pages: []live.Page{{Pattern: "/x", Every: -1, Render: page.Render}}}, "may not be negative"},
		"negative":     {live.Config{Hub: &engine.Hub{}, MinGap: -1}, "MinGap -1ns"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := live.New(test.cfg); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}
