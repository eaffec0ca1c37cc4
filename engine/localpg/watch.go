package localpg

import (
	"context"
	"errors"
	"time"
)

// watchEvery is how often Watch looks after the server's process: a look at the process table, no connection.
const watchEvery = 500 * time.Millisecond

// Watch starts PostgreSQL again whenever its process has died, until ctx ends or the Server is closed. A start that
// fails is logged and tried again. It returns nil: a program runs it beside its other services.
func (s *Server) Watch(ctx context.Context) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if isServer(s.PID(), s.cluster.data) {
			continue
		}
		err := s.Restart(ctx)
		switch {
		case errors.Is(err, errClosed):
			return nil
		case err != nil && ctx.Err() == nil:
			s.cluster.cfg.Log.Error("PostgreSQL died and does not start again", "error", err)
		case err == nil:
			s.cluster.cfg.Log.Warn("PostgreSQL had died and was started again", "pid", s.PID())
		}
	}
}
