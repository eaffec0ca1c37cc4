package engine

import (
	"fmt"
	"strings"
)

// StreamID names a stream: the type of its actor and the identity in it.
type StreamID struct {
	Type string // e.g. todos.list
	ID   string // normalised by the actor's x-id
}

// String is the stream's name in the log: type/id.
func (s StreamID) String() string { return s.Type + "/" + s.ID }

// ParseStream reads what String wrote.
func ParseStream(name string) (StreamID, error) {
	typ, id, ok := strings.Cut(name, "/")
	if !ok || typ == "" || id == "" {
		return StreamID{}, fmt.Errorf("stream %q: want <type>/<id>", name)
	}
	return StreamID{Type: typ, ID: id}, nil
}

// MarshalText writes the stream's name.
func (s StreamID) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (s *StreamID) UnmarshalText(text []byte) error {
	parsed, err := ParseStream(string(text))
	if err != nil {
		return err
	}
	*s = parsed
	return nil
}
