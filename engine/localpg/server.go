package localpg

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"sync"

	"github.com/gofrs/flock"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// ErrNotRunning is returned by [Find] when the cluster's server does not run.
var ErrNotRunning = errors.New("localpg: the private PostgreSQL is not running")

// Server is one process's membership in a running cluster. The server runs at least until Close.
// Its methods may be called from several goroutines.
type Server struct {
	cluster *cluster

	mu     sync.Mutex
	record record
	member *flock.Flock
	guard  *guard
	closed bool
}

// Start joins the server of cfg.Dir and starts it first when it does not run: it makes the cluster, recovers one whose
// server was killed, or takes over one whose members were killed. Any number of processes may call it at once, and one
// process several times; each call needs its own Close. The server outlives ctx, which bounds only the start.
// It returns [ErrNoBinaries] when there is no PostgreSQL on the machine and none could be downloaded.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	c, err := newCluster(cfg, true)
	if err != nil {
		return nil, err
	}
	return c.join(ctx, true)
}

// Find joins the server of cfg.Dir when it runs and otherwise returns [ErrNotRunning]; it starts nothing.
// A command that can do without a database uses it; others use Start, which is as quick when the server runs.
func Find(ctx context.Context, cfg Config) (*Server, error) {
	c, err := newCluster(cfg, false)
	if err != nil {
		return nil, err
	}
	return c.join(ctx, false)
}

// Close leaves the cluster; the last live member stops PostgreSQL (fast shutdown: clients are disconnected, everything
// is written) and returns when its process is gone. Further calls do nothing.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	unlock, err := s.cluster.lock(context.Background())
	if err != nil {
		return err
	}
	defer unlock()
	s.closed = true
	if err := s.member.Unlock(); err != nil {
		return fmt.Errorf("localpg: leave %s: %w", s.member.Path(), err)
	}
	alone, err := s.cluster.alone()
	if err != nil || !alone {
		s.guard.leave()
		return err
	}
	s.guard.dismiss()
	s.guard.leave()
	defer s.guard.awaitEnd()
	if err := s.cluster.stop(fastShutdown); err != nil {
		return err
	}
	return s.cluster.removeRecord()
}

// URL returns the connection string of a database of the cluster for its superuser. The empty name means "postgres".
func (s *Server) URL(database string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.record.url(database)
}

// EnsureDatabase creates an empty database with this name unless it exists. Several processes may do so at once.
func (s *Server) EnsureDatabase(ctx context.Context, name string) error {
	conn, err := pgx.Connect(ctx, s.URL(""))
	if err != nil {
		return fmt.Errorf("localpg: create database %s: %w", name, err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var exists bool
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&exists)
	if err == nil && !exists {
		_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize())
	}
	// 42P04: it was there; 23505: another process is making it at this moment and has won.
	if pgErr := (*pgconn.PgError)(nil); errors.As(err, &pgErr) && (pgErr.Code == "42P04" || pgErr.Code == "23505") {
		return nil
	}
	if err != nil {
		return fmt.Errorf("localpg: create database %s: %w", name, err)
	}
	return nil
}

// DataDir returns the absolute path of the cluster's data.
func (s *Server) DataDir() string { return s.cluster.data }

// PID returns the process id of the PostgreSQL server (the postmaster).
func (s *Server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.record.PID
}

// Relocated reports whether the data lie outside of Config.Dir because the server's user cannot reach it.
func (s *Server) Relocated() bool { return s.cluster.relocated }

// Message is a line for the program's start: where PostgreSQL listens, where its data lie and, if elsewhere than
// Config.Dir, why.
func (s *Server) Message() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := fmt.Sprintf("PostgreSQL %s on %s, data in %s", s.record.Version, s.record.address(), s.cluster.data)
	if s.cluster.relocated {
		text += fmt.Sprintf(" (the server does not run as root, and its user cannot reach %s)", s.cluster.dir)
	}
	return text
}

// url builds the connection string. sslmode=disable spares a round trip on the loopback interface.
func (r record) url(database string) string {
	if database == "" {
		database = "postgres"
	}
	u := url.URL{
		Scheme: "postgres", User: url.User(superuser), Host: r.address(), Path: "/" + database, RawQuery: "sslmode=disable",
	}
	return u.String()
}

// address is host:port.
func (r record) address() string { return net.JoinHostPort(r.Host, strconv.Itoa(r.Port)) }
