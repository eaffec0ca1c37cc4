package postgres_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/localpg"
	"github.com/backstory-go/backstory/engine/localpg/pgtest"
	"github.com/backstory-go/backstory/engine/postgres"
)

var long = flag.Bool("long", false, "kill processes for 30 s instead of some seconds")

// childURL makes this test binary a process of its own, to be killed.
const childURL = "BACKSTORY_TEST_CHILD_URL"

// childSubmitters is how many submit at the same time in each process; two
// processes run at a time.
const childSubmitters = 16

// child works, submits, and prints each command id after Submit acknowledged it.
// It ends with the test, which holds the other end of its standard input.
func child(url string) int {
	endWithParent()
	e, err := postgres.Open(context.Background(), postgres.Config{URL: url, System: bank(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	ctx := context.Background()
	for i := range childSubmitters {
		go func() {
			for n := 0; ; n++ {
				id, err := e.Submit(ctx, command("deposit", fmt.Sprintf("a%d", (i+n)%7), 1))
				if err == nil {
					fmt.Println(id)
					_, _ = e.Wait(ctx, id)
				}
			}
		}()
	}
	if err := e.Run(ctx); err != nil {
		return 1
	}
	return 0
}

// brood is the processes that are killed, and what they had acknowledged.
type brood struct {
	tb    testing.TB
	url   string
	mu    sync.Mutex
	acked []uuid.UUID
	reads sync.WaitGroup
}

func (b *brood) spawn() *exec.Cmd {
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childURL+"="+b.url)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		_, err = cmd.StdinPipe() // never written: it ends with this process
	}
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		b.tb.Fatal(err)
	}
	b.reads.Go(func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if id, err := uuid.Parse(strings.TrimSpace(lines.Text())); err == nil {
				b.mu.Lock()
				b.acked = append(b.acked, id)
				b.mu.Unlock()
			}
		}
	})
	return cmd
}

func (b *brood) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.acked)
}

func TestWorkersKilledWith9_NothingIsLostOrDoneTwice(t *testing.T) {
	url := database(t)
	web := started(t, postgres.Config{URL: url, Roles: []postgres.Role{postgres.RoleWeb}})
	b := &brood{tb: t, url: url}
	span := 6 * time.Second
	if *long {
		span = 30 * time.Second
	}
	children := []*exec.Cmd{b.spawn(), b.spawn()}
	eventually(t, "the processes work", func() bool { return b.count() > 20 })
	watch := watchPauses(t, web, never)
	kills := 0
	for end := time.Now().Add(span); time.Now().Before(end); kills++ {
		victim := kills % 2
		if err := children[victim].Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = children[victim].Wait()
		before := watch.slots()
		eventually(t, "every stream goes on", func() bool { return watch.went(before) })
		children[victim] = b.spawn()
		n := b.count()
		eventually(t, "commands are acknowledged", func() bool { return b.count() > n+50 })
	}
	for _, c := range children {
		_ = c.Process.Kill()
		_ = c.Wait()
	}
	b.reads.Wait()
	last := started(t, postgres.Config{URL: url})
	pause, stall := watch.end()
	t.Logf("%d kills, %d acknowledged, longest pause %s (machine stalled for up to %s)", kills, len(b.acked), pause, stall)
	bound := 10 * time.Second // other tests share the disk
	if *long {
		bound = 3 * time.Second
	}
	if pause > bound+stall {
		t.Errorf("commands were held up for %s", pause)
	}
	for _, id := range b.acked {
		if o, err := last.Wait(within(t), id); err != nil || o.Status != engine.Accepted || len(o.Events) != 1 {
			t.Fatalf("acknowledged %s: %+v, %v", id, o, err)
		}
	}
	caughtUp(t, last)
	checkLog(t, url)
	checkBalances(t, url)
}

func privateServer(tb testing.TB, durable bool) *localpg.Server {
	tb.Helper()
	return pgtest.Private(tb, durable)
}
