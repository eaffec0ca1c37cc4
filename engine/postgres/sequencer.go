package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// sequencer stores entries: whatever waits when the last batch has committed
// becomes one transaction. See flight.go for the transaction.
type sequencer struct {
	ctx    context.Context // of the engine: ends by Close
	pool   *pgxpool.Pool
	log    *slog.Logger
	health *loop
	stored func(records []*record, appends int) // called after each commit, in the order of positions
	queue  queue[*entry]
}

func newSequencer(ctx context.Context, pool *pgxpool.Pool, log *slog.Logger, health *loop, stored func([]*record, int)) *sequencer {
	s := &sequencer{ctx: ctx, pool: pool, log: log, health: health, stored: stored}
	s.queue.flush = s.flush
	return s
}

// submit hands in entries, in order. Each one's done is called once.
func (s *sequencer) submit(entries ...*entry) {
	if !s.queue.add(entries...) {
		s.reject(entries, errClosed)
	}
}

func (s *sequencer) flush() {
	var r room
	s.write(s.queue.take(r.fits), &r)
}

// write stores a batch, with what has queued meanwhile as far as room allows. A
// fault of the surroundings is waited out; any other is found by halving.
func (s *sequencer) write(batch []*entry, r *room) {
	for wait := 20 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		f := &flight{batch: batch}
		err := s.fly(f, r)
		batch, r = f.batch, nil
		switch {
		case err == nil:
			s.health.works()
			s.settle(f)
			return
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
			s.write(batch[:half], nil)
			s.write(batch[half:], nil)
			return
		}
	}
}

// settle tells every entry of a committed flight its verdict.
func (s *sequencer) settle(f *flight) {
	if len(f.records) > 0 {
		s.stored(f.records, len(f.batch))
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

// fly runs one transaction. r is nil when nothing may join the batch.
func (s *sequencer) fly(f *flight, r *room) error {
	conn, err := s.pool.Acquire(s.ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	defer abort(s.ctx, conn)
	err = s.steps(f, r, conn)
	if err != nil && conn.Conn().IsClosed() {
		err = fmt.Errorf("%w: %w", errUnsure, err)
	}
	if errors.Is(err, errUnsure) {
		f.doubt()
	}
	return err
}

func (s *sequencer) steps(f *flight, r *room, conn *pgxpool.Conn) error {
	if err := f.lock(s.ctx, conn); err != nil {
		return err
	}
	if late := s.late(f, r); len(late) > 0 { // from here on they are the flight's, whatever comes
		if err := f.join(s.ctx, conn, late); err != nil {
			return err
		}
	}
	f.judge()
	return f.store(s.ctx, conn)
}

// late takes what queued while the lock was waited for, when it is enough to pay
// for another round trip.
func (s *sequencer) late(f *flight, r *room) []*entry {
	if r == nil || s.queue.length() < max(1, len(f.batch)/2) {
		return nil
	}
	return s.queue.take(r.fits)
}
