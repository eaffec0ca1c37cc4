package enginetest

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/backstory-go/backstory/engine"
)

// Message describes a command, or one version of an event. It is generated.
type Message struct {
	Type     string
	Version  int      // of an event; 0: a command
	Schema   string   // self-contained JSON Schema of the profile, patterns in RE2
	Examples []string // of the schema
}

// String names the message for people.
func (m Message) String() string {
	if m.Version == 0 {
		return m.Type
	}
	return fmt.Sprintf("%s version %d", m.Type, m.Version)
}

// decoded is a message that was read, as an event of its current version.
type decoded interface{ MessageType() string }

// strict reads a message as it comes in. Of an older version there is no such
// reading: ok is false.
func (m Message) strict(actor *engine.Actor) (read func([]byte) (decoded, error), ok bool) {
	if m.Version == 0 {
		kind, ok := actor.CommandType(m.Type)
		if !ok {
			return nil, false
		}
		return func(data []byte) (decoded, error) { return kind.Decode(data) }, true
	}
	kind, ok := actor.EventType(m.Type)
	if !ok || kind.Version != m.Version {
		return nil, false
	}
	return func(data []byte) (decoded, error) {
		if err := kind.Check(data); err != nil {
			return nil, err
		}
		return kind.Decode(engine.StoredDecoder(), data, m.Version)
	}, true
}

// node is a schema, or an instance: JSON as encoding/json reads it, with numbers
// as text.
type node = map[string]any

func parse(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var value any
	err := d.Decode(&value)
	return value, err
}

// encode writes an instance; it cannot fail, for the parts are JSON.
func encode(value any) []byte {
	data, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return data
}
