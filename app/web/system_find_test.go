package web

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
)

// record puts an event at the end of what the operator has read of the log.
func (f *fakeOperator) record(stream engine.StreamID, typ, by, data string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.recent = append(f.recent, engine.RecentMessage{Event: &engine.Recorded{Type: typ, Data: []byte(data),
		Meta: engine.Meta{ID: uuid.New(), Stream: stream, Position: int64(len(f.recent) + 1), By: by}}})
}

// ask puts a command there.
func (f *fakeOperator) ask(o engine.Outcome) {
	f.mu.Lock()
	defer f.mu.Unlock()
	o.ID = uuid.New()
	f.recent = append(f.recent, engine.RecentMessage{Command: &o})
}

// oneLine is a page's text without the space between its elements.
func oneLine(body string) string { return strings.Join(strings.Fields(body), " ") }

func TestSystemShowsMessagesOfEachKind(t *testing.T) {
	ops := &fakeOperator{}
	s := operatedSite(t, ops)
	_, party := s.list("Party")
	list := listStream(party)
	ops.record(list, "todos.list.item_added", "Ada", `{"id":"a","text":"Balloons"}`)
	command := func(typ string, status engine.Status, change func(*engine.Outcome)) {
		o := engine.Outcome{Type: typ, Stream: list, Status: status, By: "Bob", Data: []byte(`{"id":"a"}`), Events: []engine.OutcomeEvent{{}}}
		if change != nil {
			change(&o)
		}
		ops.ask(o)
	}
	command("todos.list.toggle_item", engine.Accepted, nil)
	command("todos.list.undo", engine.Accepted, func(o *engine.Outcome) { o.Events = nil })
	command("todos.list.archive", engine.Refused, func(o *engine.Outcome) {
		o.Refusal = &engine.RefusalInfo{Code: "not_active", Message: "This list is <archived>."}
	})
	command("todos.list.delete", engine.Failed, func(o *engine.Outcome) { o.Error = "it broke\nat main.go" })
	command("todos.list.create", engine.Settling, nil)
	command("todos.list.unarchive", engine.Pending, nil)
	_, body, _ := s.get("/system")
	body = oneLine(body[strings.Index(body, `id="messages"`):])
	lines := strings.Split(body, `<li id="`)[1:]
	for i, want := range [][]string{
		{`class="entry-line command"`, `<span class="kind">command</span>`, ">Unarchive</a>", `<span class="badge open">pending</span>`},
		{">Create</a>", `<span class="badge open">settling</span>`},
		{`class="entry-line command failed"`, ">Delete</a>", `<span class="badge bad">failed</span>`, `<p class="why">it broke</p>`},
		{`class="entry-line command refused"`, ">Archive</a>", `<span class="badge bad">refused</span>`, `<p class="why">This list is &lt;archived&gt;.</p>`},
		{">Undo</a>", `<span class="badge">changed nothing</span>`},
		{">Toggle item</a>", `<span class="about">Balloons</span>`, `<span class="badge">accepted</span>`, "“Party” · List " + party[:8]},
		{`class="entry-line event"`, `<span class="kind">event</span> <span class="version">1</span>`, ">Item added</a>", "Balloons"},
	} {
		for _, part := range want {
			if !strings.Contains(lines[i], part) {
				t.Errorf("line %d does not have %s: %s", i, part, lines[i])
			}
		}
		if !strings.Contains(lines[i], "/correlation?from=system") {
			t.Errorf("line %d does not lead to its conversation", i)
		}
	}
}

