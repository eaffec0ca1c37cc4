package postgres_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// The soak: processes that work and submit are killed, stopped and cut off from
// a database that is itself restarted, in random order, while an old snapshot and
// a writing transaction stay open. Afterwards the log has to be right.
const (
	soakProcesses  = 3
	soakStreams    = 200
	soakSubmitters = 12 // in each process
	soakURL        = "BACKSTORY_TEST_SOAK_URL"
)

// soakChild works and submits random commands, and prints each command's id after
// Submit acknowledged it. A command whose submission failed it submits again under
// its id, and now and then one that succeeded, too.
func soakChild(url string) int {
	endWithParent()
	ctx := context.Background()
	e, err := postgres.Open(ctx, postgres.Config{URL: url, System: reactive(hooks{}), Log: slog.New(slog.DiscardHandler), ConnectWait: time.Minute})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for range soakSubmitters {
		go soakSubmit(ctx, e)
	}
	if err := e.Run(ctx); err != nil {
		return 1
	}
	return 0
}

func soakSubmit(ctx context.Context, e *postgres.Engine) {
	for {
		c := soakCommand()
		for again := true; again; {
			id, err := e.Submit(ctx, c)
			if err != nil {
				<-time.After(20 * time.Millisecond) // the pace of a client that tries again
				continue
			}
			fmt.Println(id)
			again = rand.N(20) == 0
		}
		wait, cancel := context.WithTimeout(ctx, time.Second)
		_, _ = e.Wait(wait, c.ID)
		cancel()
	}
}

// soakCommand is a random one: most change a stream, some are refused, few fail.
func soakCommand() engine.Submission {
	verb, amount := "deposit", int64(1+rand.N(9))
	switch n := rand.N(100); {
	case n < 25:
		verb = "withdraw"
	case n < 28:
		verb, amount = "explode", 0
	case n == 28:
		verb = "poison"
	}
	return command(verb, fmt.Sprintf("s%d", rand.N(soakStreams)), amount)
}

// herd is the processes of a soak and what they had acknowledged.
type herd struct {
	tb    testing.TB
	url   string
	cmds  [soakProcesses]*exec.Cmd
	reads sync.WaitGroup

	mu    sync.Mutex
	acked map[uuid.UUID]bool
}

func newHerd(tb testing.TB, url string) *herd {
	h := &herd{tb: tb, url: url, acked: map[uuid.UUID]bool{}}
	for i := range h.cmds {
		h.spawn(i)
	}
	tb.Cleanup(h.kill)
	return h
}

// name is the process's in the database, by which its sessions are found.
func (h *herd) name(i int) string { return fmt.Sprintf("soak-%d", i) }

func (h *herd) spawn(i int) {
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), soakURL+"="+h.url+"&application_name="+h.name(i))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		_, err = cmd.StdinPipe() // never written: it ends with this process
	}
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		h.tb.Fatal(err)
	}
	h.cmds[i] = cmd
	h.reads.Go(func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if id, err := uuid.Parse(strings.TrimSpace(lines.Text())); err == nil {
				h.mu.Lock()
				h.acked[id] = true
				h.mu.Unlock()
			}
		}
	})
}

func (h *herd) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.acked)
}

func (h *herd) signal(i int, s os.Signal) {
	if err := h.cmds[i].Process.Signal(s); err != nil {
		h.tb.Fatalf("%v to process %d: %v", s, i, err)
	}
}

func (h *herd) respawn(i int) {
	h.signal(i, syscall.SIGKILL)
	_ = h.cmds[i].Wait()
	h.spawn(i)
}

// kill ends every process and waits until all they said was read.
func (h *herd) kill() {
	for _, c := range h.cmds {
		_ = c.Process.Kill()
		_ = c.Wait()
	}
	h.reads.Wait()
}
