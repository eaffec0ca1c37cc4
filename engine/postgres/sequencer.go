package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/backstory-go/backstory/engine"
)

// sequencer stores entries: whatever waits when the last batch is being committed
// becomes the next transaction. See flight.go for the transaction.
type sequencer struct {
	ctx    context.Context // of the engine: ends by Close
	pool   *pgxpool.Pool
	log    *slog.Logger
	health *loop
	stored func(records []*record, appends int) // called after each commit, in the order of positions
	queue  queue[*entry]
	news   bell // something was handed in
	last   int  // entries of the last batch; that of whoever flushes
	clock  clock
	heads  *heads // of those who flush

	system   *engine.System
	settlers settlers
	senders  map[string]sender
	settled  func() // called after a commit that settled commands
	sent     func() // called after a commit in which reactions answered to that
}

func newSequencer(ctx context.Context, pool *pgxpool.Pool, log *slog.Logger, system *engine.System, most int, health *loop) *sequencer {
	s := &sequencer{ctx: ctx, pool: pool, log: log, health: health, news: newBell(), heads: newHeads(most), system: system, settlers: settlersOf(system)}
	s.queue.flush = s.flush
	return s
}

func (s *sequencer) flight(batch []*entry) *flight {
	return &flight{batch: batch, heads: s.heads, system: s.system, settlers: s.settlers, senders: s.senders}
}

// submit hands in entries, in order. Each one's done is called once.
func (s *sequencer) submit(entries ...*entry) {
	if !s.queue.add(entries...) {
		s.reject(entries, errClosed)
		return
	}
	s.news.ring()
}

// flush stores what waits until nothing does.
func (s *sequencer) flush() {
	for l := s.launch(); l != nil; {
		l = s.land(l)
	}
}

// launch is a flight with its connection, up to the point where it has the lock.
type launch struct {
	*flight
	room room // what may join the batch
	conn *pgxpool.Conn
	err  error
}

// launch takes what waits and waits for the order lock; nil: nothing waits. What
// waits alone and is plain needs no flight, unless others came along the last time:
// they are on their way again, and would wait for its commit.
func (s *sequencer) launch() *launch {
	for {
		l := &launch{flight: s.flight(nil)}
		if l.batch = s.queue.take(l.room.fits); len(l.batch) == 0 {
			return nil
		}
		if len(l.batch) == 1 && s.last <= 1 && s.plain(l.batch[0]) && s.alone(l.batch[0]) {
			continue
		}
		s.open(l)
		return l
	}
}

// line waits for the order lock behind a flight that has it, and takes nothing
// until then: what waits by that time goes together, and is asked about once.
func (s *sequencer) line() *launch {
	l := &launch{flight: s.flight(nil)}
	if l.conn, l.err = s.pool.Acquire(s.ctx); l.err == nil {
		l.err = l.lockFirst(s.ctx, l.conn)
	}
	return l
}

func (s *sequencer) open(l *launch) {
	if l.conn, l.err = s.pool.Acquire(s.ctx); l.err == nil {
		l.err = l.lock(s.ctx, l.conn, begin)
	}
}

// land finishes a flight that has the lock. While it commits, the next one waits
// for the lock on a connection of its own, and has it without another round trip.
func (s *sequencer) land(l *launch) (next *launch) {
	s.board(l)
	landed, ahead := make(chan struct{}), make(chan *launch, 1)
	go func() { ahead <- s.ahead(landed) }()
	s.finish(l)
	if l.err == nil {
		s.settle(l.flight)
	}
	close(landed)
	next = <-ahead
	if l.err != nil {
		if next != nil { // it has the lock by now
			s.board(next)
			if s.finish(next); next.err == nil {
				s.settle(next.flight)
			} else {
				s.mend(next)
			}
		}
		s.mend(l)
		return s.launch()
	}
	return next
}

// ahead puts the next flight in line as soon as something waits, until landed.
func (s *sequencer) ahead(landed <-chan struct{}) *launch {
	for {
		select {
		case <-landed:
			return s.launch()
		default:
		}
		if s.queue.length() > 0 {
			return s.line()
		}
		select {
		case <-s.news:
		case <-landed:
		}
	}
}

// board lets in what queued while the lock was waited for, when it is enough to
// pay for another round trip, and judges the batch.
func (s *sequencer) board(l *launch) {
	if len(l.batch) == 0 || l.err == nil && s.queue.length() >= max(1, len(l.batch)/2) {
		late := s.queue.take(l.room.fits)
		switch { // whatever comes, they are the flight's
		case l.err != nil:
			l.batch = late
		case len(late) > 0:
			l.err = l.join(s.ctx, l.conn, late)
		}
	}
	if l.err == nil && len(l.batch) > 0 {
		s.clock.saw(l.at)
		l.judge()
	}
}

// finish stores what was accepted, and gives the connection back.
func (s *sequencer) finish(l *launch) {
	if l.conn == nil {
		return
	}
	defer l.conn.Release()
	defer abort(s.ctx, l.conn)
	if l.err == nil {
		l.err = l.store(s.ctx, l.conn)
	}
	if l.err != nil && l.conn.Conn().IsClosed() {
		l.err = fmt.Errorf("%w: %w", errUnsure, l.err)
	}
	if errors.Is(l.err, errUnsure) {
		l.doubt()
	}
}

// mend stores the batch of a flight that failed. One that did not ask for all that it
// was judged by is tried once more by one that does, before anybody is blamed.
func (s *sequencer) mend(l *launch) {
	if len(l.plainly) > 0 && !surroundings(l.err) {
		s.heads.doubt()
		l.err = s.fly(l.batch)
	}
	s.repair(l.batch, l.err)
}

// repair stores a batch that failed. A fault of the surroundings is waited out;
// any other is found by halving.
func (s *sequencer) repair(batch []*entry, err error) {
	for wait := 20 * time.Millisecond; err != nil; wait = min(2*wait, time.Second) {
		switch {
		case s.ctx.Err() != nil:
			s.reject(batch, fault(s.ctx, err, "append"))
			return
		case surroundings(err):
			s.log.Warn("append is tried again", "error", err, "appends", len(batch))
			s.health.fails(err)
			pause(s.ctx, wait/2+rand.N(wait))
		case len(batch) == 1:
			s.reject(batch, fault(s.ctx, err, "append to a %s", batch[0].stream.Type))
			return
		default:
			half := len(batch) / 2
			s.repair(batch[:half], s.fly(batch[:half]))
			s.repair(batch[half:], s.fly(batch[half:]))
			return
		}
		err = s.fly(batch)
	}
}

// fly runs one transaction that nothing joins.
func (s *sequencer) fly(batch []*entry) error {
	l := &launch{flight: s.flight(batch)}
	if s.open(l); l.err == nil {
		s.clock.saw(l.at)
		l.judge()
	}
	if s.finish(l); l.err == nil {
		s.settle(l.flight)
	}
	return l.err
}

// settle tells every entry of a committed flight its verdict.
func (s *sequencer) settle(f *flight) {
	s.last = len(f.batch)
	s.health.works()
	if f.streams != nil {
		s.heads.follow(f)
	}
	if len(f.records) > 0 {
		s.stored(f.records, len(f.batch))
	}
	if len(f.settled) > 0 {
		s.settled()
	}
	if len(f.sends) > 0 {
		s.sent()
	}
	for i, e := range f.batch {
		e.done(f.verdicts[i])
	}
}

func (s *sequencer) reject(batch []*entry, err error) {
	for _, e := range batch {
		e.done(verdict{err: err})
	}
}
