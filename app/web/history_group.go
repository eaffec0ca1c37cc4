package web

import (
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
		return e.Version == l.Version
	case entryGroup:
		return l.Version <= e.Version && l.Version > e.Version-int64(len(e.Parts))
	}
	return false
}
