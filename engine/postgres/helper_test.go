package postgres_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/localpg/pgtest"
	"github.com/backstory-go/backstory/engine/postgres"
	queries "github.com/backstory-go/backstory/queries/engine"
)

// patience bounds every wait of these tests; none takes it on a healthy store.
const patience = 30 * time.Second

func TestMain(m *testing.M) {
	if url := os.Getenv(childURL); url != "" {
		os.Exit(child(url))
	}
	if url := os.Getenv(reactURL); url != "" {
		os.Exit(reactChild(url))
	}
	if url := os.Getenv(lethalURL); url != "" {
		os.Exit(lethalChild(url))
	}
	if url := os.Getenv(buildURL); url != "" {
		os.Exit(buildChild(url))
	}
	if url := os.Getenv(refoldURL); url != "" {
		os.Exit(refoldChild(url))
	}
	if url := os.Getenv(soakURL); url != "" {
		os.Exit(soakChild(url))
	}
	pgtest.Main(m)
}

// database is a fresh database with the engine's schema.
func database(tb testing.TB) string {
	tb.Helper()
	sum := sha256.New()
	files, err := fs.Glob(queries.Migrations, "migrations/*.sql")
	if err != nil {
		tb.Fatal(err)
	}
	for _, file := range files {
		text, err := fs.ReadFile(queries.Migrations, file)
		if err != nil {
			tb.Fatal(err)
		}
		sum.Write(text)
	}
	return pgtest.Database(tb, pgtest.Template{
		Name: "engine-" + hex.EncodeToString(sum.Sum(nil)[:6]),
		Build: func(ctx context.Context, url string) error {
			e, err := postgres.Open(ctx, postgres.Config{URL: url, System: &engine.System{}})
			if err == nil {
				e.Close()
			}
			return err
		},
	})
}

func quiet() *slog.Logger {
	if testing.Verbose() {
		return slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	return slog.New(slog.DiscardHandler)
}

// started opens an engine and runs it until the test ends.
func started(tb testing.TB, cfg postgres.Config) *postgres.Engine {
	tb.Helper()
	e, stop := run(tb, cfg)
	tb.Cleanup(stop)
	return e
}

// run is started, with stop in the test's hands. stop may be called twice.
func run(tb testing.TB, cfg postgres.Config) (*postgres.Engine, func()) {
	tb.Helper()
	e := openEngine(tb, cfg)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	return e, sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				tb.Errorf("Run: %v", err)
			}
		case <-time.After(patience):
			tb.Error("Run did not end")
		}
		e.Close()
	})
}

// openEngine opens an engine that is closed when the test ends, or before.
func openEngine(tb testing.TB, cfg postgres.Config) *postgres.Engine {
	tb.Helper()
	if cfg.System == nil {
		cfg.System = bank()
	}
	if cfg.Log == nil {
		cfg.Log = quiet()
	}
	e, err := postgres.Open(tb.Context(), cfg)
	if err != nil {
		tb.Fatalf("Open: %v", err)
	}
	tb.Cleanup(e.Close)
	return e
}

func within(tb testing.TB) context.Context {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	tb.Cleanup(cancel)
	return ctx
}

// command is a submission to an account.
func command(verb, id string, amount int64) engine.Submission {
	s := engine.Submission{ID: uuid.Must(uuid.NewV7()), Type: "bank.account." + verb, StreamID: id, By: "tester"}
	switch verb {
	case "deposit", "withdraw":
		s.Data = json.RawMessage(fmt.Sprintf(`{"Amount":%d}`, amount))
	case "explode":
		s.Data = json.RawMessage(fmt.Sprintf(`{"Times":%d}`, amount))
	}
	return s
}

func accountID(id string) engine.StreamID { return engine.StreamID{Type: "bank.account", ID: id} }

// settled submits and waits.
func settled(tb testing.TB, e engine.Client, s engine.Submission) engine.Outcome {
	tb.Helper()
	ctx := within(tb)
	id, err := e.Submit(ctx, s)
	if err != nil {
		tb.Fatalf("Submit: %v", err)
	}
	o, err := e.Wait(ctx, id)
	if err != nil {
		tb.Fatalf("Wait: %v", err)
	}
	return o
}

