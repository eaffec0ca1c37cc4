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
	tamper(t, url, `INSERT INTO backstory.builds (projection, hash, program, floor, position) VALUES ('todos.listings', 'h', 'p', 0, 3)`)
	tamper(t, url, `INSERT INTO backstory.refolds (consumer, slot, program, process, starts) VALUES ('todos.listings', 0, 'p', gen_random_uuid(), 4)`)
	app(t, "status").ends(exitOK, "todos.listings", "given up", "after position 3, before they stored any. Mend its handler")
	app(t, "rebuild", "listings").ends(exitOK, "up to position 8")
	app(t, "rebuild", "nothing").ends(exitUsage)
	app(t, "rebuild").ends(exitUsage)
}