// What is looked for in the page's words is asked of the log in its own.
func TestSystemAsksTheLogForWhatIsWanted(t *testing.T) {
	ops := &fakeOperator{}
	s := operatedSite(t, ops)
	_, rome := s.list("Trip to Rome")
	ops.record(listStream(rome), "todos.list.item_added", "Ada", `{"id":"a","text":"Balloons"}`)
	list := "todos.list/" + rome
	for query, want := range map[string]engine.RecentFilter{
		"":                    {},
		"kind=refused":        {Kind: engine.RecentRefused},
		"kind=nonsense":       {},
		"type=+Reopen+":       {Type: "Reopen", Types: []string{"todos.list.item_undone"}},
		"type=list+renamed":   {Type: "list renamed", Types: []string{"todos.list.name_confirmed", "todos.list.name_updated"}},
		"type=Toggle":         {Type: "Toggle", Types: []string{"todos.list.toggle_item"}},
		"stream=rome":         {Stream: "rome", Streams: []string{list}},
		"stream=List+" + "1a": {Stream: "todos.list/1a"},
		"by=Bob&text=ballet":  {By: "Bob", Texts: []string{"ballet"}},
		"text=balloon":        {Texts: []string{"balloon", "a"}}, // and what names the item by its id only
	} {
		ops.asked = nil
		if status, _, _ := s.get("/system?" + query); status != 200 {
			t.Fatalf("%q: %d", query, status)
		}
		got := ops.asked[len(ops.asked)-1]
		slices.Sort(got.Types)
		got.Streams = slices.DeleteFunc(got.Streams, func(stream string) bool { return stream != list })
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%q asks for %+v, want %+v", query, got, want)
		}
	}
	_, body, _ := s.get("/system?kind=failed&type=x&stream=y&by=z&text=%22v")
	for _, want := range []string{`<option value="failed" selected>Failed commands</option>`, `<option value="Item reopened"></option>`, `<option value="Toggle item"></option>`,
		`name="type" value="x"`, `name="stream" value="y"`, `name="by" value="z"`, `name="text" value="&#34;v"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the form does not have %s", want)
		}
	}
}

// A look goes on by itself, but not for ever: then it says how far it looked, and where
// it goes on.
func TestSystemLooksOnByItself(t *testing.T) {
	then := time.Now()
	ops := &fakeOperator{now: func() time.Time { return then }} // however slow the machine is
	s := operatedSite(t, ops)
	for i := range 3 * findParts * 2 { // of two messages a look
		by := map[bool]string{true: "Bob", false: "Ada"}[i == 5 || i == 3*findParts*2-7]
		ops.record(listStream(uuid.Nil.String()), "todos.list.archived", by, `{}`)
	}
	next := regexp.MustCompile(`href="(/system\?before=[^"]*)">\s*↓ Look further back`)
	path := "/system?by=Bob"
	for i, want := range []struct {
		lines int
		said  string
	}{{1, fmt.Sprintf("(event %d)", 2*findParts*2/2)}, {0, "Looked back to"}, {1, "Everything older was looked at."}} {
		_, body, _ := s.get(path)
		if n := strings.Count(body, `<li id="event-`); n != want.lines || !strings.Contains(oneLine(body), want.said) {
			t.Errorf("look %d: %d lines, %s", i, n, body[strings.Index(body, `id="recent"`):])
		}
		link := next.FindStringSubmatch(body)
		if (link == nil) != (i == 2) {
			t.Fatalf("look %d leads to %v", i, link)
		}
		if link != nil {
			path = strings.ReplaceAll(strings.TrimSuffix(link[1], "#recent"), "&amp;", "&")
			if !strings.Contains(path, "by=Bob") {
				t.Errorf("it looks for something else: %s", path)
			}
		}
	}
}

// A page that is held shows the same, whatever comes in; the newest one does not.
func TestSystemCanBeHeldStill(t *testing.T) {
	ops := &fakeOperator{}
	s := operatedSite(t, ops)
	for range 3 {
		ops.record(listStream(uuid.Nil.String()), "todos.list.archived", "Ada", `{}`)
	}
	_, body, _ := s.get("/system")
	hold := regexp.MustCompile(`href="([^"]*)#recent">Hold still`).FindStringSubmatch(body)
	if hold == nil {
		t.Fatal("it cannot be held")
	}
	ops.record(listStream(uuid.Nil.String()), "todos.list.deleted", "Ada", `{}`)
	if _, body, _ = s.get(hold[1]); strings.Contains(body, ">List deleted</a>") || strings.Count(body, `<li id="event-`) != 3 || !strings.Contains(body, `<a href="/system#recent">↑ Newest`) {
		t.Errorf("held: %s", body[strings.Index(body, `id="recent"`):])
	}
	if _, body, _ = s.get("/system"); !strings.Contains(body, ">List deleted</a>") {
		t.Error("the newest page does not show what came in")
	}
}

// Whatever is parked costs one question.
func TestSystemReadsWhatFailedAtOnce(t *testing.T) {
	ops := &fakeOperator{}
	for i := range parkedPage {
		ops.parked = append(ops.parked, engine.ParkedKey{Consumer: "todos.listings", Key: fmt.Sprintf("todos.list/%d", i), Position: int64(i + 1), ParkedAt: time.Now()})
	}
	s := operatedSite(t, ops)
	_, body, _ := s.get("/system")
	if ops.firsts != 1 || !strings.Contains(body, "of todos.list/7") || strings.Count(body, "What caused it, and what it caused") != parkedPage-1 {
		t.Errorf("asked %d times: %d messages", ops.firsts, strings.Count(body, "What caused it, and what it caused"))
	}
}
