package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// A command whose transaction takes long to commit has a number below those that
// were read meanwhile. It is decided before those of its stream that came after it.
func TestCommandCommittedLate_IsNotOvertaken(t *testing.T) {
	t.Parallel()
	url := database(t)
	e := started(t, postgres.Config{URL: url})
	settled(t, e, command("open", "other", 0))
	insert := func(verb string) (uuid.UUID, pgx.Tx) {
		t.Helper()
		conn := connect(t, url)
		t.Cleanup(func() { _ = conn.Close(context.Background()) })
		tx, err := conn.Begin(within(t))
		if err != nil {
			t.Fatal(err)
		}
		id := uuid.New()
		_, err = tx.Exec(within(t), `INSERT INTO backstory.inbox (id, slot, type, stream, data, by, correlation, causation)
			VALUES ($1, $2, $3, 'bank.account/late', '{"Amount":5}', 'tester', $1, $1)`, id, slotOf("bank.account/late"), "bank.account."+verb)
		if err != nil {
			t.Fatal(err)
		}
		return id, tx
	}
	for round := range 3 { // now and then the whole inbox is read, and it would be found
		first, early := insert("deposit")
		for end := time.Now().Add(2500 * time.Millisecond); time.Now().Before(end); {
			id := uuid.New()
			insertWaiting(t, url, id, "other", nil)
			if o, err := e.Wait(within(t), id); err != nil || o.Status != engine.Accepted {
				t.Fatalf("%+v, %v", o, err)
			}
		}
		second, late := insert("withdraw")
		for _, tx := range []pgx.Tx{early, late} {
			if err := tx.Commit(within(t)); err != nil {
				t.Fatal(err)
			}
		}
		for _, id := range []uuid.UUID{first, second} {
			if o, err := e.Wait(within(t), id); err != nil || o.Status != engine.Accepted {
				t.Errorf("round %d: %+v %+v, %v", round, o, o.Refusal, err)
			}
		}
	}
	checkLog(t, url)
}
