package enginetest

import (
	"errors"

	"github.com/backstory-go/backstory/engine"
)

// FuzzTarget is what a test hands to Fuzz: *testing.F, without linking package
// testing into programs.
type FuzzTarget interface {
	engine.TB
	Add(args ...any)
	Fuzz(fuzz any)
}

// Fuzz decodes whatever bytes the fuzzer finds, as any of an actor's messages: no
// decoder panics, each refuses with faults only, and what one accepts holds as in
// Properties. T is *testing.T. The corpus starts with instances of the schemas.
func Fuzz[T engine.TB](f FuzzTarget, actor engine.Actor, messages []Message) {
	f.Helper()
	prepared := actor.Prepare()
	for i, m := range messages {
		d, err := newDrawer(m.Schema, seeded(m.String()))
		if err != nil {
			f.Fatalf("%s: %v", m, err)
			return
		}
		list, err := m.instances(d)
		if err != nil {
			f.Fatalf("%s: %v", m, err)
			return
		}
		for _, data := range list[:min(4, len(list))] {
			f.Add(uint(i), data)
		}
	}
	f.Fuzz(func(t T, i uint, data []byte) {
		if len(messages) == 0 {
			return
		}
		m := messages[i%uint(len(messages))]
		if problem := survives(prepared, m, data); problem != "" {
			t.Fatalf("%s: %s\n%s", m, problem, data)
		}
	})
}

// survives says what does not hold for bytes of any kind.
func survives(actor *engine.Actor, m Message, data []byte) string {
	if kind, ok := actor.EventType(m.Type); ok && m.Version > 0 {
		if _, err := kind.Decode(engine.StoredDecoder(), data, m.Version); err != nil && !isFaults(err) {
			return "reading it back from the log fails, but not with faults: " + err.Error()
		}
	}
	read, ok := m.strict(actor)
	if !ok {
		return ""
	}
	value, err := read(data)
	if err != nil {
		if !isFaults(err) {
			return "it is refused, but not with faults: " + err.Error()
		}
		return ""
	}
	return stable(read, value)
}

func isFaults(err error) bool {
	_, ok := errors.AsType[*engine.FaultsError](err)
	return ok
}
