package web

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
)

// historyPage is how many versions the history shows at once.
const historyPage = 40

// history is what happened to a list, newest first, a window of it.
type history struct {
	Entries  []entry
	From, To int64 // the versions in the window
	Head     int64
	Newest   *engine.Step // of the newest event, for traces; nil: not in the window
}

// entryKind says what an entry is.
type entryKind string

const (
	entryEvent   entryKind = "event"
	entryRefused entryKind = "refused"
	entryFailed  entryKind = "failed"
	entryNothing entryKind = "nothing" // a command that changed nothing
	entryGroup   entryKind = "group"   // a command that led to several events
	entryIdle    entryKind = "idle"    // those commands that changed nothing
)

// entry is a line of the history: an event with its command, or a command that
// led to none.
type entry struct {
	Key     string // unique in the page, and the same in every rendering
	ID      string // of the message
	Kind    entryKind
	Version int64 // of an event
	Type    string
	Title   string
	Step    bool   // on the way to something: told in small
	About   string // the words it is about
	Was     string // the words that stood there before; "": none, or not known
	By      string
	At      time.Time
	Payload string // JSON
	Command *entryCommand
	Because string // of which version it was undone or restored; "": neither

	Parts []entry   // what stands below the line, newest first
	cause uuid.UUID // of an event, the command
	root  uuid.UUID // of an event, its conversation
}

// small is the whole line of what did not change the list; "": it did.
func (e entry) small() string {
	switch {
	case e.Kind == entryIdle:
		return count(int64(len(e.Parts)), "command") + " changed nothing"
	case e.Kind == entryNothing:
		return e.Title + " changed nothing"
	case e.Step && e.About != "":
		return e.Title + " “" + e.About + "”"
	case e.Step:
		return e.Title
	}
	return ""
}

// more is what the line opens.
func (e entry) more() string {
	switch e.Kind {
	case entryGroup:
		return "changes"
	case entryIdle:
		return "which"
	}
	return "details"
}

// entryCommand is the command that led to an event.
type entryCommand struct {
	Title   string
	Payload string
}

// at finds the event of a version in the window.
func (h history) at(version int64) entry {
	for _, e := range h.Entries {
		for _, part := range append(e.Parts, e) {
			if part.Kind == entryEvent && part.Version == version {
				return part
			}
		}
	}
	return entry{}
}

// last finds the newest event of a type in the window.
func (h history) last(eventType string) entry {
	for _, e := range h.Entries {
		if e.Kind == entryEvent && e.Type == eventType {
			return e
		}
	}
	return entry{}
}

// history reads the window that ends at until; 0: at the newest, or for a page of
// the past around the version shown.
func (s *Server) history(ctx context.Context, l todoList, past bool, until int64) (history, error) {
	h := history{Head: l.Head, To: l.Head}
	switch {
	case until > 0:
		h.To = min(until, l.Head)
	case past:
		h.To = min(l.Head, l.Version+historyPage/4)
	}
	h.From = max(1, h.To-historyPage+1)
	stream := listStream(l.ID)
	events, err := s.cfg.Client.Events(ctx, stream, h.From-1, int(h.To-h.From+2))
	if archived, ok := errors.AsType[*engine.ArchivedError](err); ok { // what is left of the window
		h.From = min(archived.Version+1, h.To+1)
		events, err = s.cfg.Client.Events(ctx, stream, archived.Version, int(max(h.To-h.From+2, 1)))
	}
	if err != nil {
		return h, err
	}
	before := time.Time{}
	if n := int(h.To - h.From + 1); len(events) > n {
		before, events = events[n].Meta.At, events[:n]
	}
	if n := len(events); n > 0 && events[n-1].Meta.Version == l.Head {
		h.Newest = patchOf(events[n-1])
	}
	commands, err := s.cfg.Client.Commands(ctx, stream, before, 2*historyPage)
	if err != nil {
		return h, err
	}
	if events, err = s.whole(ctx, stream, events, commands); err != nil {
		return h, err
	}
	if len(events) > 0 {
		h.From = events[0].Meta.Version
	}
	if h.From > 1 && len(events) > 0 {
		commands = slices.DeleteFunc(commands, func(o engine.Outcome) bool { return o.At.Before(events[0].Meta.At) && len(o.Events) == 0 })
	}
	h.Entries = merge(l, s.textsBefore(ctx, stream, events), events, commands)
	return h, nil
}

// whole adds the events before the window that belong to its first one: what a command
// led to is never cut in two.
func (s *Server) whole(ctx context.Context, stream engine.StreamID, events []engine.Recorded, commands []engine.Outcome) ([]engine.Recorded, error) {
	if len(events) == 0 {
		return events, nil
	}
	first := events[0].Meta
	i := slices.IndexFunc(commands, func(o engine.Outcome) bool { return o.ID == first.Causation && len(o.Events) > 0 })
	if i < 0 || commands[i].Events[0].Version >= first.Version {
		return events, nil
	}
	from := commands[i].Events[0].Version
	more, err := s.cfg.Client.Events(ctx, stream, from-1, int(first.Version-from))
	return append(more, events...), err
}

