package web

import (
	"bufio"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/app/expander"
	"github.com/backstory-go/backstory/app/slack"
	apptodos "github.com/backstory-go/backstory/app/todos"
	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/generated/todos"
)

// fakeOperator is a system whose state tests write down.
type fakeOperator struct {
	engine.Operator // what is not faked panics

	mu        sync.Mutex
	status    engine.SystemStatus
	traffic   []engine.Traffic
	scheduled []engine.ScheduledCommand
	recent    []engine.RecentMessage // newest last
	asked     []engine.RecentFilter
	parked    []engine.ParkedKey
	firsts    int              // how often the messages that failed were read
	now       func() time.Time // nil: the real time
	cancelled []uuid.UUID
	rebuild   func(ctx context.Context) error
	fault     error
}

func (f *fakeOperator) set(change func(s *engine.SystemStatus)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(&f.status)
}

func (f *fakeOperator) Status(context.Context) (engine.SystemStatus, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.status, f.fault
}

func (f *fakeOperator) Traffic(_ context.Context, after, _ int64) (engine.Traffic, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, t := range f.traffic {
		if t.Upto > after {
			return t, nil
		}
	}
	return engine.Traffic{Upto: after}, nil
}

func (f *fakeOperator) Parked(context.Context, engine.ParkedFilter, engine.ParkedKey, int) ([]engine.ParkedKey, error) {
	return f.parked, nil
}

// ParkedFirst knows of every message but the last key's.
func (f *fakeOperator) ParkedFirst(_ context.Context, keys []engine.ParkedKey) ([]engine.WaitingMessage, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.firsts++
	list := make([]engine.WaitingMessage, len(keys))
	for i, k := range keys[:max(0, len(keys)-1)] {
		list[i] = engine.WaitingMessage{ID: uuid.New(), Type: "todos.list.item_added", Stream: k.Key, Data: []byte(`{"text":"of ` + k.Key + `"}`)}
	}
	return list, nil
}

func (f *fakeOperator) Scheduled(context.Context, engine.ScheduledCommand, int) ([]engine.ScheduledCommand, error) {
	return f.scheduled, nil
}

func (f *fakeOperator) CancelScheduled(_ context.Context, id uuid.UUID) error {
	if len(f.scheduled) == 0 || f.scheduled[0].ID != id {
		return engine.ErrNotFound
	}
	f.cancelled = append(f.cancelled, id)
	return nil
}

// Recent looks at two messages at a time, or at a page where nothing is chosen; a place
// is how many are before it.
func (f *fakeOperator) Recent(_ context.Context, of engine.RecentFilter, before engine.RecentPlace, limit int) (page engine.Recent, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, of)
	page.From = before
	if before == (engine.RecentPlace{}) {
		page.From.Log = int64(len(f.recent) + 1)
	}
	end := page.From.Log - 1
	begin := max(0, end-int64(limit))
	if of.Kind+engine.RecentKind(of.Type+of.Stream+of.By) != "" || len(of.Texts) > 0 {
		begin = max(0, end-2)
	}
	for _, m := range slices.Backward(f.recent[begin:end]) {
		if by := of.By; by == "" || m.Event != nil && m.Event.Meta.By == by || m.Command != nil && m.Command.By == by {
			page.Messages = append(page.Messages, m)
		}
	}
	if begin > 0 {
		page.Next, page.Since = engine.RecentPlace{Log: begin + 1}, time.Now()
	}
	return page, nil
}

func (f *fakeOperator) Rebuild(ctx context.Context, _ string, _ func(engine.Progress)) error {
	return f.rebuild(ctx)
}

// appSystem registers the whole app.
func appSystem() *engine.System {
	system := &engine.System{}
	todos.Register(system, expander.Expander{}, apptodos.List{}, apptodos.ListName{}, apptodos.Listings{}, slack.Dispatcher{})
	return system
}

