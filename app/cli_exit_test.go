package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/cobra"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/localpg/pgtest"
)

func TestExitCodes(t *testing.T) {
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, exitOK},
		{errors.New("x"), exitError},
		{fmt.Errorf("read: %w", engine.ErrNotFound), exitError},
		{&usageError{errors.New("x")}, exitUsage},
		{&codeError{code: exitFailed}, exitFailed},
		{errors.Join(&codeError{code: 7}), exitWrong},
		{fmt.Errorf("status: %w", engine.ErrUnavailable), exitUnreachable},
		{fmt.Errorf("open: %w", &pgconn.ConnectError{}), exitUnreachable},
	} {
		if got := exitCode(c.err); got != c.want {
			t.Errorf("%v: %d, want %d", c.err, got, c.want)
		}
	}
}

// Every class of failure has its own code, whatever the command, and says what to do.
func TestExitCodes_OfEveryFailure(t *testing.T) {
	url := useDatabase(t)
	sendTo(t, "create", `{"name":"Groceries"}`).ends(exitOK)
	item, list := uuid.NewString(), []string{"--stream", listID}
	send := func(verb string, more ...string) []string {
		return append(append([]string{"send", "todos.list." + verb}, list...), more...)
	}
	for _, c := range []struct {
		name string
		code int
		says string
		args []string
	}{
		{"done", exitOK, "accepted", send("add_item", "--data", `{"text":"Milk"}`)},
		{"no such stream", exitError, "no events", []string{"history", "list", item}},
		{"no such scheduled command", exitError, "scheduled list", []string{"scheduled", "cancel", item}},
		{"not empty", exitError, "import into a new one", []string{"import"}},
		{"no such command", exitUsage, "unknown command", []string{"fly"}},
		{"no such command below one", exitUsage, "unknown command", []string{"scheduled", "fly"}},
		{"no such command below another", exitUsage, "unknown command", []string{"parked", "fly"}},
		{"an argument too few", exitUsage, "usage: app history <actor> <id>", []string{"history", "list"}},
		{"no rounds", exitUsage, "--rounds", []string{"bench", "--rounds", "0"}},
		{"no such flag", exitUsage, "--fly", []string{"status", "--fly"}},
		{"a wrong value", exitUsage, "--role", []string{"status", "--role", "king"}},
		{"an argument too many", exitUsage, "usage: app verify", []string{"verify", "now"}},
		{"wrong data", exitUsage, "/text", send("add_item")},
		{"refused", exitRefused, "item_not_found", send("remove_item", "--data", `{"id":"`+item+`"}`)},
		{"reused", exitRefused, "id_reused", send("add_item", "--data", `{"text":"Eggs"}`, "--id", firstCommand(t))},
		{"not settled in time", exitUnsettled, "--id", send("add_item", "--data", `{"text":"Eggs"}`, "--wait", "0s")},
	} {
		t.Run(c.name, func(t *testing.T) { app(t, c.args...).ends(c.code, c.says) })
	}

	t.Run("failed", func(t *testing.T) {
		tamper(t, url, "ALTER TABLE backstory.events DISABLE TRIGGER ALL",
			"UPDATE backstory.events SET type = 'todos.list.sunk' WHERE stream = 'todos.list/"+listID+"' AND version = 2")
		sendTo(t, "add_item", `{"text":"Bread"}`).ends(exitFailed, "the command failed")
	})
	t.Run("interrupted", func(t *testing.T) {
		ctx, stop := context.WithCancelCause(t.Context())
		stop(errors.New("interrupt signal received"))
		root := command()
		root.SetArgs(send("add_item", "--data", `{"text":"Eggs"}`))
		root.SetErr(&bytes.Buffer{})
		err := root.ExecuteContext(ctx)
		if exitCode(err) != exitError || !strings.HasPrefix(said(ctx, err), "interrupted: ") {
			t.Errorf("%d: %v", exitCode(err), err)
		}
	})
	t.Run("wrong", func(t *testing.T) { app(t, "verify").ends(exitWrong, "todos.list.sunk") })
}

// firstCommand is the id of the command that made the list.
func firstCommand(t *testing.T) string {
	t.Helper()
	var h struct{ Commands []struct{ ID, Type string } }
	app(t, "history", "list", listID, "--json").ends(exitOK).into(&h)
	return h.Commands[0].ID
}

// A database that cannot be reached is the same for every command that needs it.
func TestExitCodes_Unreachable(t *testing.T) {
	nobody, err := otherDatabase(pgtest.Server(t).URL(""), "there_is_no_such_database")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("DATABASE_URL", nobody)
	for _, args := range [][]string{
		{"status"}, {"history", "list", listID}, {"send", "todos.list.create", "--stream", listID, "--data", `{"name":"x"}`}, {"rebuild", "listings"},
		{"parked", "list"}, {"scheduled", "list"}, {"verify"}, {"export"}, {"import"}, {"archive", "--before", "7", "--to", t.TempDir() + "/log"},
		{"adopt"}, {"bench", "--quick"}, {"serve", "--addr", "127.0.0.1:0"},
	} {
		app(t, args...).ends(exitUnreachable, "there_is_no_such_database")
	}
	t.Setenv("DATABASE_URL", "postgres://user:secret@host:port/name")
	if r := app(t, "status").ends(exitUsage, "DATABASE_URL"); strings.Contains(r.err, "secret") {
		t.Errorf("the password is shown: %s", r.err)
	}
	t.Setenv("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none?sslmode=disable")
	app(t, "status").ends(exitUnreachable)
}

// Every command explains itself, and what reads has --json.
func TestHelp(t *testing.T) {
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		if cmd.Hidden || cmd.Name() == "completion" || cmd.Name() == "help" {
			return
		}
		if cmd.Short == "" {
			t.Errorf("%s: nothing says what it does", cmd.CommandPath())
		}
		r := app(t, append(strings.Fields(cmd.CommandPath())[1:], "--help")...).ends(exitOK, "Usage:")
		if !strings.Contains(r.out, "--outcome-retention") {
			t.Errorf("%s --help lacks the flags of every command", cmd.CommandPath())
		}
		for _, below := range cmd.Commands() {
			visit(below)
		}
	}
	root := command()
	root.SetOut(&bytes.Buffer{})
	visit(root)
	for _, reading := range []string{"status", "history", "send", "parked list", "parked show", "scheduled list", "verify", "bench"} {
		cmd, _, err := root.Find(strings.Fields(reading))
		if err != nil || cmd.Flags().Lookup("json") == nil {
			t.Errorf("%s has no --json (%v)", reading, err)
		}
	}
}
