package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

func TestKilledConnections_LoseNothingAcknowledged(t *testing.T) {
	url := database(t)
	engines := []*postgres.Engine{started(t, postgres.Config{URL: url}), started(t, postgres.Config{URL: url})}
	var group sync.WaitGroup
	var done atomic.Bool
	defer done.Store(true)
	var appended atomic.Int64
	acknowledged := make(chan uuid.UUID, 100_000)
	for i := range 8 {
		group.Go(func() {
			for n := 0; !done.Load(); n++ {
				s := command("deposit", fmt.Sprintf("a%d", (i+n)%5), 1)
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				id, err := engines[i%2].Submit(ctx, s)
				if err == nil {
					acknowledged <- id
					_, _ = engines[(i+1)%2].Wait(ctx, id)
				}
				cancel()
			}
		})
	}
	group.Go(func() {
		for n := 0; !done.Load(); n++ { // whose COMMIT's answer is lost must not be stored twice
			if _, err := engines[0].Append(within(t), appendOf("plain", int64(n), 1)); err != nil {
				t.Errorf("append %d: %v", n, err)
				return
			}
			appended.Add(1)
		}
	})
	killer := connect(t, url)
	defer killer.Close(context.Background())
	for range 25 {
		before := appended.Load()
		eventually(t, "appends go on", func() bool { return appended.Load() > before+5 })
		_, err := killer.Exec(within(t), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
		if err != nil {
			t.Fatal(err)
		}
	}
	done.Store(true)
	group.Wait()
	close(acknowledged)
	n := 0
	for id := range acknowledged {
		n++
		if o, err := engines[0].Wait(within(t), id); err != nil || o.Status != engine.Accepted || len(o.Events) != 1 {
			t.Errorf("acknowledged %s: %+v, %v", id, o, err)
		}
	}
	t.Logf("%d commands, %d appends", n, appended.Load())
	if got := one[int64](t, url, `SELECT count(*) FROM backstory.events WHERE stream = 'bank.account/plain'`); got != appended.Load() {
		t.Errorf("%d plain events, %d were told stored", got, appended.Load())
	}
	caughtUp(t, engines[0])
	checkLog(t, url)
	checkBalances(t, url)
}

func TestListeningConnectionKilled_NewsStillArrive(t *testing.T) {
	url := database(t)
	worker := started(t, postgres.Config{URL: url})
	web := started(t, postgres.Config{URL: url, Roles: []postgres.Role{postgres.RoleWeb}})
	settled(t, web, command("deposit", "a", 1))
	const listening = `FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'listen%'`
	for range 3 {
		eventually(t, "both listen", func() bool { return one[int64](t, url, `SELECT count(*) `+listening) == 2 })
		changed := web.Hub().Subscribe("bank.account/a")
		killed := one[int64](t, url, `SELECT count(pg_terminate_backend(pid)) `+listening)
		if killed != 2 {
			t.Fatalf("%d connections were killed, want 2", killed)
		}
		if o := settled(t, web, command("deposit", "a", 1)); o.Status != engine.Accepted {
			t.Errorf("%+v", o)
		}
		select {
		case <-changed.Changed():
		case <-time.After(patience):
			t.Error("the hub was not told")
		}
		changed.Close()
	}
	caughtUp(t, worker)
}

// Listening on another database is hearing nothing, with every connection in order.
func TestNoNotifications_PollsSuffice(t *testing.T) {
	url, deaf := database(t), database(t)
	openEngine(t, postgres.Config{URL: url}).Close() // prepares what DirectURL will not reach
	worker := started(t, postgres.Config{URL: url, DirectURL: deaf})
	web := started(t, postgres.Config{URL: url, DirectURL: deaf, Roles: []postgres.Role{postgres.RoleWeb}})
	changed := web.Hub().Subscribe("bank.account/a")
	defer changed.Close()
	for range 3 {
		o := settled(t, web, command("deposit", "a", 1))
		if o.Status != engine.Accepted {
			t.Errorf("%+v", o)
		}
		if err := web.Projected(within(t), "bank.balances", o.Position()); err != nil {
			t.Error(err)
		}
		select {
		case <-changed.Changed():
		case <-time.After(patience):
			t.Error("the hub was not told")
		}
	}
	caughtUp(t, worker)
	checkBalances(t, url)
}

// Where no connection can listen the log is looked at more often than where nothing
// is heard: eight commits one after the other are seen in two seconds, not in eight.
func TestNobodyListens_TheLogIsPolledOften(t *testing.T) {
	t.Parallel()
	url := database(t)
	address, through := newRelay(t, url)
	writer := openEngine(t, postgres.Config{URL: url})
	t.Cleanup(writer.Close)
	web := started(t, postgres.Config{URL: url, DirectURL: through, Roles: []postgres.Role{postgres.RoleWeb}})
	address.leads("")
	eventually(t, "nobody listens", func() bool {
		return slices.ContainsFunc(web.Health(), func(l postgres.LoopHealth) bool { return l.Name == "listen" && l.Failures > 1 })
	})
	changed := web.Hub().Subscribe("bank.account/a")
	defer changed.Close()
	start := time.Now()
	for version := range int64(8) {
		if _, err := writer.Append(within(t), appendOf("a", version, 1)); err != nil {
			t.Fatal(err)
		}
		select {
		case <-changed.Changed():
		case <-time.After(patience):
			t.Fatal("the hub was not told")
		}
	}
	if took := time.Since(start); took > 6*time.Second {
		t.Errorf("eight commits were seen after %s", took)
	}
}

// A process that slept through its lease finds another fence and writes nothing.
func TestProjectionFenceMoved_NothingIsWrittenTwice(t *testing.T) {
	url := database(t)
	e := started(t, postgres.Config{URL: url})
	for range 20 {
		err := sql(t, url, `UPDATE backstory.slots SET fence = fence + 1 WHERE consumer = 'bank.balances'`)
		if err != nil {
			t.Fatal(err)
		}
		settled(t, e, command("deposit", "a", 1))
	}
	caughtUp(t, e)
	checkBalances(t, url)
}

func TestProjectionThatFails_IsTriedAgainAndHoldsUpNobody(t *testing.T) {
	url := database(t)
	s := &engine.System{}
	s.AddActor(accounts(&atomic.Int64{}))
	var tries atomic.Int64
	p := balances(ddl, "1")
	apply := p.Apply
	p.Apply = func(ctx context.Context, db engine.DBTX, batch []engine.Recorded) error {
		if err := apply(ctx, db, batch); err != nil || tries.Add(1) > 3 {
			return err
		}
		panic("written, but not committed")
	}
	s.AddProjection(p)
	e := started(t, postgres.Config{URL: url, System: s})
	for range 5 {
		settled(t, e, command("deposit", "a", 1))
	}
	caughtUp(t, e)
	checkBalances(t, url)
}

func TestProcessThatLeaves_HandsOverAtOnce(t *testing.T) {
	url := database(t)
	first, stop := run(t, postgres.Config{URL: url})
	settled(t, first, command("deposit", "a", 1))
	second := started(t, postgres.Config{URL: url})
	stop()
	if o := settled(t, second, command("withdraw", "a", 1)); o.Status != engine.Accepted {
		t.Errorf("%+v", o)
	}
	caughtUp(t, second)
	checkBalances(t, url)
}

// A process that is killed cannot take its row away; others do.
func TestProcessThatDied_ItsRowIsSwept(t *testing.T) {
	t.Parallel()
	url := database(t)
	err := sql(t, url, `INSERT INTO backstory.workers (id, seen_at, started_at, info)
		SELECT gen_random_uuid(), now() - interval '1 hour', now() - interval '2 hours', '{}' FROM generate_series(1, 3)`)
	if err != nil {
		t.Fatal(err)
	}
	started(t, postgres.Config{URL: url})
	eventually(t, "only the living process is there", func() bool {
		return one[string](t, url, `SELECT string_agg((seen_at > now() - interval '1 minute')::text, ' ') FROM backstory.workers`) == "true"
	})
}

func TestServerRestart_IsWaitedOut(t *testing.T) {
	server := privateServer(t, false)
	url := server.URL("postgres")
	e := started(t, postgres.Config{URL: url})
	settled(t, e, command("deposit", "a", 1))
	for range 2 {
		s := command("deposit", "a", 1)
		if _, err := e.Submit(within(t), s); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(server.Stop(true), server.Restart(within(t))); err != nil {
			t.Fatal(err)
		}
		if o, err := e.Wait(within(t), s.ID); err != nil || o.Status != engine.Accepted {
			t.Errorf("%+v, %v", o, err)
		}
	}
	caughtUp(t, e)
	checkLog(t, url)
	checkBalances(t, url)
}

func TestClose_LeavesNothingBehind(t *testing.T) {
	url := database(t)
	connect(t, url).Close(context.Background())
	before := runtime.NumGoroutine()
	for range 3 {
		e, stop := run(t, postgres.Config{URL: url, Workers: 3})
		settled(t, e, command("deposit", "a", 1))
		stop()
	}
	eventually(t, "every goroutine ended", func() bool { return runtime.NumGoroutine() <= before+1 })
	eventually(t, "every connection is closed", func() bool {
		return one[int64](t, url, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()`) == 1
	})
	if n := one[int64](t, url, `SELECT count(*) FROM backstory.workers`); n != 0 {
		t.Errorf("%d workers are left", n)
	}
}

func TestConfigValidate_JoinsFaults(t *testing.T) {
	err := postgres.Config{URL: "://", Roles: []postgres.Role{"king"}, Workers: -1, MaxConns: 2}.Validate()
	for _, want := range []string{"URL", "System is missing", `role "king"`, "Workers is -1", "MaxConns is 2"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not tell of %s", err, want)
		}
	}
}

func TestOpen_UnreachableDatabase(t *testing.T) {
	_, err := postgres.Open(t.Context(), postgres.Config{URL: "postgres://127.0.0.1:1/x", System: bank(), ConnectWait: 300 * time.Millisecond})
	if err == nil || !strings.Contains(err.Error(), engine.ErrUnavailable.Error()) {
		t.Errorf("%v", err)
	}
}
