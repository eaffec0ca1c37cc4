package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
	queries "github.com/backstory-go/backstory/queries/engine"
)

// release is what a newer program brings: this one's migrations and some more.
func release(tb testing.TB, more ...string) fs.FS {
	tb.Helper()
	files := migrationsUpto(tb, postgres.Program())
	for i, text := range more {
		files[fmt.Sprintf("migrations/%05d_more.sql", postgres.Program()+int64(i)+1)] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + text)}
	}
	return files
}

// migrationsUpto are those of the program that brought a version.
func migrationsUpto(tb testing.TB, version int64) fstest.MapFS {
	tb.Helper()
	files := fstest.MapFS{}
	names, err := fs.Glob(queries.Migrations, "migrations/*.sql")
	if err != nil {
		tb.Fatal(err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(queries.Migrations, name)
		if err != nil {
			tb.Fatal(err)
		}
		if strings.TrimPrefix(name, "migrations/") < fmt.Sprintf("%05d", version+1) {
			files[name] = &fstest.MapFile{Data: text}
		}
	}
	return files
}

// three are migrations of one release that leaves this program at work.
func three() []string {
	keeps := fmt.Sprintf(";\nSELECT backstory.supports(%d);", postgres.Program())
	return []string{
		"ALTER TABLE backstory.held ADD COLUMN more text NOT NULL DEFAULT 'x'" + keeps,
		"CREATE TABLE backstory.more (n bigint)" + keeps,
		"CREATE INDEX more_n ON backstory.more (n)" + keeps,
	}
}

// A release that brings several migrations runs beside the program before it, which
// may start anew, until a release says that it must not.
func TestRollingDeploy_SeveralMigrationsAtOnce(t *testing.T) {
	t.Parallel()
	url := database(t)
	older, newer := noting(url, hooks{}), postgres.Bringing(release(t, three()...), noting(url, hooks{}))
	first := started(t, older)
	depositMany(t, first, 5)
	second, leaves := run(t, newer)
	for _, e := range []*postgres.Engine{first, second, started(t, older)} { // one that starts after the migrations, too
		depositMany(t, e, 5)
	}
	reacted(t, url)
	caughtUp(t, first)
	if got := check(t, first, "schema"); got.Status != postgres.CheckNote || !first.Readiness(within(t)).Ready {
		t.Errorf("%+v", got)
	}
	if got := check(t, second, "schema"); got.Status != postgres.CheckOK {
		t.Errorf("the newer program: %+v", got)
	}
	leaves() // as when the release is taken back
	depositMany(t, first, 5)
	depositMany(t, started(t, newer), 5)
	reacted(t, url)
	caughtUp(t, first)
	checkLog(t, url)
	checkBalances(t, url)
	if keys := heldKeys(t, url, "bank.account"); len(keys) > 0 {
		t.Errorf("held: %v", keys)
	}
}

// A release that the program before it must not work beside ends it, wherever it
// runs, and does its work.
func TestRollingDeploy_TheOlderProgramMustGo(t *testing.T) {
	t.Parallel()
	url := database(t)
	worker, web := noting(url, hooks{}), noting(url, hooks{})
	web.Roles = []postgres.Role{postgres.RoleWeb}
	ended := make(chan error, 2)
	for _, cfg := range []postgres.Config{worker, web} {
		e := openEngine(t, cfg)
		go func() { ended <- e.Run(context.Background()) }()
	}
	asked := openEngine(t, web)
	settled(t, asked, command("deposit", "a", 1))

	last := fmt.Sprintf("SELECT backstory.supports(%d);", postgres.Program()+4)
	newer := started(t, postgres.Bringing(release(t, append(three(), last)...), noting(url, hooks{})))
	for range 2 {
		select {
		case err := <-ended:
			if !errors.Is(err, postgres.ErrNewerSchema) || !strings.Contains(err.Error(), fmt.Sprintf("version %d", postgres.Program()+4)) {
				t.Errorf("Run: %v", err)
			}
		case <-within(t).Done():
			t.Fatal("the older program goes on")
		}
	}
	for _, program := range []postgres.Config{worker, postgres.Bringing(release(t, three()...), web)} {
		if _, err := postgres.Open(within(t), program); !errors.Is(err, postgres.ErrNewerSchema) {
			t.Errorf("a program that is too old starts: %v", err)
		}
	}
	eventually(t, "readiness fails", func() bool { return check(t, asked, "schema").Status == postgres.CheckFailed })
	if o := settled(t, newer, command("deposit", "a", 1)); o.Status != engine.Accepted {
		t.Errorf("the newer program: %+v", o)
	}
	reacted(t, url)
	caughtUp(t, newer)
	checkLog(t, url)
	checkBalances(t, url)
}

// What a newer program lets the working role do with its tables is its business.
func TestRollingDeploy_RightsOnNewTablesStay(t *testing.T) {
	t.Parallel()
	admin, owner, worker := twoRoles(t)
	older := postgres.Config{URL: worker, OwnerURL: owner}
	openEngine(t, older).Close()
	openEngine(t, postgres.Bringing(release(t, three()...), older)).Close()
	if err := sql(t, admin, `REVOKE UPDATE ON backstory.more FROM clerk`); err != nil {
		t.Fatal(err)
	}
	depositMany(t, started(t, older), 5)
	if one[bool](t, admin, `SELECT has_table_privilege('clerk', 'backstory.more', 'update')`) {
		t.Error("an older program gave the right")
	}
}
