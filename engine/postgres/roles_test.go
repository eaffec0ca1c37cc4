package postgres_test

import (
	"context"
	"errors"
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/backstory-go/backstory/engine/localpg/pgtest"
	"github.com/backstory-go/backstory/engine/postgres"
)

// as is the URL for another role.
func as(t *testing.T, of, role string) string {
	t.Helper()
	u, err := url.Parse(of)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(role)
	return u.String()
}

// twoRoles is a database whose log one role owns, while another one works.
func twoRoles(t *testing.T) (admin, owner, worker string) {
	t.Helper()
	server := pgtest.Private(t, false)
	for _, statement := range []string{`CREATE ROLE keeper LOGIN`, `CREATE ROLE clerk LOGIN`, `CREATE DATABASE log OWNER keeper`} {
		if err := sql(t, server.URL("postgres"), statement); err != nil {
			t.Fatal(err)
		}
	}
	admin = server.URL("log")
	return admin, as(t, admin, "keeper"), as(t, admin, "clerk")
}

func TestTwoRoles_TheWorkingOneCanOnlySelectAndInsert(t *testing.T) {
	t.Parallel()
	admin, owner, worker := twoRoles(t)
	cfg := postgres.Config{URL: worker, OwnerURL: owner}
	e := started(t, cfg)
	depositMany(t, e, 5)
	caughtUp(t, e)
	checkLog(t, admin)
	checkBalances(t, admin)
	if v, err := e.Verify(within(t), postgres.VerifyOptions{}); err != nil || len(v.Findings) > 0 {
		t.Errorf("%+v, %v", v, err)
	}
	for _, statement := range []string{
		`UPDATE backstory.events SET by = 'x'`,
		`DELETE FROM backstory.events`,
		`TRUNCATE backstory.events`,
		`ALTER TABLE backstory.events DISABLE TRIGGER ALL`,
		`DROP TABLE backstory.events`,
		`UPDATE backstory.log SET home_database = 0`,
		`DELETE FROM backstory.event_tags`,
	} {
		err := sql(t, worker, statement)
		if pg, ok := errors.AsType[*pgconn.PgError](err); !ok || pg.Code != "42501" {
			t.Errorf("%s: %v", statement, err)
		}
	}
	for _, name := range []string{"role", "log"} {
		if got := check(t, e, name); got.Status != postgres.CheckOK {
			t.Errorf("%+v", got)
		}
	}
	if _, err := e.Adopt(within(t)); err != nil {
		t.Errorf("adopt: %v", err)
	}
	again := openEngine(t, cfg) // grants are given again
	again.Close()
	alone := started(t, postgres.Config{URL: database(t)})
	if got := check(t, alone, "role"); got.Status != postgres.CheckNote {
		t.Errorf("one role: %+v", got)
	}
}

func check(t *testing.T, e *postgres.Engine, name string) postgres.Check {
	t.Helper()
	for _, c := range e.Readiness(context.Background()).Checks {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no check %s", name)
	return postgres.Check{}
}
