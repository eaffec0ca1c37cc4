package postgres_test

import (
	"bytes"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// sized is an append of so many events with so many bytes in all.
func sized(events, size int) engine.Append {
	id := uuid.Must(uuid.NewV7())
	a := engine.Append{Stream: accountID(id.String()), By: "tester", Correlation: id, Causation: id}
	note := bytes.Repeat([]byte("x"), max(0, size/events-30))
	for range events {
		a.Events = append(a.Events, engine.NewEvent{ID: uuid.Must(uuid.NewV7()), Event: deposited{Amount: 1},
			Data: slices.Concat([]byte(`{"amount":1,"note":"`), note, []byte(`"}`))})
	}
	return a
}

// Whatever waits for the order lock goes together, up to what a batch may hold:
// nobody keeps the lock for longer. What is larger alone goes alone.
func TestBatches_AreBounded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ appends, events, bytes, largest int }{
		"256 appends":  {600, 1, 60, 256},
		"1,000 events": {210, 10, 600, 100},
		"1 MB":         {50, 1, 100_000, 11},
		"too large":    {3, 1_500, 60_000, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := database(t)
			e := openEngine(t, postgres.Config{URL: url})
			release := holdLog(t, url)
			var group sync.WaitGroup
			put := func(a engine.Append) {
				group.Go(func() {
					if _, err := e.Append(within(t), a); err != nil {
						t.Error(err)
					}
				})
			}
			put(sized(1, 0))
			eventually(t, "the first one waits for the lock", func() bool {
				return one[bool](t, url, `SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))`)
			})
			for range c.appends {
				put(sized(c.events, c.bytes))
			}
			eventually(t, "all are queued", func() bool { return postgres.Queued(e) == c.appends })
			release()
			group.Wait()
			if got := one[int64](t, url, `SELECT max(n) FROM (SELECT count(DISTINCT stream) AS n FROM backstory.events GROUP BY xmin::text) b`); int(got) != c.largest {
				t.Errorf("the largest batch has %d appends, want %d", got, c.largest)
			}
		})
	}
}

// A checkpoint that moves without work is written at most once a second, however
// many events pass.
func TestCheckpointWithoutWork_MovesOnceASecond(t *testing.T) {
	t.Parallel()
	url := database(t)
	e := started(t, noting(url, hooks{}))
	if err := sql(t, url, `CREATE TABLE moves (consumer text, slot integer);
		CREATE FUNCTION moved() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.moves VALUES (new.consumer, new.slot); RETURN NULL; END $$;
		CREATE TRIGGER moved AFTER UPDATE OF position ON backstory.slots FOR EACH ROW WHEN (new.position > old.position) EXECUTE FUNCTION moved()`); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	for version := int64(0); time.Since(start) < 3*time.Second; version++ {
		id := uuid.Must(uuid.NewV7())
		if _, err := e.Append(within(t), engine.Append{Stream: accountID("a"), Expected: version, By: "tester", Correlation: id, Causation: id,
			Events: []engine.NewEvent{{ID: id, Event: withdrawn{Amount: 1}, Data: []byte(`{"amount":1}`)}}}); err != nil {
			t.Fatal(err)
		}
	}
	head, err := e.Head(within(t))
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the checkpoints are written", func() bool {
		return one[int64](t, url, `SELECT min(position) FROM backstory.slots WHERE consumer = 'bank.counter'`) == head
	})
	most := int64(time.Since(start)/time.Second) + 2
	if n := one[int64](t, url, `SELECT max(n) FROM (SELECT count(*) AS n FROM moves WHERE consumer = 'bank.counter' GROUP BY slot) m`); n > most || n >= head {
		t.Errorf("a checkpoint without work was written %d times in %s, want at most %d; %d events passed", n, time.Since(start), most, head)
	}
}
