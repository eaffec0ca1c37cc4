package postgres

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// Stats are the numbers that are watched. Those of the database are read from its
// tables, not told by loops: a consumer that is dead falls behind here too.
type Stats struct {
	Head      int64 // last position of the log
	Workers   int64 // live processes that decide and project
	Pending   int64 // commands that wait to be decided; at most Config.MaxPending + 1 are counted
	Scheduled int64 // commands that are not due; at most Config.MaxPending + 1 are counted
	Parked    int64 // commands that failed, and that nobody retried or discarded; at most as many are counted
	Consumers []engine.ConsumerStatus
	Builds    []engine.BuildStatus // what is folded anew

	// HeadStaleness is for how long the head may have been standing although there
	// is work: the age of the oldest command that waits, or with no live worker the
	// time since the last one was alive or, if there never was one, since this
	// process started. 0: whatever was asked for is decided.
	HeadStaleness time.Duration

	OldestSnapshot       time.Duration // age of the oldest transaction that holds back cleaning up; 0: none
	PreparedTransactions int64         // of the database: each holds back cleaning up until somebody ends it

	At time.Time // when they were read, by this process's clock
}

// Counters are what this process counted since it started. Reading them asks nobody.
type Counters struct {
	Retries map[string]int64 // by consumer ("commands": deciding): handlings that failed and were tried again
	Batches Histogram        // appends and commands of each transaction of the log
}

// Counters tells what this process did.
func (e *Engine) Counters() Counters {
	retries, batches := e.meter.read()
	return Counters{Retries: retries, Batches: batches}
}

// Stats reads the numbers, at most once a second: whoever asks sooner gets the
// last ones. With an error they are the last ones too, with their time.
func (e *Engine) Stats(ctx context.Context) (Stats, error) {
	return e.stats.get(ctx, func(ctx context.Context) (Stats, error) {
		var s Stats
		snapshot := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
		err := pgx.BeginTxFunc(ctx, e.reads, snapshot, func(tx pgx.Tx) (err error) {
			s, err = e.readStats(ctx, enginedb.New(tx))
			return err
		})
		return s, fault(ctx, err, "read the numbers to watch")
	})
}

func (e *Engine) readStats(ctx context.Context, sql *enginedb.Queries) (Stats, error) {
	now := time.Now()
	row, err := sql.WatchNumbers(ctx, enginedb.WatchNumbersParams{Most: int32(e.cfg.MaxPending + 1)})
	if err != nil {
		return Stats{}, err
	}
	consumers, err := e.readConsumers(ctx, sql, row.Head)
	if err != nil {
		return Stats{}, err
	}
	builds, err := readBuilds(ctx, sql, row.Head)
	if err != nil {
		return Stats{}, err
	}
	stale := max(row.OldestCommand, 0)
	if row.Workers == 0 {
		if row.AliveAgo < 0 {
			row.AliveAgo = now.Sub(e.opened).Seconds()
		}
		stale = max(stale, row.AliveAgo)
	}
	return Stats{Head: row.Head, Workers: row.Workers, Pending: row.Pending, Scheduled: row.Scheduled, Parked: row.Parked, Consumers: consumers, Builds: builds,
		HeadStaleness: seconds(stale), OldestSnapshot: seconds(row.OldestSnapshot), PreparedTransactions: row.Prepared, At: now}, nil
}

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

// recent keeps what was read for a moment: many who ask cost one query.
type recent[T any] struct {
	turn  chan struct{} // holds a token while somebody reads
	mu    sync.Mutex
	at    time.Time // of the last try
	value T         // of the last that succeeded
	err   error     // of the last try
}

const recentAge = time.Second

func newRecent[T any]() *recent[T] { return &recent[T]{turn: make(chan struct{}, 1)} }

func (r *recent[T]) get(ctx context.Context, read func(context.Context) (T, error)) (T, error) {
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done():
		return r.kept(ctx.Err())
	}
	r.mu.Lock()
	fresh := !r.at.IsZero() && time.Since(r.at) < recentAge
	r.mu.Unlock()
	if fresh {
		return r.kept(nil)
	}
	value, err := read(ctx)
	r.mu.Lock()
	r.at, r.err = time.Now(), err
	if err == nil {
		r.value = value
	}
	r.mu.Unlock()
	return r.kept(nil)
}

func (r *recent[T]) kept(err error) (T, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		err = r.err
	}
	return r.value, err
}
