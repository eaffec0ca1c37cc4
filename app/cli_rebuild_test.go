package main

import "testing"

func TestRebuild(t *testing.T) {
	url := filled(t)
	tamper(t, url, "UPDATE todos_listings SET item_count = 7")
	app(t, "verify").ends(exitWrong)
	app(t, "rebuild", "listings").ends(exitOK, "rebuilt todos.listings up to position 7")
	app(t, "verify").ends(exitOK, "nothing is wrong")
	sendTo(t, "add_item", `{"text":"Bread"}`).ends(exitOK)
	app(t, "rebuild", "todos.listings").ends(exitOK, "up to position 8")
	app(t, "verify").ends(exitOK, "nothing is wrong")
	app(t, "rebuild", "nothing").ends(exitUsage)
	app(t, "rebuild").ends(exitUsage)
}
