package postgres_test

import (
	"context"
	"errors"
	"testing"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// Transactions that stay open anywhere in the cluster: one that writes in another
// database, one that writes here, one with an old snapshot, one that was prepared
// and left. With positions from transaction numbers each of them stalls readers.
func TestTransactionsLeftOpen_HideAndHoldUpNothing(t *testing.T) {
	server := privateServer(t, false)
	if err := sql(t, server.URL("postgres"), `ALTER SYSTEM SET max_prepared_transactions = 5`); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(server.Stop(true), server.Restart(within(t))); err != nil {
		t.Fatal(err)
	}
	url := server.URL("postgres")
	if err := server.EnsureDatabase(within(t), "elsewhere"); err != nil {
		t.Fatal(err)
	}
	e := openEngine(t, postgres.Config{URL: url})
	defer e.Close()
	for _, open := range [][2]string{
		{server.URL("elsewhere"), `CREATE TABLE t (n int); BEGIN; INSERT INTO t VALUES (1)`},
		{url, `BEGIN; CREATE TABLE left_open (n int)`},
		{url, `BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM backstory.events`},
		{url, `BEGIN; CREATE TABLE prepared (n int); PREPARE TRANSACTION 'left behind'`},
	} {
		conn := connect(t, open[0])
		defer conn.Close(context.Background())
		if _, err := conn.Exec(within(t), open[1]); err != nil {
			t.Fatalf("%s: %v", open[1], err)
		}
	}
	for n := range int64(10) {
		got, err := e.Append(within(t), unless(tagged("a", "x:1"), n, "x:1"))
		if err != nil || got.Position != n+1 {
			t.Fatalf("append %d: %+v, %v", n+1, got, err)
		}
		list, err := e.ReadMatching(within(t), engine.Query{{Tags: []string{"x:1"}}}, n, 10)
		if err != nil || len(list) != 1 {
			t.Fatalf("after append %d: %d events, %v", n+1, len(list), err)
		}
	}
	if _, err := e.Append(within(t), unless(tagged("a", "x:1"), 9, "x:1")); !errors.Is(err, engine.ErrCondition) {
		t.Errorf("a broken condition: %v", err)
	}
	fresh(t, e, func(s postgres.Stats) bool { return s.PreparedTransactions == 1 && s.OldestSnapshot > 0 })
	checkLog(t, url)
}

// What a database or role defaults to must neither weaken the check under the
// lock nor the commit. A trigger that runs in COMMIT writes down what is true there.
func TestDefaultsOfTheDatabase_DoNotWeakenTheLog(t *testing.T) {
	for _, level := range []string{"repeatable read", "serializable"} {
		t.Run(level, func(t *testing.T) {
			url := database(t)
			openEngine(t, postgres.Config{URL: url}).Close()
			err := sql(t, url, `DO $$ BEGIN
				EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = %L', current_database(), '`+level+`');
				EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$;
				CREATE TABLE at_commit (synchronous text, isolation text);
				CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
					INSERT INTO at_commit VALUES (current_setting('synchronous_commit'), current_setting('transaction_isolation')); RETURN NULL; END $$;
				CREATE CONSTRAINT TRIGGER note AFTER INSERT ON backstory.events DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION note()`)
			if err != nil {
				t.Fatal(err)
			}
			if got := one[string](t, url, `SELECT current_setting('default_transaction_isolation') || ', ' || current_setting('synchronous_commit')`); got != level+", off" {
				t.Fatal(got)
			}
			engines := []*postgres.Engine{openEngine(t, postgres.Config{URL: url}), openEngine(t, postgres.Config{URL: url})}
			for _, e := range engines {
				defer e.Close()
			}
			release := holdLog(t, url)
			results := make(chan error, 8)
			for i := range cap(results) {
				go func() {
					_, err := engines[i%2].Append(within(t), unless(tagged("a", "x:1"), 0, "x:1"))
					results <- err
				}()
			}
			eventually(t, "both engines wait for the lock", func() bool {
				return one[int64](t, url, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'`) == 2
			})
			release()
			stored := 0
			for range cap(results) {
				if err := <-results; err == nil {
					stored++
				} else if !errors.Is(err, engine.ErrCondition) {
					t.Error(err)
				}
			}
			if stored != 1 {
				t.Errorf("%d appends were stored under one condition", stored)
			}
			if got := one[string](t, url, `SELECT string_agg(DISTINCT synchronous || ', ' || isolation, '; ') FROM at_commit`); got != "on, read committed" {
				t.Errorf("commits were made with %s", got)
			}
		})
	}
}
