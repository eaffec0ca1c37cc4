package live_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"time"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/live"
)

// A page of a user's own takes a pattern, its topics and its fragment.
func Example() {
	var hub engine.Hub
	var visits atomic.Int64
	updates, err := live.New(live.Config{Hub: &hub, Pages: []live.Page{{
		Pattern: "/greetings/{name}",
		Topics:  func(r *http.Request) []string { return []string{"greetings/" + r.PathValue("name")} },
		Render: func(r *http.Request) (live.Fragment, error) {
			text := fmt.Sprintf("<h1 id=page>Hello, %s: %d</h1>", r.PathValue("name"), visits.Load())
			return live.Fragment{Component: html(text), Position: visits.Load()}, nil
		},
	}}})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /updates", updates)
	server := httptest.NewServer(mux)
	defer server.Close()
	defer updates.Close() // in a program: server.RegisterOnShutdown(updates.Close)

	tab, leave := openTab(server.URL + "/updates?page=/greetings/Ada")
	defer leave()
	fmt.Print(tab()) // what is true now
	visits.Add(7)
	hub.Publish("greetings/Ada") // and whenever it changes
	fmt.Print(tab())
	// Output:
	// event: datastar-patch-elements
	// data: elements <h1 id=page>Hello, Ada: 0</h1>
	// event: datastar-patch-elements
	// id: 7
	// data: elements <h1 id=page>Hello, Ada: 7</h1>
}

// What no topic tells, for example how far others are behind, is looked at every
// now and then. What looks the same is not sent.
func ExamplePage_every() {
	var depth atomic.Int64
	updates, err := live.New(live.Config{Hub: &engine.Hub{}, Pages: []live.Page{{
		Pattern: "/queue",
		Every:   time.Millisecond,
		Render: func(*http.Request) (live.Fragment, error) {
			return live.Fragment{Component: html(fmt.Sprintf("<p id=depth>%d waiting</p>", depth.Load()))}, nil
		},
	}}})
	if err != nil {
		panic(err)
	}
	server := httptest.NewServer(updates)
	defer server.Close()
	defer updates.Close()

	tab, leave := openTab(server.URL + "?page=/queue")
	defer leave()
	fmt.Print(tab())
	depth.Store(3)
	fmt.Print(tab())
	// Output:
	// event: datastar-patch-elements
	// data: elements <p id=depth>0 waiting</p>
	// event: datastar-patch-elements
	// data: elements <p id=depth>3 waiting</p>
}

// Pages with a Place show who else has it open.
func ExamplePresence() {
	var hub engine.Hub
	presence, err := live.NewPresence(live.PresenceConfig{Hub: &hub}) // Notes: over all processes
	if err != nil {
		panic(err)
	}
	updates, err := live.New(live.Config{
		Hub: &hub, Presence: presence,
		Visitor: func(r *http.Request) string { return r.Header.Get("X-User") }, // in a program: from the session
		Pages: []live.Page{{
			Pattern: "/rooms/{room}",
			Place:   func(r *http.Request) string { return r.PathValue("room") },
			Topics:  func(r *http.Request) []string { return []string{"rooms/" + r.PathValue("room")} },
			Render: func(r *http.Request) (live.Fragment, error) {
				names, _ := presence.At(r.PathValue("room"))
				return live.Fragment{Component: html("<p id=crowd>" + strings.Join(names, ", ") + "</p>")}, nil
			},
		}},
	})
	if err != nil {
		panic(err)
	}
	server := httptest.NewServer(updates)
	defer server.Close()
	defer updates.Close()

	defer presence.Enter("kitchen", "Bob")() // as an open tab of Bob's does
	tab, leave := openTab(server.URL+"?page=/rooms/kitchen", "X-User", "Ada")
	defer leave()
	fmt.Print(tab())
	// Output:
	// event: datastar-patch-elements
	// data: elements <p id=crowd>Ada, Bob</p>
}

// openTab opens a stream as a tab does and gives what reads its next event, and
// what closes the tab.
func openTab(url string, header ...string) (next func() string, leave func()) {
	ctx, leave := context.WithCancel(context.Background())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		panic(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req) //nolint:bodyclose // it ends with the context
	if err != nil {
		panic(err)
	}
	lines := bufio.NewScanner(res.Body)
	return func() (event string) {
		for lines.Scan() && (event == "" || lines.Text() != "") { // blank lines end events
			if lines.Text() != "" {
				event += lines.Text() + "\n"
			}
		}
		return event
	}, leave
}
