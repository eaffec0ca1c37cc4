package web

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/backstory-go/backstory/engine"
)

// How the system is looked at.
const (
	systemTopic = "system" // published after an operation, so that its effect shows at once

	freshLook   = 500 * time.Millisecond // looks that follow each other faster are one
	rateWindow  = 10 * time.Second       // over which rates are taken
	trafficSpan = 5_000                  // positions counted by one query, which takes some 50 ms
	trafficTime = 200 * time.Millisecond // how long one look counts at most
)

// look is the system at a moment, as the System page shows it.
type look struct {
	At        time.Time
	Status    engine.SystemStatus
	Parked    []engine.ParkedKey
	Message   map[string]engine.WaitingMessage // by consumer and key: the one that failed; without an ID: it was retried meanwhile
	Scheduled []engine.ScheduledCommand
	Rates     map[string]float64 // positions a second that a consumer took, by its name
	Traffic   traffic
}

// traffic is what went through the log, counted up to a position.
type traffic struct {
	Upto     int64
	Events   map[string]int64 // by type
	Commands map[string]int64 // by type: those that led to events
}

// monitor looks at the system once for everybody who has the page open. What it
// counts of the log it keeps, and goes on from there.
type monitor struct {
	ops engine.Operator // nil: nobody may look

	mu      sync.Mutex
	last    look
	before  traffic // of the look before
	counted traffic
	epoch   string
	history []sample
}

// sample is where the consumers stood at a time.
type sample struct {
	at        time.Time
	positions map[string]int64
}

func newMonitor(ops engine.Operator) *monitor { return &monitor{ops: ops} }

// look reads the system, or gives what was read a moment ago. before is the
// traffic that the look before had counted.
func (m *monitor) look(ctx context.Context) (now look, before traffic, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if time.Since(m.last.At) < freshLook {
		return m.last, m.before, nil
	}
	l := look{At: time.Now(), Message: map[string]engine.WaitingMessage{}}
	if l.Status, err = m.ops.Status(ctx); err != nil {
		return l, before, err
	}
	if err = m.waiting(ctx, &l); err != nil {
		return l, before, err
	}
	if err = m.count(ctx, l.Status); err != nil {
		return l, before, err
	}
	l.Rates, l.Traffic = m.rates(l), traffic{m.counted.Upto, maps.Clone(m.counted.Events), maps.Clone(m.counted.Commands)}
	m.last, m.before = l, m.last.Traffic
	return l, m.before, nil
}

// soon lets the next look read anew.
func (m *monitor) soon() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last.At = time.Time{}
}

// waiting reads what is parked and what is due later.
func (m *monitor) waiting(ctx context.Context, l *look) (err error) {
	if l.Parked, err = m.ops.Parked(ctx, engine.ParkedFilter{}, engine.ParkedKey{}, parkedPage); err != nil {
		return err
	}
	first, err := m.ops.ParkedFirst(ctx, l.Parked)
	if err != nil {
		return err
	}
	for i, p := range l.Parked {
		l.Message[p.Consumer+" "+p.Key] = first[i]
	}
	l.Scheduled, err = m.ops.Scheduled(ctx, engine.ScheduledCommand{}, scheduledPage)
	return err
}

// count counts on from where the last look ended, for a bounded time. A log that is
// another one by now is counted anew.
func (m *monitor) count(ctx context.Context, status engine.SystemStatus) error {
	if m.epoch != status.Epoch || m.counted.Upto > status.Head || m.counted.Events == nil {
		m.epoch, m.counted = status.Epoch, traffic{Events: map[string]int64{}, Commands: map[string]int64{}}
	}
	for began := time.Now(); m.counted.Upto < status.Head && time.Since(began) < trafficTime; {
		part, err := m.ops.Traffic(ctx, m.counted.Upto, trafficSpan)
		if err != nil {
			return err
		}
		if part.Upto == m.counted.Upto {
			return nil
		}
		m.counted.Upto = part.Upto
		for _, c := range part.Counts {
			m.counted.Events[c.Event] += c.Events
			m.counted.Commands[c.Command] += c.Commands
		}
	}
	return nil
}

// rates compares where the consumers stand with where they stood.
func (m *monitor) rates(l look) map[string]float64 {
	now := sample{l.At, map[string]int64{}}
	for _, c := range l.Status.Consumers {
		now.positions[c.Name] = c.Position
	}
	m.history = append(m.history, now)
	for len(m.history) > 2 && l.At.Sub(m.history[1].at) >= rateWindow {
		m.history = m.history[1:]
	}
	first, rates := m.history[0], map[string]float64{}
	for name, position := range now.positions {
		if was, ok := first.positions[name]; ok && position >= was && l.At.After(first.at) {
			rates[name] = float64(position-was) / l.At.Sub(first.at).Seconds()
		}
	}
	return rates
}
