package web

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine/localpg/pgtest"
)

// Tabs of two people, at two processes, delete the same item at the same time: one
// does, and the others are told that there is no such item.
func TestTabsThatDeleteTheSameItem_OneDoes(t *testing.T) {
	database := pgtest.Database(t, pgtest.Template{})
	tabs := []*site{
		signedIn(t, serveAppWith(t, services{database: database}).URL, nil),
		signedIn(t, serveAppWith(t, services{database: database}).URL, nil),
	}
	tabs = append(tabs, tabs...)
	list := uuid.NewString()
	send := func(s *site, command, data string) reply {
		return s.send(command, `{"stream_id":"`+list+`","data":`+data+`}`, "wait=20")
	}
	if r := send(tabs[0], "create", `{"name":"Groceries"}`); r.status != 200 {
		t.Fatalf("create: %d %s", r.status, r.text)
	}
	const items = 8
	for i := range items {
		if r := send(tabs[0], "add_item", fmt.Sprintf(`{"text":"Item %d"}`, i)); r.status != 200 {
			t.Fatalf("add: %d %s", r.status, r.text)
		}
	}
	path := "/api/streams/todos.list/" + list
	state, _ := tabs[0].ask(path).body["state"].(map[string]any)
	shown, _ := state["items"].([]any)
	if len(shown) != items {
		t.Fatalf("%v", state)
	}
	for _, item := range shown {
		id := fmt.Sprint(item.(map[string]any)["id"])
		var did, refused atomic.Int64
		var group sync.WaitGroup
		for _, tab := range tabs {
			group.Go(func() {
				switch r := send(tab, "remove_item", `{"id":"`+id+`"}`); {
				case r.status == 200 && r.body["status"] == "accepted" && len(r.body["events"].([]any)) == 1:
					did.Add(1)
				case r.status == 409 && r.body["code"] == "item_not_found":
					refused.Add(1)
				default:
					t.Errorf("%d %s", r.status, r.text)
				}
			})
		}
		group.Wait()
		if did.Load() != 1 || refused.Load() != int64(len(tabs)-1) {
			t.Errorf("%d did, %d were refused", did.Load(), refused.Load())
		}
	}
	if n := strings.Count(tabs[1].ask(path+"/events").text, `"todos.list.item_removed"`); n != items {
		t.Errorf("%d items were removed, want %d", n, items)
	}
}
