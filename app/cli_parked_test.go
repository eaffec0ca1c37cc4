package main

import (
	"testing"

	"github.com/backstory-go/backstory/engine"
)

func TestParked(t *testing.T) {
	url := useDatabase(t)
	sendTo(t, "create", `{"name":"Groceries"}`).ends(exitOK)
	app(t, "parked", "list").ends(exitOK)
	tamper(t, url, `INSERT INTO backstory.held (consumer, key, slot, from_position, from_version, attempts, next_at, parked_at, error)
		SELECT 'todos.listings', e.stream, 0, e.position, e.version, 10, now(), now(), E'it broke\nhere' FROM backstory.events e WHERE e.position = 5`)
	app(t, "parked", "list").ends(exitOK, "todos.listings", "10 tries", "it broke")
	app(t, "parked", "show", "--consumer", "listings").ends(exitOK, "it broke", "here", "todos.list.name_confirmed", "Groceries")
	app(t, "parked", "list", "--consumer", "nobody").ends(exitUsage)
	app(t, "parked", "discard").ends(exitUsage)
	var keys []engine.ParkedKey
	app(t, "parked", "list", "--json").ends(exitOK).into(&keys)
	if len(keys) != 1 || keys[0].Position != 5 || keys[0].Attempts != 10 {
		t.Fatalf("%+v", keys)
	}
	app(t, "parked", "retry", "--key", keys[0].Key).ends(exitOK, "1 keys")
	app(t, "parked", "list", "--json").ends(exitOK).into(&keys)
	if len(keys) != 0 {
		t.Errorf("%+v", keys)
	}

	tamper(t, url, `INSERT INTO backstory.held (consumer, key, slot, from_position, from_version, attempts, next_at, parked_at, error)
		SELECT 'todos.listings', 'k' || n, 0, 5, 0, 10, now(), now(), 'it broke' FROM generate_series(1, 3) n`,
		`UPDATE backstory.outcomes SET status = 'failed', error = 'boom' WHERE type = 'todos.list.create'`)
	app(t, "parked", "list").ends(exitOK, "todos.list/"+listID, "boom", "k3")
	app(t, "parked", "list", "--consumer", "commands", "--json").ends(exitOK).into(&keys)
	if len(keys) != 1 || keys[0].Consumer != engine.ConsumerCommands || keys[0].Error != "boom" {
		t.Errorf("%+v", keys)
	}
	var changed struct{ Keys int }
	app(t, "parked", "discard", "--consumer", "listings", "--key", "k2", "--json").ends(exitOK).into(&changed)
	if changed.Keys != 1 {
		t.Errorf("%+v", changed)
	}
	app(t, "parked", "discard", "--consumer", "listings").ends(exitOK, "2 keys: discarded")
	app(t, "parked", "discard", "--consumer", "commands").ends(exitOK, "1 keys: discarded")
	if r := app(t, "parked", "list").ends(exitOK); r.out != "" {
		t.Errorf("still parked: %s", r.out)
	}
}
