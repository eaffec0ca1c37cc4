package localpg

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// childDir and childGrace, set in the environment, turn the test binary into a program that is a member of a cluster.
const (
	childDir   = "BACKSTORY_LOCALPG_TEST_DIR"
	childGrace = "BACKSTORY_LOCALPG_TEST_GRACE"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := runMember(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	m.Run()
	if template != "" {
		_ = os.RemoveAll(template)
	}
}

// report is what a child tells its parent when it is a member.
type report struct {
	PID  int
	URL  string
	Data string
}

// runMember joins, reports, and leaves when its standard input is closed.
func runMember(dir string) error {
	grace, err := time.ParseDuration(os.Getenv(childGrace))
	if err != nil {
		return err
	}
	s, err := Start(context.Background(), Config{Dir: dir, grace: grace})
	if err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(report{s.PID(), s.URL(""), s.DataDir()}); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	return s.Close()
}

// member is a child process.
type member struct {
	t      *testing.T
	cmd    *exec.Cmd
	in     io.Closer
	out    *bufio.Reader
	report report
}

// spawn runs a child that joins the cluster.
func spawn(t *testing.T, dir string, grace time.Duration) *member {
	t.Helper()
	m := &member{t: t, cmd: exec.Command(os.Args[0])}
	m.cmd.Env = append(os.Environ(), childDir+"="+dir, childGrace+"="+grace.String())
	m.cmd.Stderr = os.Stderr
	in, err := m.cmd.StdinPipe()
	must(t, err)
	out, err := m.cmd.StdoutPipe()
	must(t, err)
	m.in, m.out = in, bufio.NewReader(out)
	must(t, m.cmd.Start())
	t.Cleanup(m.kill)
	return m
}

// ready waits until the child is a member.
func (m *member) ready() *member {
	m.t.Helper()
	line, err := m.out.ReadBytes('\n')
	must(m.t, err)
	must(m.t, json.Unmarshal(line, &m.report))
	return m
}

// leave has the child close its Server and end.
func (m *member) leave() {
	m.t.Helper()
	must(m.t, m.in.Close())
	must(m.t, m.cmd.Wait())
}

// kill ends the child with SIGKILL.
func (m *member) kill() {
	if m.cmd.ProcessState == nil {
		_ = m.cmd.Process.Kill()
		_ = m.cmd.Wait()
	}
}

// newDir makes a folder for a cluster that the server's user can reach, and ends whatever runs there when the test does.
func newDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "backstory-localpg-")
	must(t, err)
	must(t, os.Chmod(dir, 0o711))
	dir, err = filepath.EvalSymlinks(dir)
	must(t, err)
	cleanCluster(t, dir)
	return dir
}

// template is the folder of a stopped cluster that warmDir copies; initdb is most of the cost of these tests.
var (
	template     string
	makeTemplate = sync.OnceValue(func() error {
		dir, err := os.MkdirTemp("", "backstory-localpg-template-")
		if err != nil {
			return err
		}
		template = dir
		if err := os.Chmod(dir, 0o711); err != nil {
			return err
		}
		s, err := Start(context.Background(), Config{Dir: dir})
		if err != nil {
			return err
		}
		return s.Close()
	})
)

// warmDir is newDir with a cluster that was made before.
func warmDir(t *testing.T) string {
	t.Helper()
	dir := newDir(t)
	must(t, makeTemplate())
	data := filepath.Join(dir, dataName)
	must(t, os.CopyFS(data, os.DirFS(filepath.Join(template, dataName))))
	must(t, os.Chmod(data, 0o700))
	return dir
}

// cleanCluster registers the end of a cluster that may live in dir.
func cleanCluster(t *testing.T, dir string) {
	t.Cleanup(func() {
		c := &cluster{cfg: Config{}.withDefaults(), dir: dir}
		if c.locate() == nil && c.data != "" {
			must(t, c.stop(crash))
		}
		if c.relocated {
			must(t, os.RemoveAll(c.refuge()))
		}
		must(t, os.RemoveAll(dir))
	})
}

// start joins in this process and leaves at the test's end.
func start(t *testing.T, cfg Config) *Server {
	t.Helper()
	s, err := Start(t.Context(), cfg)
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

// query runs one statement on a fresh connection and returns its only value as text; "" for none.
func query(t *testing.T, url, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	must(t, err)
	defer conn.Close(context.Background())
	rows, err := conn.Query(t.Context(), sql)
	must(t, err)
	values, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// eventually polls a condition until it holds.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within 30 s: %s", what)
		}
	}
}

// must ends the test on an error.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// equal compares two values.
func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
