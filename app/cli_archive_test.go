package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/backstory-go/backstory/engine"
)

func TestExportImport(t *testing.T) {
	filled(t)
	exported := app(t, "export").ends(exitOK, `{"kind":"header","format":1,`, `{"kind":"event","position":1,`, `{"kind":"outcome",`)
	useDatabase(t)
	root := command()
	root.SetArgs([]string{"import"})
	root.SetIn(strings.NewReader(exported.out))
	root.SetOut(&strings.Builder{})
	var notes strings.Builder
	root.SetErr(&notes)
	if err := root.ExecuteContext(context.Background()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(notes.String(), "app adopt") {
		t.Errorf("calls that wait are not told of: %s", notes.String())
	}
	var status engine.SystemStatus
	app(t, "status", "--json").ends(exitOK).into(&status)
	if status.Head != 7 || !status.CallsPaused {
		t.Errorf("%+v", status)
	}
	app(t, "status").ends(exitOK, "unbuilt")
	app(t, "verify").ends(exitOK, "left out todos.listings", "nothing is wrong")
	app(t, "rebuild", "listings").ends(exitOK)
	app(t, "verify").ends(exitOK, "compared todos.listings: 1 rows", "nothing is wrong")
	app(t, "history", "list", listID).ends(exitOK, `"GROCERIES"`)
	app(t, "adopt").ends(exitOK, "adopted")
	app(t, "import").ends(exitError, "not empty")
	app(t, "import", "log.jsonl").ends(exitUsage)
	app(t, "export", "log.jsonl").ends(exitUsage)
}

func TestArchive(t *testing.T) {
	filled(t)
	file := filepath.Join(t.TempDir(), "log.jsonl")
	app(t, "archive", "--before", "yesterday", "--to", file).ends(exitUsage, "--before")
	app(t, "archive", "--before", "2").ends(exitUsage, "--to")
	app(t, "archive", "--before", "1", "--to", file).ends(exitError, "cannot be archived")
	app(t, "archive", "--before", "7", "--to", file).ends(exitError, "on_reserved", "waits")
	var expiry engine.ScheduledCommand // of the name's reservation, whose refusal would be answered
	app(t, "scheduled", "list", "--json").ends(exitOK).into(&expiry)
	app(t, "scheduled", "cancel", expiry.ID.String()).ends(exitOK)
	app(t, "archive", "--before", "7", "--to", file).ends(exitOK, "positions 1 to 6")
	if text, err := os.ReadFile(file); err != nil || strings.Count(string(text), "\n") != 7 {
		t.Errorf("%s, %v", text, err)
	}
	app(t, "verify").ends(exitOK, "read 1 events and 8 outcomes: nothing is wrong")
	if r := app(t, "history", "list", listID).ends(exitOK, `"GROCERIES"`); strings.Contains(r.out, "item_added") {
		t.Errorf("archived events are shown: %s", r.out)
	}
	app(t, "history", "list", listID, "--at", "5").ends(exitOK, "GROCERIES")
	app(t, "history", "list", listID, "--at", "4").ends(exitOK, "Groceries")
	app(t, "history", "list", listID, "--at", "1").ends(exitError, "archive")
	sendTo(t, "add_item", `{"text":"Eggs"}`).ends(exitOK, "version 6")
}
