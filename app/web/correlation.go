package web

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
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
	Roots []*node
	Count int
	More  bool // there are more than are shown
}

// node is a message in a conversation, with what it caused.
type node struct {
	ID       string
	Kind     string // command or event
	Title    string
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
	c.Roots, c.Count = tree(commands, id)
	return view{Title: "Conversation", Body: correlationView(c, s.cfg.Now())}, nil
}

// tree hangs every message below the one that caused it. What was caused by
// nothing that is shown is a root.
func tree(commands []engine.Outcome, asked uuid.UUID) (roots []*node, count int) {
	nodes := map[uuid.UUID]*node{}
	for _, o := range commands {
		nodes[o.ID] = commandNode(o, o.ID == asked)
		for _, e := range o.Events {
			nodes[e.ID] = eventNode(o, e, e.ID == asked)
			nodes[o.ID].Children = append(nodes[o.ID].Children, nodes[e.ID])
		}
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
			n.Offset = offset(n.At.Sub(roots[0].At))
		}
	}
	return roots, len(nodes)
}

func commandNode(o engine.Outcome, asked bool) *node {
	n := &node{ID: o.ID.String(), Kind: "command", Title: words(o.Type), Stream: streamWords(o.Stream), Link: streamLink(o.Stream), By: o.By,
		Payload: pretty(o.Data), At: o.At, Asked: asked}
	if o.Status != engine.Accepted {
		n.Status = string(o.Status)
	}
	if o.Refusal != nil {
		n.Why = o.Refusal.Message
	}
	return n
}

func eventNode(o engine.Outcome, e engine.OutcomeEvent, asked bool) *node {
	return &node{ID: e.ID.String(), Kind: "event", Title: words(e.Type), Stream: streamWords(o.Stream), Link: versionLink(o.Stream, e.Version), By: o.By,
		Payload: pretty(e.Data), At: e.At, Asked: asked, Position: e.Position}
}

// streamText names a stream that is given as a text.
func streamText(name string) string {
	if stream, err := engine.ParseStream(name); err == nil {
		return streamWords(stream)
	}
	return name
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

// offset is a duration as people compare them.
func offset(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "+0 ms"
	case d < time.Second:
		return fmt.Sprintf("+%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("+%.1f s", d.Seconds())
	}
	return "+" + strings.TrimSuffix(d.Round(time.Second).String(), "0s")
}
