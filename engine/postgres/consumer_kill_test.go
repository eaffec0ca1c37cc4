package postgres_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// reactURL makes this test binary a process that works on the reactive system.
const reactURL = "BACKSTORY_TEST_REACT_URL"

// reactChild works until it is killed, by the test or by its own handler. It ends
// with the test, which holds the other end of its standard input.
func reactChild(url string) int {
	endWithParent()
	cfg := noting(url, hooks{deposited: func(m engine.Meta) error {
		if m.Stream.ID == "killer" {
			os.Exit(2)
		}
		return nil
	}})
	cfg.Log, cfg.Consumer.Attempts = slog.New(slog.DiscardHandler), 2
	e, err := postgres.Open(context.Background(), cfg)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := e.Run(context.Background()); err != nil {
		return 1
	}
	return 0
}

func spawnReacting(tb testing.TB, url string) *exec.Cmd {
	tb.Helper()
	return spawn(tb, reactURL+"="+url)
}

// Processes are killed, and stopped for longer than the lease while they react: a
// zombie must not write, and nothing may be lost, repeated or out of order.
func TestReactingProcessesKilledAndStopped_ReactOnce(t *testing.T) {
	t.Parallel()
	url := database(t)
	openEngine(t, noting(url, hooks{})).Close()
	children := []*exec.Cmd{spawnReacting(t, url), spawnReacting(t, url), spawnReacting(t, url)}
	cfg := noting(url, hooks{})
	cfg.Roles = []postgres.Role{postgres.RoleWeb}
	web := started(t, cfg)
	var done atomic.Bool
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for n := 0; !done.Load(); n++ {
				settled(t, web, command("deposit", fmt.Sprintf("a%d", (i*3+n)%20), int64(n%3+1)))
			}
		})
	}
	noted := func() int64 {
		return one[int64](t, url, `SELECT count(*) FROM backstory.events WHERE type = 'bank.ledger.noted'`)
	}
	rounds := 2
	if *long {
		rounds = 10
	}
	for i := range rounds {
		before := noted()
		eventually(t, "reactions go on", func() bool { return noted() > before+50 })
		if err := children[i%3].Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = children[i%3].Wait()
		stopped := children[(i+1)%3].Process
		if err := stopped.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		eventually(t, "all slots have another owner", func() bool {
			return one[int64](t, url, `SELECT count(*) FROM backstory.slots s WHERE NOT EXISTS (
				SELECT 1 FROM backstory.workers w WHERE w.id = s.owner AND w.seen_at > clock_timestamp() - interval '2 seconds')`) == 0
		})
		if err := stopped.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		children[i%3] = spawnReacting(t, url)
	}
	done.Store(true)
	group.Wait()
	reacted(t, url)
	for _, c := range children {
		_ = c.Process.Kill()
		_ = c.Wait()
	}
	last := started(t, noting(url, hooks{}))
	caughtUp(t, last)
	reacted(t, url)
	checkLog(t, url)
	checkBalances(t, url)
}

// The budget is recorded before the try: a message that takes its process along is
// given up all the same, and the others go on.
func TestHandlerThatKillsItsProcess_IsParked(t *testing.T) {
	t.Parallel()
	url := database(t)
	cfg := noting(url, hooks{})
	cfg.Roles = []postgres.Role{postgres.RoleWeb}
	web := started(t, cfg)
	for _, id := range []string{"killer", "a", "b", "c"} {
		if _, err := web.Submit(within(t), command("deposit", id, 1)); err != nil {
			t.Fatal(err)
		}
	}
	deaths := 0
	parked := func() bool {
		list, err := web.Parked(within(t), engine.ParkedFilter{}, engine.ParkedKey{}, 10)
		return err == nil && len(list) == 1 && list[0].Key == "bank.account/killer"
	}
	deadline := time.After(2 * patience)
	for ended := closedWhenEnded(spawnReacting(t, url)); !parked(); {
		select {
		case <-deadline:
			t.Fatal("it was not given up")
		case <-ended:
			if deaths++; deaths > 8 {
				t.Fatal("it was not given up")
			}
			ended = closedWhenEnded(spawnReacting(t, url))
		case <-time.After(50 * time.Millisecond):
		}
	}
	if deaths < 3 {
		t.Errorf("%d processes died before it was given up: the handler was not tried", deaths)
	}
	eventually(t, "the others were noted", func() bool {
		return one[int64](t, url, `SELECT count(*) FROM backstory.events WHERE stream IN ('bank.ledger/a', 'bank.ledger/b', 'bank.ledger/c')`) == 3
	})
}

func closedWhenEnded(cmd *exec.Cmd) <-chan struct{} {
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	return ended
}

// A long outage uses up no budget: while the database is away, the reaction is
// tried more often than its budget allows, each time as the first try.
func TestLongOutage_ParksNothing(t *testing.T) {
	t.Parallel()
	server := privateServer(t, false)
	url := createDatabase(t, server.URL("postgres"), "outage", "template1")
	var runs atomic.Int64
	running, away := make(chan struct{}), make(chan struct{})
	cfg := noting(url, hooks{deposited: func(m engine.Meta) error {
		if runs.Add(1) == 1 {
			close(running)
		}
		<-away
		if m.Attempt != 1 {
			t.Errorf("attempt %d is counted", m.Attempt)
		}
		return nil
	}})
	cfg.Consumer.Attempts = 2
	e := started(t, cfg)
	settled(t, e, command("deposit", "a", 1))
	<-running
	outage := cutOff(t, server.URL("postgres"), "outage")
	close(away)
	fails := func() (n int64) {
		for _, loop := range e.Health() {
			if loop.Name == "bank.account "+fmt.Sprint(slotOfKey("bank.account/a", 8)) {
				n = loop.Failures
			}
		}
		return n
	}
	eventually(t, "the consumer failed more often than its budget", func() bool { return fails() > 3 })
	outage.end()
	reacted(t, url)
	if keys := heldKeys(t, url, "bank.account"); len(keys) > 0 {
		t.Errorf("held: %v", keys)
	}
}
