package localpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// pollEvery is the pause between two looks at something that another process changes.
const pollEvery = 25 * time.Millisecond

// cluster is what one call of Start or Find knows about the folder. Its fields change only under postgres.lock.
type cluster struct {
	cfg  Config
	dir  string // Config.Dir, absolute and without symbolic links
	data string // the data folder; "" until it exists
	id   string // the marker's content

	relocated bool // data lie in the refuge
}

// newCluster resolves the folder, and makes it when create is set.
func newCluster(cfg Config, create bool) (*cluster, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("localpg: resolve %s: %w", cfg.Dir, err)
	}
	if create {
		// 0755: the user that the server runs as must pass through.
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("localpg: make the folder: %w", err)
		}
	} else if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		return nil, ErrNotRunning
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, fmt.Errorf("localpg: resolve %s: %w", cfg.Dir, err)
	}
	return &cluster{cfg: cfg, dir: dir}, nil
}

// lock takes the exclusive lock under which servers are started and stopped.
func (c *cluster) lock(ctx context.Context) (unlock func(), err error) {
	file := flock.New(filepath.Join(c.dir, "postgres.lock"), flock.SetPermissions(0o644))
	if _, err := file.TryLockContext(ctx, pollEvery); err != nil {
		return nil, fmt.Errorf("localpg: lock %s: %w", file.Path(), err)
	}
	return func() { _ = file.Unlock() }, nil
}

// members is a new handle on the lock that every member holds shared.
func (c *cluster) members() *flock.Flock {
	return flock.New(filepath.Join(c.dir, "postgres.members"), flock.SetPermissions(0o644))
}

// alone reports whether no process is a member: then the exclusive lock is to be had.
func (c *cluster) alone() (bool, error) {
	file := c.members()
	free, err := file.TryLock()
	if err != nil {
		return false, fmt.Errorf("localpg: lock %s: %w", file.Path(), err)
	}
	_ = file.Unlock()
	return free, nil
}

// join is Start and Find: under the lock it makes sure of a running server and becomes a member.
func (c *cluster) join(ctx context.Context, launch bool) (*Server, error) {
	unlock, err := c.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := c.locate(); err != nil {
		return nil, err
	}
	old := c.readRecord()
	alone, guard, err := c.meetGuard(ctx, old.Guard)
	if err != nil {
		return nil, err
	}
	now, err := c.ensure(ctx, old, alone, launch)
	if err != nil {
		guard.leave()
		if alone && launch {
			_ = c.removeRecord()
		}
		return nil, err
	}
	if now.Guard = old.Guard; alone {
		// Only now: a guard that some members do not know would stop the server under them.
		guard = c.newGuard()
		now.Guard = guard.name()
	}
	s := &Server{cluster: c, record: now, member: c.members(), guard: guard}
	if err := s.enter(); err != nil {
		guard.leave()
		return nil, errors.Join(err, c.stopUnlessUsed())
	}
	return s, nil
}

// enter writes the record and takes the member's lock.
func (s *Server) enter() error {
	if err := s.cluster.writeRecord(s.record); err != nil {
		return err
	}
	// Only members hold this lock, shared, and nobody tries it exclusively outside of postgres.lock: it is free.
	ok, err := s.member.TryRLock()
	if err == nil && !ok {
		err = errors.New("another program holds it exclusively")
	}
	if err != nil {
		return fmt.Errorf("localpg: lock %s: %w", s.member.Path(), err)
	}
	return nil
}

// ensure returns the record of a running server of this cluster: the one that runs, or a new one.
func (c *cluster) ensure(ctx context.Context, old record, alone, launch bool) (record, error) {
	now, running, err := c.running(ctx)
	if err != nil {
		return record{}, err
	}
	if running && alone && old.Guard != "" && !c.dismissGuard(old.Guard) {
		c.cfg.Log.Info("the guard is stopping the last server: waiting for its end", "pid", now.PID)
		if err := c.stop(fastShutdown); err != nil {
			return record{}, err
		}
		running = false
	}
	if running && launch && c.cfg.Durable && !now.durable {
		if !alone {
			return record{}, fmt.Errorf("localpg: the server of %s runs without fsync for other processes, "+
				"and a durable one was asked for: stop these processes first", c.dir)
		}
		if err := c.stop(fastShutdown); err != nil {
			return record{}, err
		}
		running = false
	}
	if running {
		c.cfg.Log.Debug("joined the running PostgreSQL", "address", now.address(), "data", c.data, "pid", now.PID)
		return now, nil
	}
	if !launch {
		return record{}, ErrNotRunning
	}
	return c.launch(ctx, old.Port)
}

// running looks for the server of this cluster through postmaster.pid. It waits for one that is starting or stopping,
// and returns false when no process holds the data.
func (c *cluster) running(ctx context.Context) (record, bool, error) {
	if c.data == "" {
		return record{}, false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		file, ok := c.readPIDFile()
		if !ok || !isServer(file.pid, c.data) {
			return record{}, false, nil
		}
		now, err := c.probe(ctx, file)
		if err == nil {
			return now, true, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return record{}, false, fmt.Errorf("localpg: process %d runs on %s but does not answer as ours on port %d: %w",
				file.pid, c.data, file.port, err)
		}
	}
}

// stopUnlessUsed undoes a start that could not be completed.
func (c *cluster) stopUnlessUsed() error {
	if alone, err := c.alone(); err != nil || !alone {
		return err
	}
	return errors.Join(c.stop(fastShutdown), c.removeRecord())
}