// operatedSite is a site whose System page shows what the operator says.
func operatedSite(t *testing.T, ops *fakeOperator) *site {
	t.Helper()
	f := newFake()
	cfg := Config{Client: f, System: appSystem(), Secret: []byte("a secret for tests"), Log: slog.New(slog.DiscardHandler),
		Now: ops.now, Operator: ops, Admin: func(user string) bool { return user == "Ada" }}
	s, err := newServer(cfg.withDefaults(), f)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error)
	go func() { ran <- s.Run(ctx) }()
	server := httptest.NewServer(s)
	t.Cleanup(func() {
		cancel()
		if err := <-ran; err != nil {
			t.Error(err)
		}
		s.Close()
		server.Close()
	})
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	site := &site{t: t, fake: f, url: server.URL, client: &http.Client{
		Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	site.post("/login", url.Values{"username": {"Ada"}})
	return site
}

// follow opens the live stream of a page and gives what waits for an event with a text.
func (s *site) follow(page string) (until func(text string)) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	s.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/updates?page="+url.QueryEscape(page), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	res, err := s.client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { res.Body.Close() })
	if res.StatusCode != http.StatusOK {
		s.t.Fatalf("updates of %s: %d", page, res.StatusCode)
	}
	lines := bufio.NewReaderSize(res.Body, 1<<20)
	return func(text string) {
		s.t.Helper()
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				s.t.Fatalf("waited for %q: %v", text, err)
			}
			if strings.Contains(line, text) {
				return
			}
		}
	}
}

func TestRebuildShowsItsProgress(t *testing.T) {
	ends := make(chan error)
	ops := &fakeOperator{rebuild: func(ctx context.Context) error {
		select {
		case err := <-ends:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}}
	ops.status = engine.SystemStatus{Head: 1000, Consumers: []engine.ConsumerStatus{{Name: "todos.listings", Kind: kindProjection, Status: engine.ConsumerRunning}}}
	s := operatedSite(t, ops)
	until := s.follow("/system")
	until("Rebuild</button>")
	form := map[string]any{"consumer": "todos.listings"}
	if status, body, _ := s.datastar("/system/rebuild", form); status != 200 || strings.Contains(body, "toast") {
		t.Fatalf("rebuild: %d %s", status, body)
	}
	until("Rebuilding…")
	built := func(position int64, seconds float64) func(*engine.SystemStatus) {
		return func(status *engine.SystemStatus) {
			status.Builds = []engine.BuildStatus{{Projection: "todos.listings", Running: true, Position: position, RemainingSeconds: seconds}}
		}
	}
	ops.set(built(250, 75))
	until("25 %, about 1m15s left")
	s.datastar("/system/rebuild", form) // it goes on already: nothing new begins
	ops.set(built(900, 0.4))
	until(">90 %<")
	ops.set(func(status *engine.SystemStatus) { status.Builds = nil })
	ends <- nil
	until("rebuilt in")
	s.datastar("/system/rebuild", form)
	ends <- engine.ErrUnavailable
	until("rebuild failed")
	ops.set(func(status *engine.SystemStatus) {
		status.Builds = []engine.BuildStatus{{Projection: "todos.listings", Position: 500}}
	})
	until("50 %, waits for a process")
	ops.set(func(status *engine.SystemStatus) {
		status.Builds = []engine.BuildStatus{{Projection: "todos.listings", Position: 500, GivenUp: "Mend its handler"}}
	})
	until(`title="Mend its handler">50 %, given up`)
	if _, body, _ := s.datastar("/system/rebuild", map[string]any{"consumer": "todos.nothing"}); !strings.Contains(body, "toast bad") {
		t.Errorf("an unknown projection: %s", body)
	}
}

func TestFlowCountsWhatGoesThrough(t *testing.T) {
	ops := &fakeOperator{traffic: []engine.Traffic{
		{Upto: 1200, Counts: []engine.TrafficCount{{Event: "todos.list.item_added", Command: "todos.list.add_item", Events: 1100, Commands: 1100}, {Event: "todos.list.item_done", Events: 100}}},
		{Upto: 2400, Counts: []engine.TrafficCount{{Event: "todos.list.item_added", Command: "todos.list.add_item", Events: 1200, Commands: 1200}}},
	}}
	ops.status = engine.SystemStatus{Epoch: "a", Head: 1200, Consumers: []engine.ConsumerStatus{{Name: "todos.slack_dispatcher", Kind: kindReactor, Status: engine.ConsumerPaused, LagEvents: 3}}}
	s := operatedSite(t, ops)
	_, body, _ := s.get("/system")
	for _, want := range []string{
		"People → List: Add item, Archive,", "List → Slack dispatcher: ", "Slack dispatcher → slack: calls",
		">1,200</text>", `aria-label="Slack dispatcher, reactor · paused"`, "<td>1,100</td>",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the flow does not show %q", want)
		}
	}
	if strings.Contains(body, "busy") {
		t.Error("something flows at the first look")
	}
	until := s.follow("/system")
	ops.set(func(status *engine.SystemStatus) { status.Head = 5000 })
	until("counted up to event 2,400 of 5,000")
	until(`class="flow-edge events"`) // all quiet again
	ops.set(func(status *engine.SystemStatus) { status.Epoch, status.Head = "b", 1200 })
	until(">1,200</text>")
}

