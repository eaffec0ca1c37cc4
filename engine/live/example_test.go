package live_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/live"
)

// A page of a user's own takes a pattern, its topics and its fragment.
func Example() {
	var hub engine.Hub
	updates, err := live.New(live.Config{Hub: &hub, Pages: []live.Page{{
		Pattern: "/greetings/{name}",
		Topics:  func(r *http.Request) []string { return []string{"greetings/" + r.PathValue("name")} },
		Render: func(r *http.Request) (live.Fragment, error) {
			return live.Fragment{Component: html("<h1 id=page>Hello, " + r.PathValue("name") + "</h1>"), Position: 7}, nil
		},
	}}})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /updates", updates)
	server := httptest.NewServer(mux)
	defer server.Close()
	server.Config.RegisterOnShutdown(updates.Close)

	res, err := http.Get(server.URL + "/updates?page=/greetings/Ada")
	if err != nil {
		panic(err)
	}
	defer res.Body.Close()
	buf := make([]byte, 4096)
	n, _ := res.Body.Read(buf)
	updates.Close()
	fmt.Println(strings.TrimSpace(string(buf[:n])))
	// Output:
	// event: datastar-patch-elements
	// id: 7
	// data: elements <h1 id=page>Hello, Ada</h1>
}
