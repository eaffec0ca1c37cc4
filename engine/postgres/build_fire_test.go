package postgres_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// arrivals are commands that arrive at a rate, whatever becomes of those before
// them; only when very many are under way some are left out.
type arrivals struct {
	stop  context.CancelFunc
	group sync.WaitGroup
	due   atomic.Int64 // that should have arrived

	mu  sync.Mutex
	ids []uuid.UUID // acknowledged
}

func arrive(tb testing.TB, e *postgres.Engine, perSecond int) *arrivals {
	ctx, stop := context.WithCancel(context.Background())
	a := &arrivals{stop: stop}
	tb.Cleanup(a.end)
	underway := make(chan struct{}, 256)
	a.group.Go(func() {
		ticker := time.NewTicker(10 * time.Millisecond)
		defer ticker.Stop()
		for start := time.Now(); ctx.Err() == nil; {
			select {
			case <-ctx.Done():
			case now := <-ticker.C:
				want := int64(now.Sub(start).Seconds() * float64(perSecond))
				for n := a.due.Load(); n < want; n = a.due.Add(1) {
					a.send(ctx, e, int(n), underway)
				}
			}
		}
	})
	return a
}

func (a *arrivals) send(ctx context.Context, e *postgres.Engine, n int, underway chan struct{}) {
	select {
	case underway <- struct{}{}:
	default:
		return
	}
	a.group.Go(func() {
		defer func() { <-underway }()
		id, err := e.Submit(ctx, command("deposit", fmt.Sprintf("a%d", n%20), 1))
		if err != nil {
			return // it counts as not acknowledged
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		a.ids = append(a.ids, id)
	})
}

func (a *arrivals) acknowledged() []uuid.UUID {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.ids
}

func (a *arrivals) end() {
	a.stop()
	a.group.Wait()
}

// Commands arrive at a fixed rate before, while and after the tables are swapped:
// all are decided and projected, and readers wait for the swap only.
func TestRebuildWhileCommandsArrive(t *testing.T) {
	t.Parallel()
	rate, events := 100, 30_000
	if *long {
		rate, events = 500, 300_000
	}
	url := database(t)
	fill(t, url, events, 20)
	heard := &lines{}
	e := started(t, postgres.Config{URL: url, Log: slog.New(slog.NewTextHandler(heard, nil))})
	caughtUp(t, e)
	commands := arrive(t, e, rate)
	for range 3 {
		eventually(t, "commands arrive", func() bool { return len(commands.acknowledged()) > rate/2 })
		before, due := len(commands.acknowledged()), commands.due.Load()
		start := time.Now()
		if err := e.Rebuild(within(t), "bank.balances", nil); err != nil {
			t.Fatal(err)
		}
		t.Logf("rebuilt in %s, %d commands arrived and %d were acknowledged meanwhile", time.Since(start), commands.due.Load()-due, len(commands.acknowledged())-before)
		after := len(commands.acknowledged())
		eventually(t, "commands go on", func() bool { return len(commands.acknowledged()) > after+rate/10 })
		checkSum(t, e)
	}
	commands.end()
	for _, line := range heard.with("is the live one") {
		t.Log(line)
	}
	if n := len(heard.with("locked_for=")); n != 3 {
		t.Errorf("%d swaps were told", n)
	}
	ids := commands.acknowledged()
	eventually(t, "all are decided", func() bool { return one[int64](t, url, `SELECT count(*) FROM backstory.inbox`) == 0 })
	if n := one[int](t, url, `SELECT count(*) FROM backstory.outcomes WHERE status = 'accepted' AND id = ANY($1::uuid[])`, ids); n != len(ids) {
		t.Errorf("%d of %d acknowledged commands were accepted", n, len(ids))
	}
	caughtUp(t, e)
	checkBalances(t, url)
	if v, err := e.Verify(within(t), postgres.VerifyOptions{}); err != nil || len(v.Findings) > 0 {
		t.Errorf("%v, %v", v.Findings, err)
	}
}

// checkSum reads what the page would show, which must come to the log's head.
func checkSum(tb testing.TB, e *postgres.Engine) {
	tb.Helper()
	head, err := e.Head(within(tb))
	if err == nil {
		err = e.Projected(within(tb), "bank.balances", head)
	}
	var sum int64
	if err == nil {
		err = e.DB().QueryRow(within(tb), "SELECT sum(balance)::bigint FROM bank_balances").Scan(&sum)
	}
	if err != nil || sum < head { // every event is a deposit of 1
		tb.Errorf("the sum is %d at position %d: %v", sum, head, err)
	}
}

func (l *lines) with(text string) (found []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.text.String()) {
		if strings.Contains(line, text) {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}

// buildURL makes this test binary a process that rebuilds, buildStops lets it stand
// still in the middle of a transaction, at that event.
const (
	buildURL   = "BACKSTORY_TEST_BUILD_URL"
	buildStops = "BACKSTORY_TEST_BUILD_STOPS"
)

// buildChild rebuilds, and prints how far it is. It ends with the test, which holds
// the other end of its standard input.
func buildChild(url string) int {
	endWithParent()
	var stops int64
	_, _ = fmt.Sscan(os.Getenv(buildStops), &stops)
	s := bankWith()
	s.AddProjection(breaks(balances(ddl, "1"), func(m engine.Meta) bool {
		if m.Position == stops {
			fmt.Println("stops")
			select {}
		}
		return false
	}))
	e, err := postgres.Open(context.Background(), postgres.Config{URL: url, System: s, Log: slog.New(slog.DiscardHandler)})
	if err == nil {
		err = e.Rebuild(context.Background(), "bank.balances", func(p engine.Progress) { fmt.Println("at", p.Position) })
	}
	if err != nil {
		fmt.Println("failed", err)
		return 1
	}
	fmt.Println("done")
	return 0
}

// spawnBuild starts a process that rebuilds, and returns what it prints.
func spawnBuild(tb testing.TB, url string, stops int64) (*exec.Cmd, <-chan string) {
	tb.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), buildURL+"="+url, fmt.Sprintf("%s=%d", buildStops, stops))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		_, err = cmd.StdinPipe() // never written: it ends with this process
	}
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		tb.Fatal(err)
	}
	printed := make(chan string, 1_000)
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer close(printed)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			printed <- lines.Text()
		}
	}()
	tb.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-read
		_ = cmd.Wait()
	})
	return cmd, printed
}

