package web

import (
	"cmp"
	"encoding/json"
	"strings"

	"github.com/backstory-go/backstory/engine"
)

// titles are what a list's events are called where people read their history. An
// event that is not here is called as its type is.
var titles = map[string]string{
	"created":              "List created",
	"name_requested":       "Name asked for",
	"name_claimed":         "Name reserved",
	"name_confirmed":       "List named",
	"name_refused":         "Name is another list’s",
	"name_given_up":        "Name could not be checked",
	"name_updated":         "List renamed",
	"item_text_updated":    "Item changed",
	"item_duplicated":      "Already on the list",
	"item_undone":          "Item reopened",
	"items_reordered":      "Item moved",
	"item_dispatched":      "Item announced",
	"item_dispatch_failed": "Announcement failed",
	"archived":             "List archived",
	"unarchived":           "List unarchived",
	"deleted":              "List deleted",
}

// inSmall are the events that are told in small. Those on the way to a name: what
// people did is the first of the three, and the last one says how it ended. And that
// somebody tried a text which is on the list: it changed nothing.
var inSmall = map[string]bool{"name_requested": true, "name_claimed": true, "item_duplicated": true}

// leaves says whether an event leaves a list that has begun as it was: its name, its
// items and its state.
func leaves(typ string) bool {
	name := eventName(typ)
	return inSmall[name] || name == "name_refused" || name == "name_given_up"
}

// commandTitles are what the commands of people are called where they came to nothing.
var commandTitles = map[string]string{
	"update_name":      "Renaming the list",
	"add_item":         "Adding an item",
	"update_item_text": "Changing an item",
	"toggle_item":      "Checking an item",
	"remove_item":      "Removing an item",
	"reorder_items":    "Moving an item",
	"expand_item":      "Splitting an item",
	"archive":          "Archiving the list",
	"unarchive":        "Unarchiving the list",
	"delete":           "Deleting the list",
}

// commandTitle is what a command that came to nothing is called.
func commandTitle(typ string) string { return cmp.Or(commandTitles[eventName(typ)], words(typ)) }

// eventTitle is what an event of any component is called.
func eventTitle(typ string) string { return cmp.Or(titles[eventName(typ)], words(typ)) }

// eventName is a type of the list's without its component; "": of another one.
func eventName(typ string) string {
	name, ok := strings.CutPrefix(typ, listActor+".")
	if !ok {
		return ""
	}
	return name
}

// story tells events in the order in which they happened: what an item or the list
// was called before, too, as far as the events tell.
type story struct{ texts map[string]string } // of items, by id

// tell gives the words for the next event. was is "" unless it replaced something,
// about unless it is about an item whose text is known.
func (s story) tell(r engine.Recorded) (title, was, about string, step bool) {
	name := eventName(r.Type)
	title = eventTitle(r.Type)
	var data struct {
		ID, Text, Before string
		Previous         struct{ Name string }
	}
	if json.Unmarshal(r.Data, &data) != nil {
		return title, "", "", inSmall[name]
	}
	if name == "item_text_updated" {
		was = s.texts[data.ID]
	}
	if data.Text != "" && name != "item_duplicated" { // which tells the text that was tried
		s.texts[data.ID] = data.Text
	}
	if data.Previous.Name != "" {
		title, was = titles["name_updated"], data.Previous.Name
	}
	about = cmp.Or(data.Text, s.texts[data.ID])
	if name == "items_reordered" && about != "" {
		about += s.whereTo(data.Before)
	}
	return title, was, about, inSmall[name]
}

// whereTo says where an item was moved.
func (s story) whereTo(before string) string {
	if before == "" {
		return ", to the end"
	}
	if text := s.texts[before]; text != "" {
		return ", before “" + text + "”"
	}
	return ""
}

// refersBack says whether one of the events takes away, or replaces, a text that the
// others do not tell.
func refersBack(events []engine.Recorded) bool {
	known := map[string]bool{}
	for _, r := range events {
		var data struct{ ID, Text string }
		_ = json.Unmarshal(r.Data, &data) // its schema was checked when it was stored
		name := eventName(r.Type)
		if (name == "item_removed" || name == "item_text_updated") && !known[data.ID] {
			return true
		}
		known[data.ID] = known[data.ID] || data.Text != "" && name != "item_duplicated"
	}
	return false
}
