package postgres_test

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/localpg/pgtest"
	"github.com/backstory-go/backstory/engine/postgres"
)

// fresh reads numbers that were not kept from before.
func fresh(tb testing.TB, e *postgres.Engine, holds func(postgres.Stats) bool) (s postgres.Stats) {
	tb.Helper()
	eventually(tb, "the numbers say so", func() (ok bool) {
		var err error
		s, err = e.Stats(within(tb))
		return err == nil && holds(s)
	})
	return s
}

func TestStats_NobodyWorks_StalenessAndLagDoNotReadZero(t *testing.T) {
	t.Parallel()
	url := database(t)
	web := openEngine(t, postgres.Config{URL: url})
	t.Cleanup(web.Close)
	if s := fresh(t, web, func(postgres.Stats) bool { return true }); s.Workers != 0 || s.HeadStaleness <= 0 || s.Head != 0 {
		t.Errorf("nobody ever worked: %+v", s)
	}
	if _, err := web.Append(within(t), engine.Append{Stream: accountID("a"), Events: []engine.NewEvent{{
		ID: command("open", "a", 0).ID, Event: opened{}, Data: []byte(`{}`)}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := web.Submit(within(t), command("deposit", "a", 1)); err != nil {
		t.Fatal(err)
	}
	dead := fresh(t, web, func(s postgres.Stats) bool { return s.Head == 1 && s.Pending == 1 })
	if c := dead.Consumers[0]; c.LagEvents != 1 || c.LagSeconds <= 0 || c.Status != engine.ConsumerStopped || dead.HeadStaleness <= 0 {
		t.Errorf("nobody works: %+v", dead)
	}
	_, stop := run(t, postgres.Config{URL: url})
	alive := fresh(t, web, func(s postgres.Stats) bool { return s.Pending == 0 && s.Consumers[0].LagEvents == 0 })
	if alive.Head != 2 || alive.Workers != 1 || alive.HeadStaleness != 0 || alive.Consumers[0].LagSeconds != 0 {
		t.Errorf("somebody works: %+v", alive)
	}
	stop()
}

func TestStats_CommandsAreCounted(t *testing.T) {
	t.Parallel()
	url := database(t)
	e := started(t, postgres.Config{URL: url})
	settled(t, e, command("explode", "a", -1))
	err := sql(t, url, `INSERT INTO backstory.inbox (id, slot, type, stream, data, by, correlation, causation, due)
		SELECT id, 1, 'bank.account.deposit', 'bank.account/a', '{"Amount":1}', '', id, id, now() + interval '1 hour'
		FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, 2)) ids`)
	if err != nil {
		t.Fatal(err)
	}
	fresh(t, e, func(s postgres.Stats) bool { return s.Parked == 1 && s.Scheduled == 2 && s.Pending == 0 })
	if n, err := e.RetryParked(within(t), engine.ParkedFilter{Consumer: engine.ConsumerCommands, Before: time.Now().Add(time.Hour)}, 10); err != nil || n != 1 {
		t.Fatalf("%d, %v", n, err)
	}
	fresh(t, e, func(s postgres.Stats) bool { return s.Parked == 1 && s.Pending == 0 }) // it fails again
}

func TestStats_OpenTransactionsShow(t *testing.T) {
	t.Parallel()
	url := database(t)
	e := openEngine(t, postgres.Config{URL: url})
	t.Cleanup(e.Close)
	conn := connect(t, url)
	defer conn.Close(t.Context())
	if _, err := conn.Exec(within(t), "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1"); err != nil {
		t.Fatal(err)
	}
	fresh(t, e, func(s postgres.Stats) bool { return s.OldestSnapshot > 10*time.Millisecond })
}

func TestHealth_ALoopThatRecoversSaysSo(t *testing.T) {
	t.Parallel()
	url := database(t)
	e := started(t, postgres.Config{URL: url})
	loop := func(name string) (found postgres.LoopHealth) {
		for _, l := range e.Health() {
			if l.Name == name {
				found = l
			}
		}
		return found
	}
	listens := func() bool {
		return slices.ContainsFunc(e.Readiness(within(t)).Checks, func(c postgres.Check) bool { return c == postgres.Check{Name: "listen", Status: postgres.CheckOK} })
	}
	eventually(t, "it listens and works", func() bool { return listens() && loop("duty").Status == postgres.LoopWorks && loop("tail").Name != "" })
	// Nobody can connect, and whoever was is not any more.
	name := one[string](t, url, `SELECT quote_ident(current_database())`)
	admin := connect(t, pgtest.Server(t).URL("postgres"))
	defer admin.Close(t.Context())
	for _, statement := range []string{
		`ALTER DATABASE ` + name + ` ALLOW_CONNECTIONS false`,
		`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE quote_ident(datname) = '` + name + `'`,
	} {
		if _, err := admin.Exec(within(t), statement); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the loops fail", func() bool {
		return loop("duty").Status == postgres.LoopFails && loop("listen").Status == postgres.LoopFails && loop("tail").Failures > 0
	})
	if l := loop("listen"); l.Reason == "" || l.Failures == 0 || l.Since.IsZero() {
		t.Errorf("%+v", l)
	}
	eventually(t, "the process is not ready", func() bool { return !e.Readiness(within(t)).Ready })
	if listens() {
		t.Error("it says that it listens")
	}
	eventually(t, "the numbers cannot be had", func() bool {
		_, err := e.Stats(within(t))
		return err != nil
	})
	if _, err := admin.Exec(within(t), `ALTER DATABASE `+name+` ALLOW_CONNECTIONS true`); err != nil {
		t.Fatal(err)
	}
	eventually(t, "every loop works again", func() bool {
		return !slices.ContainsFunc(e.Health(), func(l postgres.LoopHealth) bool { return l.Status != postgres.LoopWorks })
	})
	eventually(t, "the process is ready", func() bool { return e.Readiness(within(t)).Ready })
	if l := loop("listen"); l.Reason != "" || l.Failures == 0 {
		t.Errorf("after it recovered: %+v", l)
	}
}

func TestReadiness_AnotherSchema(t *testing.T) {
	t.Parallel()
	url := database(t)
	e := openEngine(t, postgres.Config{URL: url})
	t.Cleanup(e.Close)
	schema := func() (c postgres.Check) {
		for _, c = range e.Readiness(within(t)).Checks {
			if c.Name == "schema" {
				break
			}
		}
		return c
	}
	if c := schema(); c.Status != postgres.CheckOK {
		t.Errorf("its own schema: %+v", c)
	}
	const ahead = `INSERT INTO backstory.migrations (version_id, is_applied) SELECT max(version_id) + 1, true FROM backstory.migrations`
	const raised = `SELECT backstory.supports(max(version_id)) FROM backstory.migrations`
	for _, step := range []struct{ change, want string }{{ahead, postgres.CheckNote}, {ahead, postgres.CheckNote}, {raised, postgres.CheckFailed}} {
		if err := sql(t, url, step.change); err != nil {
			t.Fatal(err)
		}
		version := fmt.Sprint(one[int64](t, url, `SELECT max(version_id) FROM backstory.migrations`))
		eventually(t, "the schema is "+step.want, func() bool {
			c := schema()
			return c.Status == step.want && strings.Contains(c.Detail, version)
		})
		again, err := postgres.Open(within(t), postgres.Config{URL: url, System: bank(), Log: quiet()})
		if refused := errors.Is(err, postgres.ErrNewerSchema); refused != (step.want == postgres.CheckFailed) || err != nil && !refused {
			t.Errorf("a program that starts while the schema is %s: %v", step.want, err)
		}
		if err == nil {
			again.Close()
		}
	}
	if e.Readiness(within(t)).Ready {
		t.Error("ready on a schema that does not support it")
	}
}

func TestCounters_RetriesAndBatches(t *testing.T) {
	t.Parallel()
	e := started(t, postgres.Config{URL: database(t)})
	settled(t, e, command("explode", "a", 2))
	settled(t, e, command("deposit", "a", 1))
	c := e.Counters()
	if c.Retries["commands"] != 2 || c.Batches.Count != 2 || c.Batches.Sum != 2 || c.Batches.Buckets[0] != 2 {
		t.Errorf("%+v", c)
	}
}

// The log of a command that fails names it, not what is in it nor who sent it.
func TestLog_TellsNobodysData(t *testing.T) {
	t.Parallel()
	var text lockedText
	url := database(t)
	e := started(t, postgres.Config{URL: url, Log: slog.New(slog.NewTextHandler(&text, nil))})
	for _, s := range []engine.Submission{command("explode", "secret-account", -1), command("poison", "secret-account", 0), command("withdraw", "secret-account", 77_177)} {
		s.By = "Secret Person"
		settled(t, e, s)
		if s.Type != "bank.account.withdraw" && !strings.Contains(text.String(), s.ID.String()) {
			t.Errorf("%s is not named in the log", s.Type)
		}
	}
	for _, secret := range []string{"Secret", "secret-account", "77177"} {
		if strings.Contains(text.String(), secret) {
			t.Errorf("%q is in the log:\n%s", secret, text.String())
		}
	}
}

// lockedText is written by loops and read by a test.
type lockedText struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lockedText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lockedText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
