package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/backstory-go/backstory/engine/localpg"
	"github.com/jackc/pgx/v5"
)

// patience bounds the start of a server and the work on one database; a first start on a slow machine takes seconds.
const patience = 2 * time.Minute

// shared is this process's membership in the cluster of all tests. It has to be package state: tests of one process
// have nothing else in common, and membership ends with the process.
var shared cluster

// cluster is the shared server and the session whose lock tells others that this process lives.
type cluster struct {
	mu      sync.Mutex
	server  *localpg.Server
	alive   *pgx.Conn
	token   string
	err     error
	counter atomic.Int64
}

// Main runs the tests of a package and then leaves the shared cluster; the last test process to leave stops it. Tests
// that passed, and left goroutines running, have failed.
func Main(m *testing.M) {
	before := runtime.NumGoroutine()
	code := m.Run()
	if err := shared.leave(); err != nil {
		fmt.Fprintln(os.Stderr, "pgtest: leave the shared PostgreSQL:", err)
	}
	if left := moreThan(before); code == 0 && left != "" {
		fmt.Fprintln(os.Stderr, "FAIL: pgtest: goroutines are left after all tests:\n"+left)
		os.Exit(1)
	}
}

// Server returns the shared server, started if need be. Tests that stop or kill their server use [Private].
func Server(tb testing.TB) *localpg.Server {
	tb.Helper()
	server, err := shared.join()
	if err != nil {
		tb.Fatalf("pgtest: these tests need PostgreSQL: %v", err)
	}
	return server
}

// Private returns a server of its own, made for this test and stopped and removed at its end, which the test may stop,
// kill and restart. As with [Database] nothing may be left of the test. It costs about a second. Durable is [localpg.Config.Durable].
func Private(tb testing.TB, durable bool) *localpg.Server {
	tb.Helper()
	// Not tb.TempDir: its parents are closed to the user that root's PostgreSQL runs as.
	dir, err := os.MkdirTemp("", "backstory-private-")
	if err != nil {
		tb.Fatalf("pgtest: make a folder for a private PostgreSQL: %v", err)
	}
	tb.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			tb.Errorf("pgtest: remove the private PostgreSQL: %v", err)
		}
	})
	if err := os.Chmod(dir, 0o711); err != nil {
		tb.Fatalf("pgtest: open the folder to PostgreSQL's user: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	server, err := localpg.Start(ctx, localpg.Config{Dir: dir, Durable: durable})
	if err != nil {
		tb.Fatalf("pgtest: this test needs PostgreSQL: %v", err)
	}
	watchGoroutines(tb) // with those that wait for a server that the test started again
	tb.Cleanup(func() {
		if err := server.Close(); err != nil {
			tb.Errorf("pgtest: stop the private PostgreSQL: %v", err)
		}
	})
	watchSessions(tb, server.URL("postgres"), "")
	return server
}

// join starts or finds the shared server at the first call. A failure is remembered, as each attempt may take long and
// every test would meet the same one.
func (c *cluster) join() (*localpg.Server, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.server == nil && c.err == nil {
		mark(sharedLabel)
		c.err = c.start()
		unmark()
	}
	return c.server, c.err
}

// start joins the server, marks this process as living, and clears away what dead ones left.
func (c *cluster) start() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	dir, err := sharedDir()
	if err != nil {
		return err
	}
	server, err := localpg.Start(ctx, localpg.Config{Dir: dir})
	if err != nil {
		return err
	}
	if err := c.enter(ctx, server); err != nil {
		return errors.Join(err, server.Close())
	}
	c.server = server
	return nil
}

// enter takes the session lock of this process's token and sweeps.
func (c *cluster) enter(ctx context.Context, server *localpg.Server) error {
	conn, err := pgx.Connect(ctx, server.URL(""))
	if err != nil {
		return fmt.Errorf("connect to the shared PostgreSQL: %w", err)
	}
	c.token = newToken()
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock(hashtextextended($1, 0))", c.token); err != nil {
		return errors.Join(fmt.Errorf("lock the token of this process: %w", err), conn.Close(ctx))
	}
	if err := sweep(ctx, conn); err != nil {
		return errors.Join(err, conn.Close(ctx))
	}
	c.alive = conn
	return nil
}

// leave ends this process's membership; the next use would join again.
func (c *cluster) leave() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.server == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := errors.Join(c.alive.Close(ctx), c.server.Close())
	c.server, c.alive = nil, nil
	return err
}

// databaseName makes the name of a new database of this process: prefix, token, number.
func (c *cluster) databaseName() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return copyPrefix + c.token + "_" + strconv.FormatInt(c.counter.Add(1), 10)
}

// sharedDir is the folder of the shared cluster: in the user's cache, or where that cannot be written, in the folder
// for temporary files.
func sharedDir() (string, error) {
	const name = "pgtest-1" // counts up when clusters of older versions of this package cannot be shared
	var faults []error
	if cache, err := os.UserCacheDir(); err == nil {
		dir := filepath.Join(cache, "backstory", name)
		err := os.MkdirAll(dir, 0o755)
		if err == nil {
			return dir, nil
		}
		faults = append(faults, err)
	} else {
		faults = append(faults, err)
	}
	dir := filepath.Join(os.TempDir(), "backstory-"+name+"-"+strconv.Itoa(os.Getuid()))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make a folder for the shared PostgreSQL: %w", errors.Join(append(faults, err)...))
	}
	return dir, nil
}

// newToken returns random text for names of databases.
func newToken() string { return rand.Text()[:12] }
