package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// Epoch is what makes positions comparable: those of different epochs tell
// nothing about each other.
type Epoch struct {
	Log      uuid.UUID // made once; a restored dump and an import keep it
	Cluster  int64     // the system identifier; 0 where the role may not read it
	Timeline int32     // grows when a standby is promoted
	Database int64     // oid
	Events   int64     // oid of the log's table, which a restore in place changes
}

// String is the epoch as it leaves the process.
func (e Epoch) String() string {
	return fmt.Sprintf("%s.%x.%x.%x.%x", e.Log, uint64(e.Cluster), e.Timeline, e.Database, e.Events)
}

// EpochStatus is what a process knows of the log that it works on.
type EpochStatus struct {
	Epoch     Epoch
	Changes   int       // that this process lived through: a failover, a restored dump
	ChangedAt time.Time // the last of them; zero: none

	// CallsPaused: the database is a copy that nobody adopted yet, so reactions
	// that call the outside wait.
	CallsPaused bool
}

// epochs notices that the log is another one than memory is about: a failover
// lost its end, or an older dump was restored under the running process. Order
// and safety do not rest on it: whatever memory holds is checked against the
// tables when it is used.
type epochs struct {
	sql     *enginedb.Queries
	program int64 // version of the schema that it brings
	health  *health
	bell    bell
	changed func(EpochStatus) // called without the lock

	mu     sync.Mutex
	known  bool
	status EpochStatus
	seen   place // the newest event that this process has seen
}

// place is a position and the event that stands there.
type place struct {
	position int64
	id       uuid.UUID
}

func newEpochs(sql *enginedb.Queries, program int64, health *health, changed func(EpochStatus)) *epochs {
	return &epochs{sql: sql, program: program, health: health, bell: newBell(), changed: changed}
}

// run looks with every beat and after every reconnect, until ctx ends, or the schema
// becomes one that this program must not work with.
func (w *epochs) run(ctx context.Context) error {
	account := w.health.begin("epoch", stuckAfter)
	defer account.end()
	ticker := time.NewTicker(beatEvery)
	defer ticker.Stop()
	for ctx.Err() == nil {
		err := w.look(ctx)
		switch {
		case err == nil:
			account.works()
		case errors.Is(err, ErrNewerSchema):
			return err
		case !ended(ctx, err):
			account.fails(err)
		}
		select {
		case <-ctx.Done():
		case <-w.bell:
		case <-ticker.C:
		}
	}
	return nil
}

// look compares the database with what is remembered of it.
func (w *epochs) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	before := w.last()
	row, err := w.sql.EpochLook(ctx, enginedb.EpochLookParams{Position: before.position})
	if err == nil {
		err = (schema{supports: row.Supports}).admits(w.program)
	}
	if err != nil {
		return err
	}
	if status, changed := w.compare(row, before); changed {
		w.changed(status)
	}
	return nil
}

func (w *epochs) last() place {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen
}

// compare takes in what was read, and says whether the log is another one. What
// was seen before the look was committed by then.
func (w *epochs) compare(row enginedb.EpochLookRow, before place) (EpochStatus, bool) {
	epoch := Epoch{row.Log, row.Cluster, row.Timeline, row.Database, row.Events}
	w.mu.Lock()
	defer w.mu.Unlock()
	changed := w.known && (epoch != w.status.Epoch || row.Head < before.position || row.ID != before.id)
	w.known, w.status.Epoch = true, epoch
	w.status.CallsPaused = row.HomeCluster != row.Cluster || row.HomeDatabase != row.Database
	if changed {
		w.seen = place{}
	}
	if row.Head > w.seen.position {
		w.seen = place{row.Head, row.HeadID}
	}
	if changed {
		w.status.Changes++
		w.status.ChangedAt = time.Now()
	}
	return w.status, changed
}

// forget takes the log as it will be found for the one that was meant.
func (w *epochs) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.known, w.seen = false, place{}
}

// saw remembers the newest event of those that this process met.
func (w *epochs) saw(list []*record) {
	if len(list) == 0 {
		return
	}
	last := list[len(list)-1].Meta
	w.mu.Lock()
	defer w.mu.Unlock()
	if last.Position > w.seen.position {
		w.seen = place{last.Position, last.ID}
	}
}

func (w *epochs) now() EpochStatus {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.status
}

// Epoch tells what this process knows of the log that it works on.
func (e *Engine) Epoch() EpochStatus { return e.epochs.now() }

// callsAllowed says whether reactions may call the outside.
func (e *Engine) callsAllowed() bool { return !e.epochs.now().CallsPaused }

// onEpoch drops whatever memory holds of the log, and lets everything go on from
// the tables. Pages are rendered anew.
func (e *Engine) onEpoch(now EpochStatus) {
	e.log.Warn("the log is another one than before: a failover, or a restored dump; what memory held is dropped",
		"epoch", now.Epoch.String())
	e.dropMemory()
}

// dropMemory drops whatever memory holds of the log.
func (e *Engine) dropMemory() {
	e.tail.restart()
	e.applied.reset()
	e.waiters.reset()
	e.states.reset(e.cfg.CacheStreams)
	for _, w := range e.workers {
		w.restart()
	}
	e.wakeAll()
}

// Adopt lets this database call the outside, where it is now. It says false when
// it could before. A copy of it has to be adopted again.
func (e *Engine) Adopt(ctx context.Context) (bool, error) {
	conn, err := owner(ctx, e.cfg)
	if err != nil {
		return false, fault(ctx, err, "adopt")
	}
	defer conn.Close(context.WithoutCancel(ctx))
	n, err := enginedb.New(conn).EpochAdopt(ctx)
	if err == nil {
		err = e.epochs.look(ctx)
	}
	return n > 0, fault(ctx, err, "adopt")
}
