package postgres_test

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// pooler hands a session of the server to a client for one transaction, and the next
// session for the next one: nothing that is set or prepared in a session is there
// again.
type pooler struct {
	tb       testing.TB
	url      string // of the server
	listener net.Listener
	idle     chan *session
	group    sync.WaitGroup

	mu   sync.Mutex
	open map[net.Conn]bool // of both sides
}

// frame is a message on its way.
type frame struct {
	raw  []byte
	ends bool // of the client: it asks for an answer; of the server: the answer is complete
	idle bool // the server is outside of a transaction
}

// session is one of the server's.
type session struct {
	conn net.Conn
	out  chan frame
}

// newPooler returns the address that leads through it. It is gone with the test.
func newPooler(tb testing.TB, server string, sessions int) string {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	p := &pooler{tb: tb, url: server, listener: listener, idle: make(chan *session, sessions), open: map[net.Conn]bool{}}
	for range sessions {
		p.idle <- p.connect()
	}
	p.group.Go(p.accept)
	tb.Cleanup(p.close)
	u, err := url.Parse(server)
	if err != nil {
		tb.Fatal(err)
	}
	u.Host, u.RawQuery = listener.Addr().String(), "sslmode=disable"
	return u.String()
}

func (p *pooler) close() {
	_ = p.listener.Close()
	p.mu.Lock()
	for conn := range p.open {
		_ = conn.Close()
	}
	p.open = nil
	p.mu.Unlock()
	p.group.Wait()
}

// keep notes a connection to be closed in the end; false: it is the end.
func (p *pooler) keep(conn net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open == nil {
		_ = conn.Close()
		return false
	}
	p.open[conn] = true
	return true
}

func (p *pooler) drop(conn net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, conn)
	_ = conn.Close()
}

// connect opens a session of the server; nil: there is none to be had any more.
func (p *pooler) connect() *session {
	conn, err := pgconn.Connect(within(p.tb), p.url)
	if err != nil {
		return nil
	}
	hijacked, err := conn.Hijack()
	if err != nil || !p.keep(hijacked.Conn) {
		return nil
	}
	s := &session{conn: hijacked.Conn, out: make(chan frame, 64)}
	p.group.Go(func() {
		defer close(s.out)
		front := pgproto3.NewFrontend(s.conn, s.conn)
		for {
			m, err := front.Receive()
			if err != nil {
				return
			}
			raw, err := m.Encode(nil)
			if err != nil {
				return
			}
			ready, ends := m.(*pgproto3.ReadyForQuery)
			s.out <- frame{raw, ends, ends && ready.TxStatus == 'I'}
		}
	})
	return s
}

func (p *pooler) accept() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		if p.keep(conn) {
			p.group.Go(func() {
				defer p.drop(conn)
				p.serve(conn)
			})
		}
	}
}

// greet answers what a client begins with; false: it wants nothing more.
func greet(conn net.Conn, back *pgproto3.Backend) bool {
	m, err := back.ReceiveStartupMessage()
	if _, starts := m.(*pgproto3.StartupMessage); err != nil || !starts {
		return false
	}
	back.Send(&pgproto3.AuthenticationOk{})
	for name, value := range map[string]string{"client_encoding": "UTF8", "standard_conforming_strings": "on", "server_version": "15"} {
		back.Send(&pgproto3.ParameterStatus{Name: name, Value: value})
	}
	back.Send(&pgproto3.BackendKeyData{ProcessID: 4_000_000_000, SecretKey: []byte{1, 2, 3, 4}})
	back.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	return back.Flush() == nil
}

// serve carries a client's messages to a session and back, until the client leaves.
func (p *pooler) serve(client net.Conn) {
	back := pgproto3.NewBackend(client, client)
	if !greet(client, back) {
		return
	}
	in, left := make(chan frame), make(chan struct{})
	defer close(left)
	p.group.Go(func() { hear(back, in, left) })
	var s *session
	asked, begun := 0, false // answers that are due; a message without its end
	for {
		var out chan frame
		if s != nil {
			out = s.out
		}
		select {
		case m, more := <-in:
			if !more {
				p.abandon(s)
				return
			}
			if s == nil {
				s = <-p.idle
			}
			if begun = !m.ends; m.ends {
				asked++
			}
			if _, err := s.conn.Write(m.raw); err != nil {
				p.abandon(s)
				return
			}
		case m, more := <-out:
			if !more {
				p.abandon(s)
				return
			}
			_, _ = client.Write(m.raw) // who left is noticed by the other side
			if m.ends {
				asked--
			}
			if m.idle && asked == 0 && !begun {
				p.idle <- s
				s = nil
			}
		}
	}
}

// abandon ends the session of a client that left in a transaction.
func (p *pooler) abandon(s *session) {
	if s == nil {
		return
	}
	p.drop(s.conn)
	for range s.out { // until its reader has ended
	}
	if s = p.connect(); s != nil {
		p.idle <- s
	}
}

// hear reads a client's messages until it leaves.
func hear(back *pgproto3.Backend, in chan<- frame, left <-chan struct{}) {
	defer close(in)
	for {
		m, err := back.Receive()
		if _, leaves := m.(*pgproto3.Terminate); err != nil || leaves {
			return
		}
		raw, err := m.Encode(nil)
		if err != nil {
			return
		}
		ends := false
		switch m.(type) {
		case *pgproto3.Query, *pgproto3.Sync:
			ends = true
		}
		select {
		case in <- frame{raw: raw, ends: ends}:
		case <-left:
			return
		}
	}
}

func TestPoolerInTransactionMode_EverythingWorks(t *testing.T) {
	t.Parallel()
	server := database(t)
	pooled := newPooler(t, server, 8)
	if _, err := postgres.Open(within(t), postgres.Config{URL: pooled, System: bank(), Log: quiet()}); !errors.Is(err, postgres.ErrPooler) {
		t.Fatalf("without an address past the pooler: %v", err)
	}
	e := started(t, postgres.Config{URL: pooled, DirectURL: server})
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for n := range 10 {
				if o := settled(t, e, command("deposit", fmt.Sprintf("a%d", i), int64(n+1))); o.Status != engine.Accepted {
					t.Errorf("%+v", o)
				}
			}
		})
	}
	group.Wait()
	if _, err := e.Append(within(t), engine.Append{Stream: accountID("b"), Events: []engine.NewEvent{{Event: deposited{Amount: 3}, Data: []byte(`{"amount":3}`)}}, By: "tester"}); err != nil {
		t.Error(err)
	}
	if s, err := e.State(within(t), accountID("a0"), 5); err != nil || s.State.(*account).Balance != 15 {
		t.Errorf("%+v, %v", s, err)
	}
	if err := e.Rebuild(within(t), "bank.balances", nil); err != nil {
		t.Error(err)
	}
	settled(t, e, command("deposit", "a1", 1)) // after the swap
	caughtUp(t, e)
	wellFormed(t, e)
	checkBalances(t, server)
	for _, l := range e.Health() {
		if l.Failures > 0 {
			t.Errorf("%+v", l)
		}
	}
}
