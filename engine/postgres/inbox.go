package postgres

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// inbox stores commands durably, the ones that arrive together in one commit.
// It never takes the order lock.
type inbox struct {
	ctx    context.Context
	pool   *pgxpool.Pool
	sql    *enginedb.Queries
	most   int // commands that may wait
	stored func()
	queue  queue[*letter]

	mu      sync.Mutex
	counted time.Time     // when the waiting commands were counted
	took    time.Duration // how long that took, at most a second
	pending int           // then, and those that were submitted here since
}

// letter is a command on its way into the inbox.
type letter struct {
	id              uuid.UUID
	typ, stream, by string
	data            []byte
	ifVersion       int64 // -1: none
	command         engine.Command
	done            chan error
	inserted        bool
}

func newInbox(ctx context.Context, pool *pgxpool.Pool, cfg Config, stored func()) *inbox {
	in := &inbox{ctx: ctx, pool: pool, sql: enginedb.New(pool), most: cfg.MaxPending, stored: stored}
	in.queue.flush = in.flush
	return in
}

// put stores the letter, or finds that its id is known already (inserted stays
// false). After ctx's error it may still be stored.
func (in *inbox) put(ctx context.Context, l *letter) error {
	if !in.queue.add(l) {
		return errClosed
	}
	select {
	case err := <-l.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (in *inbox) flush() {
	bytes := 0
	in.write(in.queue.take(func(l *letter) bool {
		fits := bytes == 0 || bytes+len(l.data) <= mostBytes
		bytes += len(l.data)
		return fits
	}))
}

// write stores a batch in one statement. One bad letter does not spoil the rest.
func (in *inbox) write(batch []*letter) {
	ctx, cancel := context.WithTimeout(in.ctx, 10*time.Second)
	defer cancel()
	err := in.insertSurely(ctx, batch)
	if err != nil && !surroundings(err) && len(batch) > 1 {
		half := len(batch) / 2
		in.write(batch[:half])
		in.write(batch[half:])
		return
	}
	if err == nil {
		in.stored()
	}
	for _, l := range batch {
		l.done <- err
	}
}

// insertSurely finds out whether a batch is stored when the answer was lost:
// inserting again waits for the transaction that may be storing it.
func (in *inbox) insertSurely(ctx context.Context, batch []*letter) error {
	err := in.insert(ctx, batch, false)
	for unsure := errors.Is(err, errUnsure); unsure && surroundings(err) && pause(ctx, 20*time.Millisecond); {
		if err = in.insert(ctx, batch, true); err != nil && surroundings(err) {
			err = fmt.Errorf("%w: %w", errUnsure, err)
		}
	}
	return err
}

// insert stores a batch. again: what an earlier try stored must have reached the
// replicas, too.
func (in *inbox) insert(ctx context.Context, batch []*letter, again bool) error {
	var p enginedb.InboxInsertParams
	first := make(map[uuid.UUID]*letter, len(batch))
	for _, l := range batch {
		if first[l.id] == nil {
			first[l.id] = l
		}
		p.Ids = append(p.Ids, l.id)
		p.Slots = append(p.Slots, slotOf(l.stream))
		p.Types = append(p.Types, l.typ)
		p.Streams = append(p.Streams, l.stream)
		p.Data = append(p.Data, l.data)
		p.Bys = append(p.Bys, l.by)
		p.Correlations = append(p.Correlations, l.id)
		p.Causations = append(p.Causations, l.id)
		p.IfVersions = append(p.IfVersions, l.ifVersion)
	}
	conn, err := in.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	ids, err := enginedb.New(conn).InboxInsert(ctx, p)
	if err == nil && again {
		err = enginedb.New(conn).LogMark(ctx)
	}
	if unreplicated(conn.Conn()) || err != nil && conn.Conn().IsClosed() {
		err = errors.Join(errUnsure, err)
	}
	for _, id := range ids {
		first[id].inserted = err == nil
	}
	return err
}

// full says whether too many commands wait. It counts at most twice a second while
// there is room, never more rows than the limit, and for a twentieth of the time at
// most: while an old snapshot is open, rows of decided commands are in the way.
func (in *inbox) full(ctx context.Context) (bool, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if age := time.Since(in.counted); age > max(500*time.Millisecond, 20*in.took) || in.pending >= in.most && age > max(20*time.Millisecond, 20*in.took) {
		began := time.Now()
		n, err := in.sql.InboxCount(ctx, enginedb.InboxCountParams{Most: int32(in.most)})
		if err != nil {
			return false, err
		}
		in.pending, in.counted, in.took = int(n), time.Now(), min(time.Since(began), time.Second)
	}
	if in.pending >= in.most {
		return true, nil
	}
	in.pending++
	return false, nil
}

// slotOf is the hash slot of a stream's commands. It must not change: rows that
// wait carry it.
func slotOf(stream string) int32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(stream))
	return int32(h.Sum32() % commandSlots)
}
