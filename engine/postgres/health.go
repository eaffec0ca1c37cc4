package postgres

import (
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

// The statuses of a loop.
const (
	LoopWorks = "works"
	LoopFails = "fails" // its last turn failed; it is tried again
	LoopStuck = "stuck" // it has not turned for longer than it may
)

const (
	loopListen = "listen"

	// stuckAfter is longer than any turn takes, also while the database or the
	// network is away: who is stuck does not wait for them.
	stuckAfter = 60 * time.Second
)

// LoopHealth is what one loop of this process says of itself.
type LoopHealth struct {
	Name     string    `json:"name"` // listen, tail, duty, append, commands 0, …, or a consumer's
	Status   string    `json:"status"`
	Since    time.Time `json:"since"`            // of the status
	Reason   string    `json:"reason,omitempty"` // of a status that is not LoopWorks; the log says more
	Failures int64     `json:"failures"`         // turns that failed since the process started
}

// Health tells what the loops of this process say of themselves, by name. It
// asks nobody else, so it answers at once whatever the database does.
func (e *Engine) Health() []LoopHealth { return e.health.list(time.Now()) }

// health is the loops that run.
type health struct {
	log   *slog.Logger
	mu    sync.Mutex
	loops map[*loop]bool
}

func newHealth(log *slog.Logger) *health { return &health{log: log, loops: map[*loop]bool{}} }

// loop is one loop's own account. Its goroutine writes, others read.
type loop struct {
	health *health
	name   string
	within time.Duration // that every turn takes at most; 0: it rests until there is work

	mu       sync.Mutex
	since    time.Time // of the status
	turned   time.Time
	reason   string // "": it works
	failures int64
}

// begin adds a loop's account; end takes it away.
func (h *health) begin(name string, within time.Duration) *loop {
	now := time.Now()
	l := &loop{health: h, name: name, within: within, since: now, turned: now}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.loops[l] = true
	return l
}

func (l *loop) end() {
	l.health.mu.Lock()
	defer l.health.mu.Unlock()
	delete(l.health.loops, l)
}

// turns notes that the loop went round, whatever came of it.
func (l *loop) turns() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.turned = time.Now()
}

// fails notes that a turn failed and is tried again.
func (l *loop) fails(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if l.reason == "" {
		l.since = now
	}
	l.turned, l.reason = now, reasonOf(err)
	l.failures++
}

// works notes that a turn succeeded, and tells the log when it had failed before.
func (l *loop) works() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.turned = now
	if l.reason == "" {
		return
	}
	l.health.log.Info("works again", "loop", l.name, "failed_for", now.Sub(l.since).Round(time.Millisecond))
	l.reason, l.since = "", now
}

// reasonOf tells a stranger no more than where to look: errors name hosts and users.
func reasonOf(err error) string {
	if isGivenUp(err) {
		return "folding it anew ended every process that tried, and is given up; the log tells what to do"
	}
	if surroundings(err) {
		return "the database does not answer or does not serve"
	}
	return "an error; the log tells it"
}

func (l *loop) tell(now time.Time) LoopHealth {
	l.mu.Lock()
	defer l.mu.Unlock()
	told := LoopHealth{Name: l.name, Status: LoopWorks, Since: l.since.UTC(), Reason: l.reason, Failures: l.failures}
	switch {
	case l.within > 0 && now.Sub(l.turned) > l.within:
		told.Status, told.Since, told.Reason = LoopStuck, l.turned.UTC(), "no turn for longer than "+l.within.String()
	case l.reason != "":
		told.Status = LoopFails
	}
	return told
}

func (h *health) list(now time.Time) []LoopHealth {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := make([]LoopHealth, 0, len(h.loops))
	for l := range h.loops {
		list = append(list, l.tell(now))
	}
	slices.SortFunc(list, func(a, b LoopHealth) int { return strings.Compare(a.Name, b.Name) })
	return list
}
