package postgres_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/localpg/pgtest"
	"github.com/backstory-go/backstory/engine/postgres"
)

// Tables of the engine's schema, by what an export does with them.
var (
	exported = []string{"events", "outcomes", "inbox", "consumers", "slots", "held", "discarded", "handled", "reactor_states", "log",
		"floors", "floor_streams", "floor_reactor_states", "floor_rows"}
	derived = []string{"event_tags", "builds", "build_held", "definitions", "snapshots", "workers", "trials", "refolds", "migrations"}
	kept    = []string{"settings"} // secrets of the place
)

func TestExport_KnowsEveryTable(t *testing.T) {
	t.Parallel()
	tables := one[[]string](t, database(t), `SELECT array_agg(tablename::text) FROM pg_tables WHERE schemaname = 'backstory'`)
	for _, table := range tables {
		if !slices.Contains(slices.Concat(exported, derived, kept), table) {
			t.Errorf("backstory.%s is new: export it (exportTables in export.go), or name it here as derived", table)
		}
	}
}

func exportOf(t *testing.T, e *postgres.Engine) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := e.Export(within(t), &out, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// emptyEngine is one on a fresh database, which nothing works on.
func emptyEngine(t *testing.T) (url string, e *postgres.Engine) {
	t.Helper()
	url = database(t)
	e = openEngine(t, postgres.Config{URL: url})
	t.Cleanup(e.Close)
	return url, e
}

func TestExportImport_TheSameLogElsewhere(t *testing.T) {
	t.Parallel()
	server := pgtest.Private(t, false)
	from := createDatabase(t, server.URL("postgres"), "log", "template1")
	source, stop := run(t, postgres.Config{URL: from})
	depositMany(t, source, 7)
	refused := settled(t, source, command("withdraw", "a0", 1_000_000))
	if _, err := source.Append(within(t), engine.Append{Stream: accountID("tagged"), Events: []engine.NewEvent{
		{ID: refused.ID, Event: deposited{Amount: 3, Note: "<tag> \\ \"x\", y"}, Data: []byte(`{"amount":3,"note":"<b> & z"}`), Tags: []string{`a "b", c\d`, "<e>"}}},
		By: "tester", Correlation: refused.ID, Causation: refused.ID}); err != nil {
		t.Fatal(err)
	}
	caughtUp(t, source)
	stop()
	waiting := openEngine(t, postgres.Config{URL: from, Roles: []postgres.Role{postgres.RoleWeb}})
	defer waiting.Close()
	pending, err := waiting.Submit(within(t), command("deposit", "a1", 5))
	if err != nil {
		t.Fatal(err)
	}
	if err := sql(t, from, `UPDATE backstory.outcomes SET data = '{"text":"\u0000 and\ta \"quote\" <b>"}' WHERE id = $1`, refused.ID); err != nil {
		t.Fatal(err)
	}
	text := exportOf(t, waiting)

	to, target := emptyEngine(t) // in another cluster
	if err := target.Import(within(t), bytes.NewReader(text), nil); err != nil {
		t.Fatal(err)
	}
	if now := target.Epoch(); now.Epoch.Log != waiting.Epoch().Epoch.Log || !now.CallsPaused {
		t.Errorf("%+v", now)
	}
	for _, query := range []string{
		`SELECT coalesce(string_agg(e::text, E'\n' ORDER BY position), '') FROM backstory.events e`,
		`SELECT coalesce(string_agg(e::text, E'\n' ORDER BY tag, position), '') FROM backstory.event_tags e`,
		`SELECT coalesce(string_agg(e::text, E'\n' ORDER BY id), '') FROM backstory.outcomes e`,
		`SELECT coalesce(string_agg(e::text, E'\n' ORDER BY seq), '') FROM backstory.inbox e`,
	} {
		if want, got := one[string](t, from, query), one[string](t, to, query); want != got || want == "" {
			t.Errorf("%s:\n%s", query, firstDifference(want, got))
		}
	}
	again := started(t, postgres.Config{URL: to})
	if o, err := again.Wait(within(t), pending); err != nil || o.Status != engine.Accepted {
		t.Errorf("the command that waited: %+v, %v", o, err)
	}
	depositMany(t, again, 3)
	if o, err := again.Outcome(within(t), refused.ID); err != nil || o.Status != engine.Refused {
		t.Errorf("%+v, %v", o, err)
	}
	caughtUp(t, again)
	checkBalances(t, to)
	if err := again.Import(within(t), bytes.NewReader(text), nil); !errors.Is(err, postgres.ErrInUse) {
		t.Errorf("into a database in use: %v", err)
	}
	if err := waiting.Import(within(t), bytes.NewReader(text), nil); !errors.Is(err, postgres.ErrNotEmpty) {
		t.Errorf("into a database with a log: %v", err)
	}
}

func TestImport_RefusesWhatIsNotWhole(t *testing.T) {
	t.Parallel()
	source := started(t, postgres.Config{URL: database(t)})
	depositMany(t, source, 4)
	caughtUp(t, source)
	text := strings.SplitAfter(string(exportOf(t, source)), "\n")
	swapped := slices.Clone(text)
	swapped[1], swapped[2] = swapped[2], swapped[1]
	edit := func(line int, old, now string) string {
		changed := slices.Clone(text)
		changed[line] = strings.Replace(changed[line], old, now, 1)
		if changed[line] == text[line] {
			t.Fatalf("%q is not in %s", old, text[line])
		}
		return strings.Join(changed, "")
	}
	url, target := emptyEngine(t)
	for name, c := range map[string]struct{ text, says string }{
		"nothing":        {"", "no line"},
		"no header":      {strings.Join(text[1:], ""), "header"},
		"another format": {edit(0, `"format":1`, `"format":2`), "format 2"},
		"cut off":        {strings.Join(text[:3], ""), "not complete"},
		"cut in a line":  {strings.Join(text, "")[:len(text[0])+40], "is no JSON"},
		"a line less":    {strings.Join(text[:len(text)-2], ""), "not complete"},
		"other order":    {strings.Join(swapped, ""), "line 2: position 2 follows position 0"},
		"a version":      {edit(4, `"version":2`, `"version":3`), "is version 3 of its stream, want 2"},
		"a known id":     {edit(2, `"id":"`+idOf(text[2]), `"id":"`+idOf(text[1])), "stored already"},
		"time":           {edit(2, `"at":"20`, `"at":"19`), "before its predecessor"},
		"another kind":   {strings.Join(text, "") + "{\"kind\":\"x\"}\n", `kind "x"`},
	} {
		err := target.Import(within(t), strings.NewReader(c.text), nil)
		if err == nil || !strings.Contains(err.Error(), c.says) || errors.Is(err, engine.ErrUnavailable) {
			t.Errorf("%s: %v, want %q, and no talk of the database", name, err, c.says)
		}
	}
	if n := one[int64](t, url, `SELECT (SELECT count(*) FROM backstory.events) + (SELECT count(*) FROM backstory.outcomes)`); n != 0 {
		t.Errorf("%d rows were left behind", n)
	}
	if target.Epoch().CallsPaused {
		t.Error("an import that failed has changed where the log is at home")
	}

	ctx, cancel := context.WithCancel(t.Context())
	reading := &slowReader{text: []byte(strings.Join(text, "")), stop: len(text[0]) + len(text[1]), reached: make(chan struct{}), goOn: ctx.Done()}
	ended := make(chan error, 1)
	go func() { ended <- target.Import(ctx, reading, nil) }()
	<-reading.reached
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("an interrupted import: %v", err)
	}
	if err := target.Import(within(t), strings.NewReader(strings.Join(text, "")), nil); err != nil {
		t.Errorf("begun again: %v", err)
	}
	checkLog(t, url)
}

