package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// wideDDL has one more column than ddl, and another type of one.
var wideDDL = strings.Replace(ddl, "version bigint NOT NULL", "version numeric NOT NULL, remark text NOT NULL DEFAULT 'new'", 1)

// rebuildPage is what a build stores in one transaction.
const rebuildPage = 5_000

// Readers see the old table or the new one, whole, and no older row than before.
func TestRebuildUnderFire(t *testing.T) {
	t.Parallel()
	url := database(t)
	fill(t, url, 12_000, 20)
	e := started(t, postgres.Config{URL: url})
	caughtUp(t, e)
	before := one[uint32](t, url, "SELECT 'bank_balances'::regclass::oid")
	ctx, stop := context.WithCancel(within(t))
	defer stop()
	var group sync.WaitGroup
	var sent, reads atomic.Int64
	for i := range 8 {
		group.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				if id, err := e.Submit(ctx, command("deposit", fmt.Sprintf("a%d", (i+n)%20), 1)); err == nil {
					_, _ = e.Wait(ctx, id)
					sent.Add(1)
				}
			}
		})
	}
	group.Go(func() {
		for last, rows := int64(0), int64(20); ctx.Err() == nil; reads.Add(1) {
			var sum, count int64
			err := e.DB().QueryRow(ctx, "SELECT sum(balance)::bigint, count(*) FROM bank_balances").Scan(&sum, &count)
			if ctx.Err() != nil {
				return
			}
			if err != nil || sum < last || count < rows {
				t.Errorf("read %d in %d rows after %d in %d, %v", sum, count, last, rows, err)
				return
			}
			last, rows = sum, count
		}
	})
	var told []engine.Progress
	for range 2 {
		was := sent.Load()
		eventually(t, "commands arrive", func() bool { return sent.Load() > was+20 })
		if err := e.Rebuild(ctx, "bank.balances", func(p engine.Progress) { told = append(told, p) }); err != nil {
			t.Fatal(err)
		}
	}
	was := reads.Load()
	eventually(t, "the reader goes on", func() bool { return reads.Load() > was+20 })
	stop()
	group.Wait()
	caughtUp(t, e)
	if after := one[uint32](t, url, "SELECT 'bank_balances'::regclass::oid"); after == before {
		t.Error("the table is the one there was")
	}
	checkBalances(t, url)
	if v, err := e.Verify(within(t), postgres.VerifyOptions{}); err != nil || len(v.Findings) > 0 {
		t.Errorf("%v, %v", v.Findings, err)
	}
	if last := told[len(told)-1]; last.Position != last.Head || last.Remaining != 0 || len(told) < 2*2 {
		t.Errorf("%d reports, the last %+v", len(told), last)
	}
	if n := one[int](t, url, "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname LIKE 'backstory_%' AND relkind = 'r'"); n != 0 {
		t.Errorf("%d tables are left beside the live one", n)
	}
}

// Views on a read model, views of them, and the rights that others have on all of it
// are there after a rebuild as before. A view that does not fit any more is told.
func TestRebuild_KeepsWhatOthersBuiltOnTheTable(t *testing.T) {
	t.Parallel()
	url := database(t)
	fill(t, url, 2_000, 20)
	e := openEngine(t, postgres.Config{URL: url})
	reader := "reader_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	t.Cleanup(func() {
		if err := sql(t, url, "DROP OWNED BY "+reader+"; DROP ROLE "+reader); err != nil {
			t.Error(err)
		}
	})
	if err := sql(t, url, `CREATE SCHEMA reports; CREATE ROLE `+reader+`;
		CREATE VIEW reports."rich ones" WITH (security_barrier=true) AS SELECT id, balance FROM bank_balances WHERE balance > 10;
		CREATE VIEW reports.how_many AS SELECT count(*) AS n FROM reports."rich ones";
		CREATE VIEW reports.shifted AS SELECT version << 1 AS v FROM bank_balances;
		ALTER VIEW reports.how_many OWNER TO `+reader+`;
		GRANT SELECT ON bank_balances, reports."rich ones" TO `+reader+` WITH GRANT OPTION;
		GRANT SELECT ON reports.shifted TO PUBLIC`); err != nil {
		t.Fatal(err)
	}
	const state = `SELECT string_agg(format('%s %s %s %s %s', c.relname, c.relowner, c.relacl, c.reloptions, pg_get_viewdef(c.oid)), E'\n' ORDER BY c.relname)
		FROM pg_class c WHERE c.relnamespace = 'reports'::regnamespace OR c.oid = 'public.bank_balances'::regclass`
	before := one[string](t, url, state)
	if err := e.Rebuild(within(t), "bank.balances", nil); err != nil {
		t.Fatal(err)
	}
	if after := one[string](t, url, state); after != before {
		t.Error(firstDifference(before, after))
	}
	if n := one[int64](t, url, "SELECT n FROM reports.how_many"); n != 20 {
		t.Errorf("the view shows %d", n)
	}

	said := &lines{}
	wide := bankWith()
	wide.AddProjection(balances(wideDDL, "2")) // whose versions cannot be shifted
	e = openEngine(t, postgres.Config{URL: url, System: wide, Log: slog.New(slog.NewTextHandler(said, nil))})
	if err := e.Rebuild(within(t), "bank.balances", nil); err != nil {
		t.Fatal(err)
	}
	if n := one[int64](t, url, "SELECT n FROM reports.how_many"); n != 20 || !said.has("reports.shifted") {
		t.Errorf("the view shows %d; told: %v", n, said.with("fit"))
	}
}

