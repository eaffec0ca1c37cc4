package localpg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// launch starts the server, after initdb when there are no data. It tries the port of the last server first, as other
// members may still point there.
func (c *cluster) launch(ctx context.Context, lastPort int) (record, error) {
	begun := time.Now()
	programs, who, err := c.prepare(ctx)
	if err != nil {
		return record{}, err
	}
	if err := who.own(c.data); err != nil {
		return record{}, err
	}
	// running said that no server holds the data. PostgreSQL itself would take a process that inherited the old id for
	// its own and refuse; whether old backends still run it checks apart from this file, by their shared memory.
	if err := os.Remove(filepath.Join(c.data, "postmaster.pid")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return record{}, fmt.Errorf("localpg: remove a stale postmaster.pid: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	for port := lastPort; ; port = 0 {
		if port, err = freePort(port); err != nil {
			return record{}, err
		}
		now, err := c.attempt(ctx, programs, who, port)
		if err == nil {
			c.cfg.Log.Info("started PostgreSQL", "address", now.address(), "data", c.data, "pid", now.PID,
				"version", now.Version, "took", time.Since(begun).Round(time.Millisecond))
			return now, nil
		}
		if !passing(err) {
			return record{}, err
		}
		select {
		case <-time.After(4 * pollEvery):
		case <-ctx.Done():
			return record{}, err
		}
	}
}

// startError carries what the server wrote before it gave up.
type startError struct {
	log string
	err error
}

func (e *startError) Error() string {
	return fmt.Sprintf("localpg: PostgreSQL did not start: %v; its log ends:\n%s", e.err, e.log)
}

func (e *startError) Unwrap() error { return e.err }

// passing reports whether a start failed by something that goes away: another process took the port between our look
// and the server's bind, or backends of a killed server are not gone yet. PostgreSQL says so in its log only.
func passing(err error) bool {
	var e *startError
	return errors.As(err, &e) && (strings.Contains(e.log, "could not create any TCP/IP sockets") ||
		strings.Contains(e.log, "is still in use"))
}

// attempt runs the server on a port and waits until it answers as this cluster's.
func (c *cluster) attempt(ctx context.Context, p programs, who account, port int) (record, error) {
	log, err := openLog(c.logPath())
	if err != nil {
		return record{}, err
	}
	defer log.Close()
	from, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return record{}, fmt.Errorf("localpg: open the server's log: %w", err)
	}
	cmd := exec.Command(p.postgres, c.arguments(port)...)
	cmd.Stdout, cmd.Stderr, cmd.Env = log, log, environment()
	cmd.Dir = c.data // readable for the server's user, unlike perhaps ours
	who.detach(cmd)
	if err := cmd.Start(); err != nil {
		return record{}, fmt.Errorf("localpg: run %s: %w", p.postgres, err)
	}
	// The server may outlive this call, this Server and this process; the goroutine only collects its exit status.
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	now, err := c.awaitReady(ctx, cmd.Process.Pid, port, exited)
	if err != nil {
		return record{}, &startError{log: tail(c.logPath(), from), err: err}
	}
	return now, nil
}

// awaitReady polls until the server answers, has ended, or the time is up; then it is stopped.
func (c *cluster) awaitReady(ctx context.Context, pid, port int, exited <-chan error) (record, error) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	lastErr := errors.New("no attempt was made")
	for {
		select {
		case err := <-exited:
			return record{}, errors.Join(errors.New("the server ended"), err)
		case <-ctx.Done():
			return record{}, errors.Join(fmt.Errorf("%w while waiting for port %d: %w", ctx.Err(), port, lastErr),
				end(pid, c.data, fastShutdown))
		case <-tick.C:
		}
		if file, ok := c.readPIDFile(); ok && file.pid == pid {
			now, err := c.probe(ctx, file)
			if err == nil {
				return now, nil
			}
			lastErr = err
		}
	}
}

// arguments are the server's command line. Settings that must hold however the server is started are in its
// postgresql.conf (see initdb); these depend on this run.
func (c *cluster) arguments(port int) []string {
	args := []string{"-D", c.data, "-k", "", "-h", loopback, "-p", strconv.Itoa(port), "-c", "max_connections=300"}
	if !c.cfg.Durable {
		args = append(args, "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off")
	}
	return args
}

// environment is ours without what would steer PostgreSQL's programs, and with a locale that exists everywhere.
func environment() []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "PG") && !strings.HasPrefix(v, "LC_") && !strings.HasPrefix(v, "LANG") {
			env = append(env, v)
		}
	}
	return append(env, "LC_ALL=C")
}

// freePort returns the wanted port when nobody listens there, else any free one.
func freePort(wanted int) (int, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(loopback, strconv.Itoa(wanted)))
	if err != nil && wanted != 0 {
		return freePort(0)
	}
	if err != nil {
		return 0, fmt.Errorf("localpg: find a free port: %w", err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

// openLog opens the server's log for appending, and empties it first when it has grown large.
func openLog(path string) (*os.File, error) {
	const large = 8 << 20
	flags := os.O_CREATE | os.O_WRONLY | os.O_APPEND
	if info, err := os.Stat(path); err == nil && info.Size() > large {
		flags |= os.O_TRUNC
	}
	log, err := os.OpenFile(path, flags, 0o644)
	if err != nil {
		return nil, fmt.Errorf("localpg: open the server's log: %w", err)
	}
	return log, nil
}

// tail returns the last lines that were added to a log since an offset.
func tail(path string, from int64) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text[min(from, int64(len(text))):])), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}
