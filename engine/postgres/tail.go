package postgres

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

const (
	page      = 1_000                  // events of one read of the log
	tailBytes = 16 << 20               // of payload that the tail keeps in memory
	tailMost  = 10_000                 // events that the tail keeps in memory
	tailPoll  = 1 * time.Second        // when nothing is heard
	deafPoll  = 250 * time.Millisecond // when nothing can be heard
)

// tail follows the log, once for the whole process: it keeps the newest events
// for the projections and publishes streams to the hub in order of positions.
// What this process stored itself it is handed; the rest it reads.
type tail struct {
	sql  *enginedb.Queries
	hub  *engine.Hub
	saw  func([]*record) // is told of what was read
	wake bell
	deaf func() bool // no connection listens

	changed signal
	mu      sync.Mutex
	started bool
	head    int64     // everything at or below it was seen
	recent  []*record // the last of them, without a gap, up to head
	bytes   int
}

func newTail(sql *enginedb.Queries, hub *engine.Hub, saw func([]*record), deaf func() bool) *tail {
	return &tail{sql: sql, hub: hub, saw: saw, wake: newBell(), deaf: deaf}
}

// run follows until ctx ends; then it returns nil.
func (t *tail) run(ctx context.Context, log *slog.Logger, health *loop) error {
	defer health.end()
	for ctx.Err() == nil {
		if err := t.catchUp(ctx); err != nil && !ended(ctx, err) {
			log.Warn("reading the log is tried again", "error", err)
			health.fails(err)
			pause(ctx, 200*time.Millisecond)
			continue
		}
		health.works()
		poll := tailPoll
		if t.deaf() {
			poll = deafPoll
		}
		timer := time.NewTimer(poll)
		select {
		case <-ctx.Done():
		case <-t.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
	return nil
}

func (t *tail) catchUp(ctx context.Context) error {
	if err := t.start(ctx); err != nil {
		return err
	}
	for {
		list, err := readMarked(ctx, t.sql, t.position(), page)
		if err != nil {
			return err
		}
		if len(list) > 0 && list[0].Meta.Position > t.position()+1 {
			t.restart() // what lay between was archived: it slept for long
			return nil
		}
		t.saw(list)
		t.offer(list)
		if len(list) < page {
			return nil
		}
	}
}

// start begins at the head: what was stored before nobody waits for.
func (t *tail) start(ctx context.Context) error {
	t.mu.Lock()
	started := t.started
	t.mu.Unlock()
	if started {
		return nil
	}
	head, err := t.sql.LogPosition(ctx)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.head, t.started = head, true
	t.changed.broadcast()
	return nil
}

// restart forgets everything, and begins at the head that there is now.
func (t *tail) restart() {
	t.mu.Lock()
	t.started, t.head, t.recent, t.bytes = false, 0, nil, 0
	t.mu.Unlock()
	t.wake.ring()
}

func (t *tail) position() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.head
}

// offer hands in stored events, in order. Those that do not follow what was seen
// are read later.
func (t *tail) offer(list []*record) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(list) > 0 && list[0].Meta.Position <= t.head {
		list = list[1:]
	}
	if len(list) == 0 || !t.started {
		return
	}
	if list[0].Meta.Position != t.head+1 {
		t.wake.ring()
		return
	}
	t.keep(list)
	topics := make([]string, 0, len(list))
	for _, r := range list {
		if name := r.Meta.Stream.String(); len(topics) == 0 || topics[len(topics)-1] != name {
			topics = append(topics, name)
		}
	}
	t.hub.Publish(topics...)
	t.changed.broadcast()
}

// keep appends to the memory and forgets the older half when it is full.
func (t *tail) keep(list []*record) {
	t.recent = append(t.recent, list...)
	t.head = list[len(list)-1].Meta.Position
	for _, r := range list {
		t.bytes += len(r.Data)
	}
	if t.bytes <= tailBytes && len(t.recent) <= tailMost {
		return
	}
	half := max(len(t.recent)/2, 1)
	for _, r := range t.recent[:half] {
		t.bytes -= len(r.Data)
	}
	t.recent = append([]*record(nil), t.recent[half:]...)
}

// after gives events after a position from memory. known is false when they have
// to be read; an empty list with known means that there are none yet.
func (t *tail) after(position int64, most int) (list []*record, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.started {
		return nil, true
	}
	skip := position - (t.head - int64(len(t.recent)))
	if skip < 0 {
		return nil, false
	}
	if skip >= int64(len(t.recent)) {
		return nil, true
	}
	list = t.recent[skip:]
	return list[:min(len(list), most)], true
}

// readLog reads stored events in order.
func readLog(ctx context.Context, sql *enginedb.Queries, after int64, most int) ([]*record, error) {
	rows, err := sql.EventRead(ctx, enginedb.EventReadParams{After: after, Most: int32(most)})
	if err != nil {
		return nil, err
	}
	list := make([]*record, len(rows))
	for i, row := range rows {
		if list[i], err = recordOf(row); err != nil {
			return nil, err
		}
	}
	return list, nil
}
