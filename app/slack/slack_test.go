package slack_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/app/expander"
	"github.com/backstory-go/backstory/app/slack"
	"github.com/backstory-go/backstory/app/todos"
	"github.com/backstory-go/backstory/engine"
	gen "github.com/backstory-go/backstory/generated/todos"
	"github.com/backstory-go/backstory/generated/todos/list"
)

var (
	milk   = uuid.MustParse("0190a000-0000-7000-8000-000000000001")
	stream = engine.StreamID{Type: "todos.list", ID: "00000000-0000-4000-8000-000000000001"}
)

// finished is a list whose item was done just now.
func finished(more ...engine.Event) []engine.Event {
	return append([]engine.Event{
		list.NameConfirmed{Name: "Shop"}, list.NameUpdated{Name: "<Shop> & more"},
		list.ItemAdded{ID: milk, Text: "Milk"}, list.ItemDone{ID: milk},
	}, more...)
}

// react folds the events and lets the reaction run after the last one.
func react(t *testing.T, d slack.Dispatcher, events []engine.Event) ([]engine.Dispatched, error) {
	t.Helper()
	system := &engine.System{}
	gen.Register(system, expander.Expander{}, todos.List{}, todos.ListName{}, todos.Listings{}, d)
	for _, r := range system.Reactors() {
		if r.Type != "todos.slack_dispatcher" {
			continue
		}
		m := engine.Meta{ID: milk, Stream: stream, By: "ada"}
		state := r.NewState()
		for _, e := range events {
			r.Evolve(m, state, e)
		}
		out := &engine.Dispatch{}
		err := r.Reactions[0].Run(context.Background(), m, state, events[len(events)-1], out)
		return out.Sent(), err
	}
	t.Fatal("the reactor is not registered")
	return nil, nil
}

// service answers with a status and remembers what it was sent.
func service(t *testing.T, status int) (address string, posts *[]string) {
	posts = &[]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*posts = append(*posts, r.Header.Get("Idempotency-Key")+" "+string(body))
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	return server.URL, posts
}

func TestFinishedItem_IsPosted(t *testing.T) {
	address, posts := service(t, http.StatusOK)
	sent, err := react(t, slack.Dispatcher{Webhook: address, BaseURL: "http://localhost:9292"}, finished())
	if err != nil {
		t.Fatal(err)
	}
	key, body, _ := strings.Cut((*posts)[0], " ")
	var message struct{ Text string }
	if err := json.Unmarshal([]byte(body), &message); err != nil {
		t.Fatal(err)
	}
	const want = "“Milk” was done by @ada in <http://localhost:9292/todo-lists/00000000-0000-4000-8000-000000000001|&lt;Shop&gt; &amp; more>"
	if message.Text != want || key != milk.String() {
		t.Errorf("posted %q with key %s, want %q with the event's id", message.Text, key, want)
	}
	if len(sent) != 1 || sent[0].Command != (list.NotifyDispatched{ID: milk, Service: "Slack"}) || sent[0].Stream != stream {
		t.Errorf("dispatched %+v", sent)
	}
}

func TestItem_IsPostedAgainWithAnotherTextOnly(t *testing.T) {
	cases := []struct {
		name   string
		events []engine.Event
		posts  int
	}{
		{"finished again", finished(list.ItemDone{ID: milk}), 0},
		{"finished again after an edit", finished(list.ItemTextUpdated{ID: milk, Text: "Oat milk"}, list.ItemDone{ID: milk}), 1},
		{"finished again after an edit and back", finished(list.ItemTextUpdated{ID: milk, Text: "Oat milk"}, list.ItemDone{ID: milk}, list.ItemTextUpdated{ID: milk, Text: "Milk"}, list.ItemDone{ID: milk}), 1},
		{"removed and brought back as it was", finished(list.ItemRemoved{ID: milk, Done: true}, list.ItemAdded{ID: milk, Text: "Milk"}, list.ItemDone{ID: milk}), 0},
		{"another item's end", finished(list.ItemRemoved{ID: milk}, list.ItemAdded{ID: stray, Text: "Milk"}, list.ItemDone{ID: stray}), 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			address, posts := service(t, http.StatusOK)
			if _, err := react(t, slack.Dispatcher{Webhook: address}, c.events); err != nil {
				t.Fatal(err)
			}
			if len(*posts) != c.posts {
				t.Errorf("posted %q, want %d posts", *posts, c.posts)
			}
		})
	}
}

var stray = uuid.MustParse("0190a000-0000-7000-8000-000000000009")

func TestWithoutWebhook_NothingIsCalled(t *testing.T) {
	sent, err := react(t, slack.Dispatcher{}, finished())
	if err != nil || len(sent) != 0 {
		t.Errorf("got %v, %v", sent, err)
	}
}

func TestFailures_KeepTheSecret(t *testing.T) {
	limited, _ := service(t, http.StatusTooManyRequests)
	broken, _ := service(t, http.StatusInternalServerError)
	cases := []struct{ name, address, want string }{
		{"429", limited, "429 Too Many Requests, retry after 7"},
		{"500", broken, "500 Internal Server Error"},
		{"nobody answers", "http://127.0.0.1:1/secret", "was not reached"},
		{"no address", "http://127.0.0.1:99999999/secret", "post to Slack"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			sent, err := react(t, slack.Dispatcher{Webhook: c.address}, finished())
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("got %v, want %q and no address", err, c.want)
			}
			if len(sent) != 0 {
				t.Errorf("dispatched %v", sent)
			}
		})
	}
}
