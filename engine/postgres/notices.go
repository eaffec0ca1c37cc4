package postgres

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// Kinds of notices, the second word of a payload. The first is the sender's id.
const (
	noticeInbox     = "inbox"     // commands were submitted
	noticeLog       = "log"       // events were stored
	noticeOutcome   = "outcome"   // commands were decided
	noticeSwapped   = "swapped"   // name: another table of a projection is live
	noticeNote      = "note"      // t and a topic, a text: what callers tell each other
	noticeProjected = "projected" // name, position, number of slots, which, epoch: a projection has come there
)

// channel carries the notices of a database.
const channel = "backstory"

// notices tells other processes what changed. It coalesces: of a kind and name
// only the last is sent, a few milliseconds later, off everybody's way.
type notices struct {
	ctx   context.Context
	sql   *enginedb.Queries
	id    uuid.UUID
	queue queue[struct{}]

	mu      sync.Mutex
	pending map[string]string
}

func newNotices(ctx context.Context, sql *enginedb.Queries, id uuid.UUID) *notices {
	n := &notices{ctx: ctx, sql: sql, id: id, pending: map[string]string{}}
	n.queue.flush = n.flush
	return n
}

// send tells of a kind, or with a detail of "name rest" of that name.
func (n *notices) send(kind, detail string) {
	name, _, _ := strings.Cut(detail, " ")
	n.mu.Lock()
	n.pending[kind+" "+name] = strings.TrimSpace(kind + " " + detail)
	first := len(n.pending) == 1
	n.mu.Unlock()
	if first {
		n.queue.add(struct{}{})
	}
}

// flush sends what gathered. A notice that cannot be sent is dropped: every loop
// polls too.
func (n *notices) flush() {
	n.queue.take(func(struct{}) bool { return true })
	pause(n.ctx, 2*time.Millisecond)
	n.mu.Lock()
	payloads := make([]string, 0, len(n.pending))
	for _, text := range n.pending {
		payloads = append(payloads, n.id.String()+" "+text)
	}
	clear(n.pending)
	n.mu.Unlock()
	if len(payloads) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(n.ctx, 2*time.Second)
	defer cancel()
	_ = n.sql.NoticeSend(ctx, enginedb.NoticeSendParams{Payloads: payloads})
}
