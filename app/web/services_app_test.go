package web

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/backstory-go/backstory/app/expander"
	"github.com/backstory-go/backstory/app/slack"
)

// outside is a service, Slack or the language model, that answers as it is told to.
type outside struct {
	mu     sync.Mutex
	answer http.HandlerFunc
}

func (o *outside) set(answer http.HandlerFunc) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.answer = answer
}

func (o *outside) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	answer := o.answer
	o.mu.Unlock()
	_, _ = io.Copy(io.Discard, r.Body) // only then a server sees that its client went away
	answer(w, r)
}

// smaller is how a language model answers.
func smaller(w http.ResponseWriter, _ *http.Request) {
	_, _ = fmt.Fprintf(w, `{"choices":[{"message":{"content":%q}}]}`, `["Mow the lawn","Clean the kitchen"]`)
}

// TestServicesThatFail, in whatever way: both the list and the System page say so,
// nothing of the list is locked, and trying again helps.
func TestServicesThatFail(t *testing.T) {
	service := &outside{}
	server := httptest.NewServer(service)
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)               // before Close, which waits for the handlers
	hasty := &http.Client{Timeout: 300 * time.Millisecond} // who does not answer is soon given up
	app := serveAppWith(t, services{slack: slack.Dispatcher{Webhook: server.URL, Client: hasty},
		expander: expander.Expander{Key: "key", BaseURL: server.URL, Model: "m", Client: hasty, Tries: 1}})
	status := func(code int, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(code)
		}
	}
	for name, failure := range map[string]struct {
		answer http.HandlerFunc
		why    string // on the System page
	}{
		"busy":           {status(429, "Retry-After", "7"), "429 Too Many Requests, retry after 7s"},
		"broken":         {status(500), "500 Internal Server Error"},
		"moved":          {status(302, "Location", "/elsewhere"), "302 Found"},
		"never answers":  {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "was not reached"},
		"hangs up":       {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "was not reached"},
		"nonsense of it": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 2<<20)) }, "longer than 1048576 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			service.set(failure.answer)
			s := signedIn(t, app.URL, nil)
			path, id := s.list("Party, " + name)
			for _, text := range []string{longText, "Milk"} {
				s.submit(path, "add-item", url.Values{"text": {text}})
			}
			long, milk := s.items(path)[0], s.items(path)[1]
			s.submit(path, "expand-"+long, nil)
			s.submit(path, "toggle-"+milk, nil)
			s.waitFor(path, "not split: no answer")
			s.waitFor(path, "Slack failed")
			s.waitFor("/system", "Retry todos.slack_dispatcher todos.list/"+id)
			if _, body, _ := s.get("/system"); !strings.Contains(body, failure.why) {
				t.Errorf("the System page does not say %q", failure.why)
			}

			service.set(smaller)
			s.submit(path, "expand-"+long, nil) // whoever wished it wishes it again
			s.waitFor(path, "Mow the lawn")
			if texts := strings.Join(s.texts(path), "|"); texts != "Mow the lawn|Clean the kitchen|Milk" {
				t.Errorf("the list is %s", texts)
			}
			if code, _, _ := s.post("/system/retry", url.Values{"consumer": {"todos.slack_dispatcher"}, "key": {"todos.list/" + id}}, "/system"); code != http.StatusSeeOther {
				t.Errorf("retry: %d", code)
			}
			s.waitFor(path, "Announced on Slack")
			if _, body, _ := s.get(path); strings.Contains(body, "Slack failed") {
				t.Error("what was mended is still said to fail")
			}
		})
	}
}

// TestServicesThatAreSlow are waited for; meanwhile the list says what goes on, and
// everything else of it goes on.
func TestServicesThatAreSlow(t *testing.T) {
	asked, answer := make(chan struct{}, 2), make(chan struct{})
	service := &outside{}
	service.set(func(w http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		select {
		case <-answer:
			smaller(w, r)
		case <-r.Context().Done():
		}
	})
	server := httptest.NewServer(service)
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	app := serveAppWith(t, services{slack: slack.Dispatcher{Webhook: server.URL}, expander: expander.Expander{Key: "key", BaseURL: server.URL, Model: "m"}})
	s := signedIn(t, app.URL, nil)
	path, _ := s.list("Party")
	for _, text := range []string{longText, "Milk"} {
		s.submit(path, "add-item", url.Values{"text": {text}})
	}
	long, milk := s.items(path)[0], s.items(path)[1]
	s.submit(path, "expand-"+long, nil)
	s.submit(path, "toggle-"+milk, nil)
	<-asked
	<-asked
	s.waitFor(path, "Expanding…")
	if code, _, _ := s.submit(path, "add-item", url.Values{"text": {"Bread"}}); code != http.StatusSeeOther {
		t.Errorf("adding meanwhile: %d", code)
	}
	close(answer)
	s.waitFor(path, "Announced on Slack")
	s.waitFor(path, "Mow the lawn")
	if texts := strings.Join(s.texts(path), "|"); texts != "Mow the lawn|Clean the kitchen|Milk|Bread" {
		t.Errorf("the list is %s", texts)
	}
}
