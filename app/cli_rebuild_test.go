package main

import (
	"strings"
	"testing"
)

func TestRebuild(t *testing.T) {
	url, _ := filled(t)
	tamper(t, url, "UPDATE todos_listings SET item_count = 7")
	app(t, "verify").ends(exitWrong)
	app(t, "rebuild", "listings").ends(exitOK, "rebuilt todos.listings up to position 7")
	app(t, "verify").ends(exitOK, "nothing is wrong")
	sendTo(t, "add_item", `{"text":"Bread"}`).ends(exitOK)
	app(t, "rebuild", "todos.listings").ends(exitOK, "up to position 8")
	app(t, "verify").ends(exitOK, "nothing is wrong")
	tamper(t, url, `INSERT INTO backstory.builds (projection, hash, program, floor, position) VALUES ('todos.listings', 'h', 'p', 0, 3)`)
	tamper(t, url, `INSERT INTO backstory.refolds (consumer, slot, program, process, starts) VALUES ('todos.listings', 0, 'p', gen_random_uuid(), 4)`)
	app(t, "status").ends(exitOK, "todos.listings", "given up", "after position 3, before they stored any. Mend its handler")
	app(t, "rebuild", "listings").ends(exitOK, "up to position 8")
	app(t, "rebuild", "nothing").ends(exitUsage)
	app(t, "rebuild").ends(exitUsage)
}

// What a rebuild could not fold is told, of a projection and of a reactor.
func TestRebuild_TellsOfWhatItLeft(t *testing.T) {
	url, _ := filled(t)
	if r := app(t, "rebuild", "slack_dispatcher").ends(exitOK); strings.Contains(r.out, "parked") {
		t.Errorf("nothing was left: %s", r.out)
	}
	tamper(t, url, "ALTER TABLE backstory.events DISABLE TRIGGER ALL", `UPDATE backstory.events SET data = '7' WHERE type = 'todos.list.item_added'`)
	for _, name := range []string{"todos.listings", "todos.slack_dispatcher"} {
		app(t, "rebuild", name).ends(exitOK, "rebuilt "+name, "0 parked, 1 tried again", "parked list --consumer "+name)
	}
	tamper(t, url, `UPDATE backstory.held SET parked_at = now(), attempts = 10`)
	app(t, "rebuild", "slack_dispatcher").ends(exitOK, "1 parked, 0 tried again")
	var left struct {
		Name             string
		Position         int64
		Parked, Retrying *int64
	}
	app(t, "rebuild", "slack_dispatcher", "--json").ends(exitOK).into(&left)
	if left.Name != "todos.slack_dispatcher" || left.Position != 7 || left.Parked == nil || *left.Parked != 1 || left.Retrying == nil || *left.Retrying != 0 {
		t.Errorf("%+v", left)
	}
}
