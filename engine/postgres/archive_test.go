package postgres_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// wellFormed is a verification that finds nothing.
func wellFormed(t *testing.T, e *postgres.Engine) {
	t.Helper()
	v, err := e.Verify(within(t), postgres.VerifyOptions{ShowData: true})
	if err != nil || len(v.Findings) > 0 {
		t.Errorf("%+v, %v", v.Findings, err)
	}
}

func TestArchive_FoldsAndRebuildsBeginAtTheFloor(t *testing.T) {
	t.Parallel()
	admin, owner, worker := twoRoles(t)
	cfg := postgres.Config{URL: worker, OwnerURL: owner}
	e, stop := run(t, cfg)
	settled(t, e, command("deposit", "old", 7)) // is archived whole
	depositMany(t, e, 9)
	caughtUp(t, e)
	states := map[string]engine.StreamState{}
	for _, id := range []string{"old", "a0", "a1", "a2"} {
		s, err := e.State(within(t), accountID(id), 0)
		if err != nil {
			t.Fatal(err)
		}
		states[id] = s
	}
	file := filepath.Join(t.TempDir(), "old.jsonl")
	eventually(t, "the checkpoint is written", func() bool {
		return one[int64](t, admin, `SELECT position FROM backstory.slots WHERE consumer = 'bank.balances'`) == 10
	})
	out, err := e.Archive(within(t), postgres.ArchiveRange{Position: 6}, file, nil)
	if err != nil || out.First != 1 || out.Last != 5 {
		t.Fatalf("%+v, %v", out, err)
	}
	text, err := os.ReadFile(file)
	if err != nil || bytes.Count(text, []byte("\n")) != 6 {
		t.Errorf("the file: %v\n%s", err, text)
	}
	if n := one[int64](t, admin, `SELECT count(*) FROM backstory.events WHERE position <= 5`); n != 0 {
		t.Errorf("%d events are still there", n)
	}
	isALog(t, text)

	look := func(e *postgres.Engine) {
		t.Helper()
		for id, state := range states {
			got, err := e.State(within(t), accountID(id), 0)
			if err != nil || got.Version != state.Version || got.State.(*account).Balance != state.State.(*account).Balance {
				t.Errorf("state of %s: %+v, %v, want %+v", id, got, err, state)
			}
		}
		if _, err := e.State(within(t), accountID("a0"), 1); !errors.Is(err, engine.ErrArchived) {
			t.Errorf("a version below the floor: %v", err)
		}
		if _, err := e.StateAt(within(t), accountID("a0"), states["old"].At.Add(-time.Hour)); !errors.Is(err, engine.ErrArchived) {
			t.Errorf("a time below the floor: %v", err)
		}
		if s, err := e.StateAt(within(t), accountID("old"), time.Now().Add(time.Hour)); err != nil || s.Version != 1 {
			t.Errorf("a stream without events above the floor: %+v, %v", s, err)
		}
		_, err := e.Events(within(t), accountID("a0"), 0, 10)
		archived, ok := errors.AsType[*engine.ArchivedError](err)
		if !ok || archived.Version != 2 || !errors.Is(err, engine.ErrArchived) {
			t.Fatalf("events from the start: %v", err)
		}
		if list, err := e.Events(within(t), accountID("a0"), archived.Version, 10); err != nil || len(list) != 1 {
			t.Errorf("events above the floor: %v, %v", list, err)
		}
		if _, err := e.ReadLog(within(t), 2, 10); !errors.Is(err, engine.ErrArchived) {
			t.Errorf("the log from below the floor: %v", err)
		}
		if list, err := e.ReadLog(within(t), 5, 10); err != nil || len(list) != 5 {
			t.Errorf("the log from the floor: %d events, %v", len(list), err)
		}
	}
	look(e) // with what it remembers
	wellFormed(t, e)
	stop()

	again, stop := run(t, cfg) // without
	look(again)
	if o := settled(t, again, command("withdraw", "old", 5)); o.Status != engine.Accepted || o.Events[0].Version != 2 {
		t.Errorf("a stream that was archived whole goes on: %+v", o)
	}
	if o := settled(t, again, command("withdraw", "old", 5)); o.Status != engine.Refused {
		t.Errorf("its state was lost: %+v", o)
	}
	caughtUp(t, again)
	wellFormed(t, again)
	want := one[string](t, admin, `SELECT string_agg(b::text, ' ' ORDER BY id) FROM bank_balances b`)
	stop()

	// Another definition: the table is built anew, from the floor.
	rebuilt := &engine.System{}
	rebuilt.AddActor(accounts(&atomic.Int64{}))
	rebuilt.AddProjection(balances(ddl, "2"))
	third := started(t, postgres.Config{URL: worker, OwnerURL: owner, System: rebuilt})
	eventually(t, "the new table is live", func() bool {
		return one[string](t, admin, `SELECT hash FROM backstory.consumers WHERE name = 'bank.balances'`) == "2"
	})
	caughtUp(t, third)
	if got := one[string](t, admin, `SELECT string_agg(b::text, ' ' ORDER BY id) FROM bank_balances b`); got != want {
		t.Errorf("rebuilt from the floor: %s, want %s", got, want)
	}
	wellFormed(t, third)

	// A second archive continues at the floor, by time, up to the last event.
	second, err := third.Archive(within(t), postgres.ArchiveRange{Time: time.Now().Add(time.Hour)}, file+"2", nil)
	if err != nil || second.First != 6 || second.Last != 10 {
		t.Fatalf("%+v, %v", second, err)
	}
	if s, err := third.State(within(t), accountID("a1"), 0); err != nil || s.State.(*account).Balance != states["a1"].State.(*account).Balance {
		t.Errorf("%+v, %v", s, err)
	}
	wellFormed(t, third)

	// An export carries the floor along.
	to, target := emptyEngine(t)
	if err := target.Import(within(t), bytes.NewReader(exportOf(t, third)), nil); err != nil {
		t.Fatal(err)
	}
	imported := started(t, postgres.Config{URL: to})
	caughtUp(t, imported)
	if got := one[string](t, to, `SELECT string_agg(b::text, ' ' ORDER BY id) FROM bank_balances b`); got != want {
		t.Errorf("imported: %s, want %s", got, want)
	}
	if o := settled(t, imported, command("withdraw", "a1", 1)); o.Status != engine.Accepted {
		t.Errorf("%+v", o)
	}
	caughtUp(t, imported)
	wellFormed(t, imported)
}

