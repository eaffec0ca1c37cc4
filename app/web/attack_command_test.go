package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// TestAttack_UnderAnothersCommandID: whoever learned the id of somebody's command
// neither gets its answer nor does anything under it, at any door.
func TestAttack_UnderAnothersCommandID(t *testing.T) {
	base := startApp(t)
	ada, eve := signedIn(t, base, nil), signedIn(t, base, nil)
	eve.post("/login", url.Values{"username": {"Eve"}})
	path, list := ada.list("Trip")
	id := uuid.NewString()
	const words = "Ada's own words"
	if status, _, _ := ada.post("/commands/todos.list.add_item", url.Values{"stream_id": {list}, "text": {words}, "command_id": {id}}, path); status != http.StatusSeeOther {
		t.Fatalf("Ada's own: %d", status)
	}
	for _, text := range []string{words, "Eve's"} { // the same words are another's wish, too
		form := url.Values{"stream_id": {list}, "text": {text}, "command_id": {id}}
		if status, body, _ := eve.post("/commands/todos.list.add_item", form, "/"); status != http.StatusConflict || text != words && strings.Contains(body, words) {
			t.Errorf("as a form: %d\n%s", status, body)
		}
		_, body, _ := eve.datastar("/commands/todos.list.add_item?form=add-item", map[string]any{"stream_id": list, "text": text, "command_id": id})
		if !strings.Contains(body, `data-status="refused"`) || strings.Contains(body, "data-version=\"4\"") || text != words && strings.Contains(body, words) {
			t.Errorf("by script: %s", body)
		}
		r := eve.send("add_item", fmt.Sprintf(`{"id":%q,"stream_id":%q,"data":{"text":%q}}`, id, list, text), "wait=20")
		if r.status != http.StatusConflict || r.body["code"] != "id_reused" || text != words && strings.Contains(r.text, words) {
			t.Errorf("by the API: %d %s", r.status, r.text)
		}
	}
	if texts := ada.texts(path); len(texts) != 1 || texts[0] != words {
		t.Errorf("the list is %q", texts)
	}
}
