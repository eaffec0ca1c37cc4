package localpg

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// shutdown is a way to end a server.
type shutdown int

const (
	// fastShutdown disconnects clients and writes a checkpoint (SIGINT).
	fastShutdown shutdown = iota
	// immediateShutdown ends all processes at once; the next start recovers from the WAL (SIGQUIT).
	immediateShutdown
	// crash kills the server; its children notice and end (SIGKILL).
	crash
)

// Stop ends PostgreSQL although members remain, for tests of what happens then: immediately as a crash would, or else
// in order. This process stays a member; Restart brings the server back.
func (s *Server) Stop(immediate bool) error {
	how := fastShutdown
	if immediate {
		how = immediateShutdown
	}
	return s.underLock(context.Background(), func() error { return s.cluster.stop(how) })
}

// Kill ends PostgreSQL with SIGKILL, for tests of recovery. This process stays a member.
func (s *Server) Kill() error {
	return s.underLock(context.Background(), func() error { return s.cluster.stop(crash) })
}

// Restart starts PostgreSQL again when it does not run, on the same port unless somebody took it meanwhile, and with
// this Server's settings; it does nothing when the server runs. A program may call it when its server has died.
func (s *Server) Restart(ctx context.Context) error {
	return s.underLock(ctx, func() error {
		now, running, err := s.cluster.running(ctx)
		if err != nil {
			return err
		}
		if !running {
			if now, err = s.cluster.launch(ctx, s.record.Port); err != nil {
				return err
			}
		}
		now.Guard = s.cluster.readRecord().Guard
		s.record = now
		return s.cluster.writeRecord(now)
	})
}

// errClosed is returned by the methods of a Server that has left the cluster.
var errClosed = errors.New("localpg: the Server is closed")

// underLock runs work while no other process starts or stops the server.
func (s *Server) underLock(ctx context.Context, work func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	unlock, err := s.cluster.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return work()
}

// stop ends the server of this cluster if one runs, and returns when its process is gone.
func (c *cluster) stop(how shutdown) error {
	file, ok := c.readPIDFile()
	if !ok || !isServer(file.pid, c.data) {
		return nil
	}
	if err := end(file.pid, c.data, how); err != nil {
		return err
	}
	c.cfg.Log.Info("stopped PostgreSQL", "data", c.data, "pid", file.pid)
	return nil
}

// end asks a server to stop, and does not ask again: a fast shutdown that takes too long becomes an immediate one.
func end(pid int, data string, how shutdown) error {
	const patience = 20 * time.Second
	for ; ; how++ {
		if !isServer(pid, data) {
			return nil
		}
		if err := signal(pid, how); err != nil && isServer(pid, data) {
			return fmt.Errorf("localpg: stop PostgreSQL (process %d): %w", pid, err)
		}
		if awaitEnd(pid, data, patience) {
			return nil
		}
		if how == crash {
			return fmt.Errorf("localpg: PostgreSQL (process %d) does not end", pid)
		}
	}
}

// awaitEnd polls until the process is gone.
func awaitEnd(pid int, data string, patience time.Duration) bool {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for isServer(pid, data) {
		select {
		case <-tick.C:
		case <-timeout.C:
			return false
		}
	}
	return true
}
