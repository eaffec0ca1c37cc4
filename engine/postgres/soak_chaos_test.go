package postgres_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine/localpg"
	"github.com/backstory-go/backstory/engine/postgres"
)

// beyondLease is longer than a lease lasts, so that others take over meanwhile.
const beyondLease = 2800 * time.Millisecond

func TestSoak_KilledStoppedCutOffAndRestarted_EverythingHoldsOnce(t *testing.T) {
	server := privateServer(t, true)
	url := server.URL("postgres")
	web := started(t, postgres.Config{URL: url, System: reactive(hooks{}), Roles: []postgres.Role{postgres.RoleWeb}, ConnectWait: time.Minute})
	h := newHerd(t, url)
	eventually(t, "the processes work", func() bool { return h.count() > 50 })
	c := &chaos{tb: t, server: server, url: url, herd: h, done: map[string]int{}}
	c.obstruct()
	watch := watchPauses(t, web, c.away)
	span, bound := 6*time.Second, 15*time.Second // other tests share the machine
	if *long {
		span, bound = time.Minute, 3*time.Second
	}
	for end := time.Now().Add(span); time.Now().Before(end); {
		for _, b := range c.round() {
			start := time.Now()
			b.do()
			did := time.Since(start)
			before, acked := watch.slots(), h.count()
			eventually(t, "every stream goes on after "+b.name, func() bool { return watch.went(before) && h.count() > acked+20 })
			c.done[b.name]++
			t.Logf("%s took %s, going on %s", b.name, did.Round(time.Millisecond), (time.Since(start) - did).Round(time.Millisecond))
		}
	}
	worst, stall := watch.end()
	t.Logf("%v; %d acknowledged, longest pause %s (machine stalled for up to %s)", c.done, h.count(), worst, stall)
	if worst > bound+stall {
		t.Errorf("commands were held up for %s", worst)
	}
	h.kill()
	c.clear()
	soakHolds(t, url, h)
}

// soakHolds lets a last process finish, and holds everything against what was
// acknowledged and what is promised.
func soakHolds(t *testing.T, url string, h *herd) {
	last := started(t, postgres.Config{URL: url, System: reactive(hooks{}), ConnectWait: time.Minute})
	eventually(t, "every command is decided", func() bool { return one[int64](t, url, `SELECT count(*) FROM backstory.inbox`) == 0 })
	ids := make([]string, 0, len(h.acked))
	for id := range h.acked {
		ids = append(ids, id.String())
	}
	lost := one[int64](t, url, `SELECT count(*) FROM unnest($1::uuid[]) a(id) WHERE NOT EXISTS (SELECT 1 FROM backstory.outcomes o WHERE o.id = a.id)`, ids)
	if lost != 0 {
		t.Errorf("%d of %d acknowledged commands have no outcome", lost, len(ids))
	}
	if n := one[int64](t, url, `SELECT count(*) FROM backstory.outcomes WHERE status = 'failed' AND type NOT IN ('bank.account.explode', 'bank.account.poison')`); n != 0 {
		t.Errorf("%d commands failed by what happened around them", n)
	}
	reacted(t, url)
	caughtUp(t, last)
	checkLog(t, url)
	checkBalances(t, url)
	v, err := last.Verify(within(t), postgres.VerifyOptions{})
	if err != nil || len(v.Findings) > 0 {
		t.Errorf("verify: %v %+v", err, v.Findings)
	}
}

// chaos does what happens to processes and databases.
type chaos struct {
	tb     testing.TB
	server *localpg.Server
	url    string
	herd   *herd
	done   map[string]int

	open []*pgx.Conn // with the old snapshot and the writing transaction

	mu       sync.Mutex
	down     time.Time // since when nothing can go on, as the database is stopped or the test has the lock; zero: it can
	downtime time.Duration
}

// blow is one of the things that happen.
type blow struct {
	name string
	do   func()
}

