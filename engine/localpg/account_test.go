//go:build unix

package localpg

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// mayHaveGuard says whether killed members' server is stopped by itself.
const mayHaveGuard = true

func TestServerRunsAsAnOrdinaryUserInItsOwnSession(t *testing.T) {
	t.Parallel()
	s := start(t, Config{Dir: newDir(t)})
	owner, ok := ownerOf(s.DataDir())
	if !ok || owner.uid == 0 {
		t.Fatalf("the data belong to %+v", owner)
	}
	if os.Geteuid() != 0 {
		equal(t, "owner of the data", owner.uid, os.Geteuid())
	}
	session, err := unix.Getsid(s.PID())
	must(t, err)
	equal(t, "the server's session", session, s.PID())
}

// TestUnreachableFolder_MovesTheData has a checkout below a folder that only its owner, root, may enter.
func TestUnreachableFolder_MovesTheData(t *testing.T) {
	t.Parallel()
	home, err := os.MkdirTemp("", "backstory-home-") // mode 0700
	must(t, err)
	home, err = filepath.EvalSymlinks(home)
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(home)) })
	dir := filepath.Join(home, ".data")
	cleanCluster(t, dir)

	s := start(t, Config{Dir: dir})
	asRoot := os.Geteuid() == 0
	equal(t, "relocated", s.Relocated(), asRoot)
	equal(t, "the message says where", strings.Contains(s.Message(), s.DataDir()), true)
	equal(t, "the message says why", strings.Contains(s.Message(), "cannot reach "+dir), asRoot)
	equal(t, "the data lie in /var/tmp", strings.HasPrefix(s.DataDir(), "/var/tmp/backstory-"), asRoot)
	equal(t, "postgres.json names them", s.cluster.readRecord().DataDirectory, s.DataDir())
	query(t, s.URL(""), remember)

	child := spawn(t, dir, time.Minute).ready()
	equal(t, "the pid that another process finds", child.report.PID, s.PID())
	child.leave()
	must(t, s.Close())
	again := start(t, Config{Dir: dir})
	equal(t, "the data folder of the next start", again.DataDir(), s.DataDir())
	equal(t, "the row", query(t, again.URL(""), recall), "kept")
}

func TestRefugeOfSomebodyElse_IsRefused(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root's data are relocated")
	}
	t.Parallel()
	home, err := os.MkdirTemp("", "backstory-home-")
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(home)) })
	c, err := newCluster(Config{Dir: home}, true)
	must(t, err)
	must(t, os.Mkdir(c.refuge(), 0o755))
	t.Cleanup(func() { must(t, os.RemoveAll(c.refuge())) })
	must(t, os.Chown(c.refuge(), 12345, 12345))
	if _, err := Start(t.Context(), Config{Dir: home}); err == nil || !strings.Contains(err.Error(), "remove it") {
		t.Fatalf("got %v, want a refusal of %s", err, c.refuge())
	}
}
