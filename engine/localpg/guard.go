package localpg

import (
	"context"
	"os"
	"path/filepath"
	"time"
)

// guardName begins the names of the pipes that members keep open; each generation of members has its own.
const guardName = "postgres.guard-"

// guard is this member's end of the pipe. Nil means that the members have none.
type guard struct {
	path string
	end  *os.File
	done chan struct{} // closed when the shell has ended; nil for one that another process started
}

// name is what the record calls the pipe.
func (g *guard) name() string {
	if g == nil {
		return ""
	}
	return filepath.Base(g.path)
}

// leave closes this member's end.
func (g *guard) leave() {
	if g != nil {
		_ = g.end.Close()
	}
}

// awaitEnd waits for a dismissed guard's shell, so that a program that was the only member leaves no process behind.
func (g *guard) awaitEnd() {
	if g == nil || g.done == nil {
		return
	}
	select {
	case <-g.done:
	case <-time.After(time.Second):
	}
}

// dismiss keeps the guard from acting: it acts only when it can rename the pipe.
func (g *guard) dismiss() {
	if g != nil {
		_ = os.Remove(g.path)
	}
}

// dismissGuard removes the pipe of members that were killed. False means that the guard was faster and is stopping
// their server.
func (c *cluster) dismissGuard(name string) bool {
	return os.Remove(filepath.Join(c.dir, filepath.Base(name))) == nil
}

// meetGuard finds out whether there are other members and takes an end of their pipe. A process that is just being
// killed may still hold the lock when its pipe is closed already, and the guard awake: then wait until the lock, too,
// is free, and the caller is alone.
func (c *cluster) meetGuard(ctx context.Context, name string) (alone bool, g *guard, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		if alone, err = c.alone(); err != nil || alone || name == "" {
			return alone, nil, err
		}
		if g = c.joinGuard(name); g != nil {
			return false, g, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			c.cfg.Log.Warn("the other members have no guard: a killed process may leave PostgreSQL running")
			return false, nil, nil
		}
	}
}
