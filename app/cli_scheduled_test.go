package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
)

// A new list schedules the end of its claim to a name.
func TestScheduled(t *testing.T) {
	useDatabase(t)
	app(t, "scheduled", "list").ends(exitOK)
	sendTo(t, "create", `{"name":"Groceries"}`).ends(exitOK)
	app(t, "scheduled", "list").ends(exitOK, "todos.list_name.expire", time.Now().UTC().Format("2006-01"))

	r := app(t, "scheduled", "list", "--json").ends(exitOK)
	var list []engine.ScheduledCommand
	for line := range strings.Lines(r.out) {
		var c engine.ScheduledCommand
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		list = append(list, c)
	}
	if len(list) != 1 || list[0].Type != "todos.list_name.expire" || !list[0].Due.After(time.Now()) || list[0].ID == uuid.Nil {
		t.Fatalf("%+v", list)
	}

	id := list[0].ID.String()
	app(t, "scheduled", "cancel", "7").ends(exitUsage, "UUID")
	app(t, "scheduled", "cancel").ends(exitUsage)
	app(t, "scheduled", "cancel", uuid.NewString()).ends(exitError, "scheduled list")
	var o struct{ ID, Type, Status string }
	app(t, "scheduled", "cancel", id, "--json").ends(exitOK).into(&o)
	if o.ID != id || o.Status != "cancelled" {
		t.Errorf("%+v", o)
	}
	app(t, "scheduled", "cancel", id).ends(exitError, id)
	if r := app(t, "scheduled", "list").ends(exitOK); r.out != "" {
		t.Errorf("it is still there: %s", r.out)
	}
}

// Outcomes that are kept for an hour: an id made two hours ago could be one of a
// command that was forgotten.
func TestOutcomeRetention(t *testing.T) {
	url := useDatabase(t)
	sendTo(t, "create", `{"name":"Groceries"}`).ends(exitOK)
	old := uuid.Must(uuid.NewV7())
	made := time.Now().Add(-2 * time.Hour).UnixMilli()
	for i := range 6 {
		old[i] = byte(made >> (40 - 8*i))
	}
	retention := []string{"--outcome-retention", "1h"}
	add := func(id uuid.UUID, more ...string) result {
		return sendTo(t, "add_item", `{"text":"Milk"}`, append([]string{"--id", id.String()}, more...)...)
	}
	add(old, retention...).ends(exitRefused, "refused expired")
	t.Setenv("OUTCOME_RETENTION", "1h")
	add(old).ends(exitRefused, "refused expired")
	add(uuid.New()).ends(exitOK, "accepted") // a caller's own id has no age
	t.Setenv("OUTCOME_RETENTION", "")
	add(old).ends(exitOK, "accepted")
	for _, wrong := range []string{"never", "-1h", "30"} {
		app(t, "status", "--outcome-retention", wrong).ends(exitUsage, "--outcome-retention", "720h")
	}
	tamper(t, url, `DELETE FROM backstory.outcomes WHERE type = 'todos.list.create'`) // as a process that keeps them for some time does
	app(t, "history", "list", listID).ends(exitOK, "todos.list.created")
	app(t, "verify").ends(exitOK)
}
