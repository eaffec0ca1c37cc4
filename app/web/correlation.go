package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/live"
)

// conversationMost is how many commands of a conversation are shown.
const conversationMost = 500

// conversation is what followed from one first message, over all streams.
type conversation struct {
	Roots    []*node
	Count    int
	More     bool   // there are more than are shown
	Back     string // the page that one came from, and its name
	BackName string
}

// node is a message in a conversation, with what it caused.
type node struct {
	ID       string
	Kind     string // command or event
	Type     string
	Title    string
	Was      string // the words that stood there before; or ""
	About    string // the words it is about; or ""
	Stream   string
	Link     string // the page of the stream; or ""
	By       string
	Status   string // of a command that was not accepted; else ""
	Why      string // its refusal or failure
	Payload  string
	At       time.Time
	Offset   string // after the first message
	Asked    bool   // the message that was asked for
	Position int64
	Children []*node
}

// troubled says whether somebody should look at a command.
func (n *node) troubled() bool {
	return n.Status == string(engine.Refused) || n.Status == string(engine.Failed)
}

// open says whether it is not known yet how a command ends.
func (n *node) open() bool {
	return n.Status == string(engine.Pending) || n.Status == string(engine.Settling) || n.Status == string(engine.Scheduled)
}

func (s *Server) correlationPage(r *http.Request) (view, error) {
	id, err := uuid.Parse(r.PathValue("id"))
	if err != nil {
		return view{}, fmt.Errorf("message %q: %w", r.PathValue("id"), live.ErrNotFound)
	}
	commands, err := s.cfg.Client.Conversation(r.Context(), id, conversationMost+1)
	if err != nil {
		return view{}, err
	}
	c := conversation{More: len(commands) > conversationMost}
	commands = commands[:min(len(commands), conversationMost)]
	names, err := s.calledOf(r.Context(), streamsOf(commands, r.URL.Query().Get("from")))
	if err != nil {
		return view{}, err
	}
	c.Roots, c.Count = s.tree(r.Context(), commands, id, names)
	c.Back, c.BackName = backTo(r.URL.Query().Get("from"), names)
	return view{Title: "Conversation", Body: correlationView(c, s.cfg.Now())}, nil
}

// streamsOf are the streams that a conversation is about, and the list that one came
// from.
func streamsOf(commands []engine.Outcome, from string) []engine.StreamID {
	list, _, _ := strings.Cut(from, "/")
	streams := []engine.StreamID{listStream(list)}
	for _, o := range commands {
		streams = append(streams, o.Stream)
	}
	return streams
}

// tree hangs every message below the one that caused it. What was caused by
// nothing that is shown is a root.
func (s *Server) tree(ctx context.Context, commands []engine.Outcome, asked uuid.UUID, names called) (roots []*node, count int) {
	nodes, events := map[uuid.UUID]*node{}, []engine.Recorded{}
	for _, o := range commands {
		for _, e := range o.Events {
			meta := engine.Meta{ID: e.ID, Stream: o.Stream, Version: e.Version, Position: e.Position, At: e.At, By: o.By, Causation: o.ID}
			events = append(events, engine.Recorded{Meta: meta, Type: e.Type, Data: e.Data})
		}
	}
	slices.SortFunc(events, func(a, b engine.Recorded) int { return cmp.Compare(a.Meta.Position, b.Meta.Position) })
	lines, texts := tellAll(events, s.itemsBefore(ctx, events, commands))
	for _, o := range commands {
		nodes[o.ID] = commandNode(o, texts, names)
	}
	for _, line := range lines {
		nodes[line.Meta.ID] = eventNode(line, names)
		nodes[line.Meta.Causation].Children = append(nodes[line.Meta.Causation].Children, nodes[line.Meta.ID])
	}
	if n := nodes[asked]; n != nil {
		n.Asked = true
	}
	for _, o := range commands {
		if cause, ok := nodes[o.Causation]; ok && o.Causation != o.ID {
			cause.Children = append(cause.Children, nodes[o.ID])
			continue
		}
		roots = append(roots, nodes[o.ID])
	}
	order := func(a, b *node) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Position, b.Position)) }
	slices.SortStableFunc(roots, order)
	for _, n := range nodes {
		slices.SortStableFunc(n.Children, order)
		if len(roots) > 0 {
			n.Offset = "+" + lasted(n.At.Sub(roots[0].At))
		}
	}
	return roots, len(nodes)
}

func commandNode(o engine.Outcome, texts map[string]string, names called) *node {
	n := &node{ID: o.ID.String(), Kind: "command", Type: o.Type, Title: words(o.Type), About: names.apart(about(o.Data, texts), o.Stream), Stream: names.stream(o.Stream), Link: streamLink(o.Stream), By: o.By,
		Payload: pretty(o.Data), At: o.At}
	if o.Status != engine.Accepted {
		n.Status = string(o.Status)
	}
	if o.Refusal != nil {
		n.Why = o.Refusal.Message
	}
	return n
}

func eventNode(e eventLine, names called) *node {
	return &node{ID: e.Meta.ID.String(), Kind: "event", Type: e.Type, Title: e.Title, Was: e.Was, About: names.apart(e.About, e.Meta.Stream), Stream: names.stream(e.Meta.Stream), Link: versionLink(e.Meta.Stream, e.Meta.Version), By: e.Meta.By,
		Payload: pretty(e.Data), At: e.Meta.At, Position: e.Meta.Position}
}

// streamWords names a stream for people: "List name groceries".
func streamWords(stream engine.StreamID) string {
	id := stream.ID
	if _, err := uuid.Parse(id); err == nil {
		id = id[:8]
	}
	return words(stream.Type) + " " + id
}

func streamLink(stream engine.StreamID) string {
	if stream.Type != listActor {
		return ""
	}
	return todoList{ID: stream.ID}.path()
}

func versionLink(stream engine.StreamID, version int64) string {
	if stream.Type != listActor {
		return ""
	}
	return todoList{ID: stream.ID}.at(version)
}

// fromSystem says in a conversation's address that one came from the System page;
// who came from a list names it, and the version where it is one of the past.
const fromSystem = "system"

// conversationPath is the page of a message's conversation, for those who read of it
// on another page.
func conversationPath(message, from string) string {
	return "/messages/" + message + "/correlation?from=" + url.QueryEscape(from)
}

// here is the page in the address of a conversation that is looked at from it.
func (l listShown) here() string {
	if l.Past {
		return l.ID + "/" + strconv.FormatInt(l.Version, 10)
	}
	return l.ID
}

// backTo is the page that one came from, and what it is called.
func backTo(from string, names called) (path, name string) {
	if from == fromSystem {
		return "/system#recent", "System"
	}
	list, version, past := strings.Cut(from, "/")
	id, err := uuid.Parse(list)
	if err != nil {
		return "/", "All lists"
	}
	l := todoList{ID: id.String()}
	name = cmp.Or(names.lists[l.ID], "The list")
	if at, err := strconv.ParseInt(version, 10, 64); past && err == nil && at > 0 {
		return l.at(at), fmt.Sprintf("%s, version %d", name, at)
	}
	return l.path(), name
}
