package main

import (
	"testing"

	"github.com/backstory-go/backstory/engine"
)

func TestAdopt(t *testing.T) {
	url := useDatabase(t)
	sendTo(t, "create", `{"name":"Groceries"}`).ends(exitOK)
	app(t, "adopt").ends(exitOK, "nothing to do")
	tamper(t, url, "UPDATE backstory.log SET home_database = 1") // as in a copy
	app(t, "status").ends(exitOK, "app adopt")
	var status engine.SystemStatus
	app(t, "status", "--json").ends(exitOK).into(&status)
	if !status.CallsPaused || status.Epoch == "" {
		t.Errorf("%+v", status)
	}
	app(t, "adopt").ends(exitOK, "adopted")
	app(t, "status", "--json").ends(exitOK).into(&status)
	if status.CallsPaused {
		t.Errorf("%+v", status)
	}
	app(t, "adopt", "now").ends(exitUsage)
}