// isALog imports the file of an archive of a log's begin, and goes on with it.
func isALog(t *testing.T, text []byte) {
	t.Helper()
	elsewhere, target := emptyEngine(t)
	if err := target.Import(within(t), bytes.NewReader(text), nil); err != nil {
		t.Fatal(err)
	}
	e, stop := run(t, postgres.Config{URL: elsewhere})
	defer stop()
	if o := settled(t, e, command("deposit", "old", 1)); o.Status != engine.Accepted || o.Events[0].Version != 2 || o.Events[0].Position != 6 {
		t.Errorf("a command on the archived log: %+v", o)
	}
	caughtUp(t, e)
	wellFormed(t, e)
}

func TestArchive_RefusesWhatWouldBeMissed(t *testing.T) {
	t.Parallel()
	url := database(t)
	e, stop := run(t, postgres.Config{URL: url})
	depositMany(t, e, 6)
	caughtUp(t, e)
	stop()
	e = openEngine(t, postgres.Config{URL: url})
	defer e.Close()
	file := filepath.Join(t.TempDir(), "log.jsonl")
	refused := func(what string, r postgres.ArchiveRange, says string) {
		t.Helper()
		_, err := e.Archive(within(t), r, file, nil)
		if !errors.Is(err, postgres.ErrNotArchivable) || !strings.Contains(fmt.Sprint(err), says) {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := os.Stat(file); err == nil {
			t.Errorf("%s: a file was left behind", what)
		}
	}
	refused("nothing before it", postgres.ArchiveRange{Position: 1}, "no event")
	refused("a time before the log", postgres.ArchiveRange{Time: time.Now().AddDate(-1, 0, 0)}, "no event")
	if err := sql(t, url, `UPDATE backstory.slots SET position = 2 WHERE consumer = 'bank.balances'`); err != nil {
		t.Fatal(err)
	}
	refused("a consumer that is behind", postgres.ArchiveRange{Position: 4}, "bank.balances")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Archive(within(t), postgres.ArchiveRange{Position: 3}, file, nil); !errors.Is(err, os.ErrExist) {
		t.Errorf("over a file: %v", err)
	}
	for _, statement := range []string{
		`DELETE FROM backstory.events WHERE position = 1`,
		`INSERT INTO backstory.floors (position, at, file, sha256) VALUES (2, now(), '', '')`,
		`DELETE FROM backstory.events WHERE position = 1`, // the floor is of another transaction
		`DELETE FROM backstory.floors`,
		`WITH f AS (INSERT INTO backstory.floors (position, at, file, sha256) VALUES (3, now(), '', '')) DELETE FROM backstory.events WHERE position > 3`,
	} {
		err := sql(t, url, statement)
		if strings.HasPrefix(statement, "INSERT") != (err == nil) {
			t.Errorf("%s: %v", statement, err)
		}
	}
}
