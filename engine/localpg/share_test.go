package localpg

import (
	"errors"
	"path/filepath"
	"testing"
	"time"
)

func TestProcessesShareOneServerAndTheLastStopsIt(t *testing.T) {
	dir := newDir(t)
	members := []*member{spawn(t, dir, time.Minute), spawn(t, dir, time.Minute), spawn(t, dir, time.Minute)}
	for _, m := range members {
		m.ready()
	}
	first := members[0].report
	for _, m := range members[1:] {
		equal(t, "what a later member reports", m.report, first)
	}
	c := &cluster{dir: dir}
	r := c.readRecord()
	equal(t, "postgres.json: pid", r.PID, first.PID)
	equal(t, "postgres.json: data_directory", r.DataDirectory, first.Data)
	equal(t, "postgres.json: url", r.url(""), first.URL)

	members[0].leave()
	members[2].leave()
	equal(t, "the server answers the last member", query(t, first.URL, "SELECT 'yes'"), "yes")
	members[1].leave()
	equal(t, "the server runs after the last member left", isServer(first.PID, first.Data), false)
	for _, pattern := range []string{recordName, guardName + "*", "postgres/postmaster.pid"} {
		left, err := filepath.Glob(filepath.Join(dir, pattern))
		must(t, err)
		equal(t, "files like "+pattern+" after the last member left", len(left), 0)
	}
}

func TestOneProcessMayJoinTwice(t *testing.T) {
	dir := warmDir(t)
	first := start(t, Config{Dir: dir})
	second := start(t, Config{Dir: dir})
	equal(t, "the second's pid", second.PID(), first.PID())
	must(t, first.Close())
	must(t, first.Close())
	equal(t, "the server answers", query(t, second.URL(""), "SELECT 'yes'"), "yes")
	must(t, second.Close())
	equal(t, "the server runs", isServer(second.PID(), second.DataDir()), false)
}

func TestFind(t *testing.T) {
	dir := newDir(t)
	for _, missing := range []string{filepath.Join(dir, "none"), dir} {
		if _, err := Find(t.Context(), Config{Dir: missing}); !errors.Is(err, ErrNotRunning) {
			t.Fatalf("Find without a server: got %v, want ErrNotRunning", err)
		}
	}
	s := start(t, Config{Dir: dir})
	found, err := Find(t.Context(), Config{Dir: dir})
	must(t, err)
	equal(t, "the address that is found", found.URL("x"), s.URL("x"))
	must(t, s.Close())
	equal(t, "the finder keeps the server", query(t, found.URL(""), "SELECT 'yes'"), "yes")
	must(t, found.Close())
	if _, err := Find(t.Context(), Config{Dir: dir}); !errors.Is(err, ErrNotRunning) {
		t.Fatalf("Find after the end: got %v, want ErrNotRunning", err)
	}
}

func TestEnsureDatabase(t *testing.T) {
	s := start(t, Config{Dir: warmDir(t)})
	faults := make(chan error)
	for range 4 {
		go func() { faults <- s.EnsureDatabase(t.Context(), `odd "name"`) }()
	}
	for range 4 {
		must(t, <-faults)
	}
	must(t, s.EnsureDatabase(t.Context(), `odd "name"`))
	equal(t, "the database", query(t, s.URL(`odd "name"`), "SELECT current_database()::text"), `odd "name"`)
	equal(t, "its encoding and order",
		query(t, s.URL(`odd "name"`), "SELECT current_setting('server_encoding') || ' ' || datcollate FROM pg_database LIMIT 1"),
		"UTF8 C")
}

func TestDurableStartDoesNotSettleForLess(t *testing.T) {
	dir := warmDir(t)
	fast := start(t, Config{Dir: dir})
	equal(t, "fsync of a server for tests", query(t, fast.URL(""), "SHOW fsync"), "off")
	if s, err := Start(t.Context(), Config{Dir: dir, Durable: true}); err == nil {
		_ = s.Close()
		t.Fatal("a durable Start joined a server without fsync")
	}
	must(t, fast.Close())
	durable := start(t, Config{Dir: dir, Durable: true})
	for _, setting := range []string{"fsync", "full_page_writes", "synchronous_commit"} {
		equal(t, setting, query(t, durable.URL(""), "SHOW "+setting), "on")
	}
	must(t, start(t, Config{Dir: dir}).Close())
}
