package web

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/backstory-go/backstory/engine"
)

// How far one look searches: each part is a bounded one of the log.
const (
	findParts = 20
	findTime  = 200 * time.Millisecond
	findItems = 20 // items whose other messages are found by their texts, too
	findLists = 50 // active and archived lists each whose messages are found by their names
)

// wanted are the messages that somebody looks for, in the words of the page.
type wanted struct {
	Kind                   engine.RecentKind
	Type, Stream, By, Text string
}

// recentKinds are the kinds to choose from, and what the page calls them.
var recentKinds = []struct {
	Kind engine.RecentKind
	Name string
}{
	{engine.RecentAll, "Everything"}, {engine.RecentEvents, "Events"}, {engine.RecentCommands, "Commands"},
	{engine.RecentWaiting, "Waiting commands"}, {engine.RecentRefused, "Refused commands"}, {engine.RecentFailed, "Failed commands"},
}

func wantedOf(q url.Values) wanted {
	w := wanted{Type: q.Get("type"), Stream: q.Get("stream"), By: q.Get("by"), Text: q.Get("text")}
	for _, k := range recentKinds { // anything else: everything
		if string(k.Kind) == q.Get("kind") {
			w.Kind = k.Kind
		}
	}
	for _, words := range []*string{&w.Type, &w.Stream, &w.By, &w.Text} {
		*words = strings.TrimSpace(*words)
	}
	return w
}

func (w wanted) query() url.Values {
	q := url.Values{}
	for name, value := range map[string]string{"kind": string(w.Kind), "type": w.Type, "stream": w.Stream, "by": w.By, "text": w.Text} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q
}

// found are the messages that the page shows, newest first.
type found struct {
	Lines []*node
	From  engine.RecentPlace // where they begin: the address of this page, whatever comes in
	Next  engine.RecentPlace // where older ones begin; zero: there are none
	Since time.Time          // everything from here on was looked at; zero: all there is
}

// find reads the messages before a place (zero: the newest) that are wanted. It goes on
// by itself until a page is full, for a bounded time. The names are those of all
// streams that the page shows.
func (s *Server) find(ctx context.Context, l look, w wanted, before engine.RecentPlace) (f found, names called, err error) {
	of, err := s.filterOf(ctx, w)
	if err != nil {
		return f, names, err
	}
	messages, err := s.gather(ctx, of, before, &f)
	if items := itemsCalled(messages, w.Text); err == nil && len(items) > 0 {
		of.Texts = append(of.Texts, items...)
		messages, err = s.gather(ctx, of, before, &f)
	}
	if err != nil {
		return f, names, err
	}
	if names, err = s.calledOf(ctx, append(l.streams(), streamsOfMessages(messages)...)); err != nil {
		return f, names, err
	}
	f.Lines = slices.DeleteFunc(s.linesOf(ctx, messages, names), func(n *node) bool { return !matches(w.Type, n.Title, n.Type) })
	return f, names, nil
}

// gather reads part after part until the page is full.
func (s *Server) gather(ctx context.Context, of engine.RecentFilter, before engine.RecentPlace, f *found) (list []engine.RecentMessage, err error) {
	place := before
	for part, began := 0, s.cfg.Now(); part < findParts && s.cfg.Now().Sub(began) < findTime; part++ {
		page, err := s.cfg.Operator.Recent(ctx, of, place, recentPage-len(list))
		if err != nil {
			return nil, err
		}
		if part == 0 {
			f.From = page.From
		}
		list = append(list, page.Messages...)
		f.Next, f.Since = page.Next, page.Since
		if place = page.Next; len(list) >= recentPage || place == (engine.RecentPlace{}) {
			break
		}
	}
	return list, nil
}

