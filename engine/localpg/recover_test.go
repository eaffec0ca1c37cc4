package localpg

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// remember makes a table with one row, and recall reads it.
const (
	remember = "CREATE TABLE memory AS SELECT 'kept' AS word"
	recall   = "SELECT word FROM memory"
)

func TestKilledMember_NextStartTakesTheServerOver(t *testing.T) {
	t.Parallel()
	dir := warmDir(t)
	child := spawn(t, dir, time.Minute).ready()
	query(t, child.report.URL, remember)
	child.kill()

	s := start(t, Config{Dir: dir})
	equal(t, "the server's pid", s.PID(), child.report.PID)
	equal(t, "the row", query(t, s.URL(""), recall), "kept")
	must(t, s.Close())
	equal(t, "the server that was taken over runs", isServer(s.PID(), s.DataDir()), false)
}

func TestKilledMembers_GuardStopsTheServer(t *testing.T) {
	if !mayHaveGuard {
		t.Skip("this system has no guard")
	}
	t.Parallel()
	dir := warmDir(t)
	first, second := spawn(t, dir, time.Second).ready(), spawn(t, dir, time.Second).ready()
	first.kill()
	query(t, second.report.URL, remember)
	second.kill()
	eventually(t, "the guard stops the server", func() bool { return !isServer(first.report.PID, first.report.Data) })
	eventually(t, "the guard removes its pipe", func() bool {
		left, _ := filepath.Glob(filepath.Join(dir, guardName+"*"))
		return len(left) == 0
	})
	s := start(t, Config{Dir: dir})
	equal(t, "the row", query(t, s.URL(""), recall), "kept")
}

