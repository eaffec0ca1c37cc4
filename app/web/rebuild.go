package web

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/backstory-go/backstory/engine"
)

// errNotRunning means that the server does not run (any more).
var errNotRunning = errors.New("the server does not run")

// rebuilds are the rebuilds of read models that the System page began here. They
// outlive the request that asked for them; how far they are stands in the
// database, for every process to see.
type rebuilds struct {
	mu     sync.Mutex
	ctx    context.Context // nil: not running
	going  sync.WaitGroup
	latest map[string]rebuild
}

// rebuild is what became of one.
type rebuild struct {
	Going bool
	Ended time.Time
	Took  time.Duration
	Fault string // "": it went well, or goes on
}

// run lets rebuilds begin until ctx ends. stop waits for those that go on: they
// end with ctx, and the next one goes on where they were.
func (b *rebuilds) run(ctx context.Context) (stop func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ctx = ctx
	return func() {
		b.mu.Lock()
		b.ctx = nil
		b.mu.Unlock()
		b.going.Wait()
	}
}

// begin starts a rebuild, unless it goes on already. told is called when it ended.
func (b *rebuilds) begin(projection string, do func(context.Context) error, told func(error)) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ctx == nil || b.ctx.Err() != nil {
		return errNotRunning
	}
	if b.latest[projection].Going {
		return nil
	}
	if b.latest == nil {
		b.latest = map[string]rebuild{}
	}
	b.latest[projection] = rebuild{Going: true}
	ctx := b.ctx
	b.going.Go(func() {
		began := time.Now()
		err := do(ctx)
		r := rebuild{Ended: time.Now(), Took: time.Since(began)}
		if err != nil {
			r.Fault = problemOf(err).message
		}
		b.mu.Lock()
		b.latest[projection] = r
		b.mu.Unlock()
		told(err)
	})
	return nil
}

// all tells what became of the last rebuild of each projection.
func (b *rebuilds) all() map[string]rebuild {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.latest)
}

// rebuild begins to fold a projection, or a reactor's states, anew.
func (s *Server) rebuild(_ context.Context, projection string) error {
	_, ok := s.cfg.System.Projection(projection)
	if !ok && !slices.ContainsFunc(s.cfg.System.Reactors(), func(r *engine.Reactor) bool { return r.Type == projection && r.Evolve != nil }) {
		return engine.ErrNotFound
	}
	do := func(ctx context.Context) error { return s.cfg.Operator.Rebuild(ctx, projection, nil) }
	return s.rebuilds.begin(projection, do, func(err error) {
		if err != nil {
			s.cfg.Log.Error("rebuild failed", "projection", projection, "error", err)
		}
		s.lookAgain()
	})
}
