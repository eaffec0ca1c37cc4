package pgtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/backstory-go/backstory/engine/localpg"
	"github.com/jackc/pgx/v5"
)

// childLog, set in the environment, is a file to which TestChild's template adds a line for each build.
const childLog = "BACKSTORY_PGTEST_CHILD_LOG"

func TestMain(m *testing.M) { Main(m) }

// TestChild is what other tests run in a process of its own; alone it only makes a database.
func TestChild(t *testing.T) {
	path := os.Getenv(childLog)
	template := Template{}
	if path != "" {
		template = Template{Name: path, Build: func(ctx context.Context, url string) error {
			file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
			if err != nil {
				return err
			}
			defer file.Close()
			if _, err := fmt.Fprintln(file, "built"); err != nil {
				return err
			}
			return makeTable(ctx, url)
		}}
	}
	url := Database(t, template)
	fmt.Println("url " + url)
	if path != "" {
		equal(t, "the row of the template", query(t, url, "SELECT word FROM memory"), "built")
		_, err := io.Copy(io.Discard, os.Stdin)
		must(t, err)
	}
}

// child is a test process.
type child struct {
	cmd *exec.Cmd
	in  io.Closer
	out io.Reader
	url string
}

// spawn runs TestChild in another process.
func spawn(t *testing.T, env ...string) *child {
	t.Helper()
	c := &child{cmd: exec.Command(os.Args[0], "-test.run=^TestChild$")}
	c.cmd.Env, c.cmd.Stderr = append(os.Environ(), env...), os.Stderr
	in, err := c.cmd.StdinPipe()
	must(t, err)
	out, err := c.cmd.StdoutPipe()
	must(t, err)
	must(t, c.cmd.Start())
	t.Cleanup(func() {
		if c.cmd.ProcessState == nil {
			_ = c.cmd.Process.Kill()
			_ = c.cmd.Wait()
		}
	})
	c.in, c.out = in, out
	return c
}

// ready waits until the child has its database.
func (c *child) ready(t *testing.T) *child {
	t.Helper()
	lines := bufio.NewScanner(c.out)
	for lines.Scan() {
		url, found := strings.CutPrefix(lines.Text(), "url ")
		if found {
			c.url = url
			return c
		}
		t.Log("child: " + lines.Text())
	}
	t.Fatal("the child has made no database")
	return nil
}

// finish lets the child's test end.
func (c *child) finish(t *testing.T) {
	t.Helper()
	must(t, c.in.Close())
	must(t, c.cmd.Wait())
}

func TestDatabasesAreApartAndDropped(t *testing.T) {
	t.Setenv("DATABASE_URL", "postgres://nobody@192.0.2.1/never-to-be-touched")
	template := Template{Name: t.Name(), Build: makeTable}
	var urls []string
	t.Run("inner", func(t *testing.T) {
		for range 2 {
			url := Database(t, template)
			equal(t, "the row of the template", query(t, url, "SELECT word FROM memory"), "built")
			query(t, url, "INSERT INTO memory VALUES ('mine')")
			equal(t, "rows", query(t, url, "SELECT count(*)::text FROM memory"), "2")
			urls = append(urls, url)
		}
	})
	for _, url := range urls {
		conn, err := pgx.Connect(t.Context(), url)
		if err == nil {
			_ = conn.Close(t.Context())
			t.Errorf("%s outlives its test", url)
		}
	}
	equal(t, "tables in an empty database", query(t, Database(t, Template{}),
		"SELECT count(*)::text FROM pg_class WHERE relname = 'memory'"), "0")
}

func TestTemplateIsBuiltOnceByManyProcesses(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	children := []*child{spawn(t, childLog+"="+log), spawn(t, childLog+"="+log), spawn(t, childLog+"="+log)}
	for _, c := range children {
		c.ready(t).finish(t)
	}
	text, err := os.ReadFile(log)
	must(t, err)
	equal(t, "what the builds wrote", string(text), "built\n")
}

func TestFailedBuildIsRepeated(t *testing.T) {
	admin := Server(t).URL("")
	boom := errors.New("boom")
	broken := Template{Name: t.Name() + newToken(), Build: func(context.Context, string) error {
		return boom
	}}
	if err := create(t.Context(), admin, shared.databaseName(), broken); !errors.Is(err, boom) {
		t.Fatalf("got %v, want the error of the build", err)
	}
	whole := Template{Name: broken.Name, Build: makeTable}
	equal(t, "the row of the template", query(t, Database(t, whole), "SELECT word FROM memory"), "built")
}

