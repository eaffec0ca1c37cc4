package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// lethalURL makes this test binary a process that works on accounts of which some
// deposits end it; lethalSubmits lets it submit one itself, under that id.
const (
	lethalURL     = "BACKSTORY_TEST_LETHAL_URL"
	lethalSubmits = "BACKSTORY_TEST_LETHAL_SUBMITS"
)

// Amounts that end the process: for the decider, and for the projection.
const (
	exits = 6_660 + iota
	overflows
	exitsProjecting
)

// lethal is a bank that some amounts are the end of.
func lethal() *engine.System {
	a := accounts(&atomic.Int64{})
	inner := a.Handle
	a.Handle = func(d engine.Decision, state any, command engine.Command, out *engine.Emission) engine.Refusal {
		if c, ok := command.(deposit); ok {
			die(c.Amount)
		}
		return inner(d, state, command, out)
	}
	p := balances(ddl, "1")
	apply := p.Apply
	p.ByStream = true
	p.Fold, p.Apply = nil, func(ctx context.Context, db engine.DBTX, batch []engine.Recorded) error {
		for _, r := range batch {
			if d, ok := r.Event.(deposited); ok && d.Amount == exitsProjecting {
				os.Exit(2)
			}
		}
		return apply(ctx, db, batch)
	}
	s := &engine.System{}
	s.AddActor(a)
	s.AddProjection(p)
	return s
}

func die(amount int64) {
	switch amount {
	case exits:
		os.Exit(2)
	case overflows:
		debug.SetMaxStack(1 << 20)
		_ = overflow(1)
	}
}

func overflow(n int) int {
	if n == 0 {
		return 0
	}
	return n + overflow(n+1)
}

// lethalChild works until a command is the end of it, or the test is.
func lethalChild(url string) int {
	endWithParent()
	ctx := context.Background()
	cfg := postgres.Config{URL: url, System: lethal(), Log: slog.New(slog.DiscardHandler), Consumer: quickRetries}
	cfg.Consumer.Attempts = 2
	e, err := postgres.Open(ctx, cfg)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if id, err := uuid.Parse(os.Getenv(lethalSubmits)); err == nil {
		go submitPastInbox(ctx, e, url, id)
	}
	if err := e.Run(ctx); err != nil {
		return 1
	}
	return 0
}

// submitPastInbox submits a command that ends the process as soon as commands to
// its stream skip the inbox; a process that took over from a dead one waits for
// nothing.
func submitPastInbox(ctx context.Context, e *postgres.Engine, url string, id uuid.UUID) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return
	}
	read := func() (n, dead int64) {
		_ = conn.QueryRow(ctx, `SELECT last_value, (SELECT count(*) FROM backstory.workers) - 1 FROM backstory.inbox_seq_seq`).Scan(&n, &dead)
		return n, dead
	}
	for {
		before, dead := read()
		other, err := e.Submit(ctx, command("deposit", "killer", 1))
		if err == nil {
			_, _ = e.Wait(ctx, other)
		}
		if after, _ := read(); after == before || dead > 0 {
			break
		}
	}
	s := command("deposit", "killer", exits)
	s.ID = id
	_, _ = e.Submit(ctx, s)
}

func spawnLethal(tb testing.TB, url string, env ...string) *exec.Cmd {
	tb.Helper()
	return spawn(tb, append(env, lethalURL+"="+url)...)
}

// untilGivenUp starts a process after each that died, until done; it returns how
// many died.
func untilGivenUp(tb testing.TB, most int, spawn func() *exec.Cmd, done func() bool) (deaths int) {
	tb.Helper()
	defer func() { tb.Logf("%d processes died", deaths) }()
	deadline := time.After(3 * patience)
	for ended := closedWhenEnded(spawn()); !done(); {
		select {
		case <-deadline:
			tb.Fatalf("it was not given up; %d processes died", deaths)
		case <-ended:
			if deaths++; deaths > most {
				tb.Fatalf("it was not given up after %d processes died", deaths)
			}
			ended = closedWhenEnded(spawn())
		case <-time.After(50 * time.Millisecond):
		}
	}
	return deaths
}

func isFailed(tb testing.TB, e *postgres.Engine, id uuid.UUID) bool {
	o, err := e.Outcome(within(tb), id)
	return err == nil && o.Status == engine.Failed
}

