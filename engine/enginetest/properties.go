package enginetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"

	"github.com/backstory-go/backstory/engine"
	"github.com/google/uuid"
)

const (
	instancesEach = 60 // random ones of each message
	spoiledEach   = 6  // of which all that can be made wrong is
)

// Properties proves, for every message of an actor, that what its schema accepts
// comes back from decoding and encoding as it went in (its examples, those at the
// bounds, and random ones), that what is wrong in one place is refused, and that
// old versions become current ones. Then it lives through random histories: see
// histories. The first thing that does not hold fails the test, with the instance.
func Properties(t engine.TB, actor engine.Actor, messages []Message) {
	t.Helper()
	prepared := actor.Prepare()
	var drawers []*drawer
	for _, m := range messages {
		d, err := newDrawer(m.Schema, seeded(m.String()))
		if err != nil {
			t.Fatalf("%s: %v", m, err)
			return
		}
		drawers = append(drawers, d)
		checkMessage(t, prepared, m, d)
	}
	histories(t, prepared, messages, drawers)
}

// seeded gives each message randomness of its own, the same in every run.
func seeded(name string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // a hash takes everything
	return rand.New(rand.NewPCG(h.Sum64(), 1))
}

func newUUID(r *rand.Rand) uuid.UUID {
	var id uuid.UUID
	for i := range id {
		id[i] = byte(r.Uint32())
	}
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return id
}

// Instances draws instances for tests of one's own: some that the schema accepts,
// its examples first, and some that are each wrong in one place. They are the same
// in every run.
func (m Message) Instances() (right, wrong [][]byte, err error) {
	d, err := newDrawer(m.Schema, seeded(m.String()))
	if err != nil {
		return nil, nil, err
	}
	if right, err = m.instances(d); err != nil {
		return nil, nil, err
	}
	for _, data := range right[:min(spoiledEach, len(right))] {
		value, err := parse(data)
		if err != nil {
			return nil, nil, err
		}
		for _, s := range d.spoil(value) {
			wrong = append(wrong, s.data)
		}
	}
	return right, wrong, nil
}

// instances are the schema's examples, those at the bounds, and random ones.
func (m Message) instances(d *drawer) ([][]byte, error) {
	var list [][]byte
	for _, example := range m.Examples {
		list = append(list, []byte(example))
	}
	for i := range instancesEach + 2 {
		how := likely
		if i < 2 {
			how = []mode{least, most}[i]
		}
		value, err := d.draw(how)
		if errors.Is(err, errNone) && len(m.Examples) > 0 {
			return list, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w; add whole valid instances as \"examples\" to the schema", err)
		}
		list = append(list, encode(value))
	}
	return list, nil
}

func checkMessage(t engine.TB, actor *engine.Actor, m Message, d *drawer) {
	t.Helper()
	list, err := m.instances(d)
	if err != nil {
		t.Fatalf("%s: %v", m, err)
		return
	}
	for i, data := range list {
		if problem := accepted(actor, m, data, i >= len(m.Examples)); problem != "" {
			t.Fatalf("%s: %s\n%s", m, problem, data)
			return
		}
		if i < spoiledEach {
			refused(t, actor, m, d, data)
		}
	}
}

// accepted says what does not hold for an instance that the schema accepts. An
// example may hold what is dropped or normalised; what was drawn holds neither.
func accepted(actor *engine.Actor, m Message, data []byte, drawn bool) string {
	if read, ok := m.strict(actor); ok {
		value, err := read(data)
		if err != nil {
			return "an instance of the schema is refused: " + err.Error()
		}
		problem := stable(read, value)
		if problem == "" && drawn {
			problem = kept(data, value)
		}
		if problem != "" {
			return problem
		}
	}
	if m.Version == 0 {
		return ""
	}
	return stored(actor, m, data)
}

// stable wants what a value is encoded as to be accepted, and to stay as it is.
func stable(read func([]byte) (decoded, error), value decoded) string {
	encoded, err := json.Marshal(value)
	if err != nil {
		return "it cannot be encoded: " + err.Error()
	}
	again, err := read(encoded)
	if err != nil {
		return fmt.Sprintf("what it is encoded as is refused: %v\n%s", err, encoded)
	}
	second, err := json.Marshal(again)
	if err != nil || !bytes.Equal(encoded, second) {
		return fmt.Sprintf("it is not the same after decoding and encoding: first\n%s\nthen\n%s", encoded, second)
	}
	return ""
}

// kept wants the encoded value to say what came in.
func kept(data []byte, value decoded) string {
	encoded, err := json.Marshal(value)
	before, err2 := parse(data)
	after, err3 := parse(encoded)
	if err := errors.Join(err, err2, err3); err != nil {
		return err.Error()
	}
	if at := lost("", before, after); at != "" {
		return fmt.Sprintf("decoding and encoding changed %s:\n%s", at, encoded)
	}
	return ""
}

// stored wants an event to be readable from the log, and what it became by
// upcasting to be readable in turn. Value constraints are not applied: the log
// holds what older schemas allowed.
func stored(actor *engine.Actor, m Message, data []byte) string {
	kind, ok := actor.EventType(m.Type)
	if !ok {
		return "the actor does not know it"
	}
	event, err := kind.Decode(engine.StoredDecoder(), data, m.Version)
	if err != nil {
		return "it cannot be read back from the log: " + err.Error()
	}
	return stable(func(data []byte) (decoded, error) { return kind.Decode(engine.StoredDecoder(), data, kind.Version) }, event)
}

// refused spoils the instance in every way.
func refused(t engine.TB, actor *engine.Actor, m Message, d *drawer, data []byte) {
	t.Helper()
	read, ok := m.strict(actor)
	value, err := parse(data)
	if !ok || err != nil {
		return
	}
	for _, s := range d.spoil(value) {
		_, err := read(s.data)
		if _, ok := errors.AsType[*engine.FaultsError](err); !ok {
			t.Fatalf("%s: an instance that is wrong (%s) is not refused (%v):\n%s", m, s.what, err, s.data)
			return
		}
	}
}

// lost names the first place where something of the one value is not in the other.
func lost(at string, before, after any) string {
	switch b := before.(type) {
	case node:
		a, ok := after.(node)
		if !ok {
			return place(at)
		}
		for name, value := range b {
			if _, there := a[name]; !there && strings.HasPrefix(name, undeclared) {
				continue // an open object drops it
			}
			if where := lost(at+"/"+name, value, a[name]); where != "" {
				return where
			}
		}
		return ""
	case []any:
		a, ok := after.([]any)
		if !ok || len(a) != len(b) {
			return place(at)
		}
		for i := range b {
			if where := lost(fmt.Sprintf("%s/%d", at, i), b[i], a[i]); where != "" {
				return where
			}
		}
		return ""
	case json.Number:
		a, ok := after.(json.Number)
		if !ok || !sameNumber(a, b) {
			return place(at)
		}
		return ""
	}
	if before != after {
		return place(at)
	}
	return ""
}

func place(at string) string {
	if at == "" {
		return "the whole"
	}
	return at
}

func sameNumber(a, b json.Number) bool {
	if a == b || rat(a) != nil && rat(b) != nil && rat(a).Cmp(rat(b)) == 0 {
		return true
	}
	x, err := a.Float64()
	y, err2 := b.Float64()
	return err == nil && err2 == nil && x == y
}
