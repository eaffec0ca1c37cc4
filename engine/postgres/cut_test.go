package postgres_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// cutter stands between an engine and PostgreSQL, and cuts connections at the COMMIT
// of a transaction: its answer never arrives.
type cutter struct {
	tb      testing.TB
	network string // of the server
	address string
	group   sync.WaitGroup

	cuts atomic.Int64

	mu      sync.Mutex
	query   string        // cut the commit of a transaction that runs it; "": none
	arrives bool          // COMMIT does, and only its answer is lost
	silent  chan struct{} // not nil: at the cut nothing passes any more until it is closed
	newPass bool          // but on connections that are made after the cut
	made    int           // connections
	muted   int           // of them, those up to this one
}

// newCutter listens, and returns the URL to reach the database by it.
func newCutter(tb testing.TB, database string) (*cutter, string) {
	tb.Helper()
	cfg, err := pgx.ParseConfig(database)
	if err != nil {
		tb.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	c := &cutter{tb: tb}
	c.network, c.address = pgconn.NetworkAddress(cfg.Host, cfg.Port)
	c.group.Go(func() { c.accept(listener) })
	tb.Cleanup(func() {
		_ = listener.Close()
		c.group.Wait()
	})
	through := url.URL{Scheme: "postgres", Host: listener.Addr().String(), User: url.UserPassword(cfg.User, cfg.Password), Path: cfg.Database}
	return c, through.String() + "?sslmode=disable"
}

// next lets the next commit of a transaction with a query of this name be cut.
// arrives: the server gets it.
func (c *cutter) next(query string, arrives bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.query, c.arrives = "-- name: "+query+" ", arrives
}

// hush lets the next commit of a transaction with a query of this name go nowhere, and
// all that is sent after it on any connection, which stay open; newPass: on any of
// those that there are. lift ends that.
func (c *cutter) hush(query string, newPass bool) (lift func()) {
	silent := make(chan struct{})
	c.next(query, false)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.silent, c.newPass = silent, newPass
	lift = sync.OnceFunc(func() {
		c.mu.Lock()
		c.query, c.silent = "", nil
		c.mu.Unlock()
		close(silent)
	})
	c.tb.Cleanup(lift)
	return lift
}

// pass waits while nothing may pass on a connection.
func (c *cutter) pass(number int) {
	c.mu.Lock()
	silent := c.silent
	if c.query != "" || number > c.muted {
		silent = nil // it has not come to that yet, or not to this one
	}
	c.mu.Unlock()
	if silent != nil {
		<-silent
	}
}

// passing lets through what may pass.
type passing struct {
	io.Writer
	c      *cutter
	number int // of the connection
}

func (p passing) Write(data []byte) (int, error) {
	p.c.pass(p.number)
	return p.Writer.Write(data)
}

// cut says whether these statements, up to a Sync, are the ones to be cut at.
func (c *cutter) cut(statements []string) (cut, arrives bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := statements[len(statements)-1]
	all := strings.Join(statements, "\n")
	if c.query == "" || !strings.Contains(all, c.query) || last != "commit" && statements[0] == "begin isolation level read committed" {
		return false, false
	}
	c.query = ""
	c.cuts.Add(1)
	if c.muted = math.MaxInt; c.newPass {
		c.muted = c.made
	}
	return c.silent == nil, c.arrives
}

func (c *cutter) accept(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		c.mu.Lock()
		c.made++
		number := c.made
		c.mu.Unlock()
		c.pass(number)
		server, err := net.Dial(c.network, c.address)
		if err != nil {
			_ = client.Close()
			continue
		}
		c.group.Go(func() {
			defer client.Close()
			_, _ = io.Copy(passing{client, c, number}, server)
			_, _ = io.Copy(io.Discard, server) // after a cut the server must not notice before it is done
		})
		c.group.Go(func() {
			defer server.Close()
			c.forward(client, server, number)
		})
	}
}

// cancelRequest begins a connection that only asks for a query's end (the protocol's
// message CancelRequest).
const cancelRequest = 80877102

// forward passes on what the client sends, whole up to each Sync.
func (c *cutter) forward(client, server net.Conn, number int) {
	defer client.Close()
	hello := make([]byte, 4)
	if _, err := io.ReadFull(client, hello); err != nil {
		return
	}
	rest := make([]byte, binary.BigEndian.Uint32(hello)-4)
	if _, err := io.ReadFull(client, rest); err != nil {
		return
	}
	if binary.BigEndian.Uint32(rest) == cancelRequest {
		return // it would not get through where the connection did not
	}
	if _, err := server.Write(append(hello, rest...)); err != nil {
		return
	}
	prepared := map[string]string{}
	var pending bytes.Buffer
	var statements []string
	for {
		kind, body, err := message(client, &pending)
		if err != nil {
			return
		}
		switch kind {
		case 'P':
			name, text := cstring(body)
			prepared[name], _ = cstring(text)
			continue
		case 'B':
			_, name := cstring(body)
			statement, _ := cstring(name)
			if prepared[statement] == "begin isolation level read committed" {
				statements = nil
			}
			statements = append(statements, prepared[statement])
			continue
		case 'D', 'E', 'C', 'H':
			continue
		}
		if kind == 'S' && len(statements) > 0 {
			cut, arrives := c.cut(statements)
			if cut {
				_ = client.Close()
			}
			if cut && !arrives {
				return
			}
			if cut {
				_, _ = server.Write(pending.Bytes())
				_ = server.(interface{ CloseWrite() error }).CloseWrite()
				_, _ = io.Copy(io.Discard, server)
				return
			}
			if statements[0] != "begin isolation level read committed" || statements[len(statements)-1] == "commit" {
				statements = nil
			}
		}
		if _, err := (passing{server, c, number}).Write(pending.Bytes()); err != nil {
			return
		}
		pending.Reset()
	}
}

// message reads one and keeps it in pending.
func message(from io.Reader, pending *bytes.Buffer) (kind byte, body []byte, err error) {
	head := make([]byte, 5)
	if _, err := io.ReadFull(from, head); err != nil {
		return 0, nil, err
	}
	body = make([]byte, binary.BigEndian.Uint32(head[1:])-4)
	_, err = io.ReadFull(from, body)
	pending.Write(head)
	pending.Write(body)
	return head[0], body, err
}

func cstring(data []byte) (text string, rest []byte) {
	before, after, _ := bytes.Cut(data, []byte{0})
	return string(before), after
}