// sql runs a statement past the engine.
func sql(tb testing.TB, url, statement string, args ...any) error {
	tb.Helper()
	conn := connect(tb, url)
	defer conn.Close(context.Background())
	_, err := conn.Exec(within(tb), statement, args...)
	return err
}

func connect(tb testing.TB, url string) *pgx.Conn {
	tb.Helper()
	conn, err := pgx.Connect(within(tb), url)
	if err != nil {
		tb.Fatal(err)
	}
	return conn
}

// one reads one value past the engine.
func one[T any](tb testing.TB, url, query string, args ...any) T {
	tb.Helper()
	conn := connect(tb, url)
	defer conn.Close(context.Background())
	var value T
	if err := conn.QueryRow(within(tb), query, args...).Scan(&value); err != nil {
		tb.Fatalf("%s: %v", query, err)
	}
	return value
}

// eventually polls a condition.
func eventually(tb testing.TB, what string, holds func() bool) {
	tb.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(patience)
	for !holds() {
		select {
		case <-ticker.C:
		case <-deadline:
			tb.Fatalf("it did not come about that %s", what)
		}
	}
}

// checkLog holds the whole database against the invariants: dense positions and
// versions, time that never runs back, each outcome's events there and its own,
// and balances equal to a fold of the log.
func checkLog(tb testing.TB, url string) {
	tb.Helper()
	for what, query := range map[string]string{
		"gaps in positions":             `SELECT count(*) FROM (SELECT position, row_number() OVER (ORDER BY position) AS n FROM backstory.events) e WHERE position <> n`,
		"gaps in versions":              `SELECT count(*) FROM (SELECT version, row_number() OVER (PARTITION BY stream ORDER BY position) AS n FROM backstory.events) e WHERE version <> n`,
		"time running back":             `SELECT count(*) FROM (SELECT at, lag(at) OVER (ORDER BY position) AS before FROM backstory.events) e WHERE at < before`,
		"outcomes without their events": `SELECT count(*) FROM backstory.outcomes o WHERE o.events <> (SELECT count(*) FROM backstory.events e WHERE e.causation = o.id AND e.position >= o.first_position AND e.position < o.first_position + o.events)`,
		"events without an outcome":     `SELECT count(*) FROM backstory.events e WHERE NOT EXISTS (SELECT 1 FROM backstory.outcomes o WHERE o.id = e.causation) AND NOT EXISTS (SELECT 1 FROM backstory.events c WHERE c.id = e.causation)`,
		"decided commands that wait":    `SELECT count(*) FROM backstory.inbox i JOIN backstory.outcomes o USING (id)`,
	} {
		if n := one[int64](tb, url, query); n != 0 {
			tb.Errorf("%d %s", n, what)
		}
	}
}

// checkBalances compares the projection with a fold of the log in SQL.
func checkBalances(tb testing.TB, url string) {
	tb.Helper()
	const fold = `SELECT coalesce(string_agg(line, E'\n' ORDER BY line), '') FROM (
		SELECT substr(stream, 14) || ' ' || sum(CASE type WHEN 'bank.account.deposited' THEN 1 WHEN 'bank.account.withdrawn' THEN -1 ELSE 0 END
			* coalesce((data->>'amount')::bigint, 0)) || ' ' || max(version) AS line FROM backstory.events WHERE stream LIKE 'bank.account/%' GROUP BY stream) f`
	const table = `SELECT coalesce(string_agg(id || ' ' || balance || ' ' || version, E'\n' ORDER BY id || ' ' || balance || ' ' || version), '') FROM bank_balances`
	want, got := one[string](tb, url, fold), one[string](tb, url, table)
	if want != got {
		tb.Errorf("the projection is not a fold of the log:\n%s", firstDifference(want, got))
	}
}

func firstDifference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d: log %q, table %q", i, a[i], b[i])
		}
	}
	return fmt.Sprintf("log %d lines, table %d", len(a), len(b))
}

// caughtUp waits until the projection has seen the head.
func caughtUp(tb testing.TB, e *postgres.Engine) {
	tb.Helper()
	var head int64
	eventually(tb, "the log answers", func() (ok bool) { // a pool may hold connections of a server that is gone
		var err error
		head, err = e.Head(within(tb))
		return err == nil
	})
	if err := e.Projected(within(tb), "bank.balances", head); err != nil {
		tb.Fatal(err)
	}
}
