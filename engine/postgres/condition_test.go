package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// tagged is an append of one deposit that carries tags.
func tagged(stream string, tags ...string) engine.Append {
	a := appendOf(stream, engine.AnyVersion, 1)
	a.Events[0].Tags = tags
	return a
}

// unless gives an append a condition: no deposit with this tag after a position.
func unless(a engine.Append, after int64, tags ...string) engine.Append {
	a.If = &engine.Condition{After: after, Query: engine.Query{{Types: []string{"bank.account.deposited"}, Tags: tags}}}
	return a
}

// Both were right when they were looked at; the second breaks through the first.
func TestConditionsOfOneBatch_AreHeldAgainstEachOther(t *testing.T) {
	url := database(t)
	e := openEngine(t, postgres.Config{URL: url})
	defer e.Close()
	release := holdLog(t, url)
	var stored, broken, plain atomic.Int64
	var group sync.WaitGroup
	for i := range 40 {
		group.Go(func() {
			a := unless(tagged(fmt.Sprintf("s%d", i), "course:1"), 0, "course:1")
			if i%2 == 1 { // a neighbour, whom nothing of this concerns
				a = unless(tagged(fmt.Sprintf("s%d", i), fmt.Sprintf("course:n%d", i)), 0, fmt.Sprintf("course:n%d", i))
			}
			_, err := e.Append(within(t), a)
			switch {
			case i%2 == 1 && err == nil:
				plain.Add(1)
			case err == nil:
				stored.Add(1)
			case errors.Is(err, engine.ErrCondition) && errors.Is(err, engine.ErrConflict):
				broken.Add(1)
			default:
				t.Errorf("append %d: %v", i, err)
			}
		})
	}
	eventually(t, "the appends wait for the lock", func() bool {
		return one[int64](t, url, `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`) > 0
	})
	release()
	group.Wait()
	if stored.Load() != 1 || broken.Load() != 19 || plain.Load() != 20 {
		t.Errorf("stored %d, broken %d, of others %d; want 1, 19, 20", stored.Load(), broken.Load(), plain.Load())
	}
	checkLog(t, url)
}

