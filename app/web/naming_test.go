package web

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	apptodos "github.com/backstory-go/backstory/app/todos"
	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/generated/todos"
	"github.com/backstory-go/backstory/generated/todos/list"
)

// unlucky is a list whose names cannot be reserved while something is broken.
type unlucky struct {
	apptodos.List
	broken *atomic.Bool
}

func (u unlucky) ReserveName(ctx context.Context, m engine.Meta, state *list.State, event todos.ListReserveNameEvent, dispatch todos.ListReserveNameDispatcher) error {
	if u.broken.Load() {
		return errors.New("something is broken")
	}
	return u.List.ReserveName(ctx, m, state, event, dispatch)
}

// TestANameThatCannotBeChecked_IsNotCalledAnothers: nobody has it, and it is not said
// that somebody does.
func TestANameThatCannotBeChecked_IsNotCalledAnothers(t *testing.T) {
	broken := &atomic.Bool{}
	s := signedIn(t, serveAppWith(t, services{list: unlucky{broken: broken}}).URL, nil)
	path, _ := s.list("Trip")                                 // versions 1 to 3
	s.submit(path, "rename", url.Values{"name": {"Journey"}}) // 4 to 6
	broken.Store(true)

	if status, body, _ := s.submit(path, "undo-6", nil); status != 422 || !strings.Contains(body, "The name “Trip” could not be checked, so this one keeps its name.") {
		t.Errorf("undo: %d\n%s", status, body)
	}
	if _, body, _ := s.get(path); !strings.Contains(body, ">Name could not be checked</span>") || strings.Contains(body, "nother list") || !strings.Contains(body, ">Journey</h1>") {
		t.Errorf("the list is now\n%s", body)
	}

	id := uuid.NewString()
	r := s.send("create", `{"stream_id":"`+id+`","data":{"name":"Party"}}`, "wait=20")
	if r.status != 409 || r.body["code"] != "name_unchecked" || !strings.Contains(r.text, "The name could not be checked. Please try again.") {
		t.Errorf("create: %d %s", r.status, r.text)
	}
	if _, body, _ := s.get("/todo-lists/" + id); !strings.Contains(body, "The name “Party” could not be checked, so this list never began.") || strings.Contains(body, "nother list") {
		t.Errorf("a list that never began is\n%s", body)
	}
	broken.Store(false)
	if again, _ := s.list("Party"); again == "" {
		t.Error("the name is kept for nobody")
	}
}
