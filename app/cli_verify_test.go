package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

func TestStatus(t *testing.T) {
	url := useDatabase(t)
	sendTo(t, "create", `{"name":"Groceries"}`).ends(exitOK)
	tamper(t, url, "UPDATE backstory.slots SET position = 0 WHERE consumer <> 'commands'",
		"UPDATE backstory.outcomes SET status = 'failed'")
	var raw map[string]json.RawMessage
	r := app(t, "status", "--json").ends(exitOK)
	r.into(&raw)
	if _, ok := raw["processes"]; !ok || string(raw["processes"]) != "[]" {
		t.Errorf("processes: %s", raw["processes"])
	}
	var status engine.SystemStatus
	r.into(&status)
	if status.Head != 5 || status.Commands != (engine.CommandsStatus{Scheduled: 1, Parked: 5}) || len(status.Consumers) != 5 {
		t.Fatalf("%+v", status)
	}
	c := listings(status)
	if c.Kind != "projection" || c.Status != engine.ConsumerStopped || c.Position != 0 || c.LagEvents != 5 || c.LagSeconds <= 0 {
		t.Errorf("%+v", c)
	}
	app(t, "status").ends(exitOK, "todos.listings", "5 parked", "none")
}

// listings is the status of the app's read model.
func listings(status engine.SystemStatus) (c engine.ConsumerStatus) {
	for _, c = range status.Consumers {
		if c.Name == "todos.listings" {
			return c
		}
	}
	return engine.ConsumerStatus{}
}

// filled is a database with events, whose consumers have seen them all: positions
// 1 to 5 give the list its name, 6 adds an item, 7 respells the name. stop ends the
// engine that runs on it; the test's end does, too.
func filled(t *testing.T) (url string, stop func()) {
	t.Helper()
	url = useDatabase(t)
	stop = running(t, url)
	sendTo(t, "create", `{"name":"Groceries"}`).ends(exitOK)
	sendTo(t, "add_item", `{"text":"Milk"}`).ends(exitOK)
	sendTo(t, "update_name", `{"name":"GROCERIES"}`).ends(exitOK)
	eventually(t, "the consumers to catch up", func() bool {
		var status engine.SystemStatus
		app(t, "status", "--json").ends(exitOK).into(&status)
		return !slices.ContainsFunc(status.Consumers, func(c engine.ConsumerStatus) bool { return c.Position < 7 })
	})
	return url, stop
}