// awaitLine reads up to a line that begins so, and gives the first position told.
func awaitLine(printed <-chan string, begins string) (first int64, err error) {
	first = -1
	deadline := time.After(patience)
	for {
		select {
		case <-deadline:
			return first, errors.New("it took too long")
		case line, ok := <-printed:
			if !ok {
				return first, errors.New("the process ended")
			}
			if first < 0 {
				_, _ = fmt.Sscanf(line, "at %d", &first)
			}
			if strings.HasPrefix(line, begins) {
				return first, nil
			}
		}
	}
}

// A process is killed in the middle of a transaction of its build, while commands
// arrive. Another one goes on where that began, and swaps.
func TestRebuildKilledWith9_GoesOnInAnotherProcess(t *testing.T) {
	t.Parallel()
	url := database(t)
	fill(t, url, 3*rebuildPage, 20)
	e := started(t, postgres.Config{URL: url})
	caughtUp(t, e)
	before := one[uint32](t, url, "SELECT 'bank_balances'::regclass::oid")
	commands := arrive(t, e, 50)
	first, printed := spawnBuild(t, url, rebuildPage+rebuildPage/2)
	if _, err := awaitLine(printed, "stops"); err != nil {
		t.Fatal(err)
	}
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	checkSum(t, e) // the live table goes on
	if now := one[uint32](t, url, "SELECT 'bank_balances'::regclass::oid"); now != before {
		t.Error("the live table was swapped by a build that died")
	}
	_, printed = spawnBuild(t, url, 0)
	at, err := awaitLine(printed, "done")
	if err != nil {
		t.Fatal(err)
	}
	if at != rebuildPage {
		t.Errorf("it went on at %d, want %d", at, rebuildPage)
	}
	n := len(commands.acknowledged())
	eventually(t, "commands go on", func() bool { return len(commands.acknowledged()) > n+10 })
	commands.end()
	if now := one[uint32](t, url, "SELECT 'bank_balances'::regclass::oid"); now == before {
		t.Error("the table is the one there was")
	}
	caughtUp(t, e)
	checkBalances(t, url)
	if n := one[int](t, url, "SELECT (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname LIKE 'backstory_%' AND relkind = 'r') + (SELECT count(*) FROM backstory.builds)"); n != 0 {
		t.Errorf("%d tables and rows of builds are left", n)
	}
}
