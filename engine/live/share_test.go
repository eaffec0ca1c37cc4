package live_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/backstory-go/backstory/engine/live"
)

// sharedPage is the counter's page, the same for everybody.
func (c *counter) sharedPage() live.Page {
	p := c.page()
	p.Share = func(*http.Request) string { return "" }
	return p
}

func TestTabsThatShareAreRenderedTogether(t *testing.T) {
	const tabs, changes = 60, 20
	c := &counter{}
	c.set(1)
	server, _ := startPages(t, c, live.Config{MinGap: time.Millisecond, Encoders: 5}, c.sharedPage())
	encodings := map[string]int{}
	var all [tabs]<-chan string
	for i := range all {
		res, events := open(t, server, "/counters/a", []string{"br, gzip", "gzip", "identity"}[i%3])
		encodings[res.Header.Get("Content-Encoding")]++
		if got := next(t, events); got != patch(1, `<p id="a">1 </p>`) {
			t.Fatalf("tab %d began with %q", i, got)
		}
		all[i] = events
	}
	if encodings["br"] != 5 || encodings[""] != tabs/3 {
		t.Errorf("encodings %v, want 5 with brotli", encodings)
	}
	if res, _ := open(t, server, "/counters/a", "br"); res.Header.Get("Content-Encoding") != "" {
		t.Error("who takes nothing else gets an encoder more than there may be")
	}
	before := c.renders.Load()
	for n := int64(2); n < 2+changes; n++ {
		c.set(n)
		var shown sync.WaitGroup
		for i := range all {
			shown.Go(func() {
				if got, want := next(t, all[i]), patch(n, fmt.Sprintf(`<p id="a">%d </p>`, n)); got != want {
					t.Errorf("tab %d shows %q, want %q", i, got, want)
				}
			})
		}
		shown.Wait()
	}
	if n := c.renders.Load() - before; n > 3*changes {
		t.Errorf("%d renderings of %d changes for %d tabs", n, changes, tabs)
	}
}

// TestSharesDoNotMix opens pages that differ by path, query or what Share says.
func TestSharesDoNotMix(t *testing.T) {
	c := &counter{}
	p := c.page()
	render := p.Render
	p.Share = func(r *http.Request) string { return r.Header.Get("Accept-Encoding") }
	p.Render = func(r *http.Request) (live.Fragment, error) {
		f, err := render(r)
		f.Component = html(string(f.Component.(html)) + r.Header.Get("Accept-Encoding"))
		return f, err
	}
	server, _ := startPages(t, c, live.Config{}, p)
	for range 3 {
		for _, encoding := range []string{"identity", "gzip"} {
			for _, name := range []string{"a", "b", "a?q=x"} {
				_, events := open(t, server, "/counters/"+name, encoding)
				path, q, _ := strings.Cut(name, "?q=")
				if got, want := next(t, events), fmt.Sprintf("<p id=%q>0 %s</p>%s\n", path, q, encoding); !strings.HasSuffix(got, want) {
					t.Errorf("%s, %s shows %q", name, encoding, got)
				}
			}
		}
	}
}

// TestTheRenderingTabGoesAway: another one, that waits for it, does not.
func TestTheRenderingTabGoesAway(t *testing.T) {
	c := &counter{}
	p := c.sharedPage()
	render, began, goOn := p.Render, make(chan struct{}, 10), make(chan struct{})
	p.Render = func(r *http.Request) (live.Fragment, error) {
		began <- struct{}{}
		select {
		case <-goOn:
		case <-r.Context().Done():
		}
		if err := r.Context().Err(); err != nil {
			return live.Fragment{}, err
		}
		return render(r)
	}
	server, _ := startPages(t, c, live.Config{}, p)
	ctx, leave := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/updates?page=/counters/a", nil)
	if err != nil {
		t.Fatal(err)
	}
	left := make(chan struct{})
	go func() {
		defer close(left)
		if res, err := server.Client().Do(req); err == nil {
			_ = res.Body.Close()
			t.Error("the tab that left got an answer")
		}
	}()
	<-began
	leave()
	<-left
	close(goOn)
	_, events := open(t, server, "/counters/a", "identity")
	if got := next(t, events); !strings.HasSuffix(got, "<p id=\"a\">0 </p>\n") {
		t.Errorf("shows %q", got)
	}
}
