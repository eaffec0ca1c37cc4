package web

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
)

// grow stores a list of many items, one a minute.
func (s *site) grow(id string, events int, began time.Time) {
	stream := listStream(id)
	for i := range events {
		o := engine.Outcome{ID: uuid.New(), Stream: stream, By: "Ada", At: began.Add(time.Duration(i) * time.Minute)}
		kind, data := "item_added", map[string]string{"text": fmt.Sprint("Item ", i)}
		if i == 0 {
			kind, data = "created", map[string]string{"name": "Long"}
		}
		s.fake.append(o, "todos.list."+kind, data)
	}
}

func TestAPIState(t *testing.T) {
	s := apiSite(t)
	began := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	s.grow("a/b c", 100, began)
	path := "/api/streams/todos.list/A%2Fb%20c"
	tests := map[string]struct {
		at      string
		version int
	}{
		"now":                     {"", 100},
		"a version":               {"2", 2},
		"a moment between two":    {"2026-01-02T03:01:30Z", 2},
		"the moment of an event":  {"2026-01-02T03:01:00Z", 2},
		"a moment with an offset": {"2026-01-02T04:01:00+01:00", 2},
		"later than everything":   {"2030-01-01T00:00:00Z", 100},
		"in the middle":           {began.Add(70 * time.Minute).Format(time.RFC3339), 71},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			query := ""
			if test.at != "" {
				query = "?at=" + test.at // the + as it is: people forget to encode it
			}
			r := s.ask(path + query)
			at := began.Add(time.Duration(test.version-1) * time.Minute).Format(time.RFC3339)
			want := fmt.Sprintf(`{"type":"todos.list","id":"a/b c","version":%d,"at":"%s","state":{"items":%d,"name":"Long"}}`, test.version, at, test.version-1)
			if r.status != 200 || strings.TrimSpace(r.text) != want {
				t.Errorf("%d %s, want %s", r.status, r.text, want)
			}
		})
	}
	if r := s.ask(path + "?at=" + url.QueryEscape("2026-01-02T04:01:00+01:00")); r.body["version"] != 2.0 {
		t.Errorf("an encoded offset: %d %s", r.status, r.text)
	}
}

func TestAPIEvents(t *testing.T) {
	s := apiSite(t)
	s.grow("a/b", 2*eventPage, time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC))
	path, versions, pages := "/api/streams/todos.list/a%2Fb/events", 0, 0
	for next := ""; ; pages++ {
		r := s.ask(path + next)
		events, ok := r.body["events"].([]any)
		if r.status != 200 || !ok || len(events) != eventPage {
			t.Fatalf("%s: %d %.300s", next, r.status, r.text)
		}
		for _, e := range events {
			versions++
			if event := e.(map[string]any); event["version"] != float64(versions) || event["kind"] != "event" || event["stream"] != "todos.list/a/b" {
				t.Fatalf("event %d: %v", versions, event)
			}
		}
		if r.body["next"] == nil {
			break
		}
		next = fmt.Sprintf("?after=%v", r.body["next"])
	}
	if versions != 2*eventPage || pages != 1 {
		t.Errorf("%d events, %d pages went on", versions, pages)
	}
	if r := s.ask(path + "?after=200"); r.status != 200 || strings.TrimSpace(r.text) != `{"events":[]}` {
		t.Errorf("after the end: %d %s", r.status, r.text)
	}
}

func TestAPIEvents_Archived(t *testing.T) {
	s := apiSite(t)
	s.grow("a", 3, time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC))
	s.fake.archived = 2
	const path = "/api/streams/todos.list/a/events"
	for _, query := range []string{"", "?after=1"} {
		if r := s.ask(path + query); r.status != 410 || r.body["code"] != "archived" || r.body["status"] != 410.0 {
			t.Errorf("%s: %d %s", query, r.status, r.text)
		}
	}
	if r := s.ask(path + "?after=2"); r.status != 200 || !strings.Contains(r.text, `"version":3`) {
		t.Errorf("above the floor: %d %s", r.status, r.text)
	}
	if r := s.ask(path + "?after=3"); r.status != 200 || strings.TrimSpace(r.text) != `{"events":[]}` {
		t.Errorf("after the end: %d %s", r.status, r.text)
	}
}

func TestAPIReadsThatAreRefused(t *testing.T) {
	s := apiSite(t)
	s.grow("a", 3, time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC))
	tests := map[string]struct {
		path    string
		want    int
		pointer string
	}{
		"a stream that never was":    {"/api/streams/todos.list/b", 404, ""},
		"its events":                 {"/api/streams/todos.list/b/events", 404, ""},
		"its later events":           {"/api/streams/todos.list/b/events?after=3", 404, ""},
		"an actor that is none":      {"/api/streams/todos.lists/a", 404, ""},
		"events of no actor":         {"/api/streams/todos.lists/a/events", 404, ""},
		"a version to come":          {"/api/streams/todos.list/a?at=4", 404, ""},
		"before the first":           {"/api/streams/todos.list/a?at=0", 404, ""},
		"a moment before the first":  {"/api/streams/todos.list/a?at=2026-01-02T02:59:59Z", 404, ""},
		"a version below 0":          {"/api/streams/todos.list/a?at=-1", 422, "/at"},
		"at is nothing":              {"/api/streams/todos.list/a?at=", 422, "/at"},
		"at is a day":                {"/api/streams/todos.list/a?at=2026-01-02", 422, "/at"},
		"at is too large":            {"/api/streams/todos.list/a?at=9999999999999999999", 422, "/at"},
		"after is no number":         {"/api/streams/todos.list/a/events?after=x", 422, "/after"},
		"after is below 0":           {"/api/streams/todos.list/a/events?after=-1", 422, "/after"},
		"a bad id":                   {"/api/streams/todos.list/bad", 422, "/stream_id"},
		"an id that is no text":      {"/api/streams/todos.list/%ff", 422, "/stream_id"},
		"an id with a zero":          {"/api/streams/todos.list/a%00/events", 422, "/stream_id"},
		"a command that never was":   {"/api/commands/" + uuid.NewString(), 404, ""},
		"a command's id that's none": {"/api/commands/7", 422, "/id"},
		"no id":                      {"/api/streams/todos.list/", 404, ""},
		"elsewhere":                  {"/api/nowhere", 404, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := s.ask(test.path)
			code := map[int]string{404: "not_found", 422: "invalid"}[test.want]
			if pointer, _, _ := strings.Cut(r.faults(), " "); r.status != test.want || r.body["code"] != code || pointer != test.pointer {
				t.Errorf("%d %s", r.status, r.text)
			}
		})
	}
}