// round is each of them once, in random order.
func (c *chaos) round() []blow {
	victim := func() int { return rand.N(soakProcesses) }
	blows := []blow{
		{"kill", func() { c.herd.respawn(victim()) }},
		{"stop", func() { c.stop(victim()) }},
		{"stop under the lock", c.stopUnderLock},
		{"cut", c.cut},
		{"restart", c.restart},
	}
	rand.Shuffle(len(blows), func(i, j int) { blows[i], blows[j] = blows[j], blows[i] })
	return blows
}

// stop lets a process sleep through its lease. When it wakes, others own its slots.
func (c *chaos) stop(victim int) {
	c.herd.signal(victim, syscall.SIGSTOP)
	<-time.After(beyondLease)
	c.herd.signal(victim, syscall.SIGCONT)
}

// stopUnderLock stops a process while it holds the order lock: one that waited
// for the lock when this test held it gets it when it is stopped already.
func (c *chaos) stopUnderLock() {
	conn := c.connect()
	defer conn.Close(context.Background())
	const lock = `('backstory.events'::regclass::oid::int, 0)`
	if _, err := conn.Exec(within(c.tb), `SELECT pg_advisory_lock`+lock); err != nil {
		c.tb.Fatal(err)
	}
	c.setDown(time.Now()) // the test holds everybody up
	const waiting = `SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
		WHERE l.locktype = 'advisory' AND NOT l.granted AND l.classid = 'backstory.events'::regclass::oid
		AND a.application_name LIKE 'soak-%' ORDER BY l.waitstart LIMIT 1`
	victim := -1
	eventually(c.tb, "a process waits for the lock", func() bool {
		var name string
		if conn.QueryRow(within(c.tb), waiting).Scan(&name) != nil { // none waits
			return false
		}
		_, err := fmt.Sscanf(name, "soak-%d", &victim)
		return err == nil
	})
	c.herd.signal(victim, syscall.SIGSTOP)
	defer func() { c.herd.signal(victim, syscall.SIGCONT) }()
	if _, err := conn.Exec(within(c.tb), `SELECT pg_advisory_unlock`+lock); err != nil {
		c.tb.Fatal(err)
	}
	c.setDown(time.Time{})
	<-time.After(beyondLease)
}

// cut ends every session but our own.
func (c *chaos) cut() {
	conn := c.connect()
	defer conn.Close(context.Background())
	_, err := conn.Exec(within(c.tb), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`)
	if err != nil {
		c.tb.Fatal(err)
	}
	c.obstruct()
}

// restart stops the database as a crash would, and starts it again.
func (c *chaos) restart() {
	c.setDown(time.Now())
	if err := c.server.Stop(true); err != nil {
		c.tb.Fatal(err)
	}
	if err := c.server.Restart(within(c.tb)); err != nil {
		c.tb.Fatal(err)
	}
	c.connect().Close(context.Background())
	c.setDown(time.Time{})
	c.obstruct()
}

func (c *chaos) setDown(since time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if since.IsZero() {
		c.downtime += time.Since(c.down)
	}
	c.down = since
}

// away is for how long nothing could go on until now.
func (c *chaos) away() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.down.IsZero() {
		return c.downtime
	}
	return c.downtime + time.Since(c.down)
}

// obstruct keeps an old snapshot and a transaction that has written open, in
// place of those that were lost.
func (c *chaos) obstruct() {
	c.clear()
	for _, statement := range []string{
		`BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM backstory.events`,
		`CREATE TABLE IF NOT EXISTS soak_scratch (n int); BEGIN; INSERT INTO soak_scratch VALUES (1)`,
	} {
		conn := c.connect()
		if _, err := conn.Exec(within(c.tb), statement); err != nil {
			c.tb.Fatalf("%s: %v", statement, err)
		}
		c.open = append(c.open, conn)
	}
}

func (c *chaos) clear() {
	for _, conn := range c.open {
		_ = conn.Close(context.Background())
	}
	c.open = nil
}

// connect waits for a database that is being started.
func (c *chaos) connect() (conn *pgx.Conn) {
	eventually(c.tb, "the database answers", func() bool {
		var err error
		conn, err = pgx.Connect(within(c.tb), c.url+"&application_name=chaos")
		return err == nil
	})
	return conn
}
