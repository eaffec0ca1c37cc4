package web

import "encoding/json"

// undoable says whether the page offers to take the change back: where that can be
// done, and has something left to do. Of an archived list nothing can but that it was
// archived. The list judges, should it have changed meanwhile.
func (l listShown) undoable(e entry) bool {
	if e.Kind != entryEvent || l.Past {
		return false
	}
	if e.Type == listActor+".archived" {
		return l.Status == "archived"
	}
	return l.active() && l.stands(e)
}

// reversible says whether the page offers to take back what one command led to in
// several events: while it is the last that happened, by restoring what was before.
func (l listShown) reversible(e entry) bool {
	return e.Kind == entryGroup && e.Version == l.Head && !l.Past && l.active()
}

// before is the version before the events of a group.
func (e entry) before() int64 { return e.Version - int64(len(e.Parts)) }

// stands says whether a change of an active list, one of those that can be undone, is
// still as it was made.
func (l listShown) stands(e entry) bool {
	var data struct{ ID, Text, Name string }
	if json.Unmarshal([]byte(e.Payload), &data) != nil {
		return false
	}
	item, there := l.item(data.ID)
	switch eventName(e.Type) {
	case "unarchived":
		return true
	case "item_added":
		return there
	case "items_reordered":
		return there && !l.History.undone(e.Version)
	case "item_removed":
		return !there
	case "item_text_updated":
		return there && item.Text == data.Text
	case "item_done":
		return there && item.Done
	case "item_undone":
		return there && !item.Done
	case "name_updated":
		return data.Name == l.Name
	case "name_confirmed":
		return data.Name == l.Name && e.Version > firstName
	}
	return false
}

// undone says whether a command in the window took back a version.
func (h history) undone(version int64) bool {
	because := undoing(version)
	for _, e := range h.Entries {
		if e.Because == because {
			return true
		}
	}
	return false
}

// firstName is the last version at which a new list can get its name: created,
// claimed, confirmed. It cannot be taken back.
const firstName = 3