func TestVerifyFindsWhatIsWrong(t *testing.T) {
	const (
		off = "ALTER TABLE backstory.events DISABLE TRIGGER ALL"
		on  = "ALTER TABLE backstory.events ENABLE ALWAYS TRIGGER events_fixed"
	)
	url, stop := filled(t)
	app(t, "verify").ends(exitOK, "compared todos.listings: 1 rows at position 7", "read 7 events and 7 outcomes: nothing is wrong")
	stop() // it would follow what is wrong

	for _, c := range []struct {
		name         string
		change, back []string
		says         []string
	}{
		{"a row of the read model",
			[]string{"UPDATE todos_listings SET item_count = 7"},
			[]string{"UPDATE todos_listings SET item_count = 1"},
			[]string{"projection: todos.listings: its table has a row", "projection: todos.listings: its table lacks a row"}},
		{"an event's data",
			[]string{off, `UPDATE backstory.events SET data = '{"name":"Software"}' WHERE position = 7`},
			[]string{`UPDATE backstory.events SET data = '{"name":"GROCERIES"}' WHERE position = 7`, on},
			[]string{"projection: todos.listings: its table lacks a row that the log leads to: row "}},
		{"an event that cannot be decoded",
			[]string{off, `UPDATE backstory.events SET data = '[]' WHERE position = 7`},
			[]string{`UPDATE backstory.events SET data = '{"name":"GROCERIES"}' WHERE position = 7`, on},
			[]string{"decode: position 7: todos.list.name_updated", "cannot be recomputed: event 7"}},
		{"an event of no schema",
			[]string{off, `UPDATE backstory.events SET type = 'todos.list.sunk' WHERE position = 7`},
			[]string{`UPDATE backstory.events SET type = 'todos.list.name_updated' WHERE position = 7`, on},
			[]string{"decode: position 7: ", "todos.list.sunk"}},
		{"time",
			[]string{off, "UPDATE backstory.events SET at = at - interval '1 day' WHERE position = 6"},
			[]string{"UPDATE backstory.events SET at = at + interval '1 day' WHERE position = 6", on},
			[]string{"time: position 6: "}},
		{"a position",
			[]string{off, "UPDATE backstory.events SET position = 9 WHERE position = 6"},
			[]string{"UPDATE backstory.events SET position = 6 WHERE position = 9", on},
			[]string{"position: position 7: follows position 5", "version: position 7: is version 5", "outcome: "}},
		{"a version",
			[]string{off, "UPDATE backstory.events SET version = 8 WHERE version = 5"},
			[]string{"UPDATE backstory.events SET version = 5 WHERE version = 8", on},
			[]string{"version: position 7: is version 8 of todos.list/" + listID + ", want 5"}},
		{"a cause",
			[]string{off, "UPDATE backstory.events SET causation = (SELECT causation FROM backstory.events WHERE position = 1) WHERE position = 6"},
			[]string{"UPDATE backstory.events SET causation = (SELECT id FROM backstory.outcomes WHERE first_position = 6) WHERE position = 6", on},
			[]string{"todos.list.add_item led to 1 events from position 6, of which 0", "outcome: position 6: "}},
		{"an outcome",
			[]string{"UPDATE backstory.outcomes SET status = 'refused' WHERE first_position = 1"},
			[]string{"UPDATE backstory.outcomes SET status = 'accepted' WHERE first_position = 1"},
			[]string{"todos.list.create is refused, which"}},
		{"a checkpoint",
			[]string{"UPDATE backstory.slots SET position = 99 WHERE consumer = 'todos.listings'"},
			[]string{"UPDATE backstory.slots SET position = 7 WHERE consumer = 'todos.listings'"},
			[]string{"consumer: todos.listings: has its checkpoint at 99 in slot 0"}},
		{"a checkpoint of reactions",
			[]string{"UPDATE backstory.slots SET position = position + 92 WHERE consumer = 'todos.list' AND slot = 3"},
			[]string{"UPDATE backstory.slots SET position = position - 92 WHERE consumer = 'todos.list' AND slot = 3"},
			[]string{"consumer: todos.list: has its checkpoint at 99 in slot 3"}},
		{"a held key without its event",
			[]string{"INSERT INTO backstory.held (consumer, key, slot, from_position, from_version, attempts, next_at) VALUES " +
				"('todos.slack_dispatcher', 'a key', 0, 8, 0, 1, 'infinity'), ('todos.list', 'todos.list/other', 0, 7, 5, 1, 'infinity')"},
			[]string{"DELETE FROM backstory.held"},
			[]string{`consumer: todos.slack_dispatcher: holds key "a key" by the event at 8`, `consumer: todos.list: holds key "todos.list/other" by the event at 7`}},
		{"a decided command that waits",
			[]string{"INSERT INTO backstory.inbox (id, slot, type, stream, data, by, correlation, causation) SELECT id, -1, type, stream, data, by, correlation, causation FROM backstory.outcomes WHERE first_position = 1"},
			[]string{"DELETE FROM backstory.inbox"},
			[]string{"inbox: ", "todos.list.create waits"}},
		{"a table that is gone",
			[]string{"ALTER TABLE todos_listings RENAME TO hidden"},
			[]string{"ALTER TABLE hidden RENAME TO todos_listings"},
			[]string{"projection: todos.listings: its table cannot be read"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tamper(t, url, c.change...)
			app(t, "verify").ends(exitWrong, c.says...)
			tamper(t, url, c.back...)
			app(t, "verify").ends(exitOK)
		})
	}
}

func TestVerifyJSON(t *testing.T) {
	url, _ := filled(t)
	var v struct {
		OK bool
		postgres.Verification
	}
	app(t, "verify", "--json").ends(exitOK, `"findings":[]`).into(&v)
	if !v.OK || v.Events != 7 || len(v.Projections) != 1 {
		t.Errorf("%+v", v)
	}
	tamper(t, url, "DELETE FROM todos_listings")
	if r := app(t, "verify").ends(exitWrong, "lacks a row"); strings.Contains(r.out, "GROCERIES") {
		t.Errorf("values are shown unasked: %s", r.out)
	}
	r := app(t, "verify", "--json", "--show-data").ends(exitWrong)
	r.into(&v)
	if v.OK || len(v.Findings) != 1 || v.Findings[0].Check != "projection" || !strings.Contains(v.Findings[0].Message, "GROCERIES") {
		t.Errorf("%+v", v)
	}
}
