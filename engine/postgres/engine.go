package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// Engine runs a system on a database. Open makes one, Run works, Close ends it.
// Without Run it can submit, wait and read, and nothing is decided here.
type Engine struct {
	cfg    Config
	system *engine.System
	log    *slog.Logger
	id     uuid.UUID // of this start of this process
	opened time.Time

	program func() (string, error) // tells it from another build; see programID

	work  *pgxpool.Pool // what the engine does itself
	reads *pgxpool.Pool // what pages and callers read: they cannot starve the engine
	sql   *enginedb.Queries

	awaited   *awaited // the connections of both
	health    *health
	meter     *meter
	stats     *recent[Stats]
	readiness *recent[[]Check]
	hub       engine.Hub
	notices   *notices
	ears      ears
	hears     atomic.Bool // a connection listens
	sequencer *sequencer
	inbox     *inbox
	waiters   *waiters
	tail      *tail
	applied   *applied
	snapshots *snapshots
	states    *states
	epochs    *epochs
	workers   []*worker
	consumers []*consumer
	schedule  *schedule
	senders   map[string]sender // by reaction
	units     chan struct{}     // holds a token for each unit that has a connection
	danger    chan struct{}     // holds a token while a message is tried that may end the process

	ctx    context.Context // ends by Close
	cancel context.CancelFunc
	runs   sync.WaitGroup
}

var (
	_ engine.Client = (*Engine)(nil)
	_ engine.Log    = (*Engine)(nil)
)

// Open connects, brings the schema and the tables of changed projections up to
// date, and returns an engine that does not work yet. It tries for
// Config.ConnectWait; then the error is an engine.ErrUnavailable.
func Open(ctx context.Context, cfg Config) (*Engine, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	past := cfg.DirectURL != ""
	cfg = cfg.withDefaults()
	pooled, err := throughPooler(ctx, cfg)
	switch {
	case cfg.ReadOnly && errors.Is(err, ErrStandby):
		cfg, err = follow(ctx, cfg)
	case err == nil && pooled && !past:
		err = ErrPooler
	case err == nil:
		err = prepare(ctx, cfg)
	}
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	watched := newAwaited()
	work, reads, err := pools(ctx, cfg, pooled, watched)
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	e := assemble(cfg, work, reads)
	e.awaited = watched
	if err := e.epochs.look(ctx); err != nil {
		e.Close()
		return nil, fault(ctx, err, "open")
	}
	return e, nil
}

func assemble(cfg Config, work, reads *pgxpool.Pool) *Engine {
	e := &Engine{cfg: cfg, system: cfg.System, log: cfg.Log, id: cfg.NewID(), work: work, reads: reads, sql: enginedb.New(work)}
	e.ctx, e.cancel = context.WithCancel(context.Background())
	e.health, e.meter, e.stats, e.readiness = newHealth(e.log), newMeter(), newRecent[Stats](), newRecent[[]Check]()
	e.opened, e.program = time.Now(), sync.OnceValues(programID)
	e.consumers, e.danger = consumersOf(cfg), make(chan struct{}, 1)
	e.units = make(chan struct{}, max(1, reads.Config().MaxConns/2)) // the others are for what their handlers read
	e.notices = newNotices(e.ctx, e.sql, e.id)
	e.applied = newApplied()
	e.snapshots = newSnapshots(e.ctx, work, e.log)
	e.snapshots.off = cfg.standby
	e.states = newStates(cfg.CacheStreams)
	e.epochs = newEpochs(e.sql, cfg.program(), e.health, e.onEpoch)
	e.tail = newTail(e.sql, &e.hub, e.epochs.saw, func() bool { return !e.hears.Load() })
	e.waiters = newWaiters(enginedb.New(reads))
	e.sequencer = newSequencer(e.ctx, work, e.log, cfg.System, cfg.CacheStreams, e.health.begin("append", 0))
	e.sequencer.stored, e.sequencer.settled = e.onStored, e.onOutcomes
	e.inbox = newInbox(e.ctx, work, cfg, e.onSubmitted)
	e.senders = sendersOf(cfg.System)
	e.sequencer.senders, e.sequencer.sent = e.senders, e.onSubmitted
	e.schedule = &schedule{e: e, wake: newBell()}
	if cfg.is(RoleWorker) {
		for i := range cfg.Workers {
			e.workers = append(e.workers, newWorker(e, i))
		}
	}
	return e
}

// onStored spreads the news of a commit: to this process at once, to others by
// a notice.
func (e *Engine) onStored(records []*record, appends int) {
	e.meter.stored(appends)
	e.epochs.saw(records)
	e.tail.offer(records)
	e.notices.send(noticeLog, "")
}

func (e *Engine) onSubmitted() {
	e.onInbox()
	e.notices.send(noticeInbox, "")
}

func (e *Engine) ringWorkers() {
	for _, w := range e.workers {
		w.wake.ring()
	}
}

// onInbox lets the loops look into the inbox, and at what is due.
func (e *Engine) onInbox() {
	e.ringWorkers()
	e.schedule.wake.ring()
}

// Run works until ctx ends, then finishes or hands over what is in hand, and
// returns when everything it started has ended. An unreachable database is
// waited for; it is no reason to return. ErrNewerSchema: a newer program changed the
// schema meanwhile, and this one must not work with it.
func (e *Engine) Run(ctx context.Context) error {
	if e.cfg.standby {
		return fmt.Errorf("run: %w", ErrStandby)
	}
	e.runs.Add(1)
	defer e.runs.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(e.ctx, cancel)()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return e.listen(ctx) })
	group.Go(func() error { return e.epochs.run(ctx) })
	group.Go(func() error { return e.watchAnswers(ctx) })
	group.Go(func() error { return e.tail.run(ctx, e.log, e.health.begin("tail", stuckAfter)) })
	group.Go(func() error { return e.waiters.run(ctx) })
	if e.cfg.is(RoleWorker) {
		group.Go(func() error { return newDuty(e).run(ctx) })
		group.Go(func() error { return e.schedule.run(ctx) })
		if e.cfg.OutcomeRetention > 0 {
			group.Go(func() error { return e.forget(ctx) })
		}
	}
	return group.Wait()
}

// errClosed answers calls after Close.
var errClosed = errors.New("the engine is closed")

// Close waits for appends and submissions in hand (at most 5 s), ends Run and
// what it started, and closes every connection. Calls after it fail; Close itself
// may be called again.
func (e *Engine) Close() {
	idle := make(chan struct{})
	go func() {
		defer close(idle)
		e.inbox.queue.close()
		e.sequencer.queue.close()
		e.notices.queue.close()
		e.snapshots.queue.close()
	}()
	select {
	case <-idle:
	case <-time.After(5 * time.Second):
	}
	e.cancel()
	e.runs.Wait()
	<-idle
	e.work.Close()
	e.reads.Close()
}

// DB implements engine.Client.
func (e *Engine) DB() engine.DBTX { return steady{e.reads} }

// Hub implements engine.Client.
func (e *Engine) Hub() *engine.Hub { return &e.hub }

// ended says whether err only tells that ctx is over.
func ended(ctx context.Context, err error) bool {
	return ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded))
}