// Sixteen callers over four engines, each of which decides on what it read: a
// condition that was looked at before the lock only would let several in.
func TestConditionRaces_StoreExactlyOne(t *testing.T) {
	url := database(t)
	var engines []*postgres.Engine
	for range 4 {
		e := openEngine(t, postgres.Config{URL: url})
		defer e.Close()
		engines = append(engines, e)
	}
	const rounds = 10
	for round := range rounds {
		tag := fmt.Sprintf("seat:%d", round)
		head, err := engines[0].Head(within(t))
		if err != nil {
			t.Fatal(err)
		}
		var won atomic.Int64
		var group sync.WaitGroup
		for i := range 16 {
			group.Go(func() {
				_, err := engines[i%4].Append(within(t), unless(tagged(fmt.Sprintf("s%d-%d", round, i), tag), head, tag))
				if err == nil {
					won.Add(1)
				} else if !errors.Is(err, engine.ErrCondition) {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if won.Load() != 1 {
			t.Errorf("round %d: %d won", round, won.Load())
		}
	}
	if n := one[int64](t, url, `SELECT count(*) FROM backstory.events`); n != rounds {
		t.Errorf("%d events, want %d", n, rounds)
	}
	checkLog(t, url)
}

// More is stored while an append waits than is read under the lock: it is looked
// at anew, and judged right.
func TestConditionThatWaitedTooLong_IsLookedAtAgain(t *testing.T) {
	url := database(t)
	e := openEngine(t, postgres.Config{URL: url})
	defer e.Close()
	release := holdLog(t, url)
	fails, holds := make(chan error, 1), make(chan error, 1)
	go func() { _, err := e.Append(within(t), unless(tagged("a", "x:late"), 0, "x:late")); fails <- err }()
	go func() { _, err := e.Append(within(t), unless(tagged("b", "x:never"), 0, "x:never")); holds <- err }()
	eventually(t, "the appends wait for the lock", func() bool {
		return one[int64](t, url, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'`) > 0
	})
	err := sql(t, url, `WITH e AS (INSERT INTO backstory.events (position, stream, version, id, type, schema_version, tags, at, by, correlation, causation, data)
		SELECT n, 'bank.account/bulk', n, gen_random_uuid(), 'bank.account.deposited', 1, ARRAY['x:late'], now(), '', c, c, '{"amount":1}'
		FROM generate_series(1, 6000) n, (SELECT gen_random_uuid() AS c) c RETURNING position, type)
		INSERT INTO backstory.event_tags SELECT 'x:late', position, type FROM e`)
	if err != nil {
		t.Fatal(err)
	}
	release()
	if err := <-fails; !errors.Is(err, engine.ErrCondition) {
		t.Errorf("broken: %v", err)
	}
	if err := <-holds; err != nil {
		t.Errorf("unbroken: %v", err)
	}
}

// Random events and queries, against a loop over the events.
func TestReadMatching_AgreesWithALoop(t *testing.T) {
	url := database(t)
	e := openEngine(t, postgres.Config{URL: url})
	defer e.Close()
	long := strings.Repeat("ü", 900) // twice a key's length, and cut inside a character
	pool := []string{"a:1", "a:2", "b:1", `q:"\{},`, "", long + "1", long + "2"}
	types := []string{"bank.account.deposited", "bank.account.withdrawn"}
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(from []string, most int) []string {
		var list []string
		for range random.IntN(most + 1) {
			list = append(list, from[random.IntN(len(from))]) // twice the same, too
		}
		return list
	}
	type stored struct {
		typ  string
		tags []string
	}
	var log []stored
	for n := range 30 {
		a := engine.Append{Stream: accountID("a"), Expected: engine.AnyVersion}
		for range 10 {
			event := engine.Event(deposited{Amount: 1})
			if random.IntN(2) == 0 {
				event = withdrawn{Amount: 1}
			}
			tags := pick(pool, 4)
			a.Events = append(a.Events, engine.NewEvent{ID: uuid.New(), Event: event, Data: []byte(`{"amount":1}`), Tags: tags})
			log = append(log, stored{event.MessageType(), tags})
		}
		a.Causation = a.Events[0].ID
		if _, err := e.Append(within(t), a); err != nil {
			t.Fatalf("append %d: %v", n, err)
		}
	}
	for range 150 {
		var q engine.Query
		for range 1 + random.IntN(3) {
			item := engine.QueryItem{Types: pick(types, 1), Tags: pick(pool, 2)}
			if len(item.Types) > 0 || len(item.Tags) > 0 {
				q = append(q, item)
			}
		}
		after, limit := int64(random.IntN(len(log))), 1+random.IntN(20)
		var want, got []int64
		for i, s := range log {
			if p := int64(i + 1); p > after && q.Matches(s.typ, s.tags) {
				want = append(want, p)
			}
		}
		for next := after; ; {
			page, err := e.ReadMatching(within(t), q, next, limit)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range page {
				got = append(got, r.Meta.Position)
			}
			if len(page) < limit {
				break
			}
			next = page[len(page)-1].Meta.Position
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%v after %d by %d: got %v, want %v", q, after, limit, got, want)
		}
	}
}

// The plans must not depend on how much is stored: no scan of the log or its tags.
func TestTagQueries_UseTheIndex(t *testing.T) {
	url := database(t)
	err := sql(t, url, `WITH e AS (INSERT INTO backstory.events (position, stream, version, id, type, schema_version, tags, at, by, correlation, causation, data)
		SELECT n, 'bank.account/' || n, 1, gen_random_uuid(), 'bank.account.deposited', 1, ARRAY['all:1', 'some:' || n % 1000, 'one:' || n], now(), '', c, c, '{"amount":1}'
		FROM generate_series(1, 20000) n, (SELECT gen_random_uuid() AS c) c RETURNING position, type, tags)
		INSERT INTO backstory.event_tags SELECT unnest(tags), position, type FROM e`)
	if err == nil {
		err = sql(t, url, `ANALYZE backstory.events, backstory.event_tags`)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, tags := range [][]string{{`{"one:77"}`}, {`{"all:1","some:7"}`}, {`{"one:77"}`, `{"some:9"}`}, {`{"all:1"}`}} {
		types := slices.Repeat([]string{`{"bank.account.deposited"}`}, len(tags))
		plan := explainTags(t, url, types, tags)
		if strings.Contains(plan, "Seq Scan") {
			t.Errorf("%v:\n%s", tags, plan)
		}
	}
}

// explainTags is the plan of the search for tags, the same whatever the values.
func explainTags(tb testing.TB, url string, types, tags []string) string {
	tb.Helper()
	conn := connect(tb, url)
	defer conn.Close(context.Background())
	if _, err := conn.Exec(within(tb), `SET plan_cache_mode = force_generic_plan`); err != nil {
		tb.Fatal(err)
	}
	rows, err := conn.Query(within(tb), "EXPLAIN (ANALYZE, BUFFERS) "+enginedb.TagPositions, types, tags, int64(19_000), int32(10))
	if err != nil {
		tb.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		tb.Fatal(err)
	}
	return strings.Join(lines, "\n")
}