// What ends its process is given up when its tries are used up, and nothing else is.
// A death costs a lease, so all of it goes on at the same time.
func TestWhatEndsItsProcess_IsGivenUpAlone(t *testing.T) {
	t.Parallel()
	var group sync.WaitGroup
	for what, test := range map[string]func(*testing.T){
		"a decider that exits":        func(t *testing.T) { deciderEndsItsProcess(t, exits) },
		"a decider without end":       func(t *testing.T) { deciderEndsItsProcess(t, overflows) },
		"a command past the inbox":    directCommandEndsItsProcess,
		"a projection far in a batch": projectionEndsItsProcess,
	} {
		group.Go(func() { t.Run(what, test) })
	}
	group.Wait()
}

// A command that ends its process is given up when its tries are used up. Before
// that nothing else fails, and afterwards its stream goes on.
func deciderEndsItsProcess(t *testing.T, amount int64) {
	url := database(t)
	web := started(t, postgres.Config{URL: url, System: lethal(), Roles: []postgres.Role{postgres.RoleWeb}})
	killer := command("deposit", "killer", amount)
	all := []engine.Submission{command("deposit", "killer", 1), killer, command("deposit", "killer", 2)}
	for i := range 100 { // some in the same slot
		all = append(all, command("deposit", fmt.Sprintf("a%d", i), 1))
	}
	for _, s := range all {
		if _, err := web.Submit(within(t), s); err != nil {
			t.Fatal(err)
		}
	}
	deaths := untilGivenUp(t, 8, func() *exec.Cmd { return spawnLethal(t, url) }, func() bool { return isFailed(t, web, killer.ID) })
	if deaths < 4 {
		t.Errorf("%d processes died before it was given up: its tries were not used", deaths)
	}
	eventually(t, "all are decided", func() bool { return one[int64](t, url, `SELECT count(*) FROM backstory.inbox`) == 0 })
	for _, s := range all {
		o, err := web.Outcome(within(t), s.ID)
		if want := s.ID != killer.ID; err != nil || (o.Status == engine.Accepted) != want {
			t.Errorf("%s %s: %s %s, %v", s.StreamID, s.Data, o.Status, o.Error, err)
		}
	}
	list, err := web.Parked(within(t), engine.ParkedFilter{}, engine.ParkedKey{}, 10)
	if err != nil || len(list) != 1 || list[0].Command != killer.ID || !strings.Contains(list[0].Error, "process ended") {
		t.Errorf("parked: %+v, %v", list, err)
	}
	eventually(t, "the deaths are forgotten", func() bool {
		return one[int64](t, url, `SELECT (SELECT count(*) FROM backstory.trials) + (SELECT count(*) FROM backstory.slots WHERE deaths > 0)`) == 0
	})
	checkLog(t, url)
}

// A command that skipped the inbox was acknowledged to nobody when its decision
// ended the process: nothing of it is left. Whoever submits it again finds it
// waiting in the inbox, where it has its tries.
func directCommandEndsItsProcess(t *testing.T) {
	url := database(t)
	web := started(t, postgres.Config{URL: url, System: lethal(), Roles: []postgres.Role{postgres.RoleWeb}})
	id, spawned := uuid.Must(uuid.NewV7()), 0
	untilGivenUp(t, 10, func() *exec.Cmd {
		if spawned++; spawned == 2 {
			if o, err := web.Outcome(within(t), id); !errors.Is(err, engine.ErrNotFound) {
				t.Errorf("after the first death there is %+v, %v", o, err)
			}
		}
		return spawnLethal(t, url, lethalSubmits+"="+id.String())
	}, func() bool {
		return isFailed(t, web, id)
	})
	checkLog(t, url)
}

// A projection that ends its process is given up for the message's stream.
func projectionEndsItsProcess(t *testing.T) {
	url := database(t)
	web := started(t, postgres.Config{URL: url, System: lethal(), Roles: []postgres.Role{postgres.RoleWeb}})
	const before = 300 // more than one takeover handles one by one
	for i := range before {
		if _, err := web.Append(within(t), appendOf(fmt.Sprintf("a%d", i%50), int64(i/50), 1)); err != nil {
			t.Fatal(err)
		}
	}
	a := appendOf("killer", 0, 2)
	a.Events[0].Event, a.Events[0].Data = deposited{Amount: exitsProjecting}, fmt.Appendf(nil, `{"amount":%d}`, exitsProjecting)
	if _, err := web.Append(within(t), a); err != nil {
		t.Fatal(err)
	}
	untilGivenUp(t, 9, func() *exec.Cmd { return spawnLethal(t, url) }, func() bool {
		list, err := web.Parked(within(t), engine.ParkedFilter{}, engine.ParkedKey{}, 10)
		return err == nil && len(list) == 1 && list[0].Key == "bank.account/killer"
	})
	eventually(t, "the others are projected", func() bool {
		return one[int64](t, url, `SELECT coalesce(sum(balance), 0)::bigint FROM bank_balances WHERE id <> 'killer'`) == before
	})
}
