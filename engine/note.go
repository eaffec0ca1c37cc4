package engine

import "github.com/google/uuid"

// MaxNote is the longest text of a note, in bytes.
const MaxNote = 4096

// Notes carries short texts between the processes of one database, for what is not
// worth an event: who looks at a page just now. Nothing is stored. A note is lost
// to whoever does not listen at the moment; of notes on one topic that follow each
// other within a few milliseconds only the last arrives.
type Notes interface {
	// TellNote sends a text to every other process. It does not block, and drops
	// texts longer than MaxNote.
	TellNote(topic, text string)

	// HearNotes calls hear with every note of another process, one at a time, until
	// stop is called. hear must not block. from is a start of a process.
	HearNotes(hear func(from uuid.UUID, topic, text string)) (stop func())
}
