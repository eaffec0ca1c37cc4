package web

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
)

// called knows what streams are called by now, for pages that show messages of
// many. Streams whose identity is a list's are called as the list is.
type called struct{ lists map[string]string } // names, by id; those that have none, or are deleted, are not in it

// calledOf asks for the names of all streams at once.
func (s *Server) calledOf(ctx context.Context, streams []engine.StreamID) (called, error) {
	var ids []string
	for _, stream := range streams {
		if _, err := uuid.Parse(stream.ID); err == nil {
			ids = append(ids, stream.ID)
		}
	}
	slices.Sort(ids)
	if ids = slices.Compact(ids); len(ids) == 0 {
		return called{}, nil
	}
	lists, err := s.source.names(ctx, ids)
	return called{lists}, err
}

// stream names a stream for people: “Party” · List 1234abcd; List name groceries.
func (c called) stream(stream engine.StreamID) string {
	if name := c.lists[stream.ID]; name != "" {
		return "“" + name + "” · " + streamWords(stream)
	}
	return streamWords(stream)
}

// apart are the words that a message is about; "" where they are its stream's name.
func (c called) apart(about string, stream engine.StreamID) string {
	if about == c.lists[stream.ID] {
		return ""
	}
	return about
}

// text names a stream that is given as a text.
func (c called) text(name string) string {
	if stream, err := engine.ParseStream(name); err == nil {
		return c.stream(stream)
	}
	return name
}

// eventLine is an event of any stream, in the words of its history.
type eventLine struct {
	engine.Recorded
	Title, Was, About string
}

// tellAll gives the words for events of several streams, in the order of the log:
// what one says of an item holds for those around it. before are what items were called
// before that, texts are what they are called after all of them.
func tellAll(events []engine.Recorded, before map[string]string) (lines []eventLine, texts map[string]string) {
	told := story{before}
	for _, r := range events {
		line := eventLine{Recorded: r}
		line.Title, line.Was, line.About, _ = told.tell(r)
		lines = append(lines, line)
	}
	for i, line := range lines { // as it is called later, where it is not known what it was
		lines[i].About = cmp.Or(line.About, about(line.Data, told.texts))
	}
	return lines, told.texts
}

// mostRead is how many lists are read for what their items were called.
const mostRead = 20

// itemsBefore are what items were called that messages name by their ids only: events,
// in the order of the log, and commands. Lists are read as they were at that time.
func (s *Server) itemsBefore(ctx context.Context, events []engine.Recorded, commands []engine.Outcome) map[string]string {
	before, known, read := map[string]string{}, map[string]bool{}, 0
	look := func(stream engine.StreamID, version int64) {
		if read++; stream.Type != listActor || read > mostRead {
			return
		}
		l, err := s.source.list(ctx, stream.ID, version)
		if err != nil { // not there any more: then without the words
			return
		}
		for id, text := range itemTexts(l, nil) {
			if !known[id] {
				before[id], known[id] = text, true
			}
		}
	}
	for _, r := range events {
		id, tells := namesItem(r.Data)
		switch name := eventName(r.Type); {
		case id == "" || known[id]:
			continue
		case r.Meta.Version > 1 && (!tells || name == "item_text_updated" || name == "item_duplicated"):
			look(r.Meta.Stream, r.Meta.Version-1)
		}
		known[id] = true
	}
	for _, o := range commands {
		if id, _ := namesItem(o.Data); id != "" && !known[id] {
			look(o.Stream, 0)
			known[id] = true
		}
	}
	return before
}

// namesItem is the id of the item that a message is about, and whether it tells its text.
func namesItem(data json.RawMessage) (id string, tells bool) {
	var d struct{ ID, Text string }
	_ = json.Unmarshal(data, &d) // its schema was checked when it was stored
	return d.ID, d.Text != ""
}

// matches says whether one of the texts has the words in it, whatever their case.
func matches(words string, texts ...string) bool {
	words = strings.ToLower(strings.TrimSpace(words))
	return words == "" || slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(strings.ToLower(text), words) })
}
