package main

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine/localpg/pgtest"
)

// Commands that only read work on a standby, and tell what they tell on the primary;
// the others say what is missing.
func TestStandby(t *testing.T) {
	server := pgtest.Private(t, false)
	tamper(t, server.URL("postgres"), "CREATE DATABASE log")
	primary := server.URL("log")
	t.Setenv("DATABASE_URL", primary)
	t.Setenv("DATABASE_DIRECT_URL", "")
	t.Setenv("DATABASE_OWNER_URL", "")
	sendTo(t, "create", `{"name":"Groceries"}`).ends(exitOK)
	sendTo(t, "add_item", `{"text":"Milk"}`).ends(exitOK)
	tamper(t, primary, `INSERT INTO backstory.held (consumer, key, slot, from_position, from_version, attempts, next_at, parked_at, error)
		SELECT 'todos.listings', e.stream, 0, e.position, e.version, 10, now(), now(), 'it broke' FROM backstory.events e WHERE e.position = 1`)
	standby := pgtest.Standby(t, server, primary)
	const end = `SELECT (SELECT max(position) FROM backstory.events) || ' ' || (SELECT count(*) FROM backstory.held) || ' ' || (SELECT count(*) FROM backstory.inbox)`
	eventually(t, "the standby to have all", func() bool { return read(t, primary, end) == read(t, standby, end) })

	reading := [][]string{
		{"status", "--json"}, {"history", "list", listID}, {"history", "list", listID, "--at", "2", "--json"}, {"export"},
		{"scheduled", "list"}, {"scheduled", "list", "--json"}, {"parked", "list", "--consumer", "listings"}, {"parked", "show", "--json"},
	}
	want := make([]result, len(reading))
	for i, args := range reading {
		want[i] = app(t, args...).ends(exitOK)
	}
	t.Setenv("DATABASE_URL", standby)
	for i, args := range reading {
		got := app(t, args...).ends(exitOK)
		if a, b := steadyPart(args[0], want[i].out), steadyPart(args[0], got.out); a != b || a == "" {
			t.Errorf("%v says on the standby\n%s\nand on the primary\n%s", args, b, a)
		}
	}
	for _, args := range [][]string{
		{"send", "todos.list.add_item", "--stream", listID, "--data", `{"text":"Bread"}`}, {"scheduled", "cancel", uuid.NewString()},
		{"parked", "retry"}, {"parked", "discard", "--consumer", "listings"}, {"rebuild", "listings"}, {"verify"}, {"adopt"}, {"import"},
		{"archive", "--before", "2", "--to", t.TempDir() + "/log.jsonl"},
	} {
		app(t, args...).ends(exitUnreachable, "standby", "name the primary's address")
	}
}

// steadyPart leaves out what differs from one moment, or server, to the next.
func steadyPart(command, out string) string {
	switch command {
	case "status":
		_, out, _ = strings.Cut(out, `"head"`)
		out, _, _ = strings.Cut(out, `"processes"`)
	case "export":
		_, out, _ = strings.Cut(out, "\n") // the header has the time
	}
	return out
}

func read(t *testing.T, url, query string) (text string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if err := conn.QueryRow(t.Context(), query).Scan(&text); err != nil {
		t.Fatal(err)
	}
	return text
}
