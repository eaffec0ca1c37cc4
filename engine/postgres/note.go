package postgres

import (
	"encoding/base64"
	"sync"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
)

var _ engine.Notes = (*Engine)(nil)

// ears are who hears the notes of other processes.
type ears struct {
	mu   sync.Mutex
	next int
	all  map[int]func(from uuid.UUID, topic, text string)
}

// TellNote implements engine.Notes. Topics are coded, too: notices are words.
func (e *Engine) TellNote(topic, text string) {
	if len(topic)+len(text) <= engine.MaxNote {
		e.notices.send(noticeNote, "t"+coded(topic)+" "+coded(text))
	}
}

// HearNotes implements engine.Notes.
func (e *Engine) HearNotes(hear func(from uuid.UUID, topic, text string)) (stop func()) {
	e.ears.mu.Lock()
	defer e.ears.mu.Unlock()
	if e.ears.all == nil {
		e.ears.all = map[int]func(uuid.UUID, string, string){}
	}
	e.ears.next++
	key := e.ears.next
	e.ears.all[key] = hear
	return func() {
		e.ears.mu.Lock()
		defer e.ears.mu.Unlock()
		delete(e.ears.all, key)
	}
}

// onNote takes in a note: its sender, topic and text.
func (e *Engine) onNote(sender string, words []string) {
	from, err := uuid.Parse(sender)
	if err != nil || len(words) == 0 || words[0] == "" {
		return
	}
	topic, err := decoded(words[0][1:])
	if err != nil {
		return
	}
	text := "" // an empty one leaves no word behind
	if len(words) > 1 {
		if text, err = decoded(words[1]); err != nil {
			return
		}
	}
	e.ears.mu.Lock()
	defer e.ears.mu.Unlock()
	for _, hear := range e.ears.all {
		hear(from, topic, text)
	}
}

func coded(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

func decoded(word string) (string, error) {
	text, err := base64.RawURLEncoding.DecodeString(word)
	return string(text), err
}
