package postgres

import (
	"context"
	"crypto/tls"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

const (
	answerLate = 4 * time.Second // after which it is asked what the server does
	answerLook = time.Second     // from one look to the next
)

// awaited are the connections of the pools, of which it is known since when an answer
// is awaited. A network that is silent is noticed by the kernel; something between
// here and the server that acknowledges what it does not pass on is not. So the server
// is asked, on another connection, what it does for those that wait long: a session
// that does nothing, or is not there, has answered already, or was never asked.
// Statements that take long, and commits that wait for a replica, go on.
type awaited struct {
	mu   sync.Mutex
	open map[*awaitedConn]bool
}

// awaitedConn is one of them.
type awaitedConn struct {
	net.Conn
	of      *awaited
	session atomic.Int64 // the server's process; 0: not known yet
	asked   atomic.Int64 // when, if nothing was answered since; in ns
	idle    int64        // asked, when the session was found to do nothing; the looking loop's
}

func newAwaited() *awaited { return &awaited{open: map[*awaitedConn]bool{}} }

// dial makes a connection that is looked after.
func (a *awaited) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := dialer().DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c := &awaitedConn{Conn: conn, of: a}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.open[c] = true
	return c, nil
}

// connected takes in which session a connection has.
func (a *awaited) connected(conn *pgx.Conn) {
	under := conn.PgConn().Conn()
	if t, ok := under.(*tls.Conn); ok {
		under = t.NetConn()
	}
	if c, ok := under.(*awaitedConn); ok {
		c.session.Store(int64(conn.PgConn().PID()))
	}
}

// Write implements net.Conn.
func (c *awaitedConn) Write(data []byte) (int, error) {
	c.asked.Store(time.Now().UnixNano())
	return c.Conn.Write(data)
}

// Read implements net.Conn.
func (c *awaitedConn) Read(data []byte) (int, error) {
	n, err := c.Conn.Read(data)
	if n > 0 {
		c.asked.Store(0)
	}
	return n, err
}

// Close implements net.Conn.
func (c *awaitedConn) Close() error {
	c.of.mu.Lock()
	delete(c.of.open, c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}

// late are the connections that wait long, with when they asked.
func (a *awaited) late(now time.Time) map[*awaitedConn]int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	late := map[*awaitedConn]int64{}
	for c := range a.open {
		if asked := c.asked.Load(); asked > 0 && c.session.Load() > 0 && now.Sub(time.Unix(0, asked)) > answerLate {
			late[c] = asked
		}
	}
	return late
}

// watchAnswers looks until ctx ends.
func (e *Engine) watchAnswers(ctx context.Context) error {
	ticker := time.NewTicker(answerLook)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-ticker.C:
			if late := e.awaited.late(now); len(late) > 0 {
				e.lookForAnswers(ctx, late)
			}
		}
	}
}

// lookForAnswers closes the connections whose sessions do nothing, now and at the look
// before: an answer may be on its way.
func (e *Engine) lookForAnswers(ctx context.Context, late map[*awaitedConn]int64) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	var sessions []int32
	for c := range late {
		sessions = append(sessions, int32(c.session.Load()))
	}
	busy, err := e.sql.WatchBusy(ctx, enginedb.WatchBusyParams{Sessions: sessions})
	if err != nil {
		return // other loops tell
	}
	var silent []*awaitedConn
	for c, asked := range late {
		switch {
		case slices.Contains(busy, int32(c.session.Load())):
			c.idle = 0
		case c.idle != asked:
			c.idle = asked
		case c.asked.Load() == asked:
			e.log.Warn("an answer of the database did not arrive: the connection is given up", "awaited_for", time.Since(time.Unix(0, asked)).Round(time.Millisecond))
			silent = append(silent, c)
		}
	}
	if len(silent) == 0 {
		return
	}
	// First the idle ones: else whoever waited takes one, and finds out as late again.
	e.work.Reset()
	e.reads.Reset()
	for _, c := range silent {
		_ = c.Close()
	}
}