// A build that ended goes on where it was, with this very program only.
func TestRebuildGoesOn(t *testing.T) {
	t.Parallel()
	url := database(t)
	fill(t, url, rebuildPage+5_000, 20)
	e := openEngine(t, postgres.Config{URL: url})
	interrupted := func() {
		t.Helper()
		ctx, stop := context.WithCancel(within(t))
		defer stop()
		err := e.Rebuild(ctx, "bank.balances", func(p engine.Progress) {
			if p.Position >= rebuildPage {
				stop()
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("interrupted: %v", err)
		}
	}
	whole := func() (first int64) {
		t.Helper()
		first = -1
		err := e.Rebuild(within(t), "bank.balances", func(p engine.Progress) {
			if first < 0 {
				first = p.Position
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		checkBalances(t, url)
		return first
	}
	interrupted()
	if first := whole(); first < rebuildPage {
		t.Errorf("it went on at %d", first)
	}
	interrupted()
	if err := sql(t, url, "UPDATE backstory.builds SET program = 'another'"); err != nil {
		t.Fatal(err)
	}
	if first := whole(); first != 0 {
		t.Errorf("another program's build went on at %d", first)
	}
	if err := e.Rebuild(within(t), "bank.nothing", nil); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

// What cannot be folded holds its key only, and is tried again in the new table.
func TestRebuildHoldsWhatFails(t *testing.T) {
	t.Parallel()
	url := database(t)
	fill(t, url, 300, 3)
	var broken atomic.Bool
	broken.Store(true)
	system := bankWith()
	p := tallies(ddl, "1", &work{})
	p.ByStream = true
	p = breaks(p, func(m engine.Meta) bool { return broken.Load() && m.Stream.ID == "a1" && m.Version == 50 })
	system.AddProjection(p)
	e := openEngine(t, postgres.Config{URL: url, System: system})
	if err := e.Rebuild(within(t), "bank.balances", nil); err != nil {
		t.Fatal(err)
	}
	got := func() string {
		return one[string](t, url, "SELECT string_agg(id || '=' || balance, ' ' ORDER BY id) FROM bank_balances")
	}
	if rows := got(); rows != "a0=100 a1=49 a2=100" {
		t.Errorf("rows are %s", rows)
	}
	if held := one[string](t, url, "SELECT key || ' ' || from_version || ' ' || (parked_at IS NULL) FROM backstory.held"); held != "bank.account/a1 50 true" {
		t.Errorf("held is %s", held)
	}
	broken.Store(false)
	started(t, postgres.Config{URL: url, System: system})
	eventually(t, "the key goes on", func() bool { return got() == "a0=100 a1=100 a2=100" })
}

// breaks makes a projection whose projector panics at some events.
func breaks(p engine.Projection, at func(engine.Meta) bool) engine.Projection {
	check := func(batch []engine.Recorded) {
		for _, r := range batch {
			if at(r.Meta) {
				panic("it cannot be")
			}
		}
	}
	apply, fold := p.Apply, p.Fold
	p.Apply = func(ctx context.Context, db engine.DBTX, batch []engine.Recorded) error {
		check(batch)
		return apply(ctx, db, batch)
	}
	p.Fold = func() engine.Folding { return breaking{fold(), check} }
	return p
}

type breaking struct {
	engine.Folding
	check func([]engine.Recorded)
}

func (b breaking) Apply(ctx context.Context, db engine.DBTX, batch []engine.Recorded) error {
	b.check(batch)
	return b.Folding.Apply(ctx, db, batch)
}

// A new program builds its table beside the old one's, which goes on reading and
// does not take the table back when it is started again.
func TestChangedProjectionIsBuiltBesideTheLiveOne(t *testing.T) {
	t.Parallel()
	url := database(t)
	const stored = 8_000
	fill(t, url, stored, 20)
	old := started(t, postgres.Config{URL: url})
	caughtUp(t, old)
	read := func(e *postgres.Engine) int64 {
		t.Helper()
		var sum int64
		rows, err := e.DB().Query(within(t), "SELECT id, balance, version FROM bank_balances ORDER BY id")
		if err == nil {
			var id string
			var balance int64
			_, err = pgx.ForEachRow(rows, []any{&id, &balance, new(any)}, func() error { sum += balance; return nil })
		}
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	if sum := read(old); sum != stored {
		t.Fatalf("the sum is %d", sum)
	}
	wide := bankWith()
	wide.AddProjection(balances(wideDDL, "2"))
	idle := openEngine(t, postgres.Config{URL: url, System: wide}) // as a CLI does
	if _, err := idle.Status(within(t)); err != nil {
		t.Fatal(err)
	}
	hash := func() string {
		return one[string](t, url, "SELECT hash FROM backstory.consumers WHERE name = 'bank.balances'")
	}
	if hash() != "1" {
		t.Error("opening an engine changed the live definition")
	}
	started(t, postgres.Config{URL: url, System: wide})
	settled(t, old, command("deposit", "a1", 1))
	eventually(t, "the new table is live", func() bool { return hash() == "2" })
	if n := one[int](t, url, "SELECT count(*) FROM bank_balances WHERE remark = 'new'"); n != 20 {
		t.Errorf("%d rows of the new kind", n)
	}
	settled(t, old, command("deposit", "a1", 1))
	eventually(t, "the old program reads what the new one writes", func() bool { return read(old) == stored+2 })
	heard := &lines{}
	again := started(t, postgres.Config{URL: url, Log: slog.New(slog.NewTextHandler(heard, nil))})
	settled(t, again, command("deposit", "a1", 1))
	eventually(t, "everybody reads it", func() bool { return read(again) == stored+3 && read(old) == stored+3 })
	eventually(t, "the old program stands by", func() bool { return heard.has("a newer program") })
	if hash() != "2" {
		t.Error("the old program took the table back")
	}
}

// lines is what was logged.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(text)
}

func (l *lines) has(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.text.String(), text)
}