func TestKilledMember_GuardSparesTheOthers(t *testing.T) {
	if !mayHaveGuard {
		t.Skip("this system has no guard")
	}
	t.Parallel()
	dir := warmDir(t)
	child := spawn(t, dir, time.Second).ready()
	s := start(t, Config{Dir: dir})
	child.kill()
	// Twice the grace later the guard would have acted. There is no event for "nothing happened".
	deadline := time.NewTimer(2 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for waiting := true; waiting; {
		select {
		case <-deadline.C:
			waiting = false
		case <-tick.C:
			if !isServer(s.PID(), s.DataDir()) {
				t.Fatal("the guard stopped a server that has a living member")
			}
		}
	}
}

func TestKilledServer_IsRecovered(t *testing.T) {
	t.Parallel()
	dir := warmDir(t)
	first := start(t, Config{Dir: dir, Durable: true})
	query(t, first.URL(""), remember)
	before := first.PID()
	must(t, first.Kill())
	if _, err := os.Stat(filepath.Join(first.DataDir(), "postmaster.pid")); err != nil {
		t.Fatalf("the killed server left no postmaster.pid, so this test shows nothing: %v", err)
	}
	second := start(t, Config{Dir: dir, Durable: true})
	if second.PID() == before {
		t.Fatal("no new server was started")
	}
	equal(t, "the row, at the first member's address", query(t, first.URL(""), recall), "kept")
	equal(t, "the second member's address", second.URL(""), first.URL(""))
}

func TestStopAndRestart(t *testing.T) {
	t.Parallel()
	s := start(t, Config{Dir: warmDir(t), Durable: true})
	query(t, s.URL(""), remember)
	for _, immediate := range []bool{false, true} {
		before, url := s.PID(), s.URL("")
		must(t, s.Restart(t.Context()))
		equal(t, "the pid after restarting what runs", s.PID(), before)
		must(t, s.Stop(immediate))
		equal(t, "the stopped server runs", isServer(before, s.DataDir()), false)
		must(t, s.Restart(t.Context()))
		equal(t, "the address after the restart", s.URL(""), url)
		equal(t, "the row", query(t, s.URL(""), recall), "kept")
	}
	must(t, s.Close())
	if err := s.Restart(t.Context()); !errors.Is(err, errClosed) {
		t.Fatalf("Restart after Close: got %v", err)
	}
}

// TestForeignServer_IsNotTouched has every hint point to a server that belongs to somebody else.
func TestForeignServer_IsNotTouched(t *testing.T) {
	t.Parallel()
	foreign := start(t, Config{Dir: warmDir(t)})
	_, port, err := net.SplitHostPort(foreign.record.address())
	must(t, err)
	for name, pid := range map[string]int{"dead process": 1<<22 - 1, "the foreign server": foreign.PID(), "this process": os.Getpid()} {
		t.Run(name, func(t *testing.T) {
			dir := warmDir(t)
			own := start(t, Config{Dir: dir})
			query(t, own.URL(""), remember)
			must(t, own.Close())
			c := own.cluster
			r := foreign.record
			r.PID, r.DataDirectory, r.Guard = pid, own.DataDir(), ""
			must(t, c.writeRecord(r))
			stale := strings.Join([]string{strconv.Itoa(pid), own.DataDir(), "1700000000", port, "", loopback, "", "ready"}, "\n")
			must(t, os.WriteFile(filepath.Join(own.DataDir(), "postmaster.pid"), []byte(stale), 0o600))

			again := start(t, Config{Dir: dir})
			if again.PID() == foreign.PID() || again.URL("") == foreign.URL("") {
				t.Fatal("the foreign server was taken for ours")
			}
			equal(t, "our row", query(t, again.URL(""), recall), "kept")
			must(t, again.Close())
			equal(t, "the foreign server answers", query(t, foreign.URL(""), "SELECT 'yes'"), "yes")
		})
	}
}

// TestForeignAnswer_IsRefused has postmaster.pid of a running server name the port of another one.
func TestForeignAnswer_IsRefused(t *testing.T) {
	t.Parallel()
	own, foreign := start(t, Config{Dir: warmDir(t)}), start(t, Config{Dir: warmDir(t)})
	_, err := own.cluster.probe(t.Context(), pidFile{pid: own.PID(), port: foreign.record.Port})
	if !errors.Is(err, errForeign) {
		t.Fatalf("got %v, want errForeign", err)
	}
}

func TestForeignData_AreNotTouched(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	data := filepath.Join(dir, dataName)
	must(t, os.MkdirAll(data, 0o700))
	version := filepath.Join(data, "PG_VERSION")
	must(t, os.WriteFile(version, []byte("15\n"), 0o600))
	_, err := Start(t.Context(), Config{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "move it away") {
		t.Fatalf("got %v, want an error that asks to move the data away", err)
	}
	if _, err := os.Stat(version); err != nil {
		t.Fatal(err)
	}
}

func TestTakenPort_GivesAnother(t *testing.T) {
	t.Parallel()
	dir := warmDir(t)
	s := start(t, Config{Dir: dir})
	must(t, s.Stop(false))
	listener, err := net.Listen("tcp", s.record.address())
	must(t, err)
	defer listener.Close()
	old := s.URL("")
	must(t, s.Restart(t.Context()))
	if s.URL("") == old {
		t.Fatal("the server has a port that is taken")
	}
	equal(t, "it answers", query(t, s.URL(""), "SELECT 'yes'"), "yes")
}

func TestInterruptedInitdb_IsMadeAgain(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	child := spawn(t, dir, time.Second)
	eventually(t, "initdb is at work", func() bool {
		found, _ := filepath.Glob(filepath.Join(dir, initName+"*", "base"))
		return len(found) > 0
	})
	child.kill()
	if _, err := os.Stat(filepath.Join(dir, dataName)); err == nil {
		t.Fatal("initdb was done before it could be interrupted")
	}
	s := start(t, Config{Dir: dir})
	equal(t, "the server answers", query(t, s.URL(""), "SELECT 'yes'"), "yes")
	// The killed initdb may still have been writing: only a start that launches a server clears up.
	must(t, s.Close())
	eventually(t, "the leftovers are gone", func() bool {
		must(t, start(t, Config{Dir: dir}).Close())
		found, _ := filepath.Glob(filepath.Join(dir, initName+"*"))
		return len(found) == 0
	})
}

func TestStartThatFails_ShowsTheServersLog(t *testing.T) {
	t.Parallel()
	dir := warmDir(t)
	s := start(t, Config{Dir: dir})
	must(t, s.Close())
	conf, err := os.OpenFile(filepath.Join(s.DataDir(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	must(t, err)
	_, err = conf.WriteString("no_such_setting = 1\n")
	must(t, err)
	must(t, conf.Close())
	_, err = Start(t.Context(), Config{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), `unrecognized configuration parameter "no_such_setting"`) {
		t.Fatalf("got %v, want what the server's log says", err)
	}
	if alone, err := s.cluster.alone(); err != nil || !alone {
		t.Fatalf("the failed Start left a member: %v %v", alone, err)
	}
}
