package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/localpg"
	"github.com/backstory-go/backstory/engine/localpg/pgtest"
	"github.com/backstory-go/backstory/engine/postgres"
)

// relay is the address under which a database is reached, whichever server it is on.
type relay struct {
	group sync.WaitGroup

	mu       sync.Mutex
	database string // URL; "": none is there
	open     map[net.Conn]bool
}

// newRelay listens, and returns the URL that leads to the database by it.
func newRelay(tb testing.TB, database string) (*relay, string) {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	u, err := url.Parse(database)
	if err != nil {
		tb.Fatal(err)
	}
	u.Host = listener.Addr().String()
	r := &relay{database: database, open: map[net.Conn]bool{}}
	r.group.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			r.group.Go(func() { r.pass(client) })
		}
	})
	tb.Cleanup(func() {
		_ = listener.Close()
		r.leads("")
		r.group.Wait()
	})
	return r, u.String()
}

// leads changes where the relay leads to. Every connection is cut.
func (r *relay) leads(database string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.database = database
	for conn := range r.open {
		_ = conn.Close()
	}
	clear(r.open)
}

func (r *relay) pass(client net.Conn) {
	defer client.Close()
	r.mu.Lock()
	cfg, err := pgx.ParseConfig(r.database)
	if r.database == "" || err != nil {
		r.mu.Unlock()
		return
	}
	network, address := pgconn.NetworkAddress(cfg.Host, cfg.Port)
	server, err := net.Dial(network, address)
	if err == nil {
		r.open[client], r.open[server] = true, true
	}
	r.mu.Unlock()
	if err != nil {
		return
	}
	defer server.Close()
	back := make(chan struct{})
	go func() {
		defer close(back)
		_, _ = io.Copy(client, server)
		_ = client.Close()
	}()
	_, _ = io.Copy(server, client)
	_ = server.Close()
	<-back
}

// standby is a physical copy of a server, which follows it until it is told not to.
type standby struct {
	tb  testing.TB
	url string // of the database
}

// newStandby copies a server as an operator would, and starts the copy.
func newStandby(tb testing.TB, of *localpg.Server, database string) *standby {
	tb.Helper()
	return &standby{tb: tb, url: pgtest.Standby(tb, of, database)}
}

// stopFollowing lets the standby take no more of what the primary stores.
func (s *standby) stopFollowing(primary string) {
	s.tb.Helper()
	for _, statement := range []string{`ALTER SYSTEM SET primary_conninfo = ''`, `SELECT pg_reload_conf()`} {
		if err := sql(s.tb, s.url, statement); err != nil {
			s.tb.Fatal(err)
		}
	}
	eventually(s.tb, "the standby has left", func() bool {
		return one[int64](s.tb, primary, `SELECT count(*) FROM pg_stat_replication`) == 0
	})
}

