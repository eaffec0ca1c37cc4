package live_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
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

func TestATabThatSleptCatchesUpWithOnePatch(t *testing.T) {
	c := &counter{}
	server, _ := start(t, c, live.Config{MinGap: time.Millisecond})
	res, events := open(t, server, "/counters/a", "br")
	next(t, events)
	res.Body.Close() // the tab sleeps
	for n := int64(1); n <= 50; n++ {
		c.set(n)
	}
	_, events = open(t, server, "/counters/a", "br")
	if got := next(t, events); got != patch(50, `<p id="a">50 </p>`) {
		t.Errorf("the first event after the sleep: %q", got)
	}
	c.set(51)
	if got := next(t, events); got != patch(51, `<p id="a">51 </p>`) {
		t.Errorf("the second event: %q", got)
	}
}

func TestOnlyWhatAPageShowsWakesIt(t *testing.T) {
	var hub engine.Hub
	var renders [2]atomic.Int64
	rooms := live.Page{
		Pattern: "/rooms/{n}",
		Topics:  func(r *http.Request) []string { return []string{"room " + r.PathValue("n")} },
		Render: func(r *http.Request) (live.Fragment, error) {
			n := int(r.PathValue("n")[0] - '0')
			return live.Fragment{Component: html(fmt.Sprintf("<p id=r>%d %d</p>", n, renders[n].Add(1)))}, nil
		},
	}
	server := serve(t, live.Config{Hub: &hub, Pages: []live.Page{rooms}, MinGap: time.Microsecond})
	_, first := open(t, server, "/rooms/0", "identity")
	_, second := open(t, server, "/rooms/1", "identity")
	next(t, first)
	next(t, second)
	for range 20 {
		hub.Publish("room 0")
		next(t, first)
	}
	hub.Publish("room 1")
	if got := next(t, second); !strings.Contains(got, "1 2") || renders[1].Load() != 2 {
		t.Errorf("after 20 changes of another room: %q, rendered %d times", got, renders[1].Load())
	}
}

func TestEveryShowsWhatNoTopicTells(t *testing.T) {
	var hub engine.Hub
	var n, renders atomic.Int64
	page := live.Page{Pattern: "/clock", Every: time.Millisecond, Render: func(*http.Request) (live.Fragment, error) {
		renders.Add(1)
		return live.Fragment{Component: html(fmt.Sprintf("<p id=c>%d</p>", n.Load()))}, nil
	}}
	server := serve(t, live.Config{Hub: &hub, Pages: []live.Page{page}})
	_, events := open(t, server, "/clock", "identity")
	next(t, events)
	eventually(t, "it is rendered again and again", func() bool { return renders.Load() >= 5 }) // the same: not sent
	n.Store(7)
	if got := next(t, events); !strings.Contains(got, "<p id=c>7</p>") {
		t.Errorf("the second event: %q", got)
	}
}

// TestAFragmentSaysHowSoonItIsRenderedAgain also where tabs share it; a later one
// may say otherwise.
func TestAFragmentSaysHowSoonItIsRenderedAgain(t *testing.T) {
	for name, share := range map[string]func(*http.Request) string{"alone": nil, "shared": func(*http.Request) string { return "" }} {
		t.Run(name, func(t *testing.T) {
			var hub engine.Hub
			var n, renders atomic.Int64
			page := live.Page{Pattern: "/clock", Topics: func(*http.Request) []string { return []string{"clock"} }, Share: share, Render: func(*http.Request) (live.Fragment, error) {
				renders.Add(1)
				f := live.Fragment{Component: html(fmt.Sprintf("<p id=c>%d</p>", n.Load())), Again: time.Millisecond}
				if n.Load() == 2 {
					f.Again = time.Hour
				}
				return f, nil
			}}
			server := serve(t, live.Config{Hub: &hub, Pages: []live.Page{page}})
			var tabs [2]<-chan string
			for i := range tabs {
				_, tabs[i] = open(t, server, "/clock", "identity")
				next(t, tabs[i])
			}
			eventually(t, "it is rendered again and again", func() bool { return renders.Load() >= 9 })
			for want := int64(1); want <= 2; want++ {
				n.Store(want)
				for i, events := range tabs {
					if got := next(t, events); !strings.Contains(got, fmt.Sprintf("<p id=c>%d</p>", want)) {
						t.Errorf("tab %d: %q, want %d", i, got, want)
					}
				}
			}
			before := renders.Load()
			hub.Publish("clock") // the one rendering that is asked for from now on, for each of those who ask
			eventually(t, "it is rendered when a topic tells", func() bool { return renders.Load() > before })
			if got := renders.Load() - before; got > 2 {
				t.Errorf("%d renderings unasked", got)
			}
		})
	}
}

