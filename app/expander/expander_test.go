package expander_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/app/expander"
	"github.com/backstory-go/backstory/app/slack"
	"github.com/backstory-go/backstory/app/todos"
	"github.com/backstory-go/backstory/engine"
	gen "github.com/backstory-go/backstory/generated/todos"
	"github.com/backstory-go/backstory/generated/todos/list"
	"github.com/backstory-go/backstory/generated/todos/types"
)

var (
	party  = uuid.MustParse("0190a000-0000-7000-8000-000000000001")
	stream = engine.StreamID{Type: "todos.list", ID: "00000000-0000-4000-8000-000000000001"}
	event  = list.ExpansionStarted{ID: party, Text: "Prepare the party for everybody in the house"}
)

func reactionOf(t *testing.T, x expander.Expander) engine.Reaction {
	t.Helper()
	system := &engine.System{}
	gen.Register(system, x, todos.List{}, todos.ListName{}, todos.Listings{}, slack.Dispatcher{})
	for _, r := range system.Reactors() {
		if r.Type == "todos.ai_expander" {
			return r.Reactions[0]
		}
	}
	t.Fatal("the reactor is not registered")
	return engine.Reaction{}
}

func react(t *testing.T, x expander.Expander) ([]engine.Dispatched, error) {
	t.Helper()
	out := &engine.Dispatch{}
	err := reactionOf(t, x).Run(context.Background(), engine.Meta{ID: party, Stream: stream}, nil, event, out)
	return out.Sent(), err
}

// model answers every question with the content.
func model(t *testing.T, content string) expander.Expander {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct {
			Model    string
			Messages []struct{ Role, Content string }
		}
		err := json.NewDecoder(r.Body).Decode(&asked)
		if err != nil || r.URL.Path != "/v1/chat/completions" || r.Header.Get("Authorization") != "Bearer key" ||
			r.Header.Get("Idempotency-Key") != party.String() || asked.Model != "m" || len(asked.Messages) != 2 || asked.Messages[1].Content != event.Text {
			http.Error(w, "wrong question", http.StatusBadRequest)
			return
		}
		answer, _ := json.Marshal(content)
		_, _ = fmt.Fprintf(w, `{"choices":[{"message":{"role":"assistant","content":%s}}]}`, answer)
	}))
	t.Cleanup(server.Close)
	return expander.Expander{Key: "key", BaseURL: server.URL + "/v1/", Model: "m"}
}

func TestAnswers(t *testing.T) {
	empty := list.EndExpansion{ID: party, Reason: types.ReasonEmpty}
	long := strings.Repeat("x", 201)
	cases := []struct {
		name, content string
		want          engine.Command
	}{
		{"an array", `["Buy drinks", "Invite the neighbours"]`, list.ReplaceItem{ID: party, Lines: []string{"Buy drinks", "Invite the neighbours"}}},
		{"words around it", "Here you are:\n```json\n[\"Buy  drinks \"]\n```", list.ReplaceItem{ID: party, Lines: []string{"Buy drinks"}}},
		{"what is no text of an item is left out", `["", " ", "` + long + `", "Cook"]`, list.ReplaceItem{ID: party, Lines: []string{"Cook"}}},
		{"nothing", `[]`, empty},
		{"prose", `I cannot do that.`, empty},
		{"numbers", `[1, 2]`, empty},
		{"nothing at all", ``, empty},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			sent, err := react(t, model(t, c.content))
			if err != nil || len(sent) != 1 || !reflect.DeepEqual(sent[0].Command, c.want) || sent[0].Stream != stream {
				t.Errorf("got %+v, %v, want %+v", sent, err, c.want)
			}
		})
	}
}

func TestWithoutKey_TheItemIsGivenBack(t *testing.T) {
	sent, err := react(t, expander.Expander{})
	if err != nil || len(sent) != 1 || sent[0].Command != (list.EndExpansion{ID: party, Reason: types.ReasonFailed}) {
		t.Errorf("got %+v, %v", sent, err)
	}
}

func TestFailures_AreErrors(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"500":          func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"not JSON":     func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
		"no choice":    func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"choices":[]}`)) },
		"far too long": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 2<<20)) },
		"hangs up":     func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(answer)
			defer server.Close()
			sent, err := react(t, expander.Expander{Key: "key", BaseURL: server.URL, Model: "m"})
			if err == nil || len(sent) != 0 || strings.Contains(err.Error(), server.URL) {
				t.Errorf("got %v, %v", sent, err)
			}
		})
	}
}

// TestTheLastTry_GivesTheItemBack: nothing is left behind that would hold up the
// next wish. A process that ends gives up nothing.
func TestTheLastTry_GivesTheItemBack(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }))
	defer server.Close()
	for _, c := range []struct{ tries, attempt, sent int }{{0, 1, 0}, {0, 4, 0}, {0, 5, 1}, {0, 6, 1}, {2, 1, 0}, {2, 2, 1}} {
		reaction, out := reactionOf(t, expander.Expander{Key: "key", BaseURL: server.URL, Tries: c.tries}), &engine.Dispatch{}
		err := reaction.Run(t.Context(), engine.Meta{ID: party, Stream: stream, Attempt: c.attempt}, nil, event, out)
		if sent := out.Sent(); len(sent) != c.sent || (err == nil) != (c.sent == 1) || c.sent == 1 && sent[0].Command != (list.EndExpansion{ID: party, Reason: types.ReasonFailed}) {
			t.Errorf("try %d of %d: %v, %v", c.attempt, c.tries, sent, err)
		}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	out := &engine.Dispatch{}
	if err := reactionOf(t, expander.Expander{Key: "key", BaseURL: server.URL}).Run(ended, engine.Meta{ID: party, Stream: stream, Attempt: 9}, nil, event, out); err == nil || len(out.Sent()) != 0 {
		t.Errorf("a process that ends: %v, %v", out.Sent(), err)
	}
}

func TestParkedOrRefused_TheItemIsGivenBack(t *testing.T) {
	reaction := reactionOf(t, expander.Expander{})
	m := engine.Meta{ID: party, Stream: stream}
	lines := list.ReplaceItem{ID: party, Lines: []string{"x"}}
	cases := []struct {
		name string
		run  func(out *engine.Dispatch) error
		want types.Reason
	}{
		{"the question is parked", func(out *engine.Dispatch) error {
			return reaction.Parked(context.Background(), m, nil, engine.ParkedMessage{Event: event}, out)
		}, types.ReasonFailed},
		{"the answer is parked", func(out *engine.Dispatch) error {
			return reaction.Parked(context.Background(), m, nil, engine.ParkedMessage{Command: lines}, out)
		}, types.ReasonFailed},
		{"the answer is refused", func(out *engine.Dispatch) error {
			return reaction.Refused(context.Background(), m, nil, engine.RefusedCommand{Command: lines}, out)
		}, types.ReasonRefused},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			out := &engine.Dispatch{}
			if err := c.run(out); err != nil {
				t.Fatal(err)
			}
			if sent := out.Sent(); len(sent) != 1 || sent[0].Command != (list.EndExpansion{ID: party, Reason: c.want}) {
				t.Errorf("dispatched %+v", sent)
			}
		})
	}
}
