package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// refoldURL makes this test binary a process that folds anew, which is its end;
// refoldWhat says what.
const (
	refoldURL  = "BACKSTORY_TEST_REFOLD_URL"
	refoldWhat = "BACKSTORY_TEST_REFOLD_WHAT"
)

func refoldChild(url string) int {
	endWithParent()
	system := twoProjections("2", dieAtKiller)
	if os.Getenv(refoldWhat) == "bank.counter" {
		system = reactive(hooks{hash: "2", evolves: dieAtKiller})
	}
	e, err := postgres.Open(context.Background(), postgres.Config{URL: url, System: system, Log: slog.New(slog.DiscardHandler), Consumer: quickRetries})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := e.Run(context.Background()); err != nil {
		return 1
	}
	return 0
}

func dieAtKiller(m engine.Meta) {
	if m.Stream.ID == "killer" {
		os.Exit(2)
	}
}

// twoProjections are the balances, of which folding some streams may be the end, and
// another that is harmless.
func twoProjections(hash string, folds func(engine.Meta)) *engine.System {
	s := bankWith()
	s.AddProjection(breaks(balances(ddl, hash), func(m engine.Meta) bool {
		folds(m)
		return false
	}))
	s.AddProjection(engine.Projection{Name: "bank.sibling", Table: "bank_sibling", DDL: `CREATE TABLE IF NOT EXISTS bank_sibling (id text PRIMARY KEY)`, Hash: hash,
		Events: []string{"bank.account.deposited"}, Apply: func(context.Context, engine.DBTX, []engine.Recorded) error { return nil }})
	return s
}

func harmless(engine.Meta) {}

func spawnRefold(tb testing.TB, url, what string) *exec.Cmd {
	tb.Helper()
	return spawn(tb, refoldURL+"="+url, refoldWhat+"="+what)
}

// givenUp is what is told of something that is not folded anew any more; "": it is.
func givenUp(tb testing.TB, e *postgres.Engine, what string) string {
	tb.Helper()
	status, err := e.Status(within(tb))
	if err != nil {
		tb.Fatal(err)
	}
	for _, b := range status.Builds {
		if b.Projection == what {
			return b.GivenUp
		}
	}
	return ""
}

// What ends every process that folds it anew is given up, and says so; everything else
// goes on, what is folded beside it included. When asked for it begins again.
func TestWhatEndsItsProcessFoldedAnew_IsGivenUpAlone(t *testing.T) {
	t.Parallel()
	var group sync.WaitGroup
	for what, test := range map[string]func(*testing.T){
		"a projection": projectionFoldedAnewEndsItsProcess,
		"a reactor":    reactorFoldedAnewEndsItsProcess,
	} {
		group.Go(func() { t.Run(what, test) })
	}
	group.Wait()
}

func projectionFoldedAnewEndsItsProcess(t *testing.T) {
	const name = "bank.balances"
	url := database(t)
	before, stop := run(t, postgres.Config{URL: url, System: twoProjections("1", harmless)})
	for _, id := range []string{"a", "b", "killer", "c"} {
		settled(t, before, command("deposit", id, 1))
	}
	caughtUp(t, before)
	stop()
	web := started(t, postgres.Config{URL: url, System: twoProjections("2", harmless), Roles: []postgres.Role{postgres.RoleWeb}})
	deaths := untilGivenUp(t, 6, func() *exec.Cmd { return spawnRefold(t, url, name) }, func() bool { return givenUp(t, web, name) != "" })
	if deaths < 3 { // the last one may not have been noticed yet
		t.Errorf("%d processes died before it was given up", deaths)
	}
	closedWhenEnded(spawnRefold(t, url, name))
	hash := func(of string) string {
		return one[string](t, url, `SELECT hash FROM backstory.consumers WHERE name = $1`, of)
	}
	eventually(t, "the other one is built", func() bool { return hash("bank.sibling") == "2" })
	if o := settled(t, web, command("deposit", "a", 1)); o.Status != engine.Accepted {
		t.Errorf("%+v", o)
	}
	if text := givenUp(t, web, name); !strings.Contains(text, "position 0,") || hash(name) != "1" {
		t.Errorf("%s; the definition is %s", text, hash(name))
	}
	mended := started(t, postgres.Config{URL: url, System: twoProjections("2", harmless)})
	saysGivenUp(t, mended, "build "+name)
	if err := mended.Rebuild(within(t), name, nil); err != nil {
		t.Error(err)
	}
	if hash(name) != "2" {
		t.Errorf("the definition is %s", hash(name))
	}
	caughtUp(t, mended)
	checkBalances(t, url)
	if n := one[int64](t, url, `SELECT (SELECT count(*) FROM backstory.refolds) + (SELECT count(*) FROM backstory.builds)`); n != 0 {
		t.Errorf("%d starts and builds are left", n)
	}
}

// saysGivenUp checks what a process that works says of itself.
func saysGivenUp(t *testing.T, e *postgres.Engine, loop string) {
	t.Helper()
	eventually(t, "its health tells", func() bool {
		return slices.ContainsFunc(e.Health(), func(l postgres.LoopHealth) bool {
			return l.Name == loop && l.Status == postgres.LoopFails && strings.Contains(l.Reason, "given up")
		})
	})
	eventually(t, "its readiness tells", func() bool {
		return slices.ContainsFunc(e.Readiness(within(t)).Checks, func(c postgres.Check) bool { return c.Name == "builds" && c.Status == postgres.CheckNote })
	})
}

func reactorFoldedAnewEndsItsProcess(t *testing.T) {
	const name, amount = "bank.counter", 777
	url := database(t)
	before, stop := run(t, noting(url, hooks{}))
	for n := range int64(20) {
		settled(t, before, command("deposit", fmt.Sprintf("a%d", n), n+1))
	}
	settled(t, before, command("deposit", "killer", amount))
	reacted(t, url)
	stop()
	cfg := noting(url, hooks{hash: "2"})
	cfg.Roles = []postgres.Role{postgres.RoleWeb}
	web := started(t, cfg)
	var children []*exec.Cmd
	spawn := func() *exec.Cmd {
		child := spawnRefold(t, url, name)
		children = append(children, child)
		return child
	}
	deaths := untilGivenUp(t, 8, spawn, func() bool { return givenUp(t, web, name) != "" })
	if deaths < 3 { // the last one may not have been noticed yet
		t.Errorf("%d processes died before it was given up", deaths)
	}
	closedWhenEnded(spawn())
	told := func(amount int64) int64 {
		return one[int64](t, url, `SELECT count(*) FROM backstory.events WHERE stream = $1`, fmt.Sprintf("bank.tally/%d", amount))
	}
	for n := range int64(20) {
		if shardOf(amount) != shardOf(n+1) {
			settled(t, web, command("deposit", "more", n+1))
			eventually(t, "another slot goes on", func() bool { return told(n+1) == 2 })
		}
	}
	settled(t, web, command("deposit", "more", amount))
	for _, child := range children {
		_ = child.Process.Kill()
	}
	mended := started(t, noting(url, hooks{hash: "2"}))
	saysGivenUp(t, mended, fmt.Sprintf("%s %d", name, shardOf(amount)))
	if n := told(amount); n != 1 {
		t.Errorf("%d reactions of the slot whose states are not there", n)
	}
	if err := mended.Rebuild(within(t), name, nil); err != nil {
		t.Error(err)
	}
	reacted(t, url)
	if err := mended.Rebuild(within(t), "bank.ledger", nil); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("what has no state was folded anew: %v", err)
	}
}

func shardOf(amount int64) uint32 { return slotOfKey(fmt.Sprint(amount), 8) }
