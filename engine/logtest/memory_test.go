package logtest_test

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
)

// memory is a log that proves the suite: right as it stands, and with one of the
// bugs that the field has had in it when it is asked for.
type memory struct {
	bug string

	order  sync.Mutex // held while an append is checked and stored
	mu     sync.Mutex
	events []entry
	next   int64
	batch  []*call
}

type entry struct {
	engine.Recorded
	tags []string
}

type call struct {
	a    engine.Append
	got  engine.Appended
	err  error
	done chan struct{}
}

// Append implements engine.Log.
func (m *memory) Append(ctx context.Context, a engine.Append) (engine.Appended, error) {
	if a.If != nil {
		if err := a.If.Query.Validate(); err != nil {
			return engine.Appended{}, err
		}
	}
	switch m.bug {
	case "batch fails with its worst":
		return m.together(a)
	case "checked before the lock": // the stream's version, too
		head, err := m.check(a)
		runtime.Gosched()
		time.Sleep(time.Millisecond)
		m.order.Lock()
		defer m.order.Unlock()
		if got, ok := m.repeated(a); ok {
			return got, nil
		}
		if err != nil {
			return engine.Appended{Version: head}, err
		}
		return m.store(a), nil
	case "condition checked before the lock":
		err := m.broken(a)
		time.Sleep(time.Millisecond)
		m.order.Lock()
		defer m.order.Unlock()
		if err == nil {
			a.If = nil
		}
		return m.sequenced(a)
	}
	m.order.Lock()
	defer m.order.Unlock()
	return m.sequenced(a)
}

func (m *memory) sequenced(a engine.Append) (engine.Appended, error) {
	if got, ok := m.repeated(a); ok {
		return got, nil
	}
	head, err := m.check(a)
	if err != nil {
		switch {
		case m.bug == "duplicate is success" && errors.Is(err, engine.ErrDuplicate):
			return engine.Appended{Position: m.next, Version: head, At: time.Now()}, nil
		case m.bug == "failures leave gaps":
			m.next += int64(len(a.Events))
		case m.bug == "part of an append":
			a.Events = slices.DeleteFunc(slices.Clone(a.Events), func(n engine.NewEvent) bool { return m.has(n.ID) })
			if len(a.Events) > 1 {
				a.Events = a.Events[:1]
				m.store(a)
			}
		}
		return engine.Appended{Version: head}, err
	}
	return m.store(a), nil
}

// together stores what came at the same time all or none.
func (m *memory) together(a engine.Append) (engine.Appended, error) {
	c := &call{a: a, done: make(chan struct{})}
	m.mu.Lock()
	m.batch = append(m.batch, c)
	first := len(m.batch) == 1
	m.mu.Unlock()
	if first {
		time.Sleep(2 * time.Millisecond)
		m.order.Lock()
		m.mu.Lock()
		batch := m.batch
		m.batch = nil
		m.mu.Unlock()
		var worst error
		for _, c := range batch {
			if _, ok := m.repeated(c.a); !ok && worst == nil {
				_, worst = m.check(c.a)
			}
		}
		for _, c := range batch {
			if c.err = worst; worst == nil {
				c.got, c.err = m.sequenced(c.a)
			}
			close(c.done)
		}
		m.order.Unlock()
	}
	<-c.done
	return c.got, c.err
}

func (m *memory) snapshot() []entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.events
}

func (m *memory) has(id uuid.UUID) bool {
	return slices.ContainsFunc(m.snapshot(), func(e entry) bool { return e.Meta.ID == id })
}

// check says whether an append may be stored, and the version of its stream.
func (m *memory) check(a engine.Append) (int64, error) {
	var head int64
	for _, e := range m.snapshot() {
		if e.Meta.Stream == a.Stream {
			head = e.Meta.Version
		}
	}
	wrong := a.Expected != head
	switch m.bug {
	case "versions ahead are taken":
		wrong = a.Expected < head
	case "versions behind are taken":
		wrong = a.Expected > head
	case "any version is version 0":
		return head, m.rest(a, max(a.Expected, 0) != head)
	}
	return head, m.rest(a, a.Expected != engine.AnyVersion && wrong)
}

func (m *memory) rest(a engine.Append, conflict bool) error {
	if conflict {
		return engine.ErrConflict
	}
	if err := m.broken(a); err != nil {
		return err
	}
	seen := map[uuid.UUID]bool{}
	for _, n := range a.Events {
		if m.bug != "ids may repeat" && (m.has(n.ID) || seen[n.ID]) {
			return engine.ErrDuplicate
		}
		seen[n.ID] = true
	}
	return nil
}

func (m *memory) broken(a engine.Append) error {
	if a.If == nil || m.bug == "conditions are ignored" {
		return nil
	}
	after := a.If.After
	if m.bug == "condition counts its own position" {
		after--
	}
	for _, e := range m.snapshot() {
		if e.Meta.Position > after && m.matches(a.If.Query, e) {
			return engine.ErrCondition
		}
	}
	return nil
}