// textsBefore are what items were called before the first of the events: the list is
// read as it was then where the events themselves leave that open.
func (s *Server) textsBefore(ctx context.Context, stream engine.StreamID, events []engine.Recorded) map[string]string {
	if len(events) == 0 || events[0].Meta.Version == 1 || !refersBack(events) {
		return map[string]string{}
	}
	before, err := s.source.list(ctx, stream.ID, events[0].Meta.Version-1)
	if err != nil { // not there any more: then without the words
		return map[string]string{}
	}
	return itemTexts(before, nil)
}

// merge puts events and the commands without events in order, newest first. before
// are what items were called before the events, as far as that is known; told, they
// are what they are called after them.
func merge(l todoList, before map[string]string, events []engine.Recorded, commands []engine.Outcome) []entry {
	byID := map[uuid.UUID]engine.Outcome{}
	texts := maps.Clone(before)
	maps.Copy(texts, itemTexts(l, events))
	entries := make([]entry, 0, len(events)+len(commands))
	for _, o := range commands {
		byID[o.ID] = o
		if e, ok := commandEntry(o, texts); ok {
			entries = append(entries, e)
		}
	}
	told := story{before}
	for _, r := range events {
		e := entry{
			Key: "v" + strconv.FormatInt(r.Meta.Version, 10), ID: r.Meta.ID.String(), Kind: entryEvent, Version: r.Meta.Version, Type: r.Type,
			By: r.Meta.By, At: r.Meta.At, Payload: pretty(r.Data), cause: r.Meta.Causation, root: r.Meta.Correlation,
		}
		e.Title, e.Was, e.About, e.Step = told.tell(r)
		e.About = cmp.Or(e.About, about(r.Data, texts)) // as it is now, where it is not known what it was
		if o, ok := byID[r.Meta.Causation]; ok {
			e.Command, e.Because = &entryCommand{Title: words(o.Type), Payload: pretty(o.Data)}, because(o)
		}
		entries = append(entries, e)
	}
	slices.SortStableFunc(entries, func(a, b entry) int {
		if a.Kind == entryEvent && b.Kind == entryEvent {
			return cmp.Compare(b.Version, a.Version)
		}
		return b.At.Compare(a.At)
	})
	return named(grouped(idleLast(entries), byID))
}

// because tells that a command led back: which it was, and of what.
func because(o engine.Outcome) string {
	var data struct{ Version int64 }
	if json.Unmarshal(o.Data, &data) != nil {
		return ""
	}
	switch o.Type {
	case undoCommand:
		return undoing(data.Version)
	case restoreCommand:
		return fmt.Sprintf("restores version %d", data.Version)
	}
	return ""
}

func undoing(version int64) string { return fmt.Sprintf("undoes version %d", version) }

// commandEntry is the line of a command that led to no event.
func commandEntry(o engine.Outcome, texts map[string]string) (entry, bool) {
	e := entry{Key: "c" + o.ID.String(), ID: o.ID.String(), Title: commandTitle(o.Type), About: about(o.Data, texts), By: o.By, At: o.At, Payload: pretty(o.Data)}
	switch {
	case o.Status == engine.Refused && o.Refusal != nil:
		e.Kind, e.About = entryRefused, o.Refusal.Message
	case o.Status == engine.Failed:
		e.Kind, e.About = entryFailed, "It could not be carried out."
	case o.Status == engine.Accepted && len(o.Events) == 0 && o.Archived == 0:
		e.Kind = entryNothing
	default:
		return e, false
	}
	return e, true
}

// itemTexts knows what items are or were called.
func itemTexts(l todoList, events []engine.Recorded) map[string]string {
	texts := map[string]string{}
	for _, r := range events {
		var data struct{ ID, Text string }
		if json.Unmarshal(r.Data, &data) == nil && data.Text != "" {
			texts[data.ID] = data.Text
		}
	}
	for _, item := range l.Items {
		texts[item.ID] = item.Text
	}
	return texts
}

// about is what a person calls the thing that a message is about.
func about(data json.RawMessage, texts map[string]string) string {
	var d struct{ ID, Text, Name string }
	if json.Unmarshal(data, &d) != nil {
		return ""
	}
	return cmp.Or(d.Name, d.Text, texts[d.ID])
}

func pretty(data json.RawMessage) string {
	var buf bytes.Buffer
	if json.Indent(&buf, data, "", "  ") != nil {
		return string(data)
	}
	return buf.String()
}
