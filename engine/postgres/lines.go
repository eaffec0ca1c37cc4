package postgres

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// lines reads JSON Lines one at a time, each with its kind.
type lines struct {
	in     *bufio.Reader
	number int
	held   *line // was read, and is for another reader
	err    error // that ended the reading; nil at the end of the text
}

type line struct {
	kind string
	text []byte
}

func newLines(r io.Reader) *lines { return &lines{in: bufio.NewReaderSize(r, 1<<16)} }

// next reads a line; false: there is none, or err says why.
func (l *lines) next() (line, bool) {
	if l.held != nil {
		held := *l.held
		l.held = nil
		return held, true
	}
	for l.err == nil {
		text, err := l.in.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			l.err = &streamError{err}
			break
		}
		if len(text) == 0 {
			break
		}
		l.number++
		if text = bytes.TrimSpace(text); len(text) == 0 {
			continue
		}
		var head struct{ Kind string }
		if err := json.Unmarshal(text, &head); err != nil {
			l.err = l.errorf("is no JSON: %w", err)
			break
		}
		return line{head.Kind, text}, true
	}
	return line{}, false
}

// nextOf reads a line of the kind; one of another kind stays for the next reader.
func (l *lines) nextOf(kind string) (line, bool) {
	found, ok := l.next()
	if ok && found.kind != kind {
		l.held = &found
		return line{}, false
	}
	return found, ok
}

// errorf tells the line's number.
func (l *lines) errorf(format string, args ...any) error {
	return fmt.Errorf("line %d: "+format, append([]any{l.number}, args...)...)
}