// A disk that is full, a file that cannot be read: the kernel's numbers are those of
// connections, and the database is in order.
func TestExportImportArchive_FaultsOfFilesAreNotTheDatabases(t *testing.T) {
	t.Parallel()
	source := started(t, postgres.Config{URL: database(t)})
	depositMany(t, source, 3)
	caughtUp(t, source)
	_, target := emptyEngine(t)
	full := func() error { return source.Export(within(t), brokenFile{}, nil) }
	unreadable := func() error { return target.Import(within(t), brokenFile{}, nil) }
	nowhere := func() error {
		_, err := source.Archive(within(t), postgres.ArchiveRange{Position: 2}, filepath.Join(t.TempDir(), "no", "folder"), nil)
		return err
	}
	for name, c := range map[string]struct {
		do   func() error
		want error
	}{"export": {full, syscall.ENOSPC}, "import": {unreadable, syscall.EISDIR}, "archive": {nowhere, fs.ErrNotExist}} {
		if err := c.do(); !errors.Is(err, c.want) || errors.Is(err, engine.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// brokenFile is one of a full disk, and a folder when it is read.
type brokenFile struct{}

func (brokenFile) Write([]byte) (int, error) { return 0, syscall.ENOSPC }
func (brokenFile) Read([]byte) (int, error)  { return 0, syscall.EISDIR }

func idOf(line string) string {
	_, after, _ := strings.Cut(line, `"id":"`)
	return after[:36]
}

// slowReader gives a part of the text, and the rest when it may go on.
type slowReader struct {
	text    []byte
	stop    int // bytes of the part that are left
	reached chan struct{}
	goOn    <-chan struct{}
}

func (r *slowReader) Read(p []byte) (int, error) {
	if len(r.text) == 0 {
		return 0, io.EOF
	}
	if r.stop == 0 {
		close(r.reached)
		<-r.goOn
		r.stop = len(r.text)
	}
	n := copy(p, r.text[:r.stop])
	r.text, r.stop = r.text[n:], r.stop-n
	return n, nil
}
