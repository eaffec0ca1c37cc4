package web

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

// TestAPIOnTheEngine follows a list through the API, on the real engine.
func TestAPIOnTheEngine(t *testing.T) {
	s := signedIn(t, startApp(t), nil)
	list := uuid.NewString()
	send := func(command, data string) reply {
		t.Helper()
		return s.send(command, `{"stream_id":"`+list+`","data":`+data+`}`, "wait=20")
	}
	if r := send("add_item", `{"text":"Milk"}`); r.status != 404 || r.body["code"] != "not_found" || r.body["command_id"] == nil {
		t.Errorf("before there is a list: %d %s", r.status, r.text)
	}
	if r := send("create", `{"name":"Groceries"}`); r.status != 200 || r.body["status"] != "accepted" || r.body["stream"] != "todos.list/"+list {
		t.Fatalf("create: %d %s", r.status, r.text)
	}
	path := "/api/streams/todos.list/" + list
	created := s.ask(path).body["at"]
	for i := range 3 {
		if r := send("add_item", fmt.Sprintf(`{"text":"Item %d"}`, i)); r.status != 200 {
			t.Fatalf("add: %d %s", r.status, r.text)
		}
	}
	if r := send("add_item", `{"text":"","more":1}`); r.status != 422 || r.faults() != "/text must not be empty\n/more is not a known field" {
		t.Errorf("faults: %d %s", r.status, r.text)
	}
	if r := s.send("archive", `{"stream_id":"7","data":{}}`, ""); r.status != 422 || r.faults() != "/stream_id must be a UUID" {
		t.Errorf("a stream's id: %d %s", r.status, r.text)
	}
	if r := send("create", `{"name":"Again"}`); r.status != 409 || r.body["code"] != "already_exists" {
		t.Errorf("created twice: %d %s", r.status, r.text)
	}
	if r := s.send("archive", `{"stream_id":"`+list+`","if_version":2,"data":{}}`, "wait=20"); r.status != 409 || r.body["code"] != "changed" {
		t.Errorf("a version that is past: %d %s", r.status, r.text)
	}
	s.apiIDs(list)

	r := s.ask(path)
	state, _ := r.body["state"].(map[string]any)
	if items, _ := state["items"].([]any); r.body["version"] != 9.0 || state["name"] != "Other" || len(items) != 3 {
		t.Errorf("the state: %d %s", r.status, r.text)
	}
	for _, at := range []string{"3", fmt.Sprint(created)} {
		if r := s.ask(path + "?at=" + at); r.body["version"] != 3.0 || r.body["at"] != created {
			t.Errorf("at %s: %d %s", at, r.status, r.text)
		}
	}
	r = s.ask(path + "/events?after=6")
	events, _ := r.body["events"].([]any)
	if len(events) != 3 || events[2].(map[string]any)["type"] != "todos.list.name_confirmed" || events[2].(map[string]any)["by"] != "Ada" || r.body["next"] != nil {
		t.Errorf("events: %d %s", r.status, r.text)
	}
}

// apiIDs sends a command twice under one id, then another one.
func (s *site) apiIDs(list string) {
	s.t.Helper()
	id := uuid.NewString()
	rename := func(name string) reply {
		return s.send("update_name", `{"id":"`+id+`","stream_id":"`+list+`","data":{"name":"`+name+`"}}`, "")
	}
	first := rename("Other")
	if first.status != 202 || first.header["Location"] != "/api/commands/"+id {
		s.t.Errorf("without waiting: %d %s", first.status, first.text)
	}
	tick, end := time.NewTicker(10*time.Millisecond), time.After(patience)
	defer tick.Stop()
	for r := s.ask(first.header["Location"]); r.status != 200 || r.body["status"] != "accepted"; r = s.ask(first.header["Location"]) {
		select {
		case <-tick.C:
		case <-end:
			s.t.Fatalf("the outcome: %d %s", r.status, r.text)
		}
	}
	if again := rename("Other"); again.status != 202 || again.body["status"] != "accepted" {
		s.t.Errorf("sent again: %d %s", again.status, again.text)
	}
	if r := rename("Another"); r.status != 409 || r.body["code"] != "id_reused" || r.body["command_id"] != id {
		s.t.Errorf("the id of another: %d %s", r.status, r.text)
	}
}

// Two tabs delete the same item at once: one does, the other is told that it is
// gone, and the list goes on for both.
func TestTwoTabsDeleteOneItem(t *testing.T) {
	s := signedIn(t, startApp(t), nil)
	list := uuid.NewString()
	send := func(command, data string) reply {
		return s.send(command, `{"stream_id":"`+list+`","data":`+data+`}`, "wait=20")
	}
	if r := send("create", `{"name":"Groceries"}`); r.status != 200 {
		t.Fatalf("create: %d %s", r.status, r.text)
	}
	for round := range 3 {
		added := send("add_item", fmt.Sprintf(`{"text":"Item %d"}`, round))
		events, _ := added.body["events"].([]any)
		if added.status != 200 || len(events) != 1 {
			t.Fatalf("add: %d %s", added.status, added.text)
		}
		item := events[0].(map[string]any)["data"].(map[string]any)["id"].(string)
		var answers [2]reply
		var tabs sync.WaitGroup
		for i := range answers {
			tabs.Go(func() { answers[i] = send("remove_item", `{"id":"`+item+`"}`) })
		}
		tabs.Wait()
		first, second := answers[0], answers[1]
		if first.status != 200 {
			first, second = second, first
		}
		if first.status != 200 || second.status != 409 || second.body["code"] != "item_not_found" {
			t.Errorf("%d %s\n%d %s", first.status, first.text, second.status, second.text)
		}
	}
	if state, _ := s.ask("/api/streams/todos.list/" + list).body["state"].(map[string]any); len(state["items"].([]any)) != 0 {
		t.Errorf("%v", state)
	}
}