// filterOf turns words into what the log knows: types by their titles, streams by the
// names of their lists.
func (s *Server) filterOf(ctx context.Context, w wanted) (engine.RecentFilter, error) {
	of := engine.RecentFilter{Kind: w.Kind, Type: w.Type, Stream: w.Stream, By: w.By}
	if w.Text != "" {
		of.Texts = []string{w.Text}
	}
	if w.Type != "" {
		of.Types = typesCalled(s.cfg.System, w.Type)
	}
	if w.Stream == "" {
		return of, nil
	}
	for _, actor := range s.cfg.System.Actors() { // as streamWords has it
		if id, ok := strings.CutPrefix(strings.ToLower(w.Stream), strings.ToLower(words(actor.Type))+" "); ok {
			of.Stream = actor.Type + "/" + id
		}
	}
	for _, archived := range []bool{false, true} {
		page, err := s.source.lists(ctx, listQuery{Archived: archived, Find: w.Stream, Most: findLists})
		if err != nil {
			return of, err
		}
		for _, l := range page.Lists {
			for _, actor := range s.cfg.System.Actors() {
				of.Streams = append(of.Streams, engine.StreamID{Type: actor.Type, ID: l.ID}.String())
			}
		}
	}
	return of, nil
}

// typesCalled are the types whose title has the words in it. A name that is confirmed
// may be a new one.
func typesCalled(system *engine.System, title string) (types []string) {
	for _, actor := range system.Actors() {
		for _, event := range actor.Events {
			renames := event.Type == nameConfirmed && matches(title, titles["name_updated"])
			if renames || matches(title, eventTitle(event.Type)) {
				types = append(types, event.Type)
			}
		}
		for _, command := range actor.Commands {
			if matches(title, words(command.Type)) {
				types = append(types, command.Type)
			}
		}
	}
	return types
}

// itemsCalled are the ids of items whose text has the words in it, as far as the
// messages tell: others name the item by its id only.
func itemsCalled(messages []engine.RecentMessage, text string) (ids []string) {
	for _, m := range messages {
		var data struct{ ID, Text string }
		if text == "" || m.Event == nil || json.Unmarshal(m.Event.Data, &data) != nil || data.ID == "" || !matches(text, data.Text) {
			continue
		}
		if !slices.Contains(ids, data.ID) && len(ids) < findItems {
			ids = append(ids, data.ID)
		}
	}
	return ids
}

// linesOf tells the messages as conversations do.
func (s *Server) linesOf(ctx context.Context, messages []engine.RecentMessage, names called) (lines []*node) {
	var events []engine.Recorded
	var commands []engine.Outcome
	for _, m := range slices.Backward(messages) {
		if m.Event != nil {
			events = append(events, *m.Event)
		} else {
			commands = append(commands, *m.Command)
		}
	}
	told, texts := tellAll(events, s.itemsBefore(ctx, events, commands))
	for _, m := range messages {
		if m.Event != nil {
			lines, told = append(lines, eventNode(told[len(told)-1], names)), told[:len(told)-1]
			continue
		}
		lines = append(lines, commandLine(*m.Command, texts, names))
	}
	return lines
}

// commandLine says of every command what became of it, and of one that failed why.
func commandLine(o engine.Outcome, texts map[string]string, names called) *node {
	n := commandNode(o, texts, names)
	if n.Status = string(o.Status); o.Status == engine.Accepted && len(o.Events) == 0 && o.Archived == 0 {
		n.Status = "changed nothing"
	}
	if o.Status == engine.Failed {
		n.Why = firstLine(o.Error)
	}
	return n
}

func streamsOfMessages(messages []engine.RecentMessage) (streams []engine.StreamID) {
	for _, m := range messages {
		if m.Event != nil {
			streams = append(streams, m.Event.Meta.Stream)
		} else {
			streams = append(streams, m.Command.Stream)
		}
	}
	return streams
}

// streams are those of what is parked and what is due later.
func (l look) streams() (streams []engine.StreamID) {
	texts := []string{}
	for _, p := range l.Parked {
		texts = append(texts, p.Key)
	}
	for _, c := range l.Scheduled {
		texts = append(texts, c.Stream)
	}
	for _, text := range texts {
		if stream, err := engine.ParseStream(text); err == nil {
			streams = append(streams, stream)
		}
	}
	return streams
}

// titlesOf are what the system's messages are called, each once.
func titlesOf(system *engine.System) (titles []string) {
	for _, actor := range system.Actors() {
		for _, event := range actor.Events {
			titles = append(titles, eventTitle(event.Type))
		}
		for _, command := range actor.Commands {
			titles = append(titles, words(command.Type))
		}
	}
	slices.Sort(titles)
	return slices.Compact(titles)
}