func (m *memory) matches(q engine.Query, e entry) bool {
	switch m.bug {
	case "any tag is enough":
		return slices.ContainsFunc(q, func(item engine.QueryItem) bool {
			if len(item.Tags) == 0 {
				return item.Matches(e.Type, e.tags)
			}
			return slices.ContainsFunc(item.Tags, func(tag string) bool {
				return engine.QueryItem{Types: item.Types, Tags: []string{tag}}.Matches(e.Type, e.tags)
			})
		})
	case "the first item only":
		return q[:min(1, len(q))].Matches(e.Type, e.tags)
	case "types are forgotten":
		return slices.ContainsFunc(q, func(item engine.QueryItem) bool {
			return len(item.Tags) == 0 && item.Matches(e.Type, e.tags) || len(item.Tags) > 0 && engine.QueryItem{Tags: item.Tags}.Matches(e.Type, e.tags)
		})
	case "conditions lock everything":
		return len(q) > 0
	}
	return q.Matches(e.Type, e.tags)
}

// repeated finds an append that is stored already.
func (m *memory) repeated(a engine.Append) (engine.Appended, bool) {
	if len(a.Events) == 0 || m.bug == "repetition is a conflict" {
		return engine.Appended{}, false
	}
	events := m.snapshot()
	first := slices.IndexFunc(events, func(e entry) bool { return e.Meta.ID == a.Events[0].ID })
	if first < 0 || first+len(a.Events) > len(events) {
		return engine.Appended{}, false
	}
	for i, n := range a.Events {
		e := events[first+i]
		known := e.Meta.ID == n.ID && e.Meta.Stream == a.Stream && e.Type == n.Event.MessageType() && bytes.Equal(e.Data, n.Data)
		if m.bug == "ids alone tell repetitions" {
			known = e.Meta.ID == n.ID
		}
		if !known {
			return engine.Appended{}, false
		}
	}
	e := events[first]
	if m.bug != "ids alone tell repetitions" && a.Expected != engine.AnyVersion && a.Expected != e.Meta.Version-1 {
		return engine.Appended{}, false
	}
	return engine.Appended{Position: e.Meta.Position, Version: e.Meta.Version + int64(len(a.Events)) - 1, At: e.Meta.At}, true
}

// store appends what was checked.
func (m *memory) store(a engine.Append) engine.Appended {
	var version int64
	for _, e := range m.snapshot() {
		if e.Meta.Stream == a.Stream {
			version = e.Meta.Version
		}
	}
	at := time.Now()
	if m.bug == "time runs back" {
		at = at.Add(-time.Duration(m.next) * time.Hour)
	}
	var added []entry
	for i, n := range a.Events {
		data, tags := bytes.Clone(n.Data), slices.Clone(n.Tags)
		if m.bug == "memory is shared with the writer" {
			data, tags = n.Data, n.Tags
		}
		m.next++
		added = append(added, entry{engine.Recorded{Meta: engine.Meta{ID: n.ID, Correlation: a.Correlation, Causation: a.Causation,
			Stream: a.Stream, Version: version + int64(i) + 1, Position: m.next, At: at, By: a.By}, Type: n.Event.MessageType(),
			SchemaVersion: n.Event.SchemaVersion(), Data: data}, tags})
	}
	got := engine.Appended{Version: version + int64(len(added)), At: at}
	if len(added) > 0 {
		got.Position = added[0].Meta.Position
	}
	switch {
	case m.bug == "late commits" && got.Position%3 == 1, m.bug == "answers before it is visible":
		go func() { time.Sleep(3 * time.Millisecond); m.show(added) }()
		if m.bug == "late commits" {
			time.Sleep(time.Millisecond)
		}
	default:
		m.show(added)
	}
	return got
}

func (m *memory) show(added []entry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.events = append(slices.Clone(m.events), added...)
	if m.bug != "pages are not in order" {
		slices.SortFunc(m.events, func(a, b entry) int { return int(a.Meta.Position - b.Meta.Position) })
	} else {
		slices.SortFunc(m.events, func(a, b entry) int { return int(b.Meta.Position - a.Meta.Position) })
	}
}

// ReadLog implements engine.Log.
func (m *memory) ReadLog(_ context.Context, after int64, limit int) ([]engine.Recorded, error) {
	return m.read(after, limit, func(entry) bool { return true }), nil
}

// ReadMatching implements engine.Log.
func (m *memory) ReadMatching(_ context.Context, q engine.Query, after int64, limit int) ([]engine.Recorded, error) {
	if err := q.Validate(); err != nil {
		return nil, err
	}
	return m.read(after, limit, func(e entry) bool { return m.matches(q, e) }), nil
}

func (m *memory) read(after int64, limit int, wanted func(entry) bool) []engine.Recorded {
	var list []engine.Recorded
	for _, e := range m.snapshot() {
		if e.Meta.Position <= after || !wanted(e) {
			continue
		}
		r := e.Recorded
		switch m.bug {
		case "memory is shared with readers":
		case "payloads are rewritten":
			var b bytes.Buffer
			for _, field := range bytes.Fields(r.Data) {
				b.Write(field)
			}
			r.Data = b.Bytes()
		default:
			r.Data = bytes.Clone(r.Data)
		}
		list = append(list, r)
	}
	if m.bug == "limits are ignored" {
		return list
	}
	if m.bug == "pages end early" && len(list) > limit {
		limit = max(1, limit-1)
	}
	return list[:min(limit, len(list))]
}

// Head implements engine.Log.
func (m *memory) Head(context.Context) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var head int64
	for _, e := range m.events {
		head = max(head, e.Meta.Position)
	}
	return head, nil
}
