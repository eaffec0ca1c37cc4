package web

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
)

// record puts an event at the end of what the operator has read of the log.
func (f *fakeOperator) record(stream engine.StreamID, typ, by, data string) {
	f.recent = append(f.recent, engine.Recorded{Type: typ, Data: []byte(data),
		Meta: engine.Meta{ID: uuid.New(), Stream: stream, Position: int64(len(f.recent) + 1), By: by}})
}

// oneLine is a page's text without the space between its elements.
func oneLine(body string) string { return strings.Join(strings.Fields(body), " ") }

func TestSystemFindsWhatItShows(t *testing.T) {
	ops := &fakeOperator{}
	s := operatedSite(t, ops)
	_, party := s.list("Party")
	_, trip := s.list("Trip to Rome")
	ops.record(listStream(party), "todos.list.item_added", "Ada", `{"id":"a","text":"Balloons"}`)
	ops.record(listStream(party), "todos.list.item_undone", "Bob", `{"id":"a"}`)
	ops.record(listStream(trip), "todos.list.item_removed", "Ada", `{"id":"b"}`)
	ops.record(engine.StreamID{Type: "todos.list_name", ID: "picnic"}, "todos.list_name.reserved", "Ada", `{}`)
	for query, want := range map[string]string{
		"":                            "Reserved, Item removed, Item reopened, Item added",
		"type=REOPEN":                 "Item reopened",
		"type=item_added":             "Item added", // as the schemas have it
		"type=balloons":               "Item reopened, Item added",
		"by=bOb":                      "Item reopened",
		"stream=rome":                 "Item removed",
		"stream=" + party[:8]:         "Item reopened, Item added",
		"stream=todos.list/" + trip:   "Item removed",
		"stream=picnic":               "Reserved",
		"stream=Party&by=ada&type=+":  "Item added",
		"type=nothing+is+called+this": "",
	} {
		_, body, _ := s.get("/system?" + query)
		body = body[strings.Index(body, `id="recent"`):]
		titles := []string{}
		for _, part := range strings.Split(body, `<a class="what"`)[1:] {
			titles = append(titles, part[strings.Index(part, ">")+1:strings.Index(part, "</a>")])
		}
		if got := strings.Join(titles, ", "); got != want {
			t.Errorf("%q finds %s, want %s", query, got, want)
		}
		if said := strings.Contains(body, "Looked among events 1 to 4."); said != (query != "") {
			t.Errorf("%q: says where it looked: %t", query, said)
		}
	}
	_, body, _ := s.get("/system")
	for _, want := range []string{
		`>Item reopened</a> <span class="about">Balloons</span> <span class="about">in “Party” · List ` + party[:8] + `</span>`,
		`<option value="Item reopened"></option>`,
	} {
		if !strings.Contains(oneLine(body), want) {
			t.Errorf("the page does not show %s", want)
		}
	}
}

func TestSystemLooksAtABoundedPartOfTheLog(t *testing.T) {
	ops := &fakeOperator{}
	s := operatedSite(t, ops)
	for i := range 2 * findSpan {
		by := map[bool]string{true: "Bob", false: "Ada"}[i == 5 || i > findSpan+100]
		ops.record(listStream(uuid.Nil.String()), "todos.list.archived", by, `{}`)
	}
	for _, page := range []struct{ before, looked, next string }{
		{"0", "1,951 to 2,000", "1951"}, // a page of what was found
		{"1110", "110 to 1,109", "110"},
		{"110", "1 to 109", ""},
	} {
		_, body, _ := s.get("/system?by=bob&before=" + page.before)
		if !strings.Contains(body, "Looked among events "+page.looked+".") || !strings.Contains(body, "before="+page.next+"&amp;by=bob#recent") && page.next != "" {
			t.Errorf("before %s: %s", page.before, body[strings.Index(body, `id="recent"`):])
		}
	}
	if _, body, _ := s.get("/system?" + url.Values{"by": {"bob"}, "before": {"110"}}.Encode()); strings.Count(body, `<li id="event-`) != 1 || strings.Contains(body, "↓ Older") {
		t.Error("the last page is not the last, or shows something else")
	}
}
