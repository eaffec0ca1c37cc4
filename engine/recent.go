package engine

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
)

// RecentKind is a kind of messages that Recent reads.
type RecentKind string

// The kinds of messages. Those that are due later are in none: see Scheduled.
const (
	RecentAll      RecentKind = ""
	RecentEvents   RecentKind = "event"
	RecentCommands RecentKind = "command"
	RecentWaiting  RecentKind = "waiting" // commands: pending and settling
	RecentRefused  RecentKind = "refused" // commands
	RecentFailed   RecentKind = "failed"  // commands
)

// RecentFilter chooses the messages for which everything holds that is not empty.
// Words are looked for inside of texts, whatever their case.
type RecentFilter struct {
	Kind    RecentKind
	Type    string   // words in the message's type
	Types   []string // with Type: or the type is one of these
	Stream  string   // words in todos.list/<id>
	Streams []string // with Stream: or the stream is one of these
	By      string   // words in who asked for it
	Texts   []string // any of these words in its data, or in why it was refused or failed
}

// Recent is a page of messages, newest first. An event stands when it was stored, a
// command when it was decided, which is before its events, or while it waits when it
// was submitted.
type Recent struct {
	Messages []RecentMessage
	From     RecentPlace // where this page begins: handed in as before it gives this page again, whatever comes meanwhile
	Next     RecentPlace // where the next page begins; zero: there is none
	Since    time.Time   // everything from here on was looked at; zero: all there is
}

// RecentMessage is either an event or a command.
type RecentMessage struct {
	Event   *Recorded // not decoded
	Command *Outcome
}

// RecentPlace is a place between two messages. The zero value is before the newest.
type RecentPlace struct {
	Log     int64 // twice a position, and one more: between its command and its event
	Apart   RecentMoment
	Waiting RecentMoment
}

// RecentMoment is where a command stands among others.
type RecentMoment struct {
	At time.Time
	ID uuid.UUID
}

// String is the place as a text for addresses; "" for the zero value.
func (p RecentPlace) String() string {
	if p == (RecentPlace{}) {
		return ""
	}
	return fmt.Sprintf("%d.%s.%s", p.Log, p.Apart, p.Waiting)
}

func (m RecentMoment) String() string {
	if m == (RecentMoment{}) {
		return "-"
	}
	return fmt.Sprintf("%d_%s", m.At.UnixMicro(), m.ID)
}

// ParseRecentPlace reads what RecentPlace.String wrote.
func ParseRecentPlace(text string) (p RecentPlace, err error) {
	if text == "" {
		return p, nil
	}
	parts := strings.Split(text, ".")
	if len(parts) == 3 {
		_, err = fmt.Sscanf(parts[0], "%d", &p.Log)
	}
	if len(parts) != 3 || err != nil {
		return RecentPlace{}, fmt.Errorf("%q is no place among messages: want what RecentPlace.String gives", text)
	}
	for i, m := range []*RecentMoment{&p.Apart, &p.Waiting} {
		if *m, err = parseRecentMoment(parts[i+1]); err != nil {
			return RecentPlace{}, fmt.Errorf("%q is no place among messages: %w", text, err)
		}
	}
	return p, nil
}

func parseRecentMoment(text string) (m RecentMoment, err error) {
	if text == "-" {
		return m, nil
	}
	var micros int64
	at, id, _ := strings.Cut(text, "_")
	if _, err = fmt.Sscanf(at, "%d", &micros); err == nil {
		m.ID, err = uuid.Parse(id)
	}
	m.At = time.UnixMicro(micros).UTC()
	return m, err
}
