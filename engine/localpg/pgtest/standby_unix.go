//go:build unix

package pgtest

import (
	"context"
	"errors"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine/localpg"
)

// Standby copies a private server as an operator would, starts the copy, which follows it until this test ends, and
// returns the URL by which it has one of the server's databases, given by its URL. It answers reads when this returns.
// A test is skipped where pg_basebackup is not installed.
func Standby(tb testing.TB, of *localpg.Server, database string) string {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	copying, serving := installed(tb, "pg_basebackup"), installed(tb, "postgres")
	owner, err := os.Stat(of.DataDir())
	if err != nil {
		tb.Fatalf("pgtest: %v", err)
	}
	user := owner.Sys().(*syscall.Stat_t)
	dir := filepath.Join(filepath.Dir(of.DataDir()), "standby")
	if err := errors.Join(os.Mkdir(dir, 0o700), os.Chown(dir, int(user.Uid), int(user.Gid))); err != nil {
		tb.Fatalf("pgtest: a folder for the standby: %v", err)
	}
	as := func(cmd *exec.Cmd) (*exec.Cmd, *strings.Builder) {
		said := &strings.Builder{}
		cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.Env = dir, said, said, append(os.Environ(), "LC_ALL=C")
		if int(user.Uid) != os.Geteuid() {
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user.Uid, Gid: user.Gid}}
		}
		return cmd, said
	}
	copied, said := as(exec.CommandContext(ctx, copying, "--pgdata="+dir, "--dbname="+of.URL("postgres"), "--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast", "--no-sync"))
	if err := copied.Run(); err != nil {
		tb.Fatalf("pgtest: pg_basebackup: %v\n%s", err, said)
	}
	address := freeAddress(tb)
	host, port, _ := net.SplitHostPort(address)
	cmd, said := as(exec.Command(serving, "-D", dir, "-k", "", "-h", host, "-p", port, "-c", "max_connections=300", "-c", "fsync=off"))
	if err := cmd.Start(); err != nil {
		tb.Fatalf("pgtest: start the standby: %v", err)
	}
	tb.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGINT)
		_ = cmd.Wait()
		if tb.Failed() {
			tb.Logf("the standby said:\n%s", said)
		}
	})
	u, err := url.Parse(database)
	if err != nil {
		tb.Fatalf("pgtest: %v", err)
	}
	u.Host = address
	awaitServer(ctx, tb, u.String())
	return u.String()
}

func freeAddress(tb testing.TB) string {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("pgtest: %v", err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// awaitServer waits until a server takes connections.
func awaitServer(ctx context.Context, tb testing.TB, url string) {
	tb.Helper()
	for {
		conn, err := pgx.Connect(ctx, url)
		if err == nil {
			_ = conn.Close(ctx)
			return
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			tb.Fatalf("pgtest: the standby does not answer: %v", err)
		}
	}
}

// installed is the newest program of PostgreSQL with a name.
func installed(tb testing.TB, name string) string {
	tb.Helper()
	paths, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	slices.Reverse(paths)
	for _, path := range append(paths, name) {
		if found, err := exec.LookPath(path); err == nil {
			return found
		}
	}
	tb.Skipf("%s is not installed", name)
	return ""
}
