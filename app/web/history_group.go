package web

import (
	"cmp"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
)

// grouped puts the events of one command, where they are several, below one line
// that says what somebody did: they wished for one thing.
func grouped(entries []entry, commands map[uuid.UUID]engine.Outcome) (lines []entry) {
	for i := 0; i < len(entries); {
		end := i + 1
		for entries[i].Kind == entryEvent && end < len(entries) && entries[end].Kind == entryEvent && entries[end].cause == entries[i].cause {
			end++
		}
		if command, known := commands[entries[i].cause]; known && end > i+1 {
			lines = append(lines, groupOf(command, entries[i:end]))
		} else {
			lines = append(lines, entries[i:end]...)
		}
		i = end
	}
	return lines
}

// named puts what happened on the way to a name below the last of it: who creates or
// renames a list wishes for one thing.
func named(entries []entry) (lines []entry) {
	for i := 0; i < len(entries); {
		e := entries[i]
		i++
		for e.leadsFrom(entries, i) {
			part := entries[i]
			e.Because, part.Because = cmp.Or(e.Because, part.Because), ""
			if eventName(part.Type) == "created" {
				part.Title = "Asked for the name"
			}
			e.Parts = append(e.Parts, part)
			i++
		}
		lines = append(lines, e.asked())
	}
	return lines
}

// leadsFrom says whether the entry at i is a step on the way to this one.
func (e entry) leadsFrom(entries []entry, i int) bool {
	if e.Kind != entryEvent || i == len(entries) || entries[i].Kind != entryEvent || entries[i].root != e.root {
		return false
	}
	switch eventName(e.Type) {
	case "name_confirmed", "name_claimed":
		return entries[i].Step || eventName(entries[i].Type) == "created"
	case "name_refused", "name_given_up":
		return entries[i].Step
	}
	return false
}

// asked is the line as it tells what was wished: as long as it is not known how that
// ends, and of a new list always. It is a line like any other from the beginning, so
// that nothing moves when it ends.
func (e entry) asked() entry {
	first := e
	if n := len(e.Parts); n > 0 {
		first = e.Parts[n-1]
	}
	switch name := eventName(first.Type); {
	case name == "created", name == "name_requested" && e.Step:
		e.Title, e.About, e.Step = eventTitle(first.Type), first.About, false
	}
	return e
}

// idleLast puts the commands that changed nothing out of the way, below a line at the
// end.
func idleLast(entries []entry) []entry {
	var idle, lines []entry
	for _, e := range entries {
		if e.Kind == entryNothing {
			idle = append(idle, e)
		} else {
			lines = append(lines, e)
		}
	}
	if len(idle) == 0 {
		return lines
	}
	return append(lines, entry{Key: "idle", Kind: entryIdle, Parts: idle})
}

func groupOf(command engine.Outcome, parts []entry) entry {
	newest := parts[0]
	e := entry{Key: "g" + command.ID.String(), ID: command.ID.String(), Kind: entryGroup, Version: newest.Version,
		Title: words(command.Type), By: newest.By, At: newest.At, Payload: pretty(command.Data)}
	var data struct{ Version int64 }
	_ = json.Unmarshal(command.Data, &data) // other commands have none
	switch command.Type {
	case restoreCommand:
		e.Title = fmt.Sprintf("Restored version %d", data.Version)
	case undoCommand:
		e.Title = fmt.Sprintf("Undid version %d", data.Version)
	case listActor + ".replace_item":
		e.Title = "Item split"
	}
	for _, part := range parts {
		part.Because, part.Command = "", nil // the group says it
		e.Parts = append(e.Parts, part)
	}
	return e
}

// shows says whether the entry tells of the version that the page shows.
func (l listShown) shows(e entry) bool {
	if !l.Past {
		return false
	}
	switch e.Kind {
	case entryEvent:
		return l.Version <= e.Version && l.Version >= e.Version-int64(len(e.Parts))
	case entryGroup:
		return l.Version <= e.Version && l.Version > e.Version-int64(len(e.Parts))
	}
	return false
}