func TestSweep(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	dead, living := spawn(t, childLog+"="+log).ready(t), spawn(t, childLog+"="+log).ready(t)
	must(t, dead.cmd.Process.Kill())
	_ = dead.cmd.Wait()
	old, recent := Template{Name: t.Name() + "old", Build: makeTable}, Template{Name: t.Name() + "new", Build: makeTable}
	Database(t, old)
	Database(t, recent)
	conn, err := pgx.Connect(t.Context(), Server(t).URL(""))
	must(t, err)
	defer conn.Close(context.Background())
	_, err = conn.Exec(t.Context(), "COMMENT ON DATABASE "+quoted(old.database())+" IS '1000'")
	must(t, err)

	exists := func(database string) bool {
		found, err := names(t.Context(), conn, "SELECT datname::text FROM pg_database WHERE datname = $1", database)
		must(t, err)
		return len(found) == 1
	}
	name := func(url string) string {
		cfg, err := pgx.ParseConfig(url)
		must(t, err)
		return cfg.Database
	}
	// The server notices a killed client's end a moment later.
	eventually(t, "the dead process's database is dropped", func() bool {
		must(t, sweep(t.Context(), conn))
		return !exists(name(dead.url))
	})
	equal(t, "the living process's database is there", exists(name(living.url)), true)
	equal(t, "the old template is there", exists(old.database()), false)
	equal(t, "the recent template is there", exists(recent.database()), true)
	living.finish(t)
}

func TestLastTestProcessStopsTheServer(t *testing.T) {
	cache, err := os.MkdirTemp("", "backstory-cache-")
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(cache)) })
	must(t, os.Chmod(cache, 0o711))
	// HOME and XDG_CACHE_HOME decide where the shared cluster lies on Unix, LocalAppData on Windows.
	env := []string{"XDG_CACHE_HOME=" + cache, "HOME=" + cache, "LocalAppData=" + cache}
	spawn(t, env...).ready(t).finish(t)
	for _, variable := range env {
		key, value, _ := strings.Cut(variable, "=")
		t.Setenv(key, value)
	}
	dir, err := sharedDir()
	must(t, err)
	if _, err := os.Stat(filepath.Join(dir, "postgres", "PG_VERSION")); err != nil {
		t.Fatalf("the child had no cluster of its own: %v", err)
	}
	if s, err := localpg.Find(t.Context(), localpg.Config{Dir: dir}); !errors.Is(err, localpg.ErrNotRunning) {
		t.Fatalf("after the last process: got %v, %v, want ErrNotRunning", s, err)
	}
}

func TestPrivateServerMayBeKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a server of its own")
	}
	s := Private(t, true)
	if s.DataDir() == Server(t).DataDir() {
		t.Fatal("the private server is the shared one")
	}
	must(t, makeTable(t.Context(), s.URL("")))
	must(t, s.Kill())
	must(t, s.Restart(t.Context()))
	equal(t, "the row after a crash", query(t, s.URL(""), "SELECT word FROM memory"), "built")
}

func TestWhatATestLeavesIsFound(t *testing.T) {
	url := Database(t, Template{})
	cfg, err := pgx.ParseConfig(url)
	must(t, err)
	conn, err := pgx.Connect(t.Context(), url)
	must(t, err)
	if left := sessionsOf(Server(t).URL(""), cfg.Database); !strings.Contains(left, cfg.Database) {
		t.Errorf("a session is not found: %q", left)
	}
	must(t, conn.Close(context.Background()))
	ended, end := t.Context(), func() {}
	t.Run("inner", func(*testing.T) {
		mark("inner")
		ended, end = context.WithCancel(context.Background())
		go func() {
			go func() { <-ended.Done() }() // inherits the mark
			<-ended.Done()
		}()
	})
	eventually(t, "two goroutines are found", func() bool { return strings.Count(goroutinesOf("inner"), "TestWhatATestLeavesIsFound") >= 2 })
	end()
	eventually(t, "no goroutine is left", func() bool { return goroutinesOf("inner") == "" })
	eventually(t, "no session is left", func() bool { return sessionsOf(Server(t).URL(""), cfg.Database) == "" })
	if goroutinesOf("another") != "" {
		t.Error("what nobody marked is found")
	}
}

func TestTemplateValidate(t *testing.T) {
	for _, faulty := range []Template{{Name: "x"}, {Build: makeTable}} {
		if faulty.Validate() == nil {
			t.Errorf("%q, with Build: %t, is accepted", faulty.Name, faulty.Build != nil)
		}
	}
}

// makeTable builds what the tests look for.
func makeTable(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "CREATE TABLE memory AS SELECT 'built' AS word")
	return errors.Join(err, conn.Close(ctx))
}

// query runs one statement on a fresh connection and returns its first value as text; "" for none.
func query(t *testing.T, url, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	must(t, err)
	defer conn.Close(context.Background())
	found, err := conn.Query(t.Context(), sql)
	must(t, err)
	values, err := pgx.CollectRows(found, pgx.RowTo[string])
	must(t, err)
	return strings.Join(values, " ")
}

// eventually polls a condition until it holds.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
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