func TestFlowEdgesMoveWhileSomethingGoesOverThem(t *testing.T) {
	e := &flowEdge{Kind: edgeEvents, Types: []string{"a", "b"}}
	counts := func(upto, n int64) traffic { return traffic{Upto: upto, Events: map[string]int64{"a": n, "c": upto}} }
	if e.busy(counts(5, 1), counts(4, 1)) || !e.busy(counts(5, 2), counts(4, 1)) || e.busy(counts(5, 2), traffic{}) {
		t.Error("an edge moves when nothing goes over it, or stands still")
	}
	if (&flowEdge{Kind: edgeCalls}).busy(counts(5, 2), counts(4, 1)) {
		t.Error("a call outside is not in the log")
	}
}

func TestScheduledCommandsAreCancelled(t *testing.T) {
	id := uuid.New()
	ops := &fakeOperator{scheduled: []engine.ScheduledCommand{{ID: id, Type: "todos.list_name.expire", Stream: "todos.list_name/groceries",
		Due: time.Now().Add(10 * time.Minute), By: "Ada", Reaction: "todos.list_name.on_reserved", Data: []byte(`{"x":1}`)}}}
	s := operatedSite(t, ops)
	_, body, _ := s.get("/system")
	for _, want := range []string{"Expire</strong>", "List name groceries", "in 10 min", "on_reserved", "Call off this command?"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
	if status, _, _ := s.post("/system/cancel", url.Values{"command": {id.String()}}, "/system"); status != 303 || len(ops.cancelled) != 1 {
		t.Errorf("cancel: %d, %v", status, ops.cancelled)
	}
	for _, other := range []string{uuid.NewString(), "x", ""} {
		if status, _, _ := s.post("/system/cancel", url.Values{"command": {other}}); status != 404 {
			t.Errorf("cancel %q: %d", other, status)
		}
	}
}

func TestSystemIsForAdministrators(t *testing.T) {
	ops := &fakeOperator{fault: errors.New("nobody may look")}
	s := operatedSite(t, ops)
	s.post("/logout", nil)
	s.post("/login", url.Values{"username": {"Eve"}})
	for _, path := range []string{"/system", "/system?type=x"} {
		if status, _, _ := s.get(path); status != 403 {
			t.Errorf("%s: %d", path, status)
		}
		if status, _, _ := s.get("/updates?page=" + url.QueryEscape(path)); status != 404 {
			t.Errorf("updates of %s: %d", path, status)
		}
	}
	for _, operation := range []string{"pause", "rebuild", "cancel", "discard", "nothing"} {
		if status, _, _ := s.post("/system/"+operation, url.Values{"consumer": {"todos.listings"}}); status != 403 {
			t.Errorf("%s: %d", operation, status)
		}
	}
	if status, body, _ := s.datastar("/system/pause", map[string]any{"consumer": "todos.listings"}); status != 403 || body == "" {
		t.Errorf("by script: %d", status)
	}
}