func TestEveryIsSharedToo(t *testing.T) {
	var hub engine.Hub
	var n atomic.Int64
	page := live.Page{Pattern: "/clock", Every: time.Millisecond, Share: func(*http.Request) string { return "" },
		Render: func(*http.Request) (live.Fragment, error) {
			return live.Fragment{Component: html(fmt.Sprintf("<p id=c>%d</p>", n.Load()))}, nil
		}}
	server := serve(t, live.Config{Hub: &hub, Pages: []live.Page{page}})
	var tabs [3]<-chan string
	for i := range tabs {
		_, tabs[i] = open(t, server, "/clock", "br")
		next(t, tabs[i])
	}
	for want := int64(1); want <= 3; want++ {
		n.Store(want)
		for i, events := range tabs {
			if got := next(t, events); !strings.Contains(got, fmt.Sprintf("<p id=c>%d</p>", want)) {
				t.Errorf("tab %d: %q, want %d", i, got, want)
			}
		}
	}
}

// TestPatchesCostLittle proves that what two fragments share is not sent twice, and
// that each is on its way at once.
func TestPatchesCostLittle(t *testing.T) {
	c := &counter{}
	words := make([]byte, 40_000)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range words {
		words[i] = 'a' + byte(random.IntN(26))
	}
	page := c.page()
	page.Render = func(*http.Request) (live.Fragment, error) {
		return live.Fragment{Component: html(fmt.Sprintf("<p id=p>%s %d %s</p>", words[:20_000], c.n.Load(), words[20_000:]))}, nil
	}
	server := serve(t, live.Config{Hub: &c.hub, Pages: []live.Page{page}, MinGap: time.Microsecond})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/updates?page=/counters/a", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", "br")
	res, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	wire := &counting{r: res.Body}
	lines := bufio.NewReaderSize(brotli.NewReader(wire), 1<<17)
	first := int64(0)
	for n := int64(0); n <= 20; n++ {
		if c.set(n); n == 0 {
			c.hub.Publish("counter")
		}
		for line := ""; !strings.Contains(line, fmt.Sprintf(" %d ", n)); {
			if line, err = lines.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
		if n == 0 {
			first = wire.n.Load()
		}
	}
	if first < 20_000 {
		t.Fatalf("the first fragment took %d bytes: the test's words are too easy", first)
	}
	if rest := wire.n.Load() - first; rest > 20_000 {
		t.Errorf("20 changes of a number took %d bytes after a first fragment of %d", rest, first)
	}
}

// counting counts what is read.
type counting struct {
	r io.Reader
	n atomic.Int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// TestASlowTab is about a client that opens a stream and does not read: the server
// keeps one fragment for it, however much changes, and the truth is what it gets
// when it reads.
func TestASlowTab(t *testing.T) {
	c := &counter{}
	page := large(c)
	server := serve(t, live.Config{Hub: &c.hub, Pages: []live.Page{page}, MinGap: time.Microsecond})
	conn := ask(t, server)
	eventually(t, "a fragment is rendered", func() bool { return c.renders.Load() > 0 })
	for n := int64(1); n <= 1000; n++ {
		c.set(n)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil) //nolint:bodyclose // its Close would read on; the connection is closed
	if err != nil {
		t.Fatal(err)
	}
	lines, seen := bufio.NewReader(res.Body), 0
	for line := ""; !strings.Contains(line, ">1000 "); {
		if line, err = lines.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(line, "data: ") {
			seen++
		}
	}
	if seen > 3 || c.renders.Load() > 4 {
		t.Errorf("%d events and %d renderings for 1000 changes while the tab did not read", seen, c.renders.Load())
	}
}

func TestATabThatTakesNothingIsGivenUp(t *testing.T) {
	c := &counter{}
	s, err := live.New(live.Config{Hub: &c.hub, Pages: []live.Page{large(c)}, SendLimit: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	server := narrow(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(ended)
		s.ServeHTTP(w, r)
	}))
	ask(t, server)
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("a tab that takes nothing is still served")
	}
}

// buffered is about what the system keeps of a stream that nobody reads, at each end.
const buffered = 128 << 10

// large is a page that fits into no buffer on the way.
func large(c *counter) live.Page {
	page := c.page()
	page.Render = func(*http.Request) (live.Fragment, error) {
		c.renders.Add(1)
		return live.Fragment{Component: html(fmt.Sprintf("<p id=p>%d %s</p>", c.n.Load(), strings.Repeat("x", 4<<20)))}, nil
	}
	return page
}

// serve serves pages over connections with small buffers.
func serve(t *testing.T, cfg live.Config) *httptest.Server {
	t.Helper()
	cfg.Log = slog.New(slog.DiscardHandler)
	s, err := live.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	server := narrow(t, s)
	t.Cleanup(s.Close)
	return server
}

func narrow(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(h)
	server.Config.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
		_ = conn.(*net.TCPConn).SetWriteBuffer(buffered) // or the test fails: everything fits
		return ctx
	}
	server.Start()
	t.Cleanup(server.Close)
	return server
}

// ask opens a stream without reading from it.
func ask(t *testing.T, server *httptest.Server) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.(*net.TCPConn).SetReadBuffer(buffered)
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := fmt.Fprintf(conn, "GET /updates?page=%s HTTP/1.1\r\nHost: x\r\n\r\n", url.QueryEscape("/counters/a")); err != nil {
		t.Fatal(err)
	}
	return conn
}

// eventually polls a condition.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(10 * time.Second)
	for !holds() {
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatalf("it did not come about that %s", what)
		}
	}
}