// A standby takes the primary's place that never got the end of its log: it is on a
// new timeline. Running processes find it at the primary's address, drop what they
// remember, and go on; nothing of the lost end is left or blocks anything.
func TestFailoverThatLosesATail(t *testing.T) {
	t.Parallel()
	primary := privateServer(t, false)
	direct := createDatabase(t, primary.URL("postgres"), "log", "template1")
	openEngine(t, noting(direct, hooks{})).Close()
	copied := newStandby(t, primary, direct)
	address, through := newRelay(t, direct)
	cfg := noting(through, hooks{calls: []string{"slack"}}) // outside calls go on: it is no copy
	worker := started(t, cfg)
	cfg.Roles = []postgres.Role{postgres.RoleWeb}
	engines := []*postgres.Engine{worker, started(t, cfg)}

	stopLooking := seesPrefixes(t, copied.url)
	depositMany(t, worker, 7)
	reacted(t, direct)
	caughtUp(t, worker)
	stopLooking()
	eventually(t, "the standby has all", func() bool { return sameEnd(t, direct, copied.url) })
	copied.stopFollowing(direct)
	kept := one[int64](t, direct, `SELECT max(position) FROM backstory.events`)
	lost := command("deposit", "a0", 1_000)
	settled(t, worker, lost)
	depositMany(t, worker, 5)
	reacted(t, direct)
	caughtUp(t, worker)
	before := worker.Epoch()

	if err := primary.Stop(true); err != nil {
		t.Fatal(err)
	}
	address.leads(copied.url)
	eventually(t, "the worker meets a standby", func() bool { return !worker.Readiness(within(t)).Ready })
	if _, err := postgres.Open(within(t), postgres.Config{URL: copied.url, System: bank(), Log: quiet()}); !errors.Is(err, postgres.ErrStandby) || !errors.Is(err, engine.ErrUnavailable) {
		t.Errorf("a program that starts on the standby: %v", err)
	}
	if err := sql(t, copied.url, `SELECT pg_promote(true, 60)`); err != nil {
		t.Fatal(err)
	}
	for i, e := range engines {
		eventually(t, fmt.Sprintf("engine %d notices", i), func() bool { return e.Epoch().Changes == 1 })
		now := e.Epoch()
		if now.Epoch.Timeline <= before.Epoch.Timeline || now.Epoch.Cluster != before.Epoch.Cluster || now.Epoch.Log != before.Epoch.Log || now.CallsPaused {
			t.Errorf("engine %d: %+v after %+v", i, now, before)
		}
		if _, err := e.Outcome(within(t), lost.ID); !errors.Is(err, engine.ErrNotFound) {
			t.Errorf("engine %d knows an outcome of the lost end: %v", i, err)
		}
		if head, err := e.Head(within(t)); err != nil || head != kept {
			t.Errorf("engine %d: the head is %d, %v; want %d", i, head, err, kept)
		}
		eventually(t, fmt.Sprintf("engine %d says so in its health", i), func() bool { return saysFailover(within(t), e) })
	}
	if o := settled(t, engines[1], lost); o.Status != engine.Accepted { // as its sender would, who has no answer
		t.Errorf("submitted again: %+v", o)
	}
	depositMany(t, worker, 6)
	depositMany(t, engines[1], 6)
	reacted(t, copied.url)
	caughtUp(t, worker)
	checkLog(t, copied.url)
	checkBalances(t, copied.url)
	if v, err := worker.Verify(within(t), postgres.VerifyOptions{}); err != nil || len(v.Findings) > 0 {
		t.Errorf("verify: %v, %v", v.Findings, err)
	}
	if keys := heldKeys(t, copied.url, "bank.account"); len(keys) > 0 {
		t.Errorf("held: %v", keys)
	}
}

// seesPrefixes reads a standby over and over: whoever sees a position there sees
// everything below it, too. stop waits until it has looked once more.
func seesPrefixes(tb testing.TB, url string) (stop func()) {
	tb.Helper()
	conn := connect(tb, url)
	over, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		defer conn.Close(context.Background())
		for last := false; !last; {
			select {
			case <-over:
				last = true
			default:
			}
			var n, head int64
			if err := conn.QueryRow(context.Background(), `SELECT count(*), coalesce(max(position), 0) FROM backstory.events`).Scan(&n, &head); err != nil || n != head {
				tb.Errorf("%d events below position %d, %v", n, head, err)
				return
			}
		}
	}()
	return func() {
		close(over)
		<-ended
	}
}

// sameEnd says whether two servers hold the same events and checkpoints.
func sameEnd(tb testing.TB, a, b string) bool {
	tb.Helper()
	const end = `SELECT (SELECT coalesce(max(position), 0) FROM backstory.events) || ' ' || (SELECT string_agg(consumer || slot || '=' || position, ' ' ORDER BY consumer, slot) FROM backstory.slots)`
	return one[string](tb, a, end) == one[string](tb, b, end)
}

// saysFailover says whether the engine serves again, and notes why its log is
// another one.
func saysFailover(ctx context.Context, e *postgres.Engine) bool {
	r := e.Readiness(ctx)
	noted := false
	for _, c := range r.Checks {
		noted = noted || c.Name == "log" && c.Status == postgres.CheckNote && strings.Contains(c.Detail, "failover")
	}
	return r.Ready && noted
}
